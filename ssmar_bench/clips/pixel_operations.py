"""torchvision's operations on a clip's pixels, with the same result bit for bit, in a third of the time.

torchvision computes each pixel of each frame in 32 bits. A byte has 256 values, so an operation on values is computed
once for each of them and looked up; an operation that moves pixels is computed once for their positions, and all frames
are gathered. Clips are uint8 tensors (T, C, H, W) and are never changed in place.

A clip in the memory of a GPU is computed there, with the same positions; values may be rounded otherwise. Nothing here
waits for the GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchvision.transforms.v2 import functional as tv

CACHED = 2**17
"""Bytes of pixels that an operation takes at once; in 32 bits they take four times as many."""


def by_value(operation: Callable[[Tensor], Tensor], clip: Tensor) -> Tensor:
    """The clip after an operation that gives each pixel a value by its own value alone."""
    return _look_up(clip, operation(_every_value(clip).view(1, 16, 16)))


def by_position(operation: Callable[[Tensor], Tensor], clip: Tensor) -> Tensor:
    """The clip after an operation that moves pixels, alike in each frame; 0 where none comes from.

    Args:
        operation: of an image (1, H, W) in 32 bits: it takes each pixel from one other, or is 0.
        clip: (T, C, H, W) uint8.
    """
    height, width = clip.shape[2:]
    # From 1 on, since 0 means none; 32 bits hold whole numbers up to 16 million.
    numbers = torch.arange(1, height * width + 1, dtype=torch.float32).view(1, height, width)
    source = operation(numbers).view(-1).to(torch.int64)  # on the CPU, so that a GPU takes the same pixels
    pixels = pad(clip.flatten(2), (1, 0))
    if in_processor(clip):
        moved = torch.from_numpy(pixels.numpy().take(source.numpy(), axis=2))
    else:
        moved = pixels.index_select(2, source.to(clip.device, non_blocking=True))
    return moved.view(clip.shape)


def by_frame(operation: Callable[[Tensor], Tensor], clip: Tensor) -> Tensor:
    """The clip after an operation on each frame: one by one where only one has room in the processor's cache."""
    if clip.numel() <= CACHED or not in_processor(clip):
        return operation(clip)
    return torch.cat([operation(frame) for frame in clip.unsqueeze(1)])


def autocontrast(clip: Tensor) -> Tensor:
    """``tv.autocontrast`` of the clip as one picture: each channel's values spread from 0 to 255."""
    return _by_channel(_autocontrast_table, clip)


def equalize(clip: Tensor) -> Tensor:
    """``tv.equalize`` of the clip as one picture: each channel's values as often as the others."""
    return _by_channel(_equalize_table, clip)


def contrast(clip: Tensor, factor: float) -> Tensor:
    """``tv.adjust_contrast`` of the clip as one picture: towards its mean grey, at factor 0 that alone."""
    frames, channels, height, width = clip.shape
    picture = clip.transpose(0, 1).reshape(channels, frames * height, width)
    mean = tv.rgb_to_grayscale(picture).to(torch.float32).mean((-3, -2, -1), keepdim=True)
    return by_value(lambda values: _byte(values.mul(factor).add_(mean, alpha=1 - factor)), clip)


def saturation(clip: Tensor, factor: float) -> Tensor:
    """``tv.adjust_saturation``: towards each pixel's grey, at factor 0 that alone."""
    return by_frame(lambda frames: tv.adjust_saturation(frames, factor), clip)


def sharpness(clip: Tensor, factor: float) -> Tensor:
    """``tv.adjust_sharpness``: each inner pixel towards the mean of its 3 x 3, in which it counts five times."""
    return by_frame(lambda frames: _sharpness(frames, factor), clip)


def _sharpness(frames: Tensor, factor: float) -> Tensor:
    if min(frames.shape[-2:]) < 3:
        return frames
    changed = frames.to(torch.float32)
    rows = changed[..., :-2, :] + changed[..., 1:-1, :] + changed[..., 2:, :]
    blurred = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    inner = changed[..., 1:-1, 1:-1]
    blurred.add_(inner, alpha=4).div_(13).round_()
    inner.add_(blurred.sub_(inner), alpha=1 - factor)
    return _byte(changed)


def _byte(values: Tensor) -> Tensor:
    return values.clamp_(0, 255).to(torch.uint8)


def in_processor(pixels: Tensor) -> bool:
    """Whether pixels are where NumPy and Python reach them."""
    return pixels.is_cpu


def _every_value(pixels: Tensor) -> Tensor:
    """Every value that a pixel may have, (256,), where ``pixels`` are."""
    return torch.arange(256, dtype=torch.uint8, device=pixels.device)


def _look_up(pixels: Tensor, table: Tensor) -> Tensor:
    """The value of ``table`` (256 bytes) for each of ``pixels``; Python's bytes do it fastest."""
    if not in_processor(pixels):
        return table.view(-1).index_select(0, pixels.flatten().to(torch.int32)).view(pixels.shape)
    found = bytearray(pixels.numpy().tobytes()).translate(table.numpy().tobytes())
    return torch.frombuffer(found, dtype=torch.uint8).view(pixels.shape)


def _by_channel(table: Callable[[Tensor], Tensor], clip: Tensor) -> Tensor:
    """Each channel of the clip looked up in its own table, which is made of all its frames."""
    channels = [channel.contiguous() for channel in clip.unbind(1)]
    return torch.stack([_look_up(channel, table(channel)) for channel in channels], 1)


def _autocontrast_table(channel: Tensor) -> Tensor:
    low, high = torch.aminmax(channel)
    values = _every_value(channel)
    spread = _byte((values - low.to(torch.float32)).div_((high - low) * (1 / 255)))
    return torch.where(low == high, values, spread)


def _equalize_table(channel: Tensor) -> Tensor:
    """Pillow's: a value becomes the share of lower ones, in steps of the pixels that are not of the highest value."""
    values = _every_value(channel)
    if in_processor(channel):
        counts = torch.bincount(channel.view(-1), minlength=256)
        lower = counts.cumsum(0) - counts
    else:  # counting would wait for a GPU
        lower = torch.searchsorted(channel.view(-1).sort().values, values)
    step = lower.where(lower < channel.numel(), 0).max() // 255
    shares = ((lower + step // 2) // step.clamp(min=1)).clamp_(max=255).to(torch.uint8)
    return torch.where(step == 0, values, shares)
