"""A run's news in its folder: ``work/events.jsonl``, which every engine and ``watch`` read."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ssmar_bench.core.events import Event

NAME = "events.jsonl"

LARGEST = 2**18
"""Bytes of a file; the event that would make it larger begins it anew, since only the last ones are news."""

_TAIL = 4096


def append(path: Path, event: Event) -> None:
    """Add an event with the time; whoever holds the run's lease is the only one to write.

    Raises:
        OSError: it cannot be written.
    """
    line = (json.dumps({"time": round(time.time(), 3), **asdict(event)}) + "\n").encode()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        if os.fstat(descriptor).st_size + len(line) > LARGEST:
            os.ftruncate(descriptor, 0)
        os.write(descriptor, line)
    finally:
        os.close(descriptor)


@dataclass
class Tail:
    """Reads the events that are added from now on.

    Attributes:
        path: of the file, which may not be there yet.
        place: bytes that have been read.
    """

    path: Path
    place: int = 0

    @classmethod
    def end(cls, path: Path) -> Tail:
        """A tail that begins with what is added after this call."""
        try:
            return cls(path, path.stat().st_size)
        except OSError:
            return cls(path)

    def new(self) -> list[Event]:
        """The events since the last call."""
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self.place:
                    self.place = 0  # it was begun anew
                file.seek(self.place)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self.place += len(whole)
        return [event for line in whole.splitlines() if (event := _parse(line)) is not None]


def last_event(path: Path) -> Event | None:
    """The newest event; None if there is none."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return None
    return next((event for line in reversed(lines) if (event := _parse(line)) is not None), None)


def _parse(line: bytes) -> Event | None:
    try:
        values = json.loads(line)
        values.pop("time", None)
        return Event(**values)
    except (ValueError, TypeError, AttributeError):
        return None
