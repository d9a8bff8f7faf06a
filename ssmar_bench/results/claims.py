"""The paper's claims against our runs: ``results/paper/claims.yaml`` and the rules that it names.

A rule looks at every column of a table, and says whether the difference has the claimed sign, or None where a run or a
pseudo-label that it needs is missing. A difference that prints as 0.0 points has no sign. Only ``higher`` is also
tested; with fewer than five seeds nothing is, and the verdict says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ssmar_bench.core import published
from ssmar_bench.core.definition import Section
from ssmar_bench.core.places import shipped
from ssmar_bench.core.published import Column
from ssmar_bench.core.yaml_file import load, validate
from ssmar_bench.results.clips import predictions
from ssmar_bench.results.paired import LEVEL, Difference, difference, hits, holm
from ssmar_bench.results.records import Runs, read_curves
from ssmar_bench.results.table_cells import Cell, fill


@dataclass(frozen=True)
class Seen:
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
    columns: tuple[Column, ...]
    cells: Mapping[tuple[str, str], Cell]
    rows: tuple[str, ...]

    def pair(self, one: str, other: str, column: Column) -> Difference | None:
        """Row ``one`` minus row ``other`` in a column."""
        cells = [self.cells[row, column.name] for row in (one, other)]
        if any(cell.runs.empty for cell in cells):
            return None
        return difference(*(hits(self.runs, cell.runs) for cell in cells))


class Claim(Section):
    """What every claim says; each rule adds its own keys."""

    claim: str
    where: str
    note: str = ""
    table: str
    ratios: list[float] | None = None

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:
        """What a column shows."""
        raise NotImplementedError


class Higher(Claim):
    """Every row of ``better`` has a higher accuracy than every row of ``worse``."""

    rule: Literal["higher"]
    better: list[str]
    worse: list[str] | Literal["others"]

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
        worse = [row for row in evidence.rows if row not in self.better] if self.worse == "others" else self.worse
        for one in self.better:
            for other in worse:
                found = evidence.pair(one, other, column)
                if found is None:
                    yield None
                    continue
                words = f"{one} over {other} {_points(found)}"
                yield Seen(column.name, words, _points_of(found.mean) > 0, found.seeds, found.p, found.mean)


class FewImprove(Claim):
    """At most half of the rows lie above ``over``; undecided as long as the missing rows could turn it."""

    rule: Literal["few_improve"]
    over: str
    without: list[str]

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
        others = [row for row in evidence.rows if row not in (self.over, *self.without)]
        found = [pair for row in others if (pair := evidence.pair(row, self.over, column)) is not None]
        above = sum(pair.mean > 0 for pair in found)
        if above > len(others) / 2 or len(found) - above >= len(others) / 2:
            words = f"{above} of {len(found)} methods above {self.over}"
            yield Seen(column.name, words, above <= len(others) / 2, min(pair.seeds for pair in found))
        else:
            yield None


class LargerNetwork(Claim):
    """``row`` has a higher accuracy in the columns of the ``larger`` network than in those of the ``smaller``."""

    rule: Literal["larger_network"]
    row: str
    larger: str
    smaller: str

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
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

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
        a, b, c, d = (evidence.cells[row, column.name].accuracy for row in (*self.more, *self.than))
        gain = ((a - b) - (c - d)).dropna()
        yield _plain(column.name, gain)


class Curve(Claim):
    """A curve falls or rises: the mean of the last quarter of its epochs against that of the first.

    The accuracy of selected labels is the mean over labels, not over epochs: an early epoch may have selected a few.
    """

    rule: Literal["curve"]
    row: str
    stream: str
    quantity: str
    change: Literal["falls", "rises"]

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
        weights = dict(_curves(evidence, self.row, column, self.stream, "coverage"))
        changes = {}
        for seed, curve in _curves(evidence, self.row, column, self.stream, self.quantity):
            quarter = max(1, len(curve) // 4)
            weight = weights[seed].reindex(curve.index) if self.quantity == "accuracy_selected" else curve * 0 + 1
            ends = [
                np.average(part, weights=weight[part.index]) for part in (curve.iloc[:quarter], curve.iloc[-quarter:])
            ]
            if len(curve) > 1:
                changes[seed] = ends[1] - ends[0]
        yield _plain(column.name, pd.Series(changes, dtype=float), sign=-1 if self.change == "falls" else 1)


class Stream(Section):
    """A curve of a row."""

    row: str
    stream: str
    quantity: str


class Labels(Claim):
    """In the last epoch that has any, the pseudo-labels of ``better`` are more accurate than those of ``worse``."""

    rule: Literal["labels"]
    better: Stream
    worse: Stream

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
        ends = [
            {
                seed: float(curve.iloc[-1])
                for seed, curve in _curves(evidence, one.row, column, one.stream, one.quantity)
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

    def look(self, evidence: Evidence, column: Column) -> Iterator[Seen | None]:  # noqa: D102
        cells = [evidence.cells[row, column.name] for row in (self.better, self.worse)]
        common = sorted({*cells[0].seeds} & {*cells[1].seeds})
        if not common:
            yield None
            return
        recall = [_recall(evidence, cell, common) for cell in cells]
        gain = recall[0] - recall[1]
        above = int((gain > 0).sum())
        yield Seen(column.name, f"{above} of {len(gain)} classes", above > len(gain) / 2, len(common))


Rule = Annotated[
    Higher | FewImprove | LargerNetwork | LargerGain | Curve | Labels | MostClasses, Field(discriminator="rule")
]


class Claims(Section):
    """``results/paper/claims.yaml``."""

    claims: list[Rule]


@dataclass(frozen=True)
class Answer:
    """A claim, what was seen column by column, and the verdict."""

    claim: Claim
    seen: tuple[Seen, ...]
    verdict: str


def read() -> list[Claim]:
    """The paper's claims."""
    return list(validate(Claims, load(shipped(published.FOLDER) / "claims.yaml")).claims)


def evaluate(runs: Runs, on: str) -> list[Answer]:
    """Every claim on one kind of data.

    Raises:
        UserError: a damaged record.
    """

    @cache
    def evidence(name: str) -> Evidence:
        table = published.read(name)
        cells = {(cell.row, cell.column.name): cell for cell in fill(runs, table, on)}
        return Evidence(runs, tuple(table.of(on)), cells, tuple(table.rows))

    answers = []
    for claim in read():
        known = evidence(claim.table)
        columns = [column for column in known.columns if claim.ratios is None or column.ratio in claim.ratios]
        found = [one for column in columns for one in claim.look(known, column)]
        seen = tuple(one for one in found if one is not None)
        answers.append(Answer(claim, seen, verdict(seen, len(found) - len(seen))))
    return answers


def verdict(seen: tuple[Seen, ...], missing: int = 0) -> str:
    """``supported`` or ``contradicted`` only if every comparison is there and significant; else what the signs say."""
    if not seen:
        return "not measured"
    words = _signs(seen, complete=not missing)
    return f"{words}; {missing} of {len(seen) + missing} comparisons could not be made" if missing else words


def _signs(seen: tuple[Seen, ...], complete: bool) -> str:
    share = sum(one.agrees for one in seen)
    none = not share and all(_points_of(one.value) == 0 for one in seen)
    if 0 < share < len(seen):
        return f"mixed: {share} of {len(seen)} agree"
    p = holm([one.p for one in seen])
    significant = all(value < LEVEL for value in p)  # NaN is not
    if complete and significant:
        return "supported" if share else "contradicted"
    few = min(one.seeds for one in seen)
    untested = f"not tested ({few} seed{'s'[: few != 1]})"
    tested = "significant" if significant else "not significant"
    sign = "no difference" if none else "agrees" if share else "disagrees"
    return f"{sign}, {untested if any(map(math.isnan, p)) else tested}"


def _points_of(gain: float) -> float:
    """A difference in points as it is printed."""
    return round(100 * gain, 1)


def _points(found: Difference) -> str:
    spread = "" if math.isnan(found.std) else f" ± {100 * found.std:.1f}"
    return f"{100 * found.mean:+.1f}{spread}"


def _series(gain: pd.Series[float]) -> str:
    spread = "" if len(gain) < 2 else f" ± {100 * gain.std(ddof=1):.1f}"
    return f"{100 * gain.mean():+.1f}{spread}"


def _plain(column: str, gain: pd.Series[float], sign: int = 1) -> Seen | None:
    """A difference by seed that nothing tests; ``sign`` is the claimed one."""
    if not len(gain):
        return None
    value = sign * float(gain.mean())
    return Seen(column, _series(gain), _points_of(value) > 0, len(gain), value=value)


def _curves(
    evidence: Evidence, row: str, column: Column, stream: str, quantity: str
) -> Iterator[tuple[int, pd.Series[float]]]:
    """(seed, value by epoch) of one quantity; seeds without it are left out."""
    cell = evidence.cells[row, column.name]
    for seed, folder in zip(cell.seeds, cell.runs["folder"], strict=True):
        frame = read_curves(evidence.runs.root / "runs" / folder)
        wanted = frame[(frame["stream"] == stream) & (frame["quantity"] == quantity)]
        values = wanted.set_index("epoch")["value"].dropna().sort_index()
        if len(values):
            yield seed, values


def _recall(evidence: Evidence, cell: Cell, seeds: list[int]) -> pd.Series[float]:
    """Mean recall of every class over some of a cell's seeds."""
    found = []
    for folder in cell.runs.loc[cell.runs["seed"].isin(seeds), "folder"]:
        frame = predictions(evidence.runs.root / "runs" / folder / "record")
        found.append((frame["label"] == frame["prediction"]).groupby(frame["label"]).mean())
    return pd.concat(found, axis=1).mean(axis=1)
