"""Draws a run's news: live bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import enum
import sys
import threading
import time
from types import TracebackType

import rich.progress

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event
from ssmar_bench.core.printable import visible
from ssmar_bench.core.time_left import TimeLeft
from ssmar_bench.screen import Screen

PLAIN_SECONDS = 15.0
"""Between two plain lines about one run or one preparation."""


class Detail(enum.Enum):
    """How much is said of what goes on."""

    QUIET = "nothing but what went wrong"
    NORMAL = "bars on a terminal, a line now and then elsewhere"
    VERBOSE = "a line for every event"

    @classmethod
    def of(cls, quiet: bool, verbose: bool) -> Detail:
        """That of the options ``--quiet`` and ``--verbose``.

        Raises:
            UserError: both are given.
        """
        if quiet and verbose:
            raise UserError("--quiet and --verbose say the opposite of each other; give one.")
        return cls.QUIET if quiet else cls.VERBOSE if verbose else cls.NORMAL


class ProgressDisplay:
    """A context whose :meth:`hear` listens to events from any thread."""

    def __init__(self, detail: Detail = Detail.NORMAL) -> None:
        self.detail = detail
        self.console = Screen(stderr=True)
        self.live = self.console.is_terminal and detail is Detail.NORMAL
        self.bars = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.BarColumn(bar_width=24),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TextColumn("{task.fields[rate]}", markup=False),
            rich.progress.TextColumn("{task.fields[left]}", markup=False),
            rich.progress.TextColumn("{task.fields[text]}", markup=False),
            console=self.console,
            transient=True,
        )
        self._tasks: dict[str, rich.progress.TaskID] = {}
        self._told: dict[str, float] = {}
        self._left: dict[str, TimeLeft] = {}
        self._noted: set[str] = set()
        self._beginning = ""
        self._lock = threading.Lock()

    def __enter__(self) -> ProgressDisplay:
        if self.live:
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.bars.stop()

    def begin(self, line: str) -> None:
        """What is about to begin: it is printed with the first event, so that a fault found before is said alone."""
        self._beginning = line

    def hear(self, event: Event) -> None:
        """Draw one event."""
        if self.detail is Detail.QUIET and event.kind != "failed":
            return
        with self._lock:
            if self._beginning and self.detail is not Detail.QUIET:
                self._print(f"{'run':>8}  {visible(self._beginning)}")
            self._beginning = ""
            if event.kind == "note":
                self._note(event.text)
            elif event.kind in ("done", "failed", "held", "cached", "skipped"):
                self._ended(event)
            elif self.live:
                self._bar(event)
            else:
                self._line(event)

    def _title(self, event: Event) -> str:
        return visible(event.run.rpartition("_")[0] or event.text)

    def _note(self, text: str) -> None:
        """A sentence is told once, however often a command comes across what it is about."""
        if text not in self._noted:
            self._noted.add(text)
            self._print(f"{'note':>8}  {visible(text)}")

    def _ended(self, event: Event) -> None:
        task = self._tasks.pop(event.run, None)
        if task is not None:
            self.bars.remove_task(task)
        self._print(f"{event.kind:>8}  {self._title(event)}  {visible(event.text)}".rstrip())

    def _print(self, line: str) -> None:
        """A line that stays; a line of a log is never broken."""
        self.console.print(line, soft_wrap=True)

    def _bar(self, event: Event) -> None:
        key = event.run or event.text
        if key not in self._tasks:
            self._tasks[key] = self.bars.add_task(self._title(event), total=None, rate="", left="", text="")
        rate = f"{event.rate:.1f}/s" if event.rate else ""
        text = visible(event.text) if event.run else ""
        left = _left_text(self._seconds_left(event))
        self.bars.update(
            self._tasks[key], completed=event.done, total=event.total or None, rate=rate, left=left, text=text
        )
        if not event.run and event.total and event.done >= event.total:
            self.bars.remove_task(self._tasks.pop(key))

    def _seconds_left(self, event: Event) -> float | None:
        """Of a run, a grid or a preparation that goes on, as far as its length is known.

        A run's time counts from its first news of a step: a process that starts, and the first step, take longer.
        """
        if event.kind == "start":
            return None
        return self._left.setdefault(event.run or event.text, TimeLeft()).seconds(event.done, event.total)

    def _line(self, event: Event) -> None:
        key = event.run or event.text
        last = not event.run and event.done >= event.total
        seconds = self._seconds_left(event)  # also of what is not printed
        often = self.detail is Detail.VERBOSE
        if not (last or often) and time.monotonic() - self._told.get(key, -PLAIN_SECONDS) < PLAIN_SECONDS:
            return
        self._told[key] = time.monotonic()
        rate = f", {event.rate:.1f}/s" if event.rate else ""
        text = f", {visible(event.text)}" if event.run and event.text else ""
        if left := _left_text(seconds):
            text += f", {left}"
        far = f"  {event.done}/{event.total}" if event.total else ""
        sys.stderr.write(f"{event.kind:>8}  {self._title(event)}{far}{rate}{text}\n")


def _left_text(seconds: float | None) -> str:
    if not seconds:
        return ""
    return f"{seconds / 60:.0f} min left" if seconds > 90 else f"{seconds:.0f} s left"
