"""The time left does not jump, whatever single steps take."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from ssmar_bench.core.time_left import SETTLED, TimeLeft


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(step: Callable[[int], float], total: int = 200, first: int = 0) -> list[tuple[float, float]]:
    """(When, estimate) after each step, from the first tenth on."""
    clock = Clock()
    left, found = TimeLeft(clock), []
    left.seconds(first, total)
    for done in range(first + 1, total + 1):
        clock.now += step(done)
        estimate = left.seconds(done, total)
        assert estimate is not None
        if done - first > SETTLED * (total - first):
            found.append((clock.now, estimate))
    return found


STEPS: dict[str, Callable[[int], float]] = {
    "even": lambda _: 1.0,
    "one slow round": lambda done: 300.0 if done == 30 else 1.0,
    "one round that takes an hour": lambda done: 3600.0 if done == 30 else 1.0,
    "a quick end": lambda done: 60.0 if done < 100 else 0.001,
    "a slow round every tenth": lambda done: 40.0 if done % 20 == 5 else 0.5,
    "a slow start": lambda done: 60.0 if done == 1 else 0.1,
    "another command beside it from the middle on": lambda done: 1.0 if done < 100 else 8.0,
    "noise": lambda done: random.Random(done).expovariate(1.0),  # each step another length, the same in every run
}


def _runs(*seconds: float) -> Callable[[int], float]:
    return lambda done: seconds[done - 1]


GRIDS: dict[str, Callable[[int], float]] = {
    "a slow second run of six": _runs(10, 600, 10, 10, 10, 10),
    "a quick second run of six": _runs(600, 1, 1, 600, 600, 600),
}
CASES = [(STEPS[name], 200, first) for name in STEPS for first in (0, 40)] + [(step, 6, 0) for step in GRIDS.values()]
"""How long each step takes, how many there are, and the first that this command trains."""


@pytest.mark.parametrize(("step", "total", "first"), CASES, ids=[f"{n} {f}" for n in STEPS for f in (0, 40)] + [*GRIDS])
def test_it_does_not_jump_after_the_first_tenth(step: Callable[[int], float], total: int, first: int) -> None:
    found = said(step, total, first)
    for (then, before), (now, after) in itertools.pairwise(found[:-1]):
        assert after <= 2 * before + 1e-9
        assert after >= max(0.0, before - (now - then)) / 2 - 1e-9
    assert found[-1][1] == 0


def test_an_even_run_is_known_from_its_first_step() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    assert left.seconds(50, 100) is None  # a run that is continued: what was before took no time of this one
    clock.now += 2
    assert left.seconds(51, 100) == pytest.approx(98)
    assert left.seconds(51, 0) is None


def test_one_slow_round_is_felt_but_not_at_once() -> None:
    found = [estimate for _, estimate in said(STEPS["one slow round"])]
    assert 200 < max(found) < 900  # the mean of all steps says 1,870 s when 170 s are left


def test_another_speed_is_noticed() -> None:
    found = said(STEPS["another command beside it from the middle on"])
    now, estimate = found[len(found) // 2 + 50]
    assert estimate == pytest.approx(found[-1][0] - now, rel=0.7)
