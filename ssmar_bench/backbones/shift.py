"""The temporal shift of TSM (Lin et al., ICCV 2019): channels lent to the neighbouring frames, free of cost."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def temporal_shift(frames: Tensor, segments: int, share: int = 8) -> Tensor:
    """Fills 1/share of the channels from the next frame and as many from the one before; the ends are zeros.

    The first channels show the future, as in the official code, so that its checkpoints find what they learned.

    Args:
        frames: (B x T, C, H, W) with T = ``segments``, a clip's frames in a row.
        segments: T.
        share: 8 moves C // 8 channels each way.
    """
    clips = frames.view(-1, segments, *frames.shape[1:])
    fold = frames.shape[1] // share
    future, past, still = clips[:, :, :fold], clips[:, :, fold : 2 * fold], clips[:, :, 2 * fold :]
    future = torch.cat([future[:, 1:], torch.zeros_like(future[:, :1])], dim=1)
    past = torch.cat([torch.zeros_like(past[:, :1]), past[:, :-1]], dim=1)
    return torch.cat([future, past, still], dim=2).flatten(0, 1)


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
