"""Mixing clips, the same in every frame of a clip.

MixUp (Zhang et al. 2018), CutMix (Yun et al. 2019) and Tube TokenMix (Xing et al. 2023).

Drawing and mixing are separate. Draws come from torch's global generator on the CPU, so that they are the same on
every device.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Beta


def draw_coefficients(rows: int, alpha: float, per_clip: bool = True) -> Tensor:
    """Shares (rows,) in [1/2, 1] of each row's own clip: max(l, 1 - l), l ~ Beta(alpha, alpha).

    One draw a clip, or one for all of them.
    """
    drawn = Beta(alpha, alpha).sample((rows if per_clip else 1,))
    return torch.maximum(drawn, 1 - drawn).expand(rows)


def mixup_clips(own: Tensor, other: Tensor, coefficient: Tensor) -> Tensor:
    """The sum c * own + (1 - c) * other, row by row; ``own`` and ``other`` (B, ...), c = ``coefficient`` (B,)."""
    share = coefficient.to(own).view(-1, *[1] * (own.ndim - 1))
    return share * own + (1 - share) * other


def draw_cutmix_boxes(rows: int, height: int, width: int) -> Tensor:
    """Boxes (rows, height, width), true inside, one for each clip.

    A box takes the share 1 - l of the frame, l as :func:`draw_coefficients` draws it with alpha = 1, has the frame's
    proportions and a uniform centre, and is clipped to the frame.
    """
    side = (1 - draw_coefficients(rows, 1.0)).sqrt()
    inside = []
    for length in (height, width):
        half, centre = (side * length).long() // 2, (torch.rand(rows) * length).long()
        place = torch.arange(length).expand(rows, -1)
        inside.append((place >= (centre - half)[:, None]) & (place < (centre + half)[:, None]))
    return inside[0][:, :, None] & inside[1][:, None, :]


def cutmix_clips(own: Tensor, other: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """``own`` with ``other`` inside the boxes, in all frames, and the share (B,) of each frame that stayed its own.

    Args:
        own: (B, T, C, H, W).
        other: (B, T, C, H, W).
        boxes: (B, H, W).
    """
    boxes = boxes.to(own.device)
    return torch.where(boxes[:, None, None], other, own), 1 - boxes.float().mean((1, 2))


def draw_tube(grid: tuple[int, int], beta: float) -> tuple[Tensor, Tensor]:
    """A mask over a frame's patch tokens (rows, columns), and the share () of them that it holds.

    The share is drawn from Beta(beta, beta); the mask is true for the next lower whole number of tokens, anywhere.
    """
    share = draw_share(beta)
    return draw_held(grid, share), share


def draw_share(beta: float) -> Tensor:
    """A share () from Beta(beta, beta)."""
    share: Tensor = Beta(beta, beta).sample()
    return share


def draw_held(grid: tuple[int, int], share: Tensor) -> Tensor:
    """A mask over a frame's patch tokens (rows, columns): true for the ``share`` () of them, anywhere, rounded down."""
    rows, columns = grid
    return (torch.randperm(rows * columns) < int(share * rows * columns)).view(rows, columns)


def token_mix(own: Tensor, other: Tensor, tube: Tensor) -> Tensor:
    """``own`` where the tube's tokens lie and ``other`` elsewhere, in all frames of all clips.

    A patch token is made of its own cell of pixels alone, so this gives a network the very tokens that it would have if
    those of both clips were made first and mixed then, before class token and embeddings are added. The same holds
    after differences between frames or centring, which look at each pixel by itself.

    Args:
        own: (B, T, C, H, W).
        other: (B, T, C, H, W).
        tube: (rows, columns), or (T, rows, columns) where it differs by frame; H and W are multiples of them.
    """
    rows, columns = tube.shape[-2:]
    cells = tube.repeat_interleave(own.shape[-2] // rows, -2).repeat_interleave(own.shape[-1] // columns, -1)
    return torch.where(cells.unsqueeze(-3).to(own.device), own, other)
