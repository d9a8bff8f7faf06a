"""The learning rate of a run's steps."""

from __future__ import annotations

import math
from collections.abc import Sequence


class CosineSchedule:
    """Cosine decay from the initial learning rate to 0 over all steps, or over those between two restarts.

    Args:
        lr: initial learning rate.
        epochs: of the run.
        steps_per_epoch: optimiser steps in each.
        restarts: epochs (from 0) before which it starts again, as ``Method.restarts`` gives them.

    Attributes:
        restarts: those epochs.
    """

    def __init__(self, lr: float, epochs: int, steps_per_epoch: int, restarts: Sequence[int] = ()) -> None:
        check_restarts(restarts, epochs)
        self.lr = lr
        self.restarts = tuple(restarts)
        self._ends = [epoch * steps_per_epoch for epoch in (0, *restarts, epochs)]

    def began(self, step: int) -> int:
        """The step at which the last restart before or at ``step`` was; 0 if there was none."""
        return max(first for first in self._ends[:-1] if first <= step)

    def rate(self, step: int) -> float:
        """The learning rate of ``step``, from 0."""
        first = self.began(step)
        last = next((end for end in self._ends[1:] if end > step), self._ends[-1])
        return self.lr * 0.5 * (1 + math.cos(math.pi * (step - first) / (last - first)))


def check_restarts(restarts: Sequence[int], epochs: int) -> None:
    """Raises ``ValueError`` with a sentence unless ``restarts`` are rising epochs inside a run of ``epochs``."""
    if list(restarts) != sorted({epoch for epoch in restarts if 0 < epoch < epochs}):
        raise ValueError(
            f"restarts() gives the epochs {list(restarts)}, which must rise and lie from 1 to {epochs - 1}"
        )
