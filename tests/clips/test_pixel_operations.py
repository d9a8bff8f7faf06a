"""Operations on a clip's pixels are torchvision's, bit for bit, on any size and on pictures of one or two values.

So is the way in which a GPU computes them, tried on the CPU; on a GPU itself values differ by rounding.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from ssmar_bench.clips import pixel_operations
from ssmar_bench.clips.augmentations import OPERATIONS

SHAPES = [(8, 3, 112, 120), (8, 3, 32, 32), (1, 3, 32, 32), (5, 3, 17, 23), (2, 3, 1, 1), (3, 3, 2, 5)]


def as_one_picture(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """torchvision's operation on the frames laid one below the other."""

    def whole(clip: Tensor, *factor: float) -> Tensor:
        frames, channels, height, width = clip.shape
        picture = clip.transpose(0, 1).reshape(channels, frames * height, width)
        return operation(picture, *factor).view(channels, frames, height, width).transpose(0, 1)

    return whole


def affine(clip: Tensor, *, shear: tuple[float, float] = (0, 0), shift: tuple[float, float] = (0, 0)) -> Tensor:
    """torchvision's, on all frames."""
    degrees = np.degrees(np.arctan(shear)).tolist()
    return tv.affine(clip, 0.0, list(shift), 1.0, degrees, center=[0.0, 0.0])


TORCHVISION: dict[str, Callable[[Tensor, float], Tensor]] = {
    "autocontrast": lambda clip, _: as_one_picture(tv.autocontrast)(clip),
    "brightness": tv.adjust_brightness,
    "colour": tv.adjust_saturation,
    "contrast": as_one_picture(tv.adjust_contrast),
    "equalize": lambda clip, _: as_one_picture(tv.equalize)(clip),
    "identity": lambda clip, _: clip,
    "posterize": lambda clip, bits: tv.posterize(clip, int(bits)),
    "rotate": tv.rotate,
    "sharpness": tv.adjust_sharpness,
    "shear_x": lambda clip, slope: affine(clip, shear=(slope, 0)),
    "shear_y": lambda clip, slope: affine(clip, shear=(0, slope)),
    "solarize": lambda clip, value: clip if value > 255 else tv.solarize(clip, value),
    "translate_x": lambda clip, part: affine(clip, shift=(-part * clip.shape[-1], 0)),
    "translate_y": lambda clip, part: affine(clip, shift=(0, -part * clip.shape[-2])),
}


def clips() -> Iterator[Tensor]:
    """Noise, noise in a narrow range, a smooth picture, one value, and two values, of each shape."""
    draw = torch.Generator().manual_seed(0)
    for shape in SHAPES:
        yield torch.randint(0, 256, shape, generator=draw).to(torch.uint8)
        yield torch.randint(100, 130, shape, generator=draw).to(torch.uint8)
        rough = torch.rand((shape[0], 3, 4, 4), generator=draw)
        yield torch.nn.functional.interpolate(rough, shape[2:], mode="bilinear").mul(255).to(torch.uint8)
        yield torch.full(shape, 7, dtype=torch.uint8)
        yield torch.zeros(shape, dtype=torch.uint8).index_fill(0, torch.tensor([0]), 255)


@pytest.mark.parametrize("in_processor", [True, False])
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_each_operation_is_torchvisions(name: str, in_processor: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_operations, "in_processor", lambda _: in_processor)
    kind, rng = OPERATIONS[name], np.random.default_rng(0)
    magnitudes = [kind.low, kind.high, *rng.uniform(kind.low, kind.high, 4).tolist()]
    for clip in clips():
        before = clip.clone()
        for magnitude in magnitudes:
            found = kind.function(clip, magnitude)
            assert torch.equal(found, TORCHVISION[name](clip, magnitude)), (name, magnitude, tuple(clip.shape))
        assert torch.equal(clip, before)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_views_of_a_clip_that_lie_apart_in_memory(name: str) -> None:
    kind = OPERATIONS[name]
    clip = torch.randint(0, 256, (8, 40, 40, 3), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    apart = clip.permute(0, 3, 1, 2)[::2, :, 3:35, 4:36]
    magnitude = (kind.low + kind.high) / 2
    assert torch.equal(kind.function(apart, magnitude), kind.function(apart.contiguous(), magnitude))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_gpu_rounds_by_one_and_moves_the_same_pixels(name: str) -> None:
    kind = OPERATIONS[name]
    for clip in clips():
        for magnitude in (kind.low, kind.high, 0.3 * kind.low + 0.7 * kind.high):
            on_gpu = kind.function(clip.cuda(), magnitude)
            assert on_gpu.is_cuda
            apart = (on_gpu.cpu().int() - kind.function(clip, magnitude).int()).abs().max()
            moves = name in {"rotate", "shear_x", "shear_y", "translate_x", "translate_y"}
            assert apart <= (0 if moves else 1), (magnitude, tuple(clip.shape))
