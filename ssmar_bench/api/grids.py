"""Plan a grid, train it, render what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.core.events import Listener, silence
from ssmar_bench.reports.render import comparison_text, render
from ssmar_bench.runs import execute
from ssmar_bench.runs.execute import Execution, Planned
from ssmar_bench.runs.plan import Grid


def plan(grid: Grid, execution: Execution) -> list[Planned]:
    """The cells of a grid with their states and expected times; trains nothing."""
    return execute.plan(grid, execution)


def expected_seconds(planned: Sequence[Planned], execution: Execution) -> tuple[float, int]:
    """Wall-clock seconds that training a plan is expected to take, and how many of its cells have no estimate."""
    return execute.expected_seconds(planned, execution)


def run(grid: Grid, execution: Execution, listener: Listener = silence) -> dict[str, str]:
    """Train and record what is missing of a grid; the state of every cell by its run folder's name."""
    return execute.run(grid, execution, listener)


def report(results: Path, reports: Path, benchmarks: Sequence[str] | None = None) -> list[Path]:
    """Render tables and figures from the records in ``results``; the files written."""
    return render(results, reports, benchmarks)


def table(results: Path, benchmark: str) -> str:
    """The comparison table of a benchmark as plain text."""
    return comparison_text(results, benchmark)
