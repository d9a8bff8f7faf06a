"""Plain lines without a terminal, live bars on one."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest

from ssmar_bench import progress_display
from ssmar_bench.core.events import Event
from ssmar_bench.core.time_left import TimeLeft
from ssmar_bench.progress_display import Detail, ProgressDisplay

RUN = "tiny-motion_aplt_r50_s0_0123456789abcdef"
TITLE = "tiny-motion_aplt_r50_s0"


@pytest.mark.slow
def test_a_run_without_a_terminal_tells_plain_lines(trained: Any) -> None:
    lines = trained.output.err.splitlines()
    kinds = {line[:8].strip() for line in lines}
    assert (
        {"run", "prepare", "skipped", "start", "done"}
        <= kinds
        <= {*["run", "prepare", "skipped", "start", "step", "epoch", "done", "grid"]}
    )
    assert "\x1b" not in trained.output.err
    assert "\r" not in trained.output.err
    for run in ("supervised_r50", "fixmatch_r50", "aplt_r50", "supervised_r100"):
        assert f"    done  tiny-motion_{run}_s0" in lines


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


def test_a_terminal_gets_live_bars_and_keeps_how_runs_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

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
