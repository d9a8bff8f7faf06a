"""A backbone config into a network with a linear classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.backbones.micro_tsm import NARROW, WIDE, MicroTSM
from ssmar_bench.backbones.pretrained import State, load_weights, require_file
from ssmar_bench.backbones.shift import TemporalShift
from ssmar_bench.backbones.trained_file import load_classifier, load_run_weights, run_weights
from ssmar_bench.core import catalog
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.contract import Output
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.network_names import (
    CONVOLUTIONS_3D,
    FAMILIES,
    FETCHED,
    PRETEXT_NETWORKS,
    TOKENS,
    is_file,
    weights_of,
)
from ssmar_bench.core.video_networks import STAGED_VIDEO, VIDEO_NETWORKS, Normalisation, check_clips

BACKBONES = ObjectCatalog(
    "backbone",
    {
        "micro-tsm": MicroTSM,
        "micro-tsm-wide": partial(MicroTSM, widths=WIDE),
        "micro-tsm-narrow": partial(MicroTSM, widths=NARROW),
        "micro-r3d": "ssmar_bench.backbones.resnet_3d:micro_r3d",  # torchvision takes a second to import
    },
    catalog.BACKBONES,
)
"""Networks without pretrained weights, ours for the embedded benchmarks and those of plugins.

By name: ``(segments) -> nn.Module`` with ``features`` (D), from frames (B x T, 3, H, W) to (B x T, D), or, with
``takes_clips``, from clips (B, T, 3, H, W) to (B, D).
"""
STAGED = ("micro-r3d", *CONVOLUTIONS_3D, *STAGED_VIDEO)
"""Networks that tell the feature maps of their stages."""
Made = TypeVar("Made", bound=nn.Module)


def pretext_weights(name: str) -> Path:
    """The file of the ``pretext`` weights of a network of the package that has some."""
    return Path(__file__).parent / "weights" / f"{name}.safetensors"


def _pretext_or_file(config: BackboneConfig) -> Path:
    return pretext_weights(config.name) if config.weights == "pretext" else Path(config.weights)


def _with_small_weights(
    network: nn.Module, config: BackboneConfig, fitted: Callable[[State], State] = dict
) -> nn.Module:
    if config.weights != "none":
        load_weights(network, _pretext_or_file(config), fitted)
    return network


def _backbone(config: BackboneConfig, segments: int, size: int) -> nn.Module:
    family, colon, name = config.name.partition(":")
    if config.name in BACKBONES:
        network: nn.Module = BACKBONES.load(config.name)(segments)
        return _with_small_weights(network, config)
    if config.name in (*CONVOLUTIONS_3D, *VIDEO_NETWORKS):
        from ssmar_bench.backbones.video_networks import r3d18, video_network

        check_clips(config.name, segments, size)
        return r3d18(config.weights) if config.name == "r3d18" else video_network(config.name, config.weights)
    if config.name in TOKENS:
        from ssmar_bench.backbones.timesformer import TimeSformer

        if config.name in PRETEXT_NETWORKS:
            network = TimeSformer(config.name, segments, size)
            return _with_small_weights(network, config, network.fitted)
        return TimeSformer(config.name, segments, size, config.weights)
    if colon and family in FAMILIES:
        from ssmar_bench.backbones.timm_networks import Timm2D  # timm takes a second to import

        return Timm2D(name, segments, shift=family != "tsn", weights=config.weights, gate=family == "manet")
    known = [*_names(), "tsn:resnet18", "tsm:resnet18", "tsn:resnet50"]
    raise UserError(
        f"Unknown backbone '{config.name}' (tsn:NAME, tsm:NAME, manet:NAME: of timm){nearest(config.name, known)}"
    )


def _names() -> list[str]:
    """Every network that is no network of timm."""
    return [*BACKBONES.names(), *CONVOLUTIONS_3D, *TOKENS, *VIDEO_NETWORKS]


def _check_weights(config: BackboneConfig) -> None:
    offered = weights_of(config.name)
    if config.weights == "none" or config.weights in offered:
        return
    if not offered:
        if config.name not in BACKBONES:
            return  # what is unknown is told where it is built
        raise UserError(f"Backbone '{config.name}' has no pretrained weights; set backbone.weights=none.")
    if config.weights in (*FETCHED, "pretext"):
        raise UserError(
            f"Backbone '{config.name}' has no {config.weights} weights; set backbone.weights to none or "
            f"{' or '.join(offered)}."
        )


def _own_normalisation(config: BackboneConfig, pixels: Normalisation | None) -> nn.Module | None:
    """What turns clips that are normalised by ``pixels`` into those that a network's weights were trained on."""
    if config.name not in VIDEO_NETWORKS:
        return None
    from ssmar_bench.backbones.video_networks import OwnNormalisation

    own = VIDEO_NETWORKS[config.name].normalisation
    return OwnNormalisation(pixels or own, None if config.weights == "none" else own)


def _prepared(clips: Tensor, kind: str) -> Tensor:
    """RGB, the difference to the next frame (the last repeated; 0 of a single frame), or frames minus their mean."""
    if kind == "diff":
        change = clips[:, 1:] - clips[:, :-1]
        return torch.cat([change, change[:, -1:]], dim=1) if clips.shape[1] > 1 else torch.zeros_like(clips)
    return clips - clips.mean(1, keepdim=True) if kind == "mean_subtracted" else clips


class ClipClassifier(nn.Module):
    """Clips (B, T, 3, H, W) to logits (B, classes) and features (B, D).

    A backbone with ``takes_clips`` is given clips and returns their features; any other is given frames, and a clip's
    features are the mean of its frames' pooled features.

    Attributes:
        features: D.
        stages: of how many stages it can tell the feature maps.
        grid: rows and columns of a frame's patch tokens, if it is made of such tokens.
        forward_passes: clips that went through since it was built; the cost that the record shows.
        knows_classes: whether its classifier has come with its weights.
    """

    backbone: Any

    def __init__(
        self, config: BackboneConfig, segments: int, classes: int, size: int, pixels: Normalisation | None = None
    ) -> None:
        super().__init__()
        _check_weights(config)
        self.backbone = _backbone(config, segments, size)
        self.normalise = _own_normalisation(config, pixels)
        self.features = int(self.backbone.features)
        self.stages = int(getattr(self.backbone, "stages", 0))
        self.grid: tuple[int, int] | None = getattr(self.backbone, "grid", None)
        self.classifier = nn.Linear(self.features, classes)
        self.input = config.input
        self.dropout = config.dropout
        self.forward_passes = 0
        self.knows_classes = False

    def forward(self, clips: Tensor, maps: bool = False, places: Sequence[int] | None = None) -> Output:
        """Logits and features of clips (B, T, 3, H, W); with ``maps``, the feature maps of the stages as well.

        The T of the clips may be another one than that of the frame cache: temporal shift acts within whatever clips
        there are. ``places`` says which frames of a clip of that T they are (``core.contract.Network``).
        """
        self.forward_passes += len(clips)
        seen = clips if self.normalise is None else self.normalise(clips)
        found, features = self._features(_prepared(seen, self.input), maps, places)
        mean = features.mean(1)
        kept = functional.dropout(features, self.dropout, self.training).mean(1) if self.dropout else mean
        return Output(self.classifier(kept), mean, features, found)

    def _features(self, clips: Tensor, maps: bool, places: Sequence[int] | None) -> tuple[tuple[Tensor, ...], Tensor]:
        """Maps of the stages if wanted, and features (B, T, D) of the frames, or (B, 1, D) of whole clips."""
        if maps:
            found = tuple(self.backbone.maps(clips))
            return found, found[-1].mean((2, 3, 4))[:, None]
        if places is not None and getattr(self.backbone, "embeds_time", False):
            return (), self.backbone(clips, places)[:, None]
        if getattr(self.backbone, "takes_clips", False):
            return (), self.backbone(clips)[:, None]
        for module in self.backbone.modules():
            if isinstance(module, TemporalShift):
                module.segments = clips.shape[1]
        return (), self.backbone(clips.flatten(0, 1)).unflatten(0, (-1, clips.shape[1]))


def build_backbone(
    config: BackboneConfig,
    segments: int,
    classes: int,
    seed: int,
    size: int = 224,
    pixels: Normalisation | None = None,
    classifier: bool = False,
) -> ClipClassifier:
    """The network of ``config``; everything that is not pretrained is drawn from ``seed`` alone.

    Args:
        config: name, initial weights and input.
        segments: frames of a clip (T).
        classes: outputs of its classifier (C).
        seed: of the weights.
        size: side of the frames in pixels, for networks whose weights depend on it.
        pixels: mean and standard deviation by which clips are normalised, for networks with a normalisation of their
            own; None for that one.
        classifier: whether that of a file of weights is loaded, too, if it has one of as many classes.

    Raises:
        UserError: an unknown network, clips that it cannot take, or weights that it has not, that cannot be fetched or
            that do not fit.
    """
    path = weights_file(config)
    own = run_weights(Path(path)) if path else None
    start = config if own is None else config.model_copy(update={"weights": "none"})
    network = seeded_build(seed, lambda: ClipClassifier(start, segments, classes, size, pixels))
    if own is not None:
        _check_weights(config)
        network.knows_classes = load_run_weights(network, own, Path(path), classifier)
    elif path and classifier:
        network.knows_classes = load_classifier(network.classifier, Path(path))
    return network


def seeded_build(seed: int, make: Callable[[], Made]) -> Made:
    """What ``make`` returns with torch's generator set to ``seed``; the caller's draws go on as if nothing had been."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def build_outline(config: BackboneConfig, segments: int, classes: int, size: int = 224) -> ClipClassifier:
    """The network of ``config`` without memory, weights or download, for what can be known of it beforehand."""
    _check_weights(config)
    with torch.device("meta"):
        return build_backbone(config.model_copy(update={"weights": "none"}), segments, classes, 0, size)


def named(name: str) -> str:
    """A backbone's name as it is written here, whatever its case; a name that nobody knows stays."""
    family, colon, network = name.partition(":")
    if colon and family.lower() in FAMILIES:
        return f"{family.lower()}:{network.lower()}"  # timm's names are of small letters
    return meant(name, _names())


def weights_file(config: BackboneConfig) -> str:
    """The absolute path of the file of initial weights; "" where they are none, or fetched by their name."""
    return str(Path(config.weights).absolute()) if is_file(config.weights) else ""


def weights_digest(config: BackboneConfig) -> str:
    """What identifies the initial weights: "" from scratch, the name for ImageNet, a SHA-256 for a file.

    Raises:
        UserError: there is no such file.
    """
    if config.weights == "none":
        return ""
    if config.weights in FETCHED:
        return f"{config.weights}:{config.name.rpartition(':')[2]}"
    return file_digest(require_file(_pretext_or_file(config)))


def file_digest(path: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
