"""The paper's figures from our runs: 2b (pseudo-labels on easier and harder data) and 4 (classes, and clips).

Called within ``style.drawing()``. What is drawn is in the tables ``fig2b`` and ``fig4``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from ssmar_bench.core import published_tables
from ssmar_bench.reports import class_figures, level_figures
from ssmar_bench.reports.line_styles import OKABE_ITO, WIDTH, line_styles
from ssmar_bench.reports.panels import canvas
from ssmar_bench.reports.section import Picture
from ssmar_bench.results.curve_statistics import over_seeds
from ssmar_bench.results.examples import Example, Examples, examples, picture
from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_groups import class_names, pool_runs
from ssmar_bench.results.table_cells import fill_cells

RIGHT, WRONG = OKABE_ITO[0], OKABE_ITO[1]
TICK, CROSS = "\u2713", "\u2717"


def draw_figures(runs: Runs, on: str) -> Iterator[tuple[str, Figure]]:
    """(name, figure) of everything that there are runs for on one kind of data."""
    for name, figure in (
        (f"{published_tables.FIGURE_2B}-{on}", _pseudo_labels(runs, on)),
        (f"{published_tables.FIGURE_4}-{on}-classes", _classes(runs, on)),
        (f"{published_tables.FIGURE_4}-{on}-clips", _clips(runs, on)),
    ):
        if figure is not None:
            yield name, figure


def _pseudo_labels(runs: Runs, on: str) -> Figure | None:
    """Fig. 2b: a column of panels for each column of the table that has runs."""
    table = published_tables.read_paper_table(published_tables.FIGURE_2B)
    cells = [cell for cell in fill_cells(runs, table, on) if len(cell.runs)]
    summaries = {}
    for column in table.of(on):
        own = [cell for cell in cells if cell.column == column]
        if own:
            frames = [runs.curves_of(cell.runs).assign(label=cell.row) for cell in own]
            summaries[column.name] = over_seeds(pd.concat(frames, ignore_index=True))
    there = {cell.row for cell in cells}
    return (
        level_figures.levels(summaries, line_styles([row for row in table.rows if row in there])) if summaries else None
    )


def _classes(runs: Runs, on: str) -> Figure | None:
    """Fig. 4, left: over the seeds that both methods have."""
    table = published_tables.read_paper_table(published_tables.FIGURE_4)
    cells = {(cell.row, cell.column.name): cell for cell in fill_cells(runs, table, on)}
    other, better = tuple(table.rows)
    pairs, names = {}, []
    for column in table.of(on):
        own = [cells[row, column.name] for row in (better, other)]
        common = {*own[0].seeds} & {*own[1].seeds}
        if common:
            names = class_names(runs, str(own[0].runs["benchmark"].iloc[0]))
            rows = [cell.runs[cell.runs["seed"].isin(common)].assign(label=cell.row) for cell in own]
            pair = pool_runs(runs, rows[0], len(names)), pool_runs(runs, rows[1], len(names))
            if all(cell.confusion.any() for cell in pair):
                pairs[column.name] = pair
    return class_figures.gain(pairs, names) if pairs else None


def _clips(runs: Runs, on: str) -> Figure | None:
    """Fig. 4, right: frames of clips, above each what it shows and what the two methods took it for."""
    found = examples(runs, on)
    shown = [] if found is None else _recorded(runs, found)
    if found is None or not shown:
        return None
    strips = [np.asarray(Image.open(io.BytesIO(_bytes(runs, found, one)))) for one in shown]
    heights = [WIDTH * strip.shape[0] / strip.shape[1] for strip in strips]
    figure = canvas(sum(heights) + 0.52 * len(shown), [], margin=0.08)
    panels = figure.subplots(len(shown), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for axes, one, strip in zip(panels, shown, strips, strict=True):
        axes.imshow(strip, interpolation="none", aspect="equal")
        axes.set_axis_off()
        axes.set_title(one.label, loc="left", fontweight="bold", pad=23)
        for place, row, said in zip((12, 2), found.rows, one.said, strict=True):
            sign, color = (TICK, RIGHT) if said == one.label else (CROSS, WRONG)
            axes.annotate(f"{sign} {row}: {said}", (0, 1), (0, place), "axes fraction", "offset points",
                          va="bottom", fontsize=7, color=color)  # fmt: skip
    return figure


def pictures(runs: Runs, on: str) -> tuple[Picture, ...]:
    """The clips of Fig. 4 for the page, as far as their frames were recorded."""
    found = examples(runs, on)
    if found is None:
        return ()
    return tuple(Picture(_bytes(runs, found, one), _words(found, one)) for one in _recorded(runs, found))


def selection_note(found: Examples | None) -> str:
    """How the clips were chosen, and of how many."""
    if found is None:
        return "No clips are shown: the two methods have no run of the same seed."
    first, second = found.rows
    return (
        f"Clips: {found.column}, seed {found.seed}. Of the test clips {first} alone recognises {found.first}, {second} "
        f"alone {found.second}, both {found.both}, neither {found.neither}. Shown are the first of both kinds on which "
        "they disagree, by the order of hashed names and of different classes: not chosen for what they look like."
    )


def _words(found: Examples, one: Example) -> str:
    said = [
        f"{row}: {name} ({'right' if name == one.label else 'wrong'})"
        for row, name in zip(found.rows, one.said, strict=True)
    ]
    return f"Eight frames of {one.label}. {'; '.join(said)}."


def _recorded(runs: Runs, found: Examples) -> list[Example]:
    """The chosen clips whose frames are in the results."""
    return [one for one in found.chosen if _is_picture(picture(runs.root, found.benchmark, one.clip))]


def _is_picture(path: Path) -> bool:
    """Whether it is a JPEG that can be shown; a damaged one is as good as none."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with Image.open(path, formats=["JPEG"]) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


def _bytes(runs: Runs, found: Examples, one: Example) -> bytes:
    return picture(runs.root, found.benchmark, one.clip).read_bytes()
