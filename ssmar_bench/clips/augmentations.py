"""The augmentations that are built in. Strong: FixMatch's RandAugment and Cutout as in USB.

Operations are drawn once a clip and applied to all frames alike, because draws for each frame would bury the small
motion that makes a micro-action. What depends on the picture (its histogram, its mean) is measured once for the clip;
measured for each frame, it would make the clip flicker. Drawing (NumPy) and applying (torchvision) are separate. Clips
are uint8 tensors (T, C, H, W) of RGB and are never changed in place. Factors are Pillow's: 1 leaves the clip as it is.

torchvision's own ``v2.RandAugment`` is not used: other operations, other magnitudes, one shared magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from ssmar_bench.clips.pixel_operations import (
    autocontrast,
    by_position,
    by_value,
    contrast,
    equalize,
    saturation,
    sharpness,
)
from ssmar_bench.core.augmentation import Augmentation
from ssmar_bench.core.benchmark_config import ClipConfig


class Test(Augmentation):
    """Centre frames and centre crop: the view that is scored, without any draw."""

    random_frames = False
    random_crop = False


class Weak(Augmentation):
    """Random frames, crop and flip; pixels as they are."""


class Strong(Augmentation):
    """Weak, then RandAugment and Cutout."""

    on_device = True

    def pixels(self, clip: Tensor, rng: np.random.Generator, config: ClipConfig) -> Tensor:
        """The clip (T, C, H, W) uint8 after ``config.strong_ops`` operations and Cutout."""
        return strong_augment(clip, rng, config.strong_ops, config.cutout, config.per_frame)


GREY = (125, 123, 114)
"""RGB of Cutout's square."""


@dataclass(frozen=True)
class Operation:
    """An operation of :data:`OPERATIONS` with its magnitude (unit: see there)."""

    name: str
    magnitude: float


@dataclass(frozen=True)
class CutoutSquare:
    """Cutout's square: side and centre as fractions of the width and height."""

    side: float
    x: float
    y: float


def draw_operations(rng: np.random.Generator, n: int) -> list[Operation]:
    """Draw ``n`` operations with replacement, each with a uniform magnitude; always takes 2n numbers from ``rng``."""
    drawn = rng.random((n, 2)).tolist()
    return [_operation(which, where) for which, where in drawn]


def draw_square(rng: np.random.Generator, largest: float) -> CutoutSquare:
    """Draw a square of side U(0, ``largest``) anywhere; always takes 3 numbers from ``rng``."""
    side, x, y = rng.random(3).tolist()
    return CutoutSquare(side * largest, x, y)


def apply_operations(clip: Tensor, operations: Sequence[Operation]) -> Tensor:
    """The clip (T, C, H, W) after ``operations``, one after the other, each frame alike."""
    for operation in operations:
        clip = OPERATIONS[operation.name].function(clip, operation.magnitude)
    return clip


def cutout(clip: Tensor, square: CutoutSquare) -> Tensor:
    """The clip (T, C, H, W) with a grey square in all frames, at the place where USB's Pillow code draws it."""
    height, width = clip.shape[-2:]
    side = square.side * width
    if side <= 0:
        return clip
    left = int(max(0.0, square.x * width - side / 2))
    top = int(max(0.0, square.y * height - side / 2))
    # Pillow's rectangles include their last pixel.
    right = int(min(width, left + side)) + 1
    bottom = int(min(height, top + side)) + 1
    clip = clip.clone()
    for channel, value in enumerate(GREY):
        clip[:, channel, top:bottom, left:right] = value
    return clip


def strong_augment(clip: Tensor, rng: np.random.Generator, operations: int, largest: float, per_frame: bool) -> Tensor:
    """Draw and apply ``operations`` operations and Cutout of at most ``largest`` x width.

    Args:
        clip: (T, C, H, W) uint8.
        rng: where the draws come from.
        operations: how many operations.
        largest: largest side of Cutout's square as a fraction of the width; 0: no Cutout.
        per_frame: draw for each frame by itself.
    """
    if per_frame:
        return torch.cat([strong_augment(frame, rng, operations, largest, False) for frame in clip.unsqueeze(1)])
    changed = apply_operations(clip, draw_operations(rng, operations))
    return cutout(changed, draw_square(rng, largest))


def _operation(which: float, where: float) -> Operation:
    name = _NAMES[int(which * len(_NAMES))]
    kind = OPERATIONS[name]
    return Operation(name, kind.low + (kind.high - kind.low) * where)


def _brightness(clip: Tensor, factor: float) -> Tensor:
    return by_value(lambda values: tv.adjust_brightness(values, factor), clip)


def _rotate(clip: Tensor, degrees: float) -> Tensor:
    return by_position(lambda image: tv.rotate(image, degrees), clip)


def _solarize(clip: Tensor, threshold: float) -> Tensor:
    return clip if threshold > 255 else by_value(lambda values: tv.solarize(values, threshold), clip)


def _affine(clip: Tensor, shear: tuple[float, float] = (0, 0), shift: tuple[float, float] = (0, 0)) -> Tensor:
    """Nearest neighbour, black outside, about the upper left corner, as Pillow's ``transform`` with AFFINE does."""
    degrees = [math.degrees(math.atan(slope)) for slope in shear]
    return by_position(lambda image: tv.affine(image, 0.0, list(shift), 1.0, degrees, center=[0.0, 0.0]), clip)


@dataclass(frozen=True)
class OperationRange:
    """A kind of operation: its function of (clip, magnitude) and the range of its magnitudes."""

    function: Callable[[Tensor, float], Tensor]
    low: float
    high: float


OPERATIONS: dict[str, OperationRange] = {
    "autocontrast": OperationRange(lambda clip, _: autocontrast(clip), 0, 1),  # no magnitude
    "brightness": OperationRange(_brightness, 0.05, 0.95),  # factor
    "colour": OperationRange(saturation, 0.05, 0.95),  # factor
    "contrast": OperationRange(contrast, 0.05, 0.95),
    "equalize": OperationRange(lambda clip, _: equalize(clip), 0, 1),  # no magnitude
    "identity": OperationRange(lambda clip, _: clip, 0, 1),  # no magnitude
    "posterize": OperationRange(lambda clip, bits: tv.posterize(clip, int(bits)), 4, 8),  # bits kept, rounded down
    "rotate": OperationRange(_rotate, -30, 30),  # degrees, counter-clockwise
    "sharpness": OperationRange(sharpness, 0.05, 0.95),  # factor
    "shear_x": OperationRange(lambda clip, slope: _affine(clip, shear=(slope, 0)), -0.3, 0.3),
    "shear_y": OperationRange(lambda clip, slope: _affine(clip, shear=(0, slope)), -0.3, 0.3),
    "solarize": OperationRange(_solarize, 0, 256),  # value from which on it is inverted
    "translate_x": OperationRange(
        lambda clip, part: _affine(clip, shift=(-part * clip.shape[-1], 0)), -0.3, 0.3
    ),  # to the left
    "translate_y": OperationRange(
        lambda clip, part: _affine(clip, shift=(0, -part * clip.shape[-2])), -0.3, 0.3
    ),  # upwards
}
"""The operations of USB's FixMatch (semilearn/datasets/augmentation/randaugment.py, ``fixmatch_augment_pool``)."""

_NAMES = tuple(OPERATIONS)
