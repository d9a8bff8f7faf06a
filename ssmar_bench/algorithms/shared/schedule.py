"""What a run's length does to momenta and ramps: everything that lasts is a share of the run, by one formula each."""

from __future__ import annotations

import math
from typing import Literal

from ssmar_bench.core.contract import Progress


def momentum_of_run(momentum: float, memory: float | None, steps: int) -> float:
    """The momentum of an exponential moving average in a run of ``steps`` steps.

    The papers' 0.999 remembers 1 / (1 - 0.999) = 1000 steps out of 2^20. In a run of 300 steps such an average never
    leaves its start, and FreeMatch's and SoftMatch's thresholds select everything. Hence a memory lasts at most the
    share ``memory`` of the run: min(momentum, 1 - 1 / (memory * steps)), never below 0.

    Args:
        momentum: the paper's.
        memory: longest memory as a share of the run; None leaves ``momentum`` as it is.
        steps: optimiser steps of the run.
    """
    if memory is None:
        return momentum
    return min(momentum, 1 - 1 / max(1.0, memory * steps))


def ramp(progress: Progress, end: float, start: float = 0.0, shape: Literal["linear", "sigmoid"] = "linear") -> float:
    """A factor that grows from 0 at the share ``start`` of the run to 1 at the share ``end``.

    ``linear`` or ``sigmoid``, exp(-5 (1 - t)^2) of the time t between the two (Laine and Aila, 2017), which starts at
    0.0067. With ``end`` <= ``start`` it is a step at ``start``; with both 0 it is always 1.
    """
    now = progress.step / progress.steps
    if end <= start:
        return float(now >= start)
    t = min(1.0, max(0.0, (now - start) / (end - start)))
    return t if shape == "linear" else math.exp(-5 * (1 - t) ** 2) if now >= start else 0.0
