"""Pixels are normalised as they always were, wherever they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssmar_bench.clips.normalise import Normaliser
from ssmar_bench.core.benchmark_config import ClipConfig

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
CONFIG = ClipConfig(size=16, flip=True, strong_ops=3, cutout=0.5, per_frame=False, mean=MEAN, std=STD)
ALL_VALUES = torch.arange(256, dtype=torch.uint8).view(1, 1, 1, 16, 16).expand(2, 4, 3, 16, 16)


def test_every_value_of_a_byte_is_one_multiplication_and_one_addition_in_32_bits() -> None:
    """To the bit: other rounding would make other runs of the same identity."""
    found = Normaliser(CONFIG, torch.device("cpu"))(ALL_VALUES)
    mean, std = np.array(MEAN, np.float32), np.array(STD, np.float32)
    scale, shift = np.float32(1) / (np.float32(255) * std), -mean / std
    byte = np.arange(256, dtype=np.float32).reshape(16, 16)
    for channel in range(3):
        expected = byte * scale[channel] + shift[channel]
        assert np.array_equal(found[1, 2, channel].numpy(), expected)
    assert found.dtype == torch.float32


def test_values_by_hand() -> None:
    found = Normaliser(CONFIG, torch.device("cpu"))(ALL_VALUES)[0, 0, :, 0, 1]
    assert torch.allclose(found, (torch.tensor([1.0, 1, 1]) / 255 - torch.tensor(MEAN)) / torch.tensor(STD))


def test_the_pixels_stay_as_they_are() -> None:
    pixels = ALL_VALUES.clone()
    Normaliser(CONFIG, torch.device("cpu"))(pixels)
    assert torch.equal(pixels, ALL_VALUES)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("pinned", [False, True])
def test_a_gpu_normalises_to_the_same_bits(pinned: bool) -> None:
    pixels = ALL_VALUES.contiguous().pin_memory() if pinned else ALL_VALUES
    on_gpu = Normaliser(CONFIG, torch.device("cuda"))(pixels)
    assert on_gpu.is_cuda
    assert torch.equal(on_gpu.cpu(), Normaliser(CONFIG, torch.device("cpu"))(ALL_VALUES))
