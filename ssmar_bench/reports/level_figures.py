"""The paper's Fig. 2b: how pseudo-labels fare in training on data of growing difficulty, several methods at once."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

import pandas as pd
from matplotlib.figure import Figure

from ssmar_bench.reports.class_figures import TITLE
from ssmar_bench.reports.figures import TRAINED_ON, trained_on
from ssmar_bench.reports.line_styles import LineStyle
from ssmar_bench.reports.panels import band_note, canvas, empty, finish, handles, legend, limits, lines
from ssmar_bench.results.summary import select_curve

ROWS = (
    (("full_pool",), "accuracy", "Whole pool"),
    (TRAINED_ON, "accuracy_selected", "Trained on"),
    (TRAINED_ON, "coverage", "Share used"),
)
"""(series, quantity, what is beside a row of panels); the paper draws the last two."""


def levels(summaries: Mapping[str, pd.DataFrame], line_styles: Mapping[str, LineStyle]) -> Figure:
    """Columns are data from easy to hard, rows the accuracy and the share of pseudo-labels over epochs.

    Args:
        summaries: a column's title -> ``pseudo.over_seeds`` of it at one ratio.
        line_styles: label -> line of every method drawn.
    """
    entries = handles(line_styles)
    titles = {title: "\n".join(wrap(title, TITLE)) for title in summaries}
    figure = canvas(3.6 + 0.12 * max(text.count("\n") for text in titles.values()), entries)
    panels = figure.subplots(len(ROWS), len(summaries), sharex="col", sharey="row", squeeze=False)
    for column, (title, summary) in enumerate(summaries.items()):
        for row, (names, quantity, words) in enumerate(ROWS):
            axes = panels[row, column]
            own = select_curve(trained_on(summary) if names == TRAINED_ON else summary, names, quantity)
            lines(axes, own, line_styles)
            finish(
                axes,
                titles[title] if row == 0 else "",
                x="Epoch" if row == len(ROWS) - 1 else "",
                y="" if column else f"{words} (%)",
            )
            if own.empty:
                empty(axes, "none")
    limits(list(panels[:2].flat))
    for axes in panels[2]:
        axes.set_ylim(-3, 103)
    legend(figure, entries, band_note(*summaries.values()))
    return figure
