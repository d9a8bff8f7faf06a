"""A backbone recipe into a network with a linear classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.backbones.micro_tsm import WIDE, MicroTSM
from ssmar_bench.backbones.pretrained import require_file
from ssmar_bench.backbones.shift import Shifted
from ssmar_bench.core import plugins
from ssmar_bench.core.benchmark_config import BackboneRecipe
from ssmar_bench.core.contract import Output
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.registry import Registry

BACKBONES = Registry(
    "backbone",
    {
        "micro-tsm": MicroTSM,
        "micro-tsm-wide": partial(MicroTSM, widths=WIDE),
        "micro-r3d": "ssmar_bench.backbones.resnet_3d:micro_r3d",  # torchvision takes a second to import
    },
    plugins.BACKBONES,
)
"""Networks without pretrained weights, ours for the embedded benchmarks and those of plugins.

By name: ``(segments) -> nn.Module`` with ``features`` (D), from frames (B x T, 3, H, W) to (B x T, D), or, with
``takes_clips``, from clips (B, T, 3, H, W) to (B, D).
"""
CONVOLUTIONS_3D = ("r3d18",)
STAGED = ("micro-r3d", *CONVOLUTIONS_3D)
"""Networks that tell the feature maps of their stages."""
TOKENS = ("timesformer-micro", "timesformer-small", "timesformer-base")
"""Networks that are made of patch tokens."""
Made = TypeVar("Made", bound=nn.Module)
FAMILIES = ("tsn", "tsm")
FETCHED = ("imagenet", "kinetics400")
"""Words for weights that a library fetches."""


def _backbone(recipe: BackboneRecipe, segments: int, size: int) -> nn.Module:
    family, colon, name = recipe.name.partition(":")
    if recipe.name in BACKBONES:
        network: nn.Module = BACKBONES.load(recipe.name)(segments)
        return network
    if recipe.name in CONVOLUTIONS_3D:
        from ssmar_bench.backbones.resnet_3d import r3d18

        return r3d18(recipe.weights)
    if recipe.name in TOKENS:
        from ssmar_bench.backbones.timesformer import TimeSformer

        return TimeSformer(recipe.name, segments, size, recipe.weights)
    if colon and family in FAMILIES:
        from ssmar_bench.backbones.timm_2d import Timm2D  # timm takes a second to import

        return Timm2D(name, segments, shift=family == "tsm", weights=recipe.weights)
    known = [*BACKBONES.names(), *CONVOLUTIONS_3D, *TOKENS, "tsn:resnet18", "tsm:resnet18", "tsn:resnet50"]
    raise UserError(f"Unknown backbone '{recipe.name}' (tsn:NAME, tsm:NAME: any of timm){nearest(recipe.name, known)}")


def weights_of(name: str) -> tuple[str, ...]:
    """What ``backbone.weights`` may say of the backbone ``name`` besides ``none``; ``FILE`` stands for a path."""
    if name in (*BACKBONES.names(), "timesformer-micro"):
        return ()
    return ("kinetics400" if name in CONVOLUTIONS_3D else "imagenet", "FILE")


def _check_weights(recipe: BackboneRecipe) -> None:
    offered = weights_of(recipe.name)
    if recipe.weights == "none" or recipe.weights in offered:
        return
    if not offered:
        raise UserError(f"Backbone '{recipe.name}' has no pretrained weights; set backbone.weights=none.")
    if recipe.weights in FETCHED:
        raise UserError(
            f"Backbone '{recipe.name}' has no {recipe.weights} weights; set backbone.weights to none or "
            f"{' or '.join(offered)}."
        )


def _prepared(clips: Tensor, kind: str) -> Tensor:
    """RGB, the difference to the next frame (the last repeated), or frames minus their clip's mean."""
    if kind == "diff":
        change = clips[:, 1:] - clips[:, :-1]
        return torch.cat([change, change[:, -1:]], dim=1)
    return clips - clips.mean(1, keepdim=True) if kind == "centred" else clips


class ClipClassifier(nn.Module):
    """Clips (B, T, 3, H, W) to logits (B, classes) and features (B, D).

    A backbone with ``takes_clips`` is given clips and returns their features; any other is given frames, and a clip's
    features are the mean of its frames' pooled features.

    Attributes:
        features: D.
        stages: of how many stages it can tell the feature maps.
        grid: rows and columns of a frame's patch tokens, if it is made of such tokens.
        forwarded: clips that went through since it was built; the cost that the record shows.
    """

    backbone: Any

    def __init__(self, recipe: BackboneRecipe, segments: int, classes: int, size: int) -> None:
        super().__init__()
        _check_weights(recipe)
        self.backbone = _backbone(recipe, segments, size)
        self.features = int(self.backbone.features)
        self.stages = int(getattr(self.backbone, "stages", 0))
        self.grid: tuple[int, int] | None = getattr(self.backbone, "grid", None)
        self.classifier = nn.Linear(self.features, classes)
        self.input = recipe.input
        self.dropout = recipe.dropout
        self.forwarded = 0

    def forward(self, clips: Tensor, maps: bool = False) -> Output:
        """Logits and features of clips (B, T, 3, H, W); with ``maps``, the feature maps of the stages as well.

        The T of the clips may be another one than that of the store: temporal shift acts within whatever clips there
        are.
        """
        self.forwarded += len(clips)
        found, features = self._features(_prepared(clips, self.input), maps)
        mean = features.mean(1)
        kept = functional.dropout(features, self.dropout, self.training).mean(1) if self.dropout else mean
        return Output(self.classifier(kept), mean, found)

    def _features(self, clips: Tensor, maps: bool) -> tuple[tuple[Tensor, ...], Tensor]:
        """Maps of the stages if wanted, and features (B, T, D) of the frames, or (B, 1, D) of whole clips."""
        if maps:
            found = tuple(self.backbone.maps(clips))
            return found, found[-1].mean((2, 3, 4))[:, None]
        if getattr(self.backbone, "takes_clips", False):
            return (), self.backbone(clips)[:, None]
        for module in self.backbone.modules():
            if isinstance(module, Shifted):
                module.segments = clips.shape[1]
        return (), self.backbone(clips.flatten(0, 1)).unflatten(0, (-1, clips.shape[1]))


def build(recipe: BackboneRecipe, segments: int, classes: int, seed: int, size: int = 224) -> ClipClassifier:
    """The network of ``recipe``; everything that is not pretrained is drawn from ``seed`` alone.

    Args:
        recipe: name, initial weights and input.
        segments: frames of a clip (T).
        classes: outputs of its classifier (C).
        seed: of the weights.
        size: side of the frames in pixels, for networks whose weights depend on it.

    Raises:
        UserError: an unknown network, or weights that it has not, that cannot be fetched or that do not fit.
    """
    return drawn(seed, lambda: ClipClassifier(recipe, segments, classes, size))


def drawn(seed: int, make: Callable[[], Made]) -> Made:
    """What ``make`` returns with torch's generator set to ``seed``; the caller's draws go on as if nothing had been."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def outline(recipe: BackboneRecipe, segments: int, classes: int, size: int = 224) -> ClipClassifier:
    """The network of ``recipe`` without memory, weights or download, for what can be known of it beforehand."""
    _check_weights(recipe)
    with torch.device("meta"):
        return build(recipe.model_copy(update={"weights": "none"}), segments, classes, 0, size)


def named(name: str) -> str:
    """A backbone's name as it is written here, whatever its case; a name that nobody knows stays."""
    family, colon, network = name.partition(":")
    if colon and family.lower() in FAMILIES:
        return f"{family.lower()}:{network.lower()}"  # timm's names are of small letters
    return meant(name, [*BACKBONES.names(), *CONVOLUTIONS_3D, *TOKENS])


def check_fit(recipe: BackboneRecipe, segments: int, classes: int, size: int) -> None:
    """Raise what training would meet only after decoding: weights that cannot be had, clips that do not fit.

    Weights that a library fetches are fetched, once; they are needed on the machine that trains.

    Raises:
        UserError: the weights cannot be read or fetched or are another network's, or the network cannot take
            ``segments`` frames of ``size`` x ``size`` pixels.
    """
    path = Path(weights_file(recipe))
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    _check_fit(recipe, segments, classes, size, changed)


@lru_cache(maxsize=256)
def _check_fit(recipe: BackboneRecipe, segments: int, classes: int, size: int, changed: int) -> None:  # noqa: ARG001
    """As :func:`check_fit`; a file of weights that has ``changed`` is read anew."""
    if recipe.weights != "none":
        build(recipe, segments, classes, 0, size)
    try:
        with torch.device("meta"), torch.no_grad():
            outline(recipe, segments, classes, size).eval()(torch.empty(1, segments, 3, size, size))
    except UserError:
        raise
    except Exception:  # noqa: BLE001  # no network must be able to run without memory
        _try(recipe.model_copy(update={"weights": "none"}), segments, classes, size)


def _try(recipe: BackboneRecipe, segments: int, classes: int, size: int) -> None:
    try:
        with torch.no_grad():
            build(recipe, segments, classes, 0, size).eval()(torch.zeros(1, segments, 3, size, size))
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"Backbone '{recipe.name}' with input {recipe.input} cannot take clips of {segments} frames of {size} x "
            f"{size} pixels ({' '.join(str(error).split())[:120]}); change store.segments or clips.size."
        ) from error


def weights_file(recipe: BackboneRecipe) -> str:
    """The absolute path of the file of initial weights; "" where they are none, or fetched by their name."""
    return "" if recipe.weights in ("none", *FETCHED) else str(Path(recipe.weights).absolute())


def weights_digest(recipe: BackboneRecipe) -> str:
    """What identifies the initial weights: "" from scratch, the name for ImageNet, a SHA-256 for a file.

    Raises:
        UserError: there is no such file.
    """
    if recipe.weights == "none":
        return ""
    if recipe.weights in FETCHED:
        return f"{recipe.weights}:{recipe.name.rpartition(':')[2]}"
    path = require_file(Path(recipe.weights))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
