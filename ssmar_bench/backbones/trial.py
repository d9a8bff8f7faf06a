"""A network that is passed through once, to learn what clips do in it: without memory, unless it is small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ssmar_bench.backbones.build import ClipClassifier, build_backbone, build_outline
from ssmar_bench.core.benchmark_config import BackboneConfig

SMALL = 2_000_000
"""Weights of a network that is passed through in less time than torch needs to load its arithmetic without memory."""


@contextmanager
def trial(
    config: BackboneConfig, segments: int, classes: int, size: int, clips: int = 1
) -> Iterator[tuple[ClipClassifier, Tensor]]:
    """The network of ``config`` without its weights, and ``clips`` black clips for it (B, T, 3, H, W).

    Both are on torch's device ``meta``, which computes nothing but shapes, or on the CPU where the network is small.
    The context is that device's; the caller's draws go on as if nothing had been.

    Raises:
        UserError: an unknown network, or clips that it cannot take.
    """
    network = build_outline(config, segments, classes, size)
    small = sum(weights.numel() for weights in network.parameters()) < SMALL
    with torch.random.fork_rng(devices=[]), torch.device("cpu" if small else "meta"):
        if small:
            network = build_backbone(config.model_copy(update={"weights": "none"}), segments, classes, 0, size)
        yield network, torch.zeros(clips, segments, 3, size, size)
