"""Draws a run's news: live bars on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import enum
import io
import sys
import threading
import time
from types import TracebackType
from typing import Any

import rich.progress
from rich.console import Console
from rich.table import Column

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event
from ssmar_bench.core.printable import visible
from ssmar_bench.core.time_left import TimeLeft
from ssmar_bench.screen import Screen

PLAIN_SECONDS = 15.0
"""Between two plain lines about one run or one preparation."""

WIDE = 110
"""Columns from which on there is room for bars, and for what a run says."""


class Detail(enum.Enum):
    """How much is said of what goes on."""

    QUIET = "nothing but what went wrong"
    NORMAL = "bars on a terminal and in a notebook, a line now and then elsewhere"
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


class NotebookBars:
    """The bars of a notebook's cell: one output of it, drawn again in its place.

    Rich draws live bars in notebooks that have ipywidgets alone; what is used here is in every notebook.
    """

    SECONDS = 0.25
    """Between two drawings."""
    WIDTH = 115
    """Columns, as many as Rich's other outputs have in a notebook."""

    def __init__(self, bars: rich.progress.Progress) -> None:
        self.bars = bars
        self._output: Any = None
        self._drawn = 0.0

    def draw(self) -> None:
        """Draw the bars as they are, unless that was done a moment ago."""
        if time.monotonic() - self._drawn >= self.SECONDS:
            self._drawn = time.monotonic()
            self._show(self._html())

    def end(self) -> None:
        """Take them away, as a terminal does: the lines that say how each run ended stay."""
        if self._output is not None:
            self._show("")

    def _show(self, html: str) -> None:
        from IPython.display import HTML, display  # which a notebook has

        if self._output is None:
            self._output = display(HTML(html), display_id=True)
        else:
            self._output.update(HTML(html))

    def _html(self) -> str:
        drawn = Console(file=io.StringIO(), record=True, width=self.WIDTH, force_jupyter=False)
        drawn.print(self.bars.get_renderable())
        return drawn.export_html(inline_styles=True, code_format='<pre style="line-height:normal">{code}</pre>')


def _columns(width: int) -> list[rich.progress.ProgressColumn]:
    """What a line of bars shows in so many columns: the name is never cut, it may take two lines."""
    name = rich.progress.TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold"))
    far = rich.progress.MofNCompleteColumn()
    rate, left, text = (
        rich.progress.TextColumn(f"{{task.fields[{field}]}}", markup=False) for field in ("rate", "left", "text")
    )
    return [name, rich.progress.BarColumn(bar_width=24), far, rate, left, text] if width >= WIDE else [name, far, left]


class ProgressDisplay:
    """A context whose :meth:`hear` listens to events from any thread; outside it, there are lines and no bars."""

    def __init__(self, detail: Detail = Detail.NORMAL) -> None:
        self.detail = detail
        self.console = Screen(stderr=True)
        self.live = False
        self.bars = rich.progress.Progress(*_columns(self.console.width), console=self.console, transient=True)
        self._notebook = NotebookBars(self.bars) if self.console.is_jupyter else None
        self._tasks: dict[str, rich.progress.TaskID] = {}
        self._told: dict[str, float] = {}
        self._left: dict[str, TimeLeft] = {}
        self._noted: set[str] = set()
        self._beginning = ""
        self._lock = threading.Lock()

    def __enter__(self) -> ProgressDisplay:
        self.live = self.detail is Detail.NORMAL and (self.console.is_terminal or self.console.is_jupyter)
        if self.live and self._notebook is None:
            self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live and self._notebook is None:
            self.bars.stop()
        elif self._notebook is not None:
            self._notebook.end()
        self.live = False

    def begin(self, line: str) -> None:
        """What is about to begin: it is printed with the first event, so that a fault found before is said alone."""
        self._beginning = line

    def hear(self, event: Event) -> None:
        """Draw one event."""
        if self.detail is Detail.QUIET and event.kind != "failed":
            return
        if self.detail is not Detail.VERBOSE and event.kind in ("cached", "skipped"):
            return  # a sentence tells of all of them
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
        if self._notebook is not None:
            self._notebook.draw()

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
