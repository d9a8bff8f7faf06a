"""A table of the paper filled from our runs: cells, tests within a column, gaps to the paper, gains and ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ssmar_bench.core import published_tables
from ssmar_bench.core.published_tables import PaperTable, PrintedNumber, TableColumn
from ssmar_bench.results.comparability import Comparability, TrainingSetup, comparability, training_setup
from ssmar_bench.results.paired_test import ColumnLeader, Difference, correct_counts, find_leader, paired_difference
from ssmar_bench.results.paper_cells import TableCell, fill_cells, mean_and_std
from ssmar_bench.results.ranking import Friedman, friedman, mean_ranks
from ssmar_bench.results.records import Runs
from ssmar_bench.results.verdict import PaperComparison, compare_with_paper

KINDS = ("micro-motion", "real")
"""Kinds of data that are reported; a table may have columns on others, too."""

REFERENCES = {"supervised": "labelled clips alone", "fixmatch": "FixMatch"}
"""Methods over which gains are shown, and what they are called."""

Place = tuple[str, str]
"""Row and name of a column."""


@dataclass(frozen=True)
class Gap:
    """Ours beside the paper's number, by accuracy and by balanced accuracy (None where a record lacks it)."""

    accuracy: PaperComparison
    balanced: PaperComparison | None


@dataclass(frozen=True)
class Gain:
    """A row over the reference: by accuracy, mean and deviation by balanced accuracy, and as the paper prints it."""

    accuracy: Difference | None
    balanced: tuple[float, float]
    paper: float | None


@dataclass(frozen=True)
class Gains:
    """The gains of ``rows`` over the row of a reference ``method``, which is called ``name``."""

    method: str
    name: str
    rows: tuple[str, ...]
    cells: Mapping[Place, Gain]


@dataclass(frozen=True)
class Ranks:
    """Mean ranks of rows that are compared with each other, best first.

    Attributes:
        columns: over how many columns.
        ours: by accuracy over the seeds that all rows have.
        balanced: by balanced accuracy; None where a record lacks it.
        papers_rows: ours among the rows that the paper has, where it has fewer.
        paper: the paper's over the rows and columns that both have.
    """

    columns: int
    ours: pd.Series[float]
    balanced: pd.Series[float] | None = None
    papers_rows: pd.Series[float] | None = None
    paper: pd.Series[float] | None = None


@dataclass(frozen=True)
class Lacking:
    """What was not measured: whole rows, whole columns, and rows of other columns; cells with fewer seeds than due."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[str, tuple[str, ...]]
    fewer_seeds: int


@dataclass(frozen=True)
class FilledTable:
    """A table on one kind of data.

    Attributes:
        table, on: which.
        rows: row -> method, in order; ``columns`` in order.
        cells: of every row and column; one without a run is empty.
        paper: what the paper prints, by row and printed column.
        groups: rows that are compared with each other: the others, and those that the table sets apart.
        comparability: in what the rows that have a run differ, each in its first column with one.
        standings: how a row is among those that it is compared with.
        gaps: to the paper, in the columns on its own data.
        gains: over each reference that has a run.
        ranks: of each group of ``groups`` with more than one row.
        rank_columns: over how many columns each group's ranks are.
        lacking: what was not measured.
        sources: data sets of the columns that have runs.
        test: Friedman's test over independent data sets; None for too few.
    """

    table: PaperTable
    on: str
    rows: Mapping[str, str]
    columns: tuple[TableColumn, ...]
    cells: Mapping[Place, TableCell]
    paper: Mapping[Place, PrintedNumber]
    groups: tuple[tuple[str, ...], ...]
    comparability: Comparability
    standings: Mapping[Place, ColumnLeader]
    gaps: Mapping[Place, Gap]
    gains: tuple[Gains, ...]
    ranks: tuple[Ranks | None, ...]
    rank_columns: tuple[int, ...]
    lacking: Lacking
    sources: frozenset[str]
    test: Friedman | None

    @property
    def empty(self) -> bool:
        """Whether not one run has finished."""
        return all(cell.runs.empty for cell in self.cells.values())

    def cell(self, row: str, column: TableColumn) -> TableCell:
        """The cell of a row and column."""
        return self.cells[row, column.name]

    def printed(self, row: str, column: TableColumn) -> PrintedNumber | None:
        """What the paper prints there; of what its authors likely ran, it prints the same."""
        return _printed(self.paper, row, column)


def fill_table(runs: Runs, table: PaperTable, on: str) -> FilledTable:
    """``table`` with the runs that fill it; the authors' likely rows are there if any has a run.

    Raises:
        UserError: a damaged record.
    """
    found = fill_cells(runs, table, on, as_published=True)
    cells = {(cell.row, cell.column.name): cell for cell in found}
    started = {cell.row for cell in found if len(cell.runs) or cell.failed or cell.unfinished}
    always = table.methods()
    rows = {row: method for row, method in table.methods(as_published=True).items() if row in always or row in started}
    apart = [row for row in rows if row in table.apart]
    groups = tuple(tuple(own) for own in ([row for row in rows if row not in apart], apart) if own)
    filler = _Filler(runs, tuple(table.of(on)), rows, groups, cells, published_tables.printed_numbers(table.name))
    ranks = tuple(filler.ranks(table, own) for own in groups)
    return FilledTable(
        table, on, rows, filler.columns, cells, filler.paper, groups,
        comparability=comparability(filler.training_setups()),
        standings=filler.standings(),
        gaps=filler.gaps(table),
        gains=tuple(one for method in REFERENCES if (one := filler.gains(table, method)) is not None),
        ranks=tuple(one if one.columns and len(one.ours) > 1 else None for one in ranks),
        rank_columns=tuple(one.columns for one in ranks),
        lacking=filler.lacking(),
        sources=frozenset(filler.source(column) for column in filler.columns if filler.folders(column)),
        test=filler.friedman(),
    )  # fmt: skip


def _printed(paper: Mapping[Place, PrintedNumber], row: str, column: TableColumn) -> PrintedNumber | None:
    return paper.get((row.removesuffix(", as published"), column.published))


@dataclass(frozen=True)
class _Filler:
    """The cells of a table, from which everything else in it is computed."""

    runs: Runs
    columns: tuple[TableColumn, ...]
    rows: Mapping[str, str]
    groups: tuple[tuple[str, ...], ...]
    cells: Mapping[Place, TableCell]
    paper: Mapping[Place, PrintedNumber]

    def folders(self, column: TableColumn) -> list[str]:
        """The runs of a column."""
        return [folder for row in self.rows for folder in self.cells[row, column.name].runs["folder"]]

    def source(self, column: TableColumn) -> str:
        """The data set of a column that has runs: its name in ``sources``."""
        return self.runs.specs[self.folders(column)[0]].source.name

    def training_setups(self) -> dict[str, TrainingSetup]:
        found = {}
        for row in self.rows:
            folders = [folder for column in self.columns for folder in self.cells[row, column.name].runs["folder"]]
            if folders:
                found[row] = training_setup(self.runs.specs[folders[0]], self.runs.facts[folders[0]])
        return found

    def standings(self) -> dict[Place, ColumnLeader]:
        found: dict[Place, ColumnLeader] = {}
        for column in self.columns:
            for rows in self.groups:
                cells = [self.cells[row, column.name] for row in rows]
                counts = {cell.row: correct_counts(self.runs, cell.runs) for cell in cells if len(cell.runs)}
                found |= dict.fromkeys(((row, column.name) for row in rows), find_leader(counts))
        return found

    def gaps(self, table: PaperTable) -> dict[Place, Gap]:
        found = {}
        for column in self.columns:
            for row in table.rows:
                cell, printed = self.cells[row, column.name], _printed(self.paper, row, column)
                if column.same and printed is not None and len(cell.runs):
                    unknown = bool(cell.balanced.isna().any())
                    balanced = None if unknown else compare_with_paper(cell.balanced, printed.value)
                    found[row, column.name] = Gap(compare_with_paper(cell.accuracy, printed.value), balanced)
        return found

    def gains(self, table: PaperTable, method: str) -> Gains | None:
        """None where there is no row of ``method`` with runs."""
        base = next((row for row, own in table.rows.items() if own == method), None)
        if base is None or all(self.cells[base, column.name].runs.empty for column in self.columns):
            return None
        rows = tuple(row for own in self.groups if base in own for row in own if row != base)
        cells = {(row, column.name): self._gain(row, base, column) for row in rows for column in self.columns}
        return Gains(method, REFERENCES[method], rows, cells)

    def _gain(self, row: str, base: str, column: TableColumn) -> Gain:
        one, other = (self.cells[name, column.name] for name in (row, base))
        gain = None
        if len(one.runs) and len(other.runs):
            gain = paired_difference(*(correct_counts(self.runs, cell.runs) for cell in (one, other)))
        printed = [_printed(self.paper, name, column) for name in (row, base)]
        paper = printed[0].value - printed[1].value if printed[0] and printed[1] else None
        return Gain(gain, mean_and_std((one.balanced - other.balanced).dropna()), paper)

    def ranks(self, table: PaperTable, rows: Sequence[str]) -> Ranks:
        """Of the rows that have runs, over the columns in which each of them has a run."""
        own = mean_ranks(self._means(rows))
        if not own.columns:
            return Ranks(0, own.ranks)
        measured, columns = list(own.ranks.index), list(own.by_column)
        balanced = self._means(measured, balanced=True)[columns]
        printed = [column.published for column in self.columns if column.name in columns]
        known = [row for row in table.rows if row in measured and all((row, name) in self.paper for name in printed)]
        theirs = pd.DataFrame({name: {row: self.paper[row, name].value for row in known} for name in printed})
        fewer = bool(known) and len(known) < len(measured)  # ranks among more rows are no match for the paper's
        return Ranks(
            own.columns,
            own.ranks.sort_values(kind="stable"),
            mean_ranks(balanced).ranks if balanced.notna().all(axis=None) else None,
            mean_ranks(self._means(measured)[columns].loc[known]).ranks if fewer else None,
            mean_ranks(theirs).ranks if known else None,
        )

    def _means(self, rows: Sequence[str], balanced: bool = False) -> pd.DataFrame:
        """Mean score over the seeds that all ``rows`` with runs in a column have; NaN where there is no such seed."""
        found = {}
        for column in self.columns:
            cells = {row: self.cells[row, column.name] for row in rows}
            common = set.intersection(*([{*cell.seeds} for cell in cells.values() if cell.seeds] or [set()]))
            scores = {row: cell.balanced if balanced else cell.accuracy for row, cell in cells.items()}
            found[column.name] = {row: own[own.index.isin(common)].mean() for row, own in scores.items()}
        return pd.DataFrame(found)

    def lacking(self) -> Lacking:
        there = {name: {row: bool(len(self.cells[row, name].runs)) for row in self.rows} for name in self._names()}
        rows = tuple(row for row in self.rows if not any(own[row] for own in there.values()))
        columns = tuple(name for name, own in there.items() if not any(own.values()))
        cells = {
            name: lost
            for name, own in there.items()
            if name not in columns and (lost := tuple(row for row in own if not own[row] and row not in rows))
        }
        return Lacking(rows, columns, cells, sum(map(self._lacks_seeds, self._own_cells())))

    def _names(self) -> list[str]:
        return [column.name for column in self.columns]

    def _own_cells(self) -> list[TableCell]:
        return [self.cells[row, name] for row in self.rows for name in self._names()]

    def _lacks_seeds(self, cell: TableCell) -> bool:
        """Whether a measured cell lacks seeds of its benchmark config."""
        wanted = {seed for folder in cell.runs["folder"] for seed in self.runs.facts[folder].benchmark_seeds}
        return bool(wanted - {*cell.seeds})

    def friedman(self) -> Friedman | None:
        """Over the columns in which every measured row has runs; a data set is one, whatever was run on it."""
        scores = self._means(self.groups[0]).dropna(how="all").dropna(axis=1, how="any")
        if scores.empty:
            return None
        sources = {column.name: self.source(column) for column in self.columns if column.name in scores}
        return friedman(scores.T.groupby(pd.Series(sources, dtype=str)).mean().T)
