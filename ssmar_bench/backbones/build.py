"""A backbone recipe into a network with a linear classifier."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from ssmar_bench.backbones.micro_tsm import WIDE, MicroTSM
from ssmar_bench.core import plugins
from ssmar_bench.core.contract import Output
from ssmar_bench.core.definition import BackboneRecipe
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.registry import Registry

BACKBONES = Registry(
    "backbone", {"micro-tsm": MicroTSM, "micro-tsm-wide": partial(MicroTSM, widths=WIDE)}, plugins.BACKBONES
)
"""By name: ``(segments) -> nn.Module`` with ``features``, from frames (B x T, 3, H, W) to (B x T, features)."""

FAMILIES = ("tsn", "tsm")


def _frames_network(recipe: BackboneRecipe, segments: int) -> nn.Module:
    family, colon, name = recipe.name.partition(":")
    if recipe.name in BACKBONES:
        if recipe.weights != "none":
            raise UserError(f"Backbone '{recipe.name}' has no pretrained weights; set backbone.weights=none.")
        network: nn.Module = BACKBONES.load(recipe.name)(segments)
        return network
    if colon and family in FAMILIES:
        from ssmar_bench.backbones.timm_2d import Timm2D  # timm takes a second to import

        return Timm2D(name, segments, shift=family == "tsm", weights=recipe.weights)
    known = [*BACKBONES.names(), "tsn:resnet18", "tsm:resnet18", "tsn:resnet50"]
    raise UserError(f"Unknown backbone '{recipe.name}'{nearest(recipe.name, known)} (tsn:NAME, tsm:NAME: any of timm).")


def _prepared(clips: Tensor, kind: str) -> Tensor:
    """RGB, the difference to the next frame (the last repeated), or frames minus their clip's mean."""
    if kind == "diff":
        change = clips[:, 1:] - clips[:, :-1]
        return torch.cat([change, change[:, -1:]], dim=1)
    return clips - clips.mean(1, keepdim=True) if kind == "centred" else clips


class ClipClassifier(nn.Module):
    """Clips (B, T, 3, H, W) to logits (B, classes) and features (B, D), the mean of the frames' pooled features.

    Attributes:
        features: D.
        forwarded: clips that went through since it was built; the cost that the record shows.
    """

    def __init__(self, recipe: BackboneRecipe, segments: int, classes: int) -> None:
        super().__init__()
        self.backbone = _frames_network(recipe, segments)
        self.features = int(self.backbone.features)  # type: ignore[arg-type]
        self.classifier = nn.Linear(self.features, classes)
        self.input = recipe.input
        self.segments = segments
        self.forwarded = 0

    def forward(self, clips: Tensor) -> Output:
        """Logits and features of clips (B, T, 3, H, W) of the T that the network was built for."""
        if clips.shape[1] != self.segments:
            raise ValueError(f"built for clips of {self.segments} frames, got {clips.shape[1]}")
        self.forwarded += len(clips)
        frames = _prepared(clips, self.input).flatten(0, 1)
        features = self.backbone(frames).unflatten(0, (-1, self.segments)).mean(1)
        return Output(self.classifier(features), features)


def build(recipe: BackboneRecipe, segments: int, classes: int, seed: int) -> ClipClassifier:
    """The network of ``recipe``; everything that is not pretrained is drawn from ``seed`` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ClipClassifier(recipe, segments, classes)


def weights_digest(recipe: BackboneRecipe) -> str:
    """What identifies the initial weights: "" from scratch, the name for ImageNet, a SHA-256 for a file."""
    if recipe.weights in ("none", "imagenet"):
        return "" if recipe.weights == "none" else f"imagenet:{recipe.name.partition(':')[2]}"
    path = Path(recipe.weights)
    if not path.is_file():
        raise UserError(f"The weights file {path} does not exist; give its path, 'imagenet' or 'none'.")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
