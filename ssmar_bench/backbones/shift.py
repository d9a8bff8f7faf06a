"""The temporal shift of TSM (Lin et al., ICCV 2019): channels lent to the neighbouring frames, free of cost."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class _Shift(torch.autograd.Function):
    """Two copies of slices into one new tensor, whose memory lies as that of the input; its gradient shifts back."""

    @staticmethod
    def forward(ctx: Any, frames: Tensor, segments: int, fold: int, back: bool) -> Tensor:
        ctx.arguments = segments, fold, not back
        shifted = frames.clone()
        old, new = (pixels.view(-1, segments, *frames.shape[1:]) for pixels in (frames, shifted))
        earlier, later = slice(fold), slice(fold, 2 * fold)
        if back:
            earlier, later = later, earlier
        new[:, :-1, earlier] = old[:, 1:, earlier]
        new[:, -1, earlier] = 0
        new[:, 1:, later] = old[:, :-1, later]
        new[:, 0, later] = 0
        return shifted

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return _Shift.apply(gradients[0], *ctx.arguments), None, None, None


def temporal_shift(frames: Tensor, segments: int, share: int = 8) -> Tensor:
    """Fills 1/share of the channels from the next frame and as many from the one before; the ends are zeros.

    The first channels show the future, as in the official code, so that its checkpoints find what they learned.

    Args:
        frames: (B x T, C, H, W) with T = ``segments``, a clip's frames in a row.
        segments: T.
        share: 8 moves C // 8 channels each way.
    """
    shifted: Tensor = _Shift.apply(frames, segments, frames.shape[1] // share, False)
    return shifted


class TemporalShift(nn.Module):
    """A layer whose input is shifted in time (the residual placement of TSM when the layer opens a residual branch)."""

    def __init__(self, layer: nn.Module, segments: int, share: int = 8) -> None:
        super().__init__()
        self.layer = layer
        self.segments = segments
        self.share = share

    def forward(self, frames: Tensor) -> Tensor:
        """(B x T, C, H, W) -> the layer's output for the shifted frames."""
        output: Tensor = self.layer(temporal_shift(frames, self.segments, self.share))
        return output
