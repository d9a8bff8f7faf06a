"""What is done to a predicted distribution before it becomes a target or a confidence."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def sharpen(probability: Tensor, temperature: float) -> Tensor:
    """p^(1/T), normalised again (MixMatch, Berthelot et al., NeurIPS 2019); ``probability`` is (B, C)."""
    # By logarithms, so that a small temperature does not underflow every class to 0.
    return (probability.clamp_min(torch.finfo(probability.dtype).tiny).log() / temperature).softmax(1)


class UniformAlignment(nn.Module):
    """Distribution alignment to the uniform distribution (SoftMatch, Chen et al., ICLR 2023).

    Args:
        classes: C.
        momentum: of the moving average of the predictions, which starts as the first batch's mean.
    """

    def __init__(self, classes: int, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.full((classes,), 1 / classes))
        self.register_buffer("started", torch.zeros(()))

    mean: Tensor
    started: Tensor

    @torch.no_grad()
    def forward(self, probability: Tensor) -> Tensor:
        """Takes a batch's predictions (B, C) into the average, and returns p * u / average, normalised again."""
        now = probability.mean(0)
        self.mean.copy_(torch.where(self.started > 0, self.mean.lerp(now, 1 - self.momentum), now))
        self.started.fill_(1)
        aligned = probability * (1 / len(self.mean) + 1e-6) / (self.mean + 1e-6)
        return aligned / aligned.sum(1, keepdim=True)
