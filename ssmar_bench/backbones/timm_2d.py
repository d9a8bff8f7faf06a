"""Any 2D network of timm on frames: averaged over frames (TSN) or with temporal shift (TSM)."""

from __future__ import annotations

from typing import Any, cast

import timm
from torch import Tensor, nn

from ssmar_bench.backbones.shift import TemporalShift
from ssmar_bench.backbones.timm_networks import timm_network
from ssmar_bench.core.errors import UserError, nearest


class Timm2D(nn.Module):
    """Frames (B x T, 3, H, W) to pooled features (B x T, D) of the timm network ``name``.

    With ``shift``, the first convolution of every residual block sees its input shifted in time, as in TSM.
    """

    def __init__(self, name: str, segments: int, shift: bool, weights: str) -> None:
        super().__init__()
        if not timm.is_model(name):
            raise UserError(f"timm knows no network '{name}'{nearest(name, timm.list_models())}")
        self.network = timm_network(name, weights)
        self.features = int(cast("int", self.network.num_features))
        if shift:
            parts: list[Any] = list(self.network.modules())[1:]
            blocks = [part for part in parts if hasattr(part, "conv1")]
            if not blocks:
                raise UserError(f"tsm:{name}: temporal shift needs residual blocks with a 'conv1'; use tsn:{name}.")
            for block in blocks:
                block.conv1 = TemporalShift(block.conv1, segments)

    def forward(self, frames: Tensor) -> Tensor:
        """Pooled features of every frame."""
        features: Tensor = self.network(frames)
        return features
