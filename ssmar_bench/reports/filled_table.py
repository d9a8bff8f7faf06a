"""A table of the paper with the runs that fill it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ssmar_bench.core import published_tables
from ssmar_bench.core.published_tables import PaperTable, PrintedNumber, TableColumn
from ssmar_bench.results.comparability import TrainingSetup, training_setup
from ssmar_bench.results.records import Runs
from ssmar_bench.results.table_cells import TableCell, fill_cells

KINDS = ("micro-motion", "real")
"""Kinds of data that are reported; a table may have columns on others, too."""


@dataclass(frozen=True)
class FilledTable:
    """A table with its cells on one kind of data; ``columns`` and ``rows`` in order."""

    runs: Runs
    table: PaperTable
    on: str
    cells: dict[tuple[str, str], TableCell]
    rows: dict[str, str]
    columns: tuple[TableColumn, ...]
    paper: dict[tuple[str, str], PrintedNumber]

    @cached_property
    def training_setups(self) -> dict[str, TrainingSetup]:
        """The training setup of every row that has a run, in its first column with one."""
        found = {}
        for row in self.rows:
            folders = [folder for column in self.columns for folder in self.cell(row, column).runs["folder"]]
            if folders:
                found[row] = training_setup(self.runs.specs[folders[0]], self.runs.facts[folders[0]])
        return found

    def cell(self, row: str, column: TableColumn) -> TableCell:
        """The cell of a row and column."""
        return self.cells[row, column.name]

    @property
    def empty(self) -> bool:
        """Whether not one run has finished."""
        return all(cell.runs.empty for cell in self.cells.values())

    @property
    def means(self) -> pd.DataFrame:
        """Mean accuracy, rows x columns, NaN where nothing finished."""
        return pd.DataFrame(
            {c.name: {row: self.cell(row, c).accuracy.mean() for row in self.rows} for c in self.columns}
        )

    @property
    def groups(self) -> list[list[str]]:
        """Rows that are compared with each other: those that the table sets apart, and the others."""
        apart = [row for row in self.rows if row in self.table.apart]
        return [own for own in ([row for row in self.rows if row not in apart], apart) if own]

    def means_over_common_seeds(self, rows: Sequence[str], balanced: bool = False) -> pd.DataFrame:
        """Mean accuracy, or balanced accuracy, over the seeds that all ``rows`` with runs in a column have.

        NaN where there is no such seed.
        """
        found = {}
        for column in self.columns:
            cells = {row: self.cell(row, column) for row in rows}
            common = set.intersection(*([{*cell.seeds} for cell in cells.values() if cell.seeds] or [set()]))
            scores = {row: cell.balanced if balanced else cell.accuracy for row, cell in cells.items()}
            found[column.name] = {row: own[own.index.isin(common)].mean() for row, own in scores.items()}
        return pd.DataFrame(found)


def fill_table(runs: Runs, table: PaperTable, on: str) -> FilledTable:
    """``table`` with the runs that fill it; the authors' likely rows are there if any has a run."""
    cells = fill_cells(runs, table, on, as_published=True)
    started = {cell.row for cell in cells if len(cell.runs) or cell.failed or cell.unfinished}
    always = table.methods()
    rows = {row: method for row, method in table.methods(as_published=True).items() if row in always or row in started}
    return FilledTable(
        runs,
        table,
        on,
        {(cell.row, cell.column.name): cell for cell in cells},
        rows,
        tuple(table.of(on)),
        published_tables.printed_numbers(table.name),
    )


def source_of(found: FilledTable, column: TableColumn) -> str:
    """The data set of a column that has runs: its name in ``sources``."""
    folders = [folder for row in found.rows for folder in found.cell(row, column).runs["folder"]]
    return found.runs.specs[folders[0]].source.name
