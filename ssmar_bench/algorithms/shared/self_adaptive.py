"""Self-adaptive thresholding (FreeMatch, Wang et al., ICLR 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ssmar_bench.algorithms.shared.pseudo_labels import labels_by_class
from ssmar_bench.core.contract import PseudoLabels


class SelfAdaptiveThreshold(nn.Module):
    """A global threshold that follows the mean confidence, times a local one that follows each class's probability.

    Args:
        classes: C; all averages start at 1 / C.
        momentum: of the averages.
    """

    def __init__(self, classes: int, momentum: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("level", torch.full((), 1 / classes))
        self.register_buffer("expected", torch.full((classes,), 1 / classes))

    level: Tensor
    expected: Tensor

    @torch.no_grad()
    def forward(self, index: Tensor, probability: Tensor) -> PseudoLabels:
        """Takes weak predictions (B, C) into the averages, then selects by tau(c) = p~(c) / max p~ * tau.

        Args:
            index: (B,) rows in the unlabelled pool.
            probability: (B, C).
        """
        self.level.lerp_(probability.max(1).values.mean(), 1 - self.momentum)
        self.expected.lerp_(probability.mean(0), 1 - self.momentum)
        return labels_by_class(index, probability, self.level * self.expected / self.expected.max())
