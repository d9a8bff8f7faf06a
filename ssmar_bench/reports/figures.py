"""The figures of a report: pseudo-label curves (the paper's Fig. 2b), thresholds and validation accuracy.

Every function draws the means over seeds at one labelled ratio, and is called within ``line_styles.drawing()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ssmar_bench.reports.line_styles import LineStyle
from ssmar_bench.reports.panels import band_note, canvas, empty, entry, finish, handles, legend, limits, lines
from ssmar_bench.results.summary import matched_coverage, select_curve

TRAINED_ON = ("online", "offline")
"""Series of pseudo-labels that a loss used; a method that has both is shown by the offline one."""
NONE = "no pseudo-labels"


def pseudo_labels(summary: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """Pseudo-labels on the full pool above, the labels that were trained on below.

    Args:
        summary: of ``pseudo.over_seeds`` at one ratio.
        line_styles: label -> line.
    """
    shown = _shown(summary, line_styles, ("full_pool", *TRAINED_ON))
    entries = handles(shown)
    figure = canvas(4.8, entries)
    grid = figure.subplot_mosaic([["all", "half"], ["used", "coverage"], ["matched", "matched"]])
    trained = trained_on(summary)
    every = select_curve(summary, "full_pool", "accuracy")
    pool, used = _absent(summary, ("full_pool",)), _absent(summary, TRAINED_ON)
    _fill(grid["all"], every, shown, "(a) Full pool: all clips", "Accuracy (%)", absent=pool)
    _fill(
        grid["half"],
        select_curve(summary, "full_pool", "accuracy_at_50"),
        shown,
        "(b) Full pool: top 50 %",
        absent=pool,
    )
    _fill(
        grid["used"],
        select_curve(trained, TRAINED_ON, "accuracy_selected"),
        shown,
        "(c) Trained on",
        "Accuracy (%)",
        absent=used,
    )
    _fill(
        grid["coverage"],
        select_curve(trained, TRAINED_ON, "coverage"),
        shown,
        "(d) Share trained on",
        "Clips (%)",
    )
    _matched(grid["matched"], matched_coverage(summary), shown, pool)
    limits([grid["all"], grid["half"], grid["used"]])
    limits([grid["matched"]])
    grid["coverage"].set_ylim(-3, 103)
    legend(figure, entries, band_note(every if len(every) else trained))
    return figure


def threshold(summary: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """The offline series before and after its threshold, and how much passes."""
    shown = _shown(summary, line_styles, ("offline",))
    entries = [
        entry(line_style, f"{label}, {words}", dashes)
        for label, line_style in shown.items()
        for dashes, words in ((":", "before threshold"), ("-", "after threshold"))
    ]
    figure = canvas(2.0, entries)
    left, right = figure.subplots(1, 2)
    before = select_curve(summary, "offline", "accuracy")
    lines(left, before, shown, dashes=":")
    lines(left, select_curve(summary, "offline", "accuracy_selected"), shown, dashes="-")
    finish(left, "(a) Offline labels", y="Accuracy (%)")
    if before.empty:
        empty(left, _absent(summary, ("offline",)))
    limits([left])
    _fill(
        right,
        select_curve(summary, "offline", "coverage"),
        shown,
        "(b) Share kept",
        "Clips (%)",
        dashes="-",
    )
    right.set_ylim(-3, 103)
    legend(figure, entries, band_note(before))
    return figure


def validation(summary: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """Validation accuracy over epochs."""
    shown = _shown(summary, line_styles, ("validation",))
    entries = handles(shown)
    figure = canvas(2.1, entries)
    axes = figure.subplots()
    rows = select_curve(summary, "validation", "accuracy")
    _fill(axes, rows, shown, "Validation accuracy", "Accuracy (%)")
    limits([axes])
    legend(figure, entries, band_note(rows))
    return figure


def _shown(
    summary: pd.DataFrame, line_styles: Mapping[str, LineStyle], series_names: tuple[str, ...]
) -> dict[str, LineStyle]:
    """The methods that have something to draw, in table order."""
    found = set(summary.loc[summary["series"].isin(series_names), "label"])
    return {label: line_style for label, line_style in line_styles.items() if label in found}


def trained_on(summary: pd.DataFrame) -> pd.DataFrame:
    """Each method's training series: the offline one where there is one, so that a label has one line."""
    series_names = summary[summary["series"].isin(TRAINED_ON)]
    offline = set(series_names.loc[series_names["series"] == "offline", "label"])
    return series_names[(series_names["series"] == "offline") | ~series_names["label"].isin(offline)]


def _fill(
    axes: Axes,
    rows: pd.DataFrame,
    line_styles: Mapping[str, LineStyle],
    title: str,
    y: str = "",
    dashes: str | None = None,
    absent: str = NONE,
) -> None:
    lines(axes, rows, line_styles, dashes=dashes)
    finish(axes, title, y=y)
    if rows.empty:
        empty(axes, absent)


def _absent(summary: pd.DataFrame, series: Sequence[str]) -> str:
    """Why a panel shows no accuracy of pseudo-labels: there are none, or nobody knows the truth."""
    there = summary["series"].isin(series) & (summary["quantity"] == "coverage")
    return "unknown: no true labels" if there.any() else NONE


def _matched(axes: Axes, rows: pd.DataFrame, line_styles: Mapping[str, LineStyle], absent: str) -> None:
    lines(axes, rows.assign(coverage=100 * rows["coverage"]), line_styles, x="coverage")
    finish(axes, "(e) Full pool at matched coverage, last epoch", x="Most confident clips (%)", y="Accuracy (%)")
    axes.set_xticks([10, 25, 50, 75, 100])
    if rows.empty:
        empty(axes, absent)
