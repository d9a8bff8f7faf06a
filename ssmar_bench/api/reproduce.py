"""The paper's tables: which runs they need, what training them takes, and the tables themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ssmar_bench.api.archived_runs import with_archived
from ssmar_bench.core import processes, published_tables
from ssmar_bench.core.errors import meant
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.paths import results_of
from ssmar_bench.core.published_tables import PaperTable, TableColumn
from ssmar_bench.core.short_list import ShortDict, ShortList
from ssmar_bench.reports import paper
from ssmar_bench.results.examples import find_examples
from ssmar_bench.results.filled_table import fill_table
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs import execute
from ssmar_bench.runs import plan as plans
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import Resolved, resolve_all
from ssmar_bench.runs.step_guess import StepGuesses, with_guesses
from ssmar_bench.sources.synthetic import SOURCE


@dataclass(frozen=True)
class TableRequest:
    """What a user asked for.

    Attributes:
        table: the name of a table, or the path of a table config.
        on: kind of data, ``micro-motion`` or ``real``.
        seeds, ratios: a reduced table; None for all.
        as_published: the authors' likely rows too.
        device: as of a :class:`Grid`.
        config: the table's config, read from ``table``.
    """

    table: str
    on: str = "micro-motion"
    seeds: Sequence[int] | None = None
    ratios: Sequence[float] | None = None
    as_published: bool = False
    device: str = "auto"
    config: PaperTable = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", published_tables.TABLES.named(self.table))
        object.__setattr__(self, "config", published_tables.read_paper_table(self.table))
        object.__setattr__(self, "on", meant(self.on, self.config.columns))


@dataclass(frozen=True)
class TableRun:
    """One run of a table with its seed.

    Attributes:
        row, column: of the table.
        method, seed: what is trained for it.
        state: as of a planned run; ``no data`` where the folder of a data set was not given, so that nobody can tell.
        seconds: that training is expected to take; None: unknown.
        guess: where the seconds come from, if not from runs of the same method: ``other methods`` or ``a timed step``.
        archive: the archive that its record is taken from, "" if it is in none.
    """

    row: str
    column: TableColumn
    method: str
    seed: int
    state: str
    seconds: float | None
    guess: str = ""
    archive: str = ""


def tables() -> list[str]:
    """The names of the tables and figures that can be reproduced."""
    return published_tables.TABLES.names()


def grids(request: TableRequest) -> list[Grid]:
    """The grids that hold the runs of a table: one for every benchmark and network.

    Raises:
        UserError: an unknown table, kind of data, ratio, benchmark or method.
    """
    columns = published_tables.columns_at(request.config.of(request.on), request.ratios)
    methods = list(dict.fromkeys(request.config.methods(request.as_published).values()))
    ratios: dict[tuple[str, str | None], list[float]] = {}
    for column in columns:
        ratios.setdefault((column.benchmark, column.backbone), []).append(column.ratio)
    return [
        Grid(benchmark, methods, own, request.seeds, backbone, device=request.device)
        for (benchmark, backbone), own in ratios.items()
    ]


def plan_table(request: TableRequest, execution: Execution) -> ShortList[TableRun]:
    """Every run of a table, row by row, with state and expected time; trains nothing.

    Times are as in :func:`ssmar_bench.api.plan`; of data that are not here the expected number of clips decides.

    Args:
        request: which table, on which data.
        execution: where records are, and the folders of data sets.

    Raises:
        UserError: an unknown table, kind of data, ratio, benchmark or method.
    """
    found: dict[tuple[str, str | None], _Grid] = {}
    execution = with_archived(execution)
    for resolved in resolve_all(grids(request)):
        found[resolved.grid.benchmark, resolved.grid.backbone] = _Grid(resolved, execution)
    return ShortList(
        found[column.benchmark, column.backbone].listed(row, column, method, seed)
        for row, method in request.config.methods(request.as_published).items()
        for column in published_tables.columns_at(request.config.of(request.on), request.ratios)
        for seed in found[column.benchmark, column.backbone].seeds
    )


class _Grid:
    """States and times of one grid's runs."""

    def __init__(self, resolved: Resolved, execution: Execution) -> None:
        self.resolved = resolved
        self.benchmark_config = resolved.benchmark_config
        self.seeds = resolved.seeds
        self._results = execution.results
        source = self.benchmark_config.source.name
        here = source == SOURCE or source in execution.roots
        planned = with_guesses(plans.plan(resolved, execution), resolved) if here else []
        self._guesses = StepGuesses(resolved)
        self._planned = {
            (one.planned_run.spec.method, one.planned_run.spec.ratio, one.planned_run.spec.seed): one for one in planned
        }

    def listed(self, row: str, column: TableColumn, method: str, seed: int) -> TableRun:
        """The run of a row and column with one seed."""
        entry = self._planned.get((method, column.ratio, seed))
        state = "no data" if entry is None else entry.state
        if entry is not None:
            taken = entry.planned_run.taken(self._results)
            return TableRun(row, column, method, seed, state, entry.seconds, entry.guess, taken)
        steps = self._steps(method)
        if steps is None:
            return TableRun(row, column, method, seed, state, None)
        seconds, guess = self._guesses.of(method, column.ratio < 1)
        return TableRun(row, column, method, seed, state, None if seconds is None else seconds * steps, guess)

    @cache  # noqa: B019  # a grid lives as long as a plan
    def _steps(self, method: str) -> int | None:
        """Optimiser steps of a run on data that are not here, as far as their owners' lists tell."""
        parts = self.benchmark_config.parts
        clips = sum(self.benchmark_config.expected_clips.get(part, 0) for part in parts.train)
        if not clips:
            return None
        train = next(one.benchmark_config.train for one in self.resolved.methods if one.method_config.name == method)
        return train.epochs * -(-round(clips * (1 - parts.validation)) // train.batch)


def default_jobs() -> int:
    """How many runs of one thread this machine carries side by side."""
    return processes.default_jobs(1)


def train_table(request: TableRequest, execution: Execution, listener: Listener = ignore_events) -> dict[str, str]:
    """Train and record what is missing of a table.

    Args:
        request: which table, on which data.
        execution: where records go, and how runs are executed.
        listener: hears events.

    Returns:
        The run's folder name -> its state, as :func:`ssmar_bench.api.run` says it, for every run.

    Raises:
        UserError: anything wrong with the request or the data.
    """
    states: ShortDict[str, str] = ShortDict()
    execution = with_archived(execution)
    for resolved in resolve_all(grids(request)):
        states.update(execute.run(resolved, execution, listener))
    return states


def paper_table(results: Path | str, table: str, on: str = "micro-motion") -> str:
    """A table of the paper, filled from the records in ``results``, beside the printed figures, as Markdown.

    Args:
        results: the folder that holds ``runs/``; runs without runs stay empty.
        table: its name (:func:`tables`), or the path of a table config.
        on: kind of data, ``micro-motion`` or ``real``.

    Raises:
        UserError: no such table or kind of data, or a damaged record.
    """
    runs = load_runs(results_of(results))
    found = fill_table(runs, published_tables.read_paper_table(table), on)
    shown = find_examples(runs, found) if found.table.name == published_tables.FIGURE_4 else None
    return paper.table_text(found, shown)
