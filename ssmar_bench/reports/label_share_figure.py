"""Test accuracy against the share of labelled clips: what a reader looks for first."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssmar_bench.reports.line_styles import LineStyle
from ssmar_bench.reports.panels import canvas, finish, handles, legend

SPREAD = 0.012
"""By how much the methods' marks lie beside each other, as a share of the axis, so that their bars do not cover."""


def rows_to_draw(comparison: pd.DataFrame, labels: Collection[str]) -> pd.DataFrame:
    """The rows of a benchmark's comparison that are drawn; none with fewer than two ratios."""
    rows = comparison[(comparison["kind"] == "method") & comparison["label"].isin(list(labels))]
    rows = rows[rows["accuracy_mean"].notna()]
    return rows if rows["ratio"].nunique() > 1 else rows[:0]


def label_share(rows: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure:
    """Mean test accuracy and its 95 % interval at every ratio; no line crosses a ratio that is not measured.

    Args:
        rows: of :func:`rows_to_draw`, at least one.
        line_styles: of the methods to draw.
    """
    ratios = sorted(set(rows["ratio"]))
    shown = {label: style for label, style in line_styles.items() if label in set(rows["label"])}
    entries = handles(shown)
    figure = canvas(2.2, entries)
    axes = figure.subplots()
    width = 100 * (ratios[-1] - ratios[0])
    for place, (label, style) in enumerate(shown.items()):
        own = rows[rows["label"] == label].set_index("ratio").reindex(ratios)
        aside = SPREAD * width * (place - (len(shown) - 1) / 2)
        middle = 100 * own["accuracy_mean"].to_numpy(dtype=float)
        ends = 100 * own[["accuracy_low", "accuracy_high"]].to_numpy(dtype=float)
        axes.errorbar(
            100 * np.array(ratios) + aside,
            middle,
            yerr=np.nan_to_num(np.abs(ends.T - middle)),
            linestyle=style.dashes,
            linewidth=1.2,
            elinewidth=0.7,
            **style.marks(3.5),
        )
    finish(axes, "", x="Labelled clips (%)", y="Test accuracy (%)")
    axes.set_xticks([100 * ratio for ratio in ratios], [f"{100 * ratio:g}" for ratio in ratios])
    legend(figure, entries, "bar: 95 % interval")
    return figure
