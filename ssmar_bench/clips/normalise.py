"""Pixels into the numbers that a network sees."""

from __future__ import annotations

import torch
from torch import Tensor

from ssmar_bench.core.benchmark_config import ClipConfig


class Normaliser:
    """Normalises uint8 pixels on a device: x / 255, minus mean, over std, in one multiplication and one addition.

    Pixels travel to the device as they are, a quarter of the bytes of floats.

    Args:
        config: holds mean and standard deviation of each channel.
        device: where the pixels go.
    """

    def __init__(self, config: ClipConfig, device: torch.device) -> None:
        self._device = device
        mean, std = torch.tensor(config.mean), torch.tensor(config.std)
        self._scale = (1 / (255 * std)).view(3, 1, 1).to(device)
        self._shift = (-mean / std).view(3, 1, 1).to(device)

    def move(self, pixels: Tensor) -> Tensor:
        """Pixels (B, T, 3, H, W) on the device as they are; from pinned memory the copy does not block."""
        return pixels.to(self._device, non_blocking=pixels.is_pinned())

    def __call__(self, pixels: Tensor) -> Tensor:
        """Pixels (..., 3, H, W) uint8 as float32 on the device."""
        return self.move(pixels).to(torch.float32).mul_(self._scale).add_(self._shift)
