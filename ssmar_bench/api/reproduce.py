"""The paper's tables: which cells they need, what training them takes, and the tables themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core import definition as definitions
from ssmar_bench.core import published
from ssmar_bench.core.events import Listener, silence
from ssmar_bench.core.published import Column
from ssmar_bench.reports import paper
from ssmar_bench.results.records import load
from ssmar_bench.runs import execute
from ssmar_bench.runs.execute import Execution, Planned, steps_of
from ssmar_bench.runs.plan import Grid
from ssmar_bench.sources.micro_motion import SOURCE


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Attributes:
        table: the name of a table, or the path of a definition.
        on: kind of data, ``micro-motion`` or ``real``.
        seeds, ratios: a reduced table; None for all.
        as_published: the authors' likely rows too.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
    """

    table: str
    on: str = "micro-motion"
    seeds: Sequence[int] | None = None
    ratios: Sequence[float] | None = None
    as_published: bool = False
    device: str = "cpu"


@dataclass(frozen=True)
class Listed:
    """One cell of a table with its seed.

    Attributes:
        row, column: of the table.
        method, seed: what is trained for it.
        state: as of a planned run; ``no data`` where the folder of a data set was not given, so that nobody can tell.
        seconds: that training is expected to take; None: unknown.
    """

    row: str
    column: Column
    method: str
    seed: int
    state: str
    seconds: float | None


def tables() -> list[str]:
    """The names of the tables and figures that can be reproduced."""
    return published.TABLES.names()


def grids(request: Request) -> list[Grid]:
    """The grids that hold the cells of a table: one for every benchmark and network.

    Raises:
        UserError: an unknown table, kind of data, ratio, benchmark or method.
    """
    table = published.read(request.table)
    columns = published.chosen(table.of(request.on), request.ratios)
    methods = list(dict.fromkeys(table.methods(request.as_published).values()))
    ratios: dict[tuple[str, str | None], list[float]] = {}
    for column in columns:
        ratios.setdefault((column.benchmark, column.backbone), []).append(column.ratio)
    return [
        Grid(benchmark, methods, own, request.seeds, backbone, device=request.device)
        for (benchmark, backbone), own in ratios.items()
    ]


def plan_table(request: Request, execution: Execution) -> list[Listed]:
    """Every cell of a table, row by row, with state and expected time; trains nothing.

    A cell of a method that was never timed takes, per step, what the others of its grid take on average.

    Args:
        request: which table, on which data.
        execution: where records stand, and the folders of data sets.

    Raises:
        UserError: an unknown table, kind of data, ratio, benchmark or method.
    """
    found: dict[tuple[str, str, float, int], tuple[str, float | None]] = {}
    seeds: dict[str, Sequence[int]] = {}
    for grid in grids(request):
        definition = definitions.read(grid.benchmark)
        seeds[grid.benchmark] = request.seeds if request.seeds is not None else definition.seeds
        if definition.source.name != SOURCE and definition.source.name not in execution.roots:
            continue
        planned = execute.plan(grid, execution)
        pace = _pace(planned)
        for entry in planned:
            spec = entry.cell.spec
            guess = None if pace is None else pace * steps_of(entry.cell)
            seconds = entry.seconds if entry.seconds is not None else guess
            found[f"{grid.benchmark} {grid.backbone}", spec.method, spec.ratio, spec.seed] = (entry.state, seconds)
    table = published.read(request.table)
    return [
        Listed(row, column, method, seed, *found.get(
            (f"{column.benchmark} {column.backbone}", method, column.ratio, seed), ("no data", None)
        ))
        for row, method in table.methods(request.as_published).items()
        for column in published.chosen(table.of(request.on), request.ratios)
        for seed in seeds[column.benchmark]
    ]  # fmt: skip


def _pace(planned: Sequence[Planned]) -> float | None:
    """Seconds a step of the cells whose time is known, on average."""
    known = [entry for entry in planned if entry.seconds is not None]
    steps = sum(steps_of(entry.cell) for entry in known)
    return sum(entry.seconds or 0.0 for entry in known) / steps if steps else None


def default_jobs() -> int:
    """How many runs of one thread this machine carries side by side."""
    return execute.default_jobs(1)


def train_table(request: Request, execution: Execution, listener: Listener = silence) -> dict[str, str]:
    """Train and record what is missing of a table.

    Args:
        request: which table, on which data.
        execution: where records go, and how runs are executed.
        listener: hears events.

    Returns:
        The run's folder name -> its state, as :func:`ssmar_bench.api.run` says it, for every cell.

    Raises:
        UserError: anything wrong with the request or the data.
    """
    states: dict[str, str] = {}
    for grid in grids(request):
        states |= execute.run(grid, execution, listener)
    return states


def paper_table(results: Path | str, table: str, on: str = "micro-motion") -> str:
    """A table of the paper, filled from the records in ``results``, beside the printed figures, as Markdown.

    Args:
        results: the folder that holds ``runs/``; cells without runs stay empty.
        table: its name (:func:`tables`), or the path of a definition.
        on: kind of data, ``micro-motion`` or ``real``.

    Raises:
        UserError: no such table or kind of data, or a damaged record.
    """
    return paper.text(load(Path(results)), table, on)
