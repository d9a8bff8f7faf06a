"""Predictions of whole parts, and the averaged weights they may be made with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ssmar_bench.core.contract import Method
from ssmar_bench.core.errors import DivergedError
from ssmar_bench.training.run_data import RunData


def counting_networks(method: nn.Module) -> list[Any]:
    """The method's networks that count the clips they see."""
    return [module for module in method.modules() if hasattr(module, "forward_passes")]


@contextmanager
def between_epochs(method: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, for a method's own work between epochs; its clips do count as cost."""
    method.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        method.train()


@contextmanager
def uncounted_evaluation(method: nn.Module) -> Iterator[None]:
    """Evaluation mode, and clips that are forwarded do not count as training's cost."""
    counts = [(module, module.forward_passes) for module in counting_networks(method)]
    method.eval()
    try:
        yield
    finally:
        method.train()
        for module, count in counts:
            module.forward_passes = count


def forward_passes(method: nn.Module) -> int:
    """Clips that went through the method's networks in training."""
    return sum(module.forward_passes for module in counting_networks(method))


@torch.no_grad()
def predict(method: Method, data: RunData, part: str) -> Tensor:
    """Logits (N, C) of a whole part from its test views, as 32-bit floats.

    Raises:
        DivergedError: one of them is not finite.
    """
    with uncounted_evaluation(method):
        logits = torch.cat([method.predict(clips).float() for clips in data.fixed(part)])
    if not logits.isfinite().all():
        raise DivergedError(f"predict() gave logits that are infinite or not a number for {part} clips.")
    return logits


@torch.no_grad()
def predict_further(method: Method, data: RunData, part: str) -> dict[str, Tensor]:
    """Logits (N, C) of a whole part by head, of the heads that the method gives; errors as :func:`predict`."""
    found: dict[str, list[Tensor]] = {}
    with uncounted_evaluation(method):
        for clips in data.fixed(part):
            for head, logits in method.further_predictions(clips).items():
                found.setdefault(head, []).append(logits.float())
    heads = {head: torch.cat(logits) for head, logits in found.items()}
    for head, logits in heads.items():
        if not logits.isfinite().all():
            raise DivergedError(f"the head {head} gave logits that are infinite or not a number for {part} clips.")
    return heads


class AveragedWeights:
    """An exponential moving average of all trained parameters; buffers are the method's own."""

    def __init__(self, method: nn.Module, momentum: float) -> None:
        self.momentum = momentum
        self._live: list[Tensor] = [parameter for parameter in method.parameters() if parameter.requires_grad]
        self.shadow = [parameter.detach().clone() for parameter in self._live]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Shadow <- m shadow + (1 - m) live, with m = min(momentum, (1 + step) / (10 + step)): a warm start."""
        momentum = min(self.momentum, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.shadow, [p.detach() for p in self._live], 1 - momentum)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The method predicts with the averaged weights inside this block."""
        kept = [parameter.detach().clone() for parameter in self._live]
        with torch.no_grad():
            torch._foreach_copy_(self._live, self.shadow)
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self._live, kept)
