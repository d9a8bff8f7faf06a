"""The rules by which ``results/paper/claims.yaml`` says what our runs must show.

A rule looks at every column of a table, and says whether the difference has the claimed sign, or None where a run or a
pseudo-label that it needs is missing. A difference that prints as 0.0 points has no sign. Only ``higher`` is also
tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ssmar_bench.core.config_section import Section
from ssmar_bench.core.published_tables import TableColumn
from ssmar_bench.results.paired_test import Difference, correct_counts, paired_difference
from ssmar_bench.results.paper_cells import TableCell
from ssmar_bench.results.record_logs import curves, predictions
from ssmar_bench.results.records import Runs


@dataclass(frozen=True)
class ColumnEvidence:
    """One column's answer: the difference that the claim calls positive (``value``), in words, and over what seeds."""

    column: str
    words: str
    agrees: bool
    seeds: int
    p: float = math.nan
    value: float = math.nan


@dataclass(frozen=True)
class Evidence:
    """A table's cells on one kind of data, by row and column."""

    runs: Runs
    columns: tuple[TableColumn, ...]
    cells: Mapping[tuple[str, str], TableCell]
    rows: tuple[str, ...]

    def pair(self, one: str, other: str, column: TableColumn) -> Difference | None:
        """Row ``one`` minus row ``other`` in a column."""
        cells = [self.cells[row, column.name] for row in (one, other)]
        if any(cell.runs.empty for cell in cells):
            return None
        return paired_difference(*(correct_counts(self.runs, cell.runs) for cell in cells))


class Claim(Section):
    """What every claim says; each rule adds its own keys."""

    claim: str
    where: str
    note: str = ""
    table: str
    ratios: list[float] | None = None

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:
        """What a column shows."""
        raise NotImplementedError


class Higher(Claim):
    """Every row of ``better`` has a higher accuracy than every row of ``worse``."""

    rule: Literal["higher"]
    better: list[str]
    worse: list[str] | Literal["others"]

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        worse = [row for row in evidence.rows if row not in self.better] if self.worse == "others" else self.worse
        for one in self.better:
            for other in worse:
                found = evidence.pair(one, other, column)
                if found is None:
                    yield None
                    continue
                words = f"{one} over {other} {_words(found.mean, found.std)}"
                yield ColumnEvidence(
                    column.name, words, format_points(found.mean) > 0, found.seeds, found.p, found.mean
                )


class FewImprove(Claim):
    """At most half of the rows lie above ``over``; undecided as long as the missing rows could turn it."""

    rule: Literal["few_improve"]
    over: str
    without: list[str]

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        others = [row for row in evidence.rows if row not in (self.over, *self.without)]
        found = [pair for row in others if (pair := evidence.pair(row, self.over, column)) is not None]
        above = sum(format_points(pair.mean) > 0 for pair in found)
        if above > len(others) / 2 or len(found) - above >= len(others) / 2:
            words = f"{above} of {len(found)} methods above {self.over}"
            yield ColumnEvidence(column.name, words, above <= len(others) / 2, min(pair.seeds for pair in found))
        else:
            yield None


class LargerNetwork(Claim):
    """``row`` has a higher accuracy in the columns of the ``larger`` network than in those of the ``smaller``."""

    rule: Literal["larger_network"]
    row: str
    larger: str
    smaller: str

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        twin = column.published.replace(self.smaller, self.larger)
        for other in evidence.columns:
            if self.smaller not in column.published or other.published != twin:
                continue
            cells = [evidence.cells[self.row, one.name] for one in (other, column)]
            gain = (cells[0].accuracy - cells[1].accuracy).dropna()
            yield _plain(f"{other.name} over {column.name}", gain)


class LargerGain(Claim):
    """The gain of ``more`` (first row minus second) is larger than that of ``than``."""

    rule: Literal["larger_gain"]
    more: tuple[str, str]
    than: tuple[str, str]

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        a, b, c, d = (evidence.cells[row, column.name].accuracy for row in (*self.more, *self.than))
        gain = ((a - b) - (c - d)).dropna()
        yield _plain(column.name, gain)


class Curve(Claim):
    """A curve falls or rises: the mean of the last quarter of its epochs against that of the first.

    The accuracy of selected labels is the mean over labels, not over epochs: an early epoch may have selected a few.
    """

    rule: Literal["curve"]
    row: str
    series: str
    quantity: str
    change: Literal["falls", "rises"]

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        weights = dict(_curves(evidence, self.row, column, self.series, "coverage"))
        changes = {}
        for seed, curve in _curves(evidence, self.row, column, self.series, self.quantity):
            quarter = max(1, len(curve) // 4)
            weight = weights[seed].reindex(curve.index) if self.quantity == "accuracy_selected" else curve * 0 + 1
            ends = [
                np.average(part, weights=weight[part.index]) for part in (curve.iloc[:quarter], curve.iloc[-quarter:])
            ]
            if len(curve) > 1:
                changes[seed] = ends[1] - ends[0]
        yield _plain(column.name, pd.Series(changes, dtype=float), sign=-1 if self.change == "falls" else 1)


class CurveSeries(Section):
    """A curve of a row."""

    row: str
    series: str
    quantity: str


class Labels(Claim):
    """In the last epoch that has any, the pseudo-labels of ``better`` are more accurate than those of ``worse``."""

    rule: Literal["labels"]
    better: CurveSeries
    worse: CurveSeries

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        ends = [
            {
                seed: float(curve.iloc[-1])
                for seed, curve in _curves(evidence, one.row, column, one.series, one.quantity)
            }
            for one in (self.better, self.worse)
        ]
        gain = (pd.Series(ends[0], dtype=float) - pd.Series(ends[1], dtype=float)).dropna()
        yield _plain(column.name, gain)


class MostClasses(Claim):
    """More than half of the classes are recognised better by ``better`` than by ``worse``."""

    rule: Literal["most_classes"]
    better: str
    worse: str

    def evaluate(self, evidence: Evidence, column: TableColumn) -> Iterator[ColumnEvidence | None]:  # noqa: D102
        cells = [evidence.cells[row, column.name] for row in (self.better, self.worse)]
        common = sorted({*cells[0].seeds} & {*cells[1].seeds})
        if not common:
            yield None
            return
        recall = [_recall(evidence, cell, common) for cell in cells]
        gain = recall[0] - recall[1]
        above = int((gain > 0).sum())
        yield ColumnEvidence(column.name, f"{above} of {len(gain)} classes", above > len(gain) / 2, len(common))


Rule = Annotated[
    Higher | FewImprove | LargerNetwork | LargerGain | Curve | Labels | MostClasses, Field(discriminator="rule")
]


def format_points(gain: float) -> float:
    """A difference as it is printed: points with one digit."""
    return round(100 * gain, 1)


def _words(mean: float, std: float) -> str:
    """A difference in points; without a deviation where there is one seed (NaN)."""
    spread = "" if math.isnan(std) else f" ± {100 * std:.1f}"
    return f"{100 * mean:+.1f}{spread}"


def _plain(column: str, gain: pd.Series[float], sign: int = 1) -> ColumnEvidence | None:
    """A difference by seed that nothing tests; ``sign`` is the claimed one."""
    if not len(gain):
        return None
    value = sign * float(gain.mean())
    words = _words(float(gain.mean()), float(gain.std(ddof=1)))
    return ColumnEvidence(column, words, format_points(value) > 0, len(gain), value=value)


def _curves(
    evidence: Evidence, row: str, column: TableColumn, series: str, quantity: str
) -> Iterator[tuple[int, pd.Series[float]]]:
    """(seed, value by epoch) of one quantity; seeds without it are left out."""
    cell = evidence.cells[row, column.name]
    for seed, folder in zip(cell.seeds, cell.runs["folder"], strict=True):
        frame = curves(evidence.runs.record(folder))
        wanted = frame[(frame["series"] == series) & (frame["quantity"] == quantity)]
        values = wanted.set_index("epoch")["value"].dropna().sort_index()
        if len(values):
            yield seed, values


def _recall(evidence: Evidence, cell: TableCell, seeds: list[int]) -> pd.Series[float]:
    """Mean recall of every class over some of a cell's seeds."""
    found = []
    for folder in cell.runs.loc[cell.runs["seed"].isin(seeds), "folder"]:
        frame = predictions(evidence.runs.record(folder))
        found.append((frame["label"] == frame["prediction"]).groupby(frame["label"]).mean())
    return pd.concat(found, axis=1).mean(axis=1)
