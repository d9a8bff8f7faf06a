"""The figures of a report: pseudo-label curves (the paper's Fig. 2b), thresholds and validation accuracy.

Every function draws the means over seeds at one labelled ratio, and is called within ``line_styles.drawing()``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ssmar_bench.reports.line_styles import LineStyle
from ssmar_bench.reports.panels import band_note, canvas, entry, finish, handles, legend, limits, lines
from ssmar_bench.results.summary import matched_coverage, select_curve

if TYPE_CHECKING:
    from matplotlib.typing import HashableList

TRAINED_ON = ("online", "offline")
"""Series of pseudo-labels that a loss used; a method that has both is shown by the offline one."""
UNKNOWN = "accuracy is unknown: no true labels"
NONE = "trained on: no pseudo-labels"


def pseudo_labels(summary: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """Pseudo-labels on the full pool above, the labels that were trained on below.

    Args:
        summary: of ``pseudo.over_seeds`` at one ratio, of which :func:`has_pseudo_labels`.
        line_styles: label -> line.

    A panel without a line is left out, and the legend says why.
    """
    shown = _shown(summary, line_styles, ("full_pool", *TRAINED_ON))
    entries = handles(shown)
    trained = trained_on(summary)
    every = select_curve(summary, "full_pool", "accuracy")
    curves = {
        "all": (every, "(a) Full pool: all clips", "Accuracy (%)"),
        "half": (select_curve(summary, "full_pool", "accuracy_at_50"), "(b) Full pool: top 50 %", ""),
        "used": (select_curve(trained, TRAINED_ON, "accuracy_selected"), "(c) Trained on", "Accuracy (%)"),
        "coverage": (select_curve(trained, TRAINED_ON, "coverage"), "(d) Share trained on", "Clips (%)"),
    }
    curves = {name: curve for name, curve in curves.items() if len(curve[0])}
    matched = matched_coverage(summary)
    rows = [*_in_pairs([*curves]), *([["matched"] * 2] if len(matched) else [])]
    figure = canvas(round(1.6 * len(rows), 1), entries)
    grid = figure.subplot_mosaic(cast("list[HashableList[str]]", rows))
    for name, (curve, title, y) in curves.items():
        lines(grid[name], curve, shown)
        finish(grid[name], title, y=y)
    if len(matched):
        _matched(grid["matched"], matched, shown)
        limits([grid["matched"]])
    if accuracies := [grid[name] for name in ("all", "half", "used") if name in curves]:
        limits(accuracies)
    if "coverage" in curves:
        grid["coverage"].set_ylim(-3, 103)
    legend(figure, entries, "; ".join([band_note(every if len(every) else trained), *_absent(curves)]))
    return figure


def has_pseudo_labels(summary: pd.DataFrame) -> bool:
    """Whether :func:`pseudo_labels` has a panel to draw of these rows."""
    found = summary["series"].isin(("full_pool", *TRAINED_ON))
    return bool((found & summary["quantity"].isin(("accuracy", "accuracy_selected", "coverage"))).any())


def _in_pairs(names: Sequence[str]) -> list[list[str]]:
    """Panels beside each other; the last of an odd number is as wide as two."""
    return [[*names[i : i + 2], names[-1]][:2] for i in range(0, len(names), 2)]


def _absent(drawn: Collection[str]) -> list[str]:
    """Why panels are not there: nothing was trained on, or nobody knows whether it was right."""
    if "all" not in drawn:
        return [UNKNOWN]
    return [] if "coverage" in drawn else [NONE]


def threshold(summary: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """The offline series before and after its threshold, and how much passes."""
    shown = _shown(summary, line_styles, ("offline",))
    entries = [
        entry(line_style, f"{label}, {words}", dashes)
        for label, line_style in shown.items()
        for dashes, words in ((":", "before threshold"), ("-", "after threshold"))
    ]
    figure = canvas(2.0, entries)
    before, kept = (select_curve(summary, "offline", quantity) for quantity in ("accuracy", "coverage"))
    known = len(before) > 0
    panels = figure.subplots(1, 1 + known, squeeze=False)[0]
    if known:
        lines(panels[0], before, shown, dashes=":")
        lines(panels[0], select_curve(summary, "offline", "accuracy_selected"), shown, dashes="-")
        finish(panels[0], "(a) Offline labels", y="Accuracy (%)")
        limits([panels[0]])
    lines(panels[-1], kept, shown, dashes="-")
    finish(panels[-1], "(b) Share kept", y="Clips (%)")
    panels[-1].set_ylim(-3, 103)
    legend(figure, entries, "; ".join([band_note(before if known else kept), *([] if known else [UNKNOWN])]))
    return figure


def validation(summary: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """Validation accuracy over epochs."""
    shown = _shown(summary, line_styles, ("validation",))
    entries = handles(shown)
    figure = canvas(2.1, entries)
    axes = figure.subplots()
    rows = select_curve(summary, "validation", "accuracy")
    lines(axes, rows, shown)
    finish(axes, "Validation accuracy", y="Accuracy (%)")
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


def _matched(axes: Axes, rows: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> None:
    lines(axes, rows.assign(coverage=100 * rows["coverage"]), line_styles, x="coverage")
    finish(axes, "(e) Full pool at matched coverage, last epoch", x="Most confident clips (%)", y="Accuracy (%)")
    axes.set_xticks([10, 25, 50, 75, 100])
