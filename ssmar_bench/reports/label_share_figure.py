"""Test accuracy against the share of labelled clips: what a reader looks for first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ssmar_bench.reports.line_styles import LineStyle
from ssmar_bench.reports.panels import canvas, finish, handles, legend

SPREAD = 0.012
"""By how much the methods' marks lie beside each other, as a share of the axis, so that their bars do not cover."""


def label_share(comparison: pd.DataFrame, line_styles: Mapping[str, LineStyle]) -> Figure | None:
    """Mean test accuracy and its 95 % interval at every ratio; None with fewer than two ratios.

    Args:
        comparison: of a benchmark's summary.
        line_styles: of the methods to draw.
    """
    rows = comparison[(comparison["kind"] == "method") & comparison["label"].isin(line_styles)]
    rows = rows[rows["accuracy_mean"].notna()]
    ratios = sorted(set(rows["ratio"]))
    if len(ratios) < 2:
        return None
    shown = {label: style for label, style in line_styles.items() if label in set(rows["label"])}
    entries = handles(shown)
    figure = canvas(2.2, entries)
    axes = figure.subplots()
    width = 100 * (ratios[-1] - ratios[0])
    for place, (label, style) in enumerate(shown.items()):
        own = rows[rows["label"] == label].sort_values("ratio")
        aside = SPREAD * width * (place - (len(shown) - 1) / 2)
        middle = 100 * own["accuracy_mean"].to_numpy(dtype=float)
        ends = 100 * own[["accuracy_low", "accuracy_high"]].to_numpy(dtype=float)
        axes.errorbar(
            100 * own["ratio"].to_numpy(dtype=float) + aside,
            middle,
            yerr=np.nan_to_num(np.abs(ends.T - middle)),
            color=style.color,
            linestyle=style.dashes,
            linewidth=1.2,
            marker=style.marker,
            markersize=3.5,
            markeredgecolor="white",
            markeredgewidth=0.3,
            elinewidth=0.7,
        )
    finish(axes, "", x="Labelled clips (%)", y="Test accuracy (%)")
    axes.set_xticks([100 * ratio for ratio in ratios], [f"{100 * ratio:g}" for ratio in ratios])
    legend(figure, entries, "bar: 95 % interval")
    return figure
