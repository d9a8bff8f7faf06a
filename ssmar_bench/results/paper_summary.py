"""The paper's tables, claims and figures on one kind of data, computed from our runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from PIL import Image

from ssmar_bench.core import published_tables
from ssmar_bench.results.claims import ClaimResult, evaluate_claims
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.examples import Examples, find_examples, picture
from ssmar_bench.results.filled_table import KINDS, FilledTable, fill_table
from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_groups import RunGroup, class_names, pool_runs


@dataclass(frozen=True)
class ClassGains:
    """Fig. 4, left: title -> two methods over the seeds that both have; the first may gain."""

    pairs: Mapping[str, tuple[RunGroup, RunGroup]]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class PaperSummary:
    """Everything of the paper on one kind of data that has runs.

    Attributes:
        on: the kind.
        tables: those that have runs.
        claims: all.
        curves: Fig. 2b: title of a column -> means over seeds, whose labels are the table's rows.
        curve_rows: those rows in order.
        classes: Fig. 4, left; None without common seeds.
        examples: Fig. 4, right; None without common seeds.
        frames: clip of ``examples`` -> frames side by side as JPEG, as far as they were recorded.
    """

    on: str
    tables: tuple[FilledTable, ...]
    claims: tuple[ClaimResult, ...]
    curves: Mapping[str, pd.DataFrame]
    curve_rows: tuple[str, ...]
    classes: ClassGains | None
    examples: Examples | None
    frames: Mapping[str, bytes]


def paper_summaries(runs: Runs) -> tuple[PaperSummary, ...]:
    """One for each kind of data on which a table has runs.

    Raises:
        UserError: a damaged record.
    """
    found = []
    for on in KINDS:
        tables = filled_tables(runs, on)
        known = tuple(table for table in tables if not table.empty)
        if known:
            by_name = {table.table.name: table for table in tables}
            curves, rows = _curves(runs, by_name[published_tables.FIGURE_2B])
            classes = _classes(runs, by_name[published_tables.FIGURE_4])
            shown = find_examples(runs, by_name[published_tables.FIGURE_4])
            claims = evaluate_claims(runs, by_name)
            found.append(PaperSummary(on, known, tuple(claims), curves, rows, classes, shown, _frames(runs, shown)))
    return tuple(found)


def filled_tables(runs: Runs, on: str) -> list[FilledTable]:
    """Every table of the paper, then its figures and what we add."""
    names = sorted(published_tables.TABLES.names(), key=lambda name: (not name.startswith("table"), name))
    return [fill_table(runs, published_tables.read_paper_table(name), on) for name in names]


def _curves(runs: Runs, found: FilledTable) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    curves = {}
    for column in found.columns:
        cells = {row: found.cell(row, column) for row in found.table.rows}
        frames = [runs.curves_of(cell.runs).assign(label=row) for row, cell in cells.items() if len(cell.runs)]
        if frames:
            curves[column.name] = over_seeds(pd.concat(frames, ignore_index=True))
    there = {label for own in curves.values() for label in own["label"]}
    return curves, tuple(row for row in found.table.rows if row in there)


def _classes(runs: Runs, found: FilledTable) -> ClassGains | None:
    other, better = tuple(found.table.rows)
    pairs, names = {}, []
    for column in found.columns:
        cells = [found.cell(row, column) for row in (better, other)]
        common = {*cells[0].seeds} & {*cells[1].seeds}
        if common:
            names = class_names(runs, str(cells[0].runs["benchmark"].iloc[0]))
            rows = [cell.runs[cell.runs["seed"].isin(common)].assign(label=cell.row) for cell in cells]
            one, second = pool_runs(runs, rows, len(names))
            if one.confusion.any() and second.confusion.any():
                pairs[column.name] = one, second
    return ClassGains(pairs, tuple(names)) if pairs else None


def _frames(runs: Runs, found: Examples | None) -> dict[str, bytes]:
    """The frames of the chosen clips that were recorded; a damaged picture is as good as none."""
    if found is None:
        return {}
    frames = {}
    for one in found.chosen:
        path = picture(runs.root, found.benchmark, one.clip)
        if path.is_symlink() or not path.is_file():
            continue
        try:
            with Image.open(path, formats=["JPEG"]) as image:
                image.load()
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
        frames[one.clip] = path.read_bytes()
    return frames
