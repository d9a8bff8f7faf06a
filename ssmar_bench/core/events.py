"""What a run reports while it goes on: plain records, drawn by whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """A run's news.

    Attributes:
        run: folder name of the run ("" for the preparation of data).
        kind: ``prepare``, ``note`` (a sentence to be read), ``grid``, ``start``, ``step``, ``epoch``, or how it ended:
            ``done``, ``failed``, ``skipped``, ``held`` or ``cached``.
        text: one line for the user.
        done, total: epochs, clips or steps done and to be done.
        rate: units a second, 0 where unknown.
    """

    run: str
    kind: str
    text: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0


Listener = Callable[[Event], None]


def ignore_events(event: Event) -> None:
    """A listener that does not care."""
