"""The figures of one benchmark: curves at each ratio, classes, calibration, accuracy against cost.

Only methods that compete are drawn, and not more than one figure holds
(``LINES``); the page has them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from ssmar_bench.reports import class_figures, figures, overview
from ssmar_bench.reports.formatting import percent_text
from ssmar_bench.reports.label_share_figure import label_share, rows_to_draw
from ssmar_bench.reports.line_styles import LineStyle, line_styles
from ssmar_bench.reports.redraw import Draw
from ssmar_bench.results.summary import LINES, BenchmarkSummary, RunGroup

GAIN = ("aplt", "fixmatch")
"""The method of which the gain by class is drawn, and the one it is compared with."""


def draw(found: BenchmarkSummary) -> Iterator[tuple[str, Draw]]:
    """(name, what draws it) of every figure that there is something for."""
    every = line_styles(found.ranked)
    lines = {label: every[label] for label in found.ranked[:LINES]}
    curves = found.curves[found.curves["label"].isin(lines)]
    for ratio in sorted(set(curves["ratio"])):
        for name, figure in _curves(curves[curves["ratio"] == ratio], lines):
            yield f"{name}-{overview.ending(ratio)}", figure
    shares = rows_to_draw(found.comparison, lines)
    if len(shares):
        yield "label-share", partial(label_share, shares, lines)
    yield from _classes(found, every, lines)


def _curves(rows: pd.DataFrame, lines: Mapping[str, LineStyle]) -> Iterator[tuple[str, Draw]]:
    """The figures that have something to show at one ratio."""
    series_names = set(rows["series"])
    if figures.has_pseudo_labels(rows):
        yield "pseudo-labels", partial(figures.pseudo_labels, rows, lines)
    if "offline" in series_names:
        yield "aplt-threshold", partial(figures.threshold, rows, lines)
    if "validation" in series_names:
        yield "validation", partial(figures.validation, rows, lines)


def _classes(
    found: BenchmarkSummary, every: Mapping[str, LineStyle], lines: Mapping[str, LineStyle]
) -> Iterator[tuple[str, Draw]]:
    """Figures of the cells where methods compete."""
    by_ratio: dict[float, list[RunGroup]] = {}
    for cell in found.groups:
        if cell.ratio in found.competing_ratios and cell.label in every:
            by_ratio.setdefault(cell.ratio, []).append(cell)
    if not by_ratio:
        return
    yield "cost", partial(class_figures.cost, by_ratio, every)
    shown = {ratio: [cell for cell in own if cell.label in lines] for ratio, own in by_ratio.items()}
    known = {ratio: [cell for cell in own if cell.calibration.any()] for ratio, own in shown.items()}
    if any(known.values()):
        yield "calibration", partial(class_figures.calibration, known, lines)
    pairs = {percent_text(ratio): pair for ratio, own in by_ratio.items() if (pair := _pair(own))}
    if pairs:
        yield "class-gain", partial(class_figures.gain, pairs, found.classes)
    for ratio, own in shown.items():
        predicted = [cell for cell in own if cell.confusion.any()]
        if predicted:
            yield f"confusion-{overview.ending(ratio)}", partial(class_figures.confusion, predicted, found.classes)


def _pair(own: list[RunGroup]) -> tuple[RunGroup, RunGroup] | None:
    """The two methods that the paper's Fig. 4 compares, where both have predictions."""
    found = {cell.method: cell for cell in own if cell.confusion.any()}
    return (found[GAIN[0]], found[GAIN[1]]) if set(GAIN) <= set(found) else None
