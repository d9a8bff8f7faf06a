"""Plain lines without a terminal, live bars on one."""

from __future__ import annotations

import builtins
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ssmar_bench import progress_display
from ssmar_bench.core.events import Event
from ssmar_bench.core.time_left import TimeLeft
from ssmar_bench.progress_display import Detail, ProgressDisplay
from tests.conftest import METHODS, Finished

RUN = "tiny-motion_aplt_r50_s0_0123456789abcdef"
TITLE = "tiny-motion_aplt_r50_s0"


@pytest.mark.slow
def test_a_run_without_a_terminal_tells_plain_lines(trained: Any) -> None:
    lines = trained.output.err.splitlines()
    kinds = {line[:8].strip() for line in lines}
    assert (
        {"run", "prepare", "note", "start", "done"}
        <= kinds
        <= {*["run", "prepare", "note", "start", "step", "epoch", "done", "grid"]}
    )
    assert "\x1b" not in trained.output.err
    assert "\r" not in trained.output.err
    for run in ("supervised_r50", "fixmatch_r50", "aplt_r50", "supervised_r100"):
        assert f"    done  tiny-motion_{run}_s0" in lines
    why = "fixmatch needs unlabelled clips, and at ratio 1 there are none; likewise aplt"
    assert [line for line in lines if "skipped" in line] == [f"    note  2 of 6 runs are skipped: {why}."]


@pytest.mark.slow
def test_finished_runs_are_one_line_unless_each_is_asked_for(
    trained: Any, tiny: Path, tmp_path: Path, call: Callable[..., Finished]
) -> None:
    words = ("run", "-b", tiny, "-m", ",".join(METHODS), "--ratios", "0.5", "-o", trained.copy(tmp_path / "out"))
    begin, told = call(*words).err.splitlines()
    assert begin.startswith("     run  3 runs (3 methods, 1 ratio, 1 seed) of tiny-motion on ")
    assert told == "    note  3 of 3 runs are finished already."
    assert call(*words, "-q").err == ""
    each = call(*words, "--verbose").err.splitlines()
    assert each == [begin, *(f"  cached  tiny-motion_{name}_r50_s0" for name in METHODS), told]


def test_lines_are_reported_now_and_then_but_ends_always(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay() as progress:
        for step in range(1, 100):
            progress.hear(Event(RUN, "step", "validation 10.0 %", step, 100, 12.3))
        progress.hear(Event(RUN, "done"))
        progress.hear(Event("", "prepare", "decoding clips", 10, 84))
        progress.hear(Event("", "prepare", "decoding clips", 20, 84))
        progress.hear(Event("", "prepare", "decoding clips", 84, 84))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert re.match(rf"    step  {TITLE}  1/100, 12\.3/s, validation 10\.0 %", lines[0])
    assert lines[1] == f"    done  {TITLE}"
    assert lines[2].startswith(" prepare  decoding clips  10/84")
    assert lines[3].startswith(" prepare  decoding clips  84/84")


def test_a_line_of_a_log_is_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    reason = "ValueError: " + "a long [bold]reason[/bold] " * 20 + "ends here"
    with ProgressDisplay() as progress:
        progress.hear(Event(RUN, "failed", reason))
    assert capsys.readouterr().err == f"  failed  {TITLE}  {reason}\n"


def test_a_note_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressDisplay()
    for _ in range(2):
        with progress:
            progress.hear(Event("", "note", "This folder is [not] the real one."))
    assert capsys.readouterr().err == "    note  This folder is [not] the real one.\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_live_bars_and_keeps_how_runs_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressDisplay() as progress:
        assert progress.live
        progress.hear(Event("", "prepare", "decoding clips", 10, 84, 3.0))
        progress.hear(Event("", "prepare", "decoding clips", 84, 84, 3.0))
        progress.hear(Event(RUN, "start"))
        progress.hear(Event(RUN, "step", "validation 10.0 %", 3, 60, 2.0))
        assert [task.completed for task in progress.bars.tasks] == [3]
        progress.hear(Event(RUN, "done"))
        assert progress.bars.tasks == []
    assert "\x1b" in terminal.getvalue()
    assert f"    done  {TITLE}" in terminal.getvalue()


@pytest.mark.parametrize("columns", [30, 50, 80, 100, 160])
def test_a_name_beside_a_bar_is_never_cut(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressDisplay() as progress:
        progress.hear(Event(f"a-long-name_of_a_benchmark-{RUN}", "step", "epoch 7/12, validation 10.0 %", 31, 60, 2.0))
        progress.bars.refresh()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    assert "…" not in shown
    assert f"a-long-name_of_a_benchmark-{TITLE}" in re.sub(r"[^a-z0-9_-]", "", shown.replace("31/60", ""))
    assert "31/60" in shown
    assert ("validation" in shown) == (columns == 160)


class Cell:
    """What a notebook's cell shows: a stand-in for ``IPython.display``, which every notebook has."""

    def __init__(self) -> None:
        self.outputs: list[str] = []

    def display(self, shown: Any, display_id: bool = False) -> Any:
        place = len(self.outputs)
        self.outputs.append(text_of(shown))
        return SimpleNamespace(update=lambda again: self.outputs.__setitem__(place, text_of(again)))


def text_of(shown: Any) -> str:
    """The text that a reader sees of what is displayed."""
    html = shown if isinstance(shown, str) else shown._repr_mimebundle_([], [])["text/html"]
    return re.sub(r"<[^>]+>", "", html).strip()


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    shown = Cell()
    package = ModuleType("IPython")
    package.display = ModuleType("IPython.display")  # type: ignore[attr-defined]
    package.display.display = shown.display
    package.display.HTML = str
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", package.display)
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    monkeypatch.setattr(progress_display.NotebookBars, "SECONDS", 0.0)
    return shown


def test_a_notebook_gets_bars_in_one_output_and_keeps_how_runs_ended(
    cell: Cell, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    with ProgressDisplay() as progress:
        for step in range(1, 60):
            progress.hear(Event(RUN, "step", "validation 10.0 %", step, 60, 2.0))
        (bar,) = cell.outputs
        assert re.match(rf"{TITLE} ━+╸?━* +59/60 2\.0/s .*validation 10\.0 %", bar)
        progress.hear(Event(RUN, "done"))
    assert cell.outputs == ["", f"done  {TITLE}"]
    assert capsys.readouterr().err == ""
    assert not recwarn.list


def test_without_its_context_a_display_tells_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """``api.run(grid, listener=ProgressDisplay().hear)``: nobody starts bars, and nobody would end them."""
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    ProgressDisplay().hear(Event(RUN, "step", "", 3, 60, 2.0))
    assert terminal.getvalue() == f"    step  {TITLE}  3/60, 2.0/s\n"


def test_the_start_of_a_process_is_no_pace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that loads for 20 seconds, then a step a second: 100 s in all, not 2,000."""
    now = 0.0
    monkeypatch.setattr(progress_display, "TimeLeft", lambda: TimeLeft(lambda: now))
    progress = ProgressDisplay(Detail.VERBOSE)
    progress.hear(Event(RUN, "start", "", 0, 100))
    for step in range(1, 12):
        now = 19.0 + step
        progress.hear(Event(RUN, "step", "", step, 100))
    started, first, *others = capsys.readouterr().err.splitlines()
    assert "left" not in started + first
    assert others[0].endswith("  2/100, 2 min left")
    assert others[-1].endswith(" 11/100, 89 s left")
