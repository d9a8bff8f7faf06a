"""Auxiliary passes (teacher, adversarial, mixed, unlabelled) that leave BatchNorm's running statistics alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """Inside, a network in training mode normalises by its batch as ever, but its running statistics do not move.

    For BatchNorm of every dimension, synchronised ones included. In evaluation mode nothing changes.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats]
    for layer in layers:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in layers:
            layer.track_running_stats = True
