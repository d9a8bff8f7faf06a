"""What SVFormer (Xing et al., CVPR 2023) does to a strong clip besides augmenting its frames.

Draws come from torch's global generator on the CPU, so that they are the same on every device.
"""

from __future__ import annotations

import torch
from torch import Tensor


def draw_warp(frames: int, kept: int) -> Tensor:
    """Which frame to show at each place of a clip, (frames,): temporal warping that keeps some of its frames.

    ``kept`` random frames stay where they are. Places before the first of them show the first, places after the last
    the last; between two of them a uniformly random border divides the places that show the one or the other.
    """
    place = torch.randperm(frames)[:kept].sort().values
    gap = place[1:] - place[:-1]
    border = place[:-1] + 1 + (torch.rand(len(gap)) * gap).long()
    return place[torch.bucketize(torch.arange(frames), border, right=True)]


def channel_dropout(clips: Tensor, probability: float) -> Tensor:
    """Clips (B, T, C, H, W) without each of their channels with ``probability``, the others scaled to make up for it.

    A channel is dropped in all frames of a clip.
    """
    held = (torch.rand(len(clips), clips.shape[2]) >= probability).to(clips) / (1 - probability)
    return clips * held[:, None, :, None, None]
