"""The paper's figures from our runs: 2b (pseudo-labels on easier and harder data), 4 (classes, and clips), and ranks.

What is drawn is in the tables ``fig2b`` and ``fig4``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ssmar_bench.reports import class_figures, level_figures, rank_figure
from ssmar_bench.reports.line_styles import OKABE_ITO, WIDTH, line_styles
from ssmar_bench.reports.panels import canvas
from ssmar_bench.reports.redraw import Draw
from ssmar_bench.reports.section import Picture
from ssmar_bench.results.summary import FIGURE_2B, FIGURE_4, Example, Examples, PaperSummary

RIGHT, WRONG = OKABE_ITO[0], OKABE_ITO[1]
TICK, CROSS = "\u2713", "\u2717"


def draw_figures(found: PaperSummary) -> Iterator[tuple[str, Draw]]:
    """(name, what draws it) of everything that there are runs for on one kind of data, tested ranks among it."""
    for table in found.tables:
        if table.test is not None:
            yield f"{table.table.name}-{found.on}-ranks", partial(rank_figure.ranks, table.test)
    if found.curves:
        yield f"{FIGURE_2B}-{found.on}", partial(level_figures.levels, found.curves, line_styles(found.curve_rows))
    if found.classes is not None:
        yield f"{FIGURE_4}-{found.on}-classes", partial(class_figures.gain, found.classes.pairs, found.classes.classes)
    if found.examples is not None and found.frames:
        yield f"{FIGURE_4}-{found.on}-clips", partial(clips, found.examples, found.frames)


def clips(found: Examples, frames: Mapping[str, bytes]) -> Figure:
    """Fig. 4, right: frames of clips, above each what it shows and what the two methods took it for."""
    shown = [one for one in found.chosen if one.clip in frames]
    strips = [np.asarray(Image.open(io.BytesIO(frames[one.clip]))) for one in shown]
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


def pictures(found: Examples | None, frames: Mapping[str, bytes]) -> tuple[Picture, ...]:
    """The clips of Fig. 4 for the page, as far as their frames were recorded."""
    if found is None:
        return ()
    return tuple(Picture(frames[one.clip], _words(found, one)) for one in found.chosen if one.clip in frames)


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
