"""A teacher: a network whose weights are the exponential moving average of a student's."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor, nn

from ssmar_bench.algorithms.shared.batch_norm import frozen_statistics
from ssmar_bench.core.contract import Output


class Teacher(nn.Module):
    """Averages a student's parameters and copies its buffers (BatchNorm's statistics), without a gradient.

    In training mode it normalises by its batch, as a student does, and its own statistics stay still.

    Args:
        network: a network of its own that begins with the student's weights: ``context.network("student")``.
        always_evaluates: it stays in evaluation mode when the student trains.
    """

    def __init__(self, network: Any, always_evaluates: bool = False) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.always_evaluates = always_evaluates
        self.train()

    def train(self, mode: bool = True) -> Self:
        """As of any module, but a teacher that always evaluates goes on evaluating."""
        return super().train(mode and not self.always_evaluates)

    @torch.no_grad()
    def forward(self, clips: Tensor) -> Output:
        """Logits and features of clips (B, T, C, H, W)."""
        with frozen_statistics(self.network):
            output: Output = self.network(clips)
        return output

    @torch.no_grad()
    def update(self, student: nn.Module, momentum: float) -> None:
        """Every parameter <- momentum * teacher + (1 - momentum) * student; called after an optimiser step."""
        own = list(self.network.parameters())
        torch._foreach_lerp_(own, [parameter.detach() for parameter in student.parameters()], 1 - momentum)
        for mine, theirs in zip(self.network.buffers(), student.buffers(), strict=True):
            mine.copy_(theirs)
