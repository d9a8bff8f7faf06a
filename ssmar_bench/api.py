"""What the command line calls, for scripts and notebooks.

from pathlib import Path
from ssmar_bench import api

grid = api.Grid("micro-motion-12", ["supervised", "fixmatch", "aplt"], ratios=[0.1, 0.5], seeds=[0])
states = api.run(grid, api.Execution(Path("results"), roots={}))
api.report(Path("results"), Path("reports"))
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.core import definition as definitions
from ssmar_bench.core import recipe as recipes
from ssmar_bench.core.definition import Definition
from ssmar_bench.core.events import Listener, silence
from ssmar_bench.core.recipe import Recipe
from ssmar_bench.reports.render import comparison_text, render
from ssmar_bench.runs import execute
from ssmar_bench.runs.execute import Execution, Overwrite, Planned
from ssmar_bench.runs.plan import Grid
from ssmar_bench.sources import micro_motion, sheet
from ssmar_bench.sources.micro_motion import MicroMotion

__all__ = [
    "Definition",
    "Execution",
    "Grid",
    "MicroMotion",
    "Overwrite",
    "Planned",
    "Recipe",
    "benchmark_name",
    "benchmarks",
    "expected_seconds",
    "methods",
    "plan",
    "report",
    "run",
    "synthesize",
    "table",
]


def benchmarks() -> list[Definition]:
    """The shipped benchmarks."""
    return [definitions.read(name) for name in definitions.BENCHMARKS.names()]


def benchmark_name(name_or_path: str) -> str:
    """The name of the benchmark that ``name_or_path`` defines."""
    return definitions.read(name_or_path).name


def methods() -> list[Recipe]:
    """The shipped methods' recipes."""
    return [recipes.read(name)[0] for name in recipes.RECIPES.names()]


def plan(grid: Grid, execution: Execution, listener: Listener = silence) -> list[Planned]:
    """The cells of a grid with their states and expected times; trains nothing."""
    return execute.plan(grid, execution, listener)


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


def synthesize(knobs: MicroMotion, out: Path, sheet_at: Path | None = None, listener: Listener = silence) -> None:
    """Render the synthetic source into the new folder ``out``, with a contact sheet if a file is named for it."""
    from ssmar_bench.core.events import Event

    micro_motion.write(
        knobs, out, None, lambda done, total: listener(Event("", "prepare", "rendering micro-motion", done, total))
    )
    if sheet_at is not None:
        sheet.contact_sheet(out, sheet_at)
