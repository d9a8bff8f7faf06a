"""The paper's tables: what was printed, and which method and benchmark stand for each row and column here."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from ssmar_bench.core.catalog import ConfigCatalog
from ssmar_bench.core.config_section import Section
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.paths import shipped_folder
from ssmar_bench.core.printable import Line
from ssmar_bench.core.yaml_file import validate

FOLDER = "results/paper"


class TableColumn(Section):
    """A column of a table: benchmark and ratio, and the printed column that it stands for ("" for none).

    Attributes:
        label: what our table calls it; the printed name if empty.
        backbone: the network, where it is not the benchmark's own.
        same: whether benchmark, network and initialisation are the paper's, as far as it states them.
    """

    published: Line = ""
    label: Line = ""
    benchmark: str
    ratio: float = Field(gt=0, le=1)
    backbone: str | None = None
    same: bool = False

    @property
    def name(self) -> str:
        """What our table calls it."""
        return self.label or self.published


class PaperTable(Section):
    """One file of ``results/paper/tables``.

    Attributes:
        rows: printed row -> method.
        further: row that the paper does not have -> method, to tell what makes a difference.
        as_published: printed row -> method that is what the authors most likely ran, bugs included.
        columns: kind of data (``micro-motion``, ``real``) -> columns.
        notes: what a reader must know, sentences.
        ablation: whether the rows are parts and settings of a method, not methods that compete with each other.
        apart: rows that are compared with each other alone, since they train under another schedule.
    """

    name: Line
    title: Line
    ablation: bool = False
    apart: list[str] = Field(default_factory=list)
    rows: dict[Line, str] = Field(min_length=1)
    further: dict[Line, str] = Field(default_factory=dict)
    as_published: dict[Line, str] = Field(default_factory=dict)
    columns: dict[str, list[TableColumn]] = Field(min_length=1)
    notes: dict[str, str] = Field(default_factory=dict)

    def of(self, on: str) -> list[TableColumn]:
        """The columns on one kind of data.

        Raises:
            UserError: there is no such kind.
        """
        if on not in self.columns:
            raise UserError(f"{self.name} is not defined on '{on}'{nearest(on, self.columns)}")
        return self.columns[on]

    def methods(self, as_published: bool = False) -> dict[str, str]:
        """Row -> method: printed rows, further ones, and if asked for the authors' likely ones, so marked."""
        extra = {f"{row}, as published": method for row, method in self.as_published.items()} if as_published else {}
        return {**self.rows, **self.further, **extra}


FIGURE_2B, FIGURE_4 = "fig2b", "fig4"
"""The tables of which figures are drawn, too."""

TABLES = ConfigCatalog(f"{FOLDER}/tables", "table")


@dataclass(frozen=True)
class PrintedNumber:
    """One number of the paper in per cent, and how it is printed: ``bold``, ``underline`` or ``""``."""

    value: float
    emphasis: str


def read_paper_table(name: str) -> PaperTable:
    """The validated table config of table ``name``, or of a ``.yaml`` path."""
    return validate(PaperTable, TABLES.document(name))


def printed_numbers(name: str) -> dict[tuple[str, str], PrintedNumber]:
    """(row, column) -> what the paper prints in table ``name``; nothing for a table that is not the paper's."""
    path = shipped_folder(FOLDER) / f"{name}.csv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (line["row"], line["column"]): PrintedNumber(float(line["value"]), line["emphasis"])
            for line in csv.DictReader(file)
        }


def columns_at(columns: Sequence[TableColumn], ratios: Sequence[float] | None) -> list[TableColumn]:
    """The columns at ``ratios`` (all if None).

    Raises:
        UserError: a ratio at which there is no column.
    """
    if ratios is None:
        return list(columns)
    there = sorted({column.ratio for column in columns})
    for ratio in ratios:
        if ratio not in there:
            raise UserError(f"--ratios {ratio:g}: this table has columns at {', '.join(f'{r:g}' for r in there)}.")
    return [column for column in columns if column.ratio in ratios]
