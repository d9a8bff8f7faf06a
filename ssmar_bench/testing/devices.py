"""The check of devices: a GPU computes what the CPU computes."""

from __future__ import annotations

import torch

from ssmar_bench.testing.check import NotApplicableError, register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest

RELATIVE, ABSOLUTE = 1e-2, 1e-3
"""How far losses and logits may be apart after two steps of 32-bit sums in another order."""


@register_check
def a_gpu_computes_the_same(examined: MethodUnderTest) -> None:
    """Losses and logits of a few steps on a CUDA device are those of the CPU."""
    if not torch.cuda.is_available():
        raise NotApplicableError("torch finds no CUDA device here")
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        agree(examined, examined.on(device="cuda"), "on a GPU")


def agree(one: MethodUnderTest, other: MethodUnderTest, where: str) -> None:
    """Requires two subjects to compute the same in the first and the last epoch, but for rounding."""
    advice = "draw on the CPU (torch.rand(...).to(device)), and create tensors on the device of the batch"
    for epoch in (0, one.tiny.epochs - 1):
        losses, logits = [], []
        for examined in (one, other):
            method = examined.at(epoch)
            losses.append(examined.train(method, epoch, 2))
            logits.append(examined.predict(method).float().cpu())
        for a, b in zip(*losses, strict=True):
            for name, term in a.terms.items():
                wanted, found = term.item(), b.terms[name].item()
                near = abs(found - wanted) <= ABSOLUTE + RELATIVE * abs(wanted)
                require_that(near, f"'{name}' is {found:g} {where} and {wanted:g} on the CPU; {advice}.")
        close = torch.allclose(logits[1], logits[0], rtol=RELATIVE, atol=ABSOLUTE)
        require_that(close, f"predict() gives other logits {where} than on the CPU; {advice}.")
