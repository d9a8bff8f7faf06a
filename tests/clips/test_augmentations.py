"""Strong operations do what Pillow does to one frame, and the same to all frames of a clip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from torch import Tensor

from ssmar_bench.clips.augmentations import (
    GREY,
    OPERATIONS,
    CutoutSquare,
    Operation,
    apply_operations,
    cutout,
    draw_operations,
    draw_square,
    strong_augment,
)
from ssmar_bench.core.seeds import generator

AFFINE = Image.Transform.AFFINE

# USB's operations, in its own words (semilearn/datasets/augmentation/randaugment.py).
PILLOW: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "brightness": lambda image, v: ImageEnhance.Brightness(image).enhance(v),
    "colour": lambda image, v: ImageEnhance.Color(image).enhance(v),
    "contrast": lambda image, v: ImageEnhance.Contrast(image).enhance(v),
    "equalize": lambda image, _: ImageOps.equalize(image),
    "identity": lambda image, _: image,
    "posterize": lambda image, v: ImageOps.posterize(image, int(v)),
    "rotate": lambda image, v: image.rotate(v),
    "sharpness": lambda image, v: ImageEnhance.Sharpness(image).enhance(v),
    "shear_x": lambda image, v: image.transform(image.size, AFFINE, (1, v, 0, 0, 1, 0)),
    "shear_y": lambda image, v: image.transform(image.size, AFFINE, (1, 0, 0, v, 1, 0)),
    "solarize": lambda image, v: ImageOps.solarize(image, v),  # type: ignore[arg-type]
    "translate_x": lambda image, v: image.transform(image.size, AFFINE, (1, 0, v * image.size[0], 0, 1, 0)),
    "translate_y": lambda image, v: image.transform(image.size, AFFINE, (1, 0, 0, 0, 1, v * image.size[1])),
}
RANGES = {
    **dict.fromkeys(["brightness", "colour", "contrast", "sharpness"], (0.05, 0.95)),
    **dict.fromkeys(["shear_x", "shear_y", "translate_x", "translate_y"], (-0.3, 0.3)),
    "posterize": (4, 8),
    "rotate": (-30, 30),
    "solarize": (0, 256),
}


def _noise(height: int = 32, width: int = 32) -> np.ndarray:
    return np.random.default_rng(3).integers(20, 230, (height, width, 3)).astype(np.uint8)


def _smooth(height: int = 32, width: int = 32) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    planes = [60 + 3 * x + y, 200 - 2 * x - y, 90 + x * y / 16]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def _clip(*frames: np.ndarray) -> Tensor:
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).contiguous()


def _image(frame: Tensor) -> np.ndarray:
    return frame.permute(1, 2, 0).numpy().astype(int)


@pytest.mark.parametrize("name", sorted(PILLOW))
@pytest.mark.parametrize("image", [_noise(), _smooth(), _noise(20, 36)], ids=["noise", "smooth", "wide"])
def test_as_pillow_does(name: str, image: np.ndarray) -> None:
    low, high = RANGES.get(name, (0, 1))
    for magnitude in [low, high, *np.random.default_rng(0).uniform(low, high, 12)]:
        expected = np.asarray(PILLOW[name](Image.fromarray(image), magnitude)).astype(int)
        found = _image(apply_operations(_clip(image), [Operation(name, float(magnitude))])[0])
        wrong = (np.abs(found - expected) > 1).any(-1)
        # A turned pixel may come to lie on the border between two; Pillow and torch then round to different ones.
        assert wrong.mean() <= (0.005 if name == "rotate" else 0), magnitude


@pytest.mark.parametrize("name", sorted(set(PILLOW) - {"identity"}))
def test_operations_change_something(name: str) -> None:
    clip = _clip(_noise())
    assert not torch.equal(apply_operations(clip, [Operation(name, RANGES.get(name, (0, 1))[0])]), clip)


def test_all_operations_of_fixmatch() -> None:
    assert set(OPERATIONS) == set(PILLOW)
    assert {name: (kind.low, kind.high) for name, kind in OPERATIONS.items() if name in RANGES} == RANGES


@pytest.mark.parametrize("name", sorted(PILLOW))
def test_identical_frames_stay_identical(name: str) -> None:
    clip = _clip(*[_noise()] * 5)
    before = clip.clone()
    changed = apply_operations(clip, [Operation(name, 0.29 if name.startswith(("shear", "trans")) else 4.5)])
    assert changed.shape == clip.shape
    assert changed.dtype == torch.uint8
    assert all(torch.equal(frame, changed[0]) for frame in changed)
    assert torch.equal(clip, before)  # the input is left alone


@pytest.mark.parametrize("name", ["autocontrast", "equalize", "contrast"])
def test_one_measure_for_the_whole_clip(name: str) -> None:
    frames = [_noise() // 8 + offset for offset in (40, 80, 120, 160)]
    tall = Image.fromarray(np.concatenate(frames))
    expected = np.asarray(PILLOW[name](tall, 0.4)).astype(int).reshape(4, 32, 32, 3)
    found = apply_operations(_clip(*frames), [Operation(name, 0.4)])
    assert max(np.abs(_image(frame) - one).max() for frame, one in zip(found, expected, strict=True)) <= 1
    alone = apply_operations(_clip(frames[0]), [Operation(name, 0.4)])[0]
    assert np.abs(_image(alone) - expected[0]).max() > 10  # a measure of its own would be another


def test_operations_follow_each_other() -> None:
    clip = _clip(_noise(), _smooth())
    both = [Operation("solarize", 0), Operation("translate_x", 0.25)]
    expected = apply_operations(apply_operations(clip, both[:1]), both[1:])
    assert torch.equal(apply_operations(clip, both), expected)
    assert not torch.equal(apply_operations(clip, both[::-1]), expected)  # black that moved in is inverted


def test_draws() -> None:
    drawn = draw_operations(np.random.default_rng(0), 14_000)
    counts = Counter(operation.name for operation in drawn)
    assert set(counts) == set(PILLOW)
    assert all(850 < count < 1150 for count in counts.values())  # five standard deviations
    for name, (low, high) in RANGES.items():
        magnitudes = np.array([operation.magnitude for operation in drawn if operation.name == name])
        assert low <= magnitudes.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < magnitudes.max() <= high
        assert abs(magnitudes.mean() - (low + high) / 2) < 0.06 * (high - low)


def test_draws_take_the_same_count_of_numbers() -> None:
    one, other = generator("augmentation", 0), generator("augmentation", 0)
    draw_operations(one, 3)
    draw_square(one, 0.5)
    other.random(9)
    assert one.random() == other.random()


def test_draws_repeat() -> None:
    assert draw_operations(generator("a", 1), 5) == draw_operations(generator("a", 1), 5)
    assert draw_operations(generator("a", 1), 5) != draw_operations(generator("a", 2), 5)


@pytest.mark.parametrize("shape", [(32, 32), (20, 36)])
def test_cutout_as_pillow_draws_it(shape: tuple[int, int]) -> None:
    image, rng = _noise(*shape), np.random.default_rng(1)
    height, width = shape
    for square in [draw_square(rng, 0.5) for _ in range(200)]:
        side = square.side * width
        left = int(max(0, square.x * width - side / 2))
        top = int(max(0, square.y * height - side / 2))
        expected = Image.fromarray(image)
        box = (left, top, min(width, left + side), min(height, top + side))
        ImageDraw.Draw(expected).rectangle(box, GREY)
        found = cutout(_clip(image, image), square)
        assert np.array_equal(_image(found[0]), np.asarray(expected))
        assert torch.equal(found[0], found[1])


def test_cutout_leaves_its_input_alone() -> None:
    clip = _clip(_noise())
    before = clip.clone()
    changed = cutout(clip, CutoutSquare(0.5, 0.5, 0.5))
    assert torch.equal(clip, before)
    assert (changed != clip).any(1).sum() > 200
    assert torch.equal(cutout(clip, CutoutSquare(0, 0.5, 0.5)), clip)


def test_squares_are_as_large_as_asked() -> None:
    squares = [draw_square(np.random.default_rng(seed), 0.4) for seed in range(2000)]
    sides = np.array([square.side for square in squares])
    assert 0 <= sides.min() < 0.01 < 0.39 < sides.max() <= 0.4
    assert 0.19 < sides.mean() < 0.21
    assert all(0 <= square.x < 1 and 0 <= square.y < 1 for square in squares)


def test_strengthen_is_the_drawn_operations_and_cutout() -> None:
    clip, rng = _clip(_noise(), _smooth()), generator("augmentation", 4)
    operations, square = draw_operations(rng, 3), draw_square(rng, 0.5)
    found = strong_augment(clip, generator("augmentation", 4), 3, 0.5, per_frame=False)
    assert torch.equal(found, cutout(apply_operations(clip, operations), square))


def test_draws_for_each_frame() -> None:
    clip = _clip(*[_noise()] * 6)
    once = strong_augment(clip, generator("augmentation", 1), 3, 0.5, per_frame=False)
    assert all(torch.equal(frame, once[0]) for frame in once)
    each = strong_augment(clip, generator("augmentation", 1), 3, 0.5, per_frame=True)
    assert each.shape == clip.shape
    assert sum(not torch.equal(frame, each[0]) for frame in each) == 5
    assert torch.equal(each[0], once[0])  # the first frame's draws are the first
