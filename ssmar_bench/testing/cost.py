"""What a step of a method forwards, counted on the tiny problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ssmar_bench.testing.method_under_test import MethodUnderTest


@dataclass(frozen=True)
class Cost:
    """Of one step: forward passes, and clips in them for each labelled clip, all and those with gradient."""

    passes: int
    clips: float
    with_gradient: float


def cost(examined: MethodUnderTest, epoch: int) -> Cost:
    """The cost of a step in ``epoch``, through all of a method's networks (those that count their clips)."""
    method = examined.at(epoch)
    seen: list[tuple[int, bool]] = []

    def count(_: Any, given: tuple[Any, ...], output: Any) -> None:
        learning = torch.is_grad_enabled() and output.logits.requires_grad
        seen.append((len(given[0]), learning))

    for module in method.modules():
        if hasattr(module, "forward_passes"):
            module.register_forward_hook(count)
    examined.loss(method, epoch, 1)
    clips = [number for number, _ in seen]
    learned = [number for number, learning in seen if learning]
    return Cost(len(seen), sum(clips) / examined.tiny.batch, sum(learned) / examined.tiny.batch)
