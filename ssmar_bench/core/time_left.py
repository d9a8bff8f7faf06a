"""How long something still takes, said so that nobody is misled by a quick or a slow moment."""

from __future__ import annotations

import time
from collections.abc import Callable

SETTLED = 0.1
"""Of the way; before that nobody knows, and an estimate may change at will."""


class TimeLeft:
    """Estimates from how long everything so far has taken.

    After the first tenth, the pace that is believed approaches the mean pace so far within another tenth of the way; an
    estimate is at most twice the last one, and at least half of what the last one promised.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, float, int] | None = None
        self._pace = 0.0

    def seconds(self, done: int, total: int) -> float | None:
        """Seconds from now, when ``done`` of ``total`` are there; None as long as nobody can tell.

        What was done before the first call took no time of this one: a run may be continued.
        """
        now = self._clock()
        if self._first is None:
            self._first = (now, done)
        began, before = self._first
        if done <= before or total <= 0:
            return None
        mean, tenth, rest = (now - began) / (done - before), SETTLED * (total - before), max(0, total - done)
        if self._last is None or done - before <= tenth:
            self._pace = mean
            left = mean * rest
        else:
            then, said, was = self._last
            self._pace += (mean - self._pace) * min(1.0, (done - was) / tenth)
            left = min(max(self._pace * rest, max(0.0, said - (now - then)) / 2), 2 * said)
        self._last = (now, left, done)
        return left if done < total else 0.0
