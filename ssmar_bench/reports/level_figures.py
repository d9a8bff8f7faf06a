"""The paper's Fig. 2b: how pseudo-labels fare in training on data of growing difficulty, several methods at once."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from ssmar_bench.reports.figures import TRAINED_ON, trained_on
from ssmar_bench.reports.panels import band_note, canvas, empty, finish, handles, legend, limits, lines
from ssmar_bench.reports.style import Look
from ssmar_bench.results import pseudo

ROWS = (
    (("probe",), "accuracy", "Whole pool"),
    (TRAINED_ON, "accuracy_selected", "Trained on"),
    (TRAINED_ON, "coverage", "Share used"),
)
"""(streams, quantity, what stands beside a row of panels); the paper draws the last two."""


def levels(summaries: Mapping[str, pd.DataFrame], looks: Mapping[str, Look]) -> Figure:
    """Columns are levels from easy to hard, rows the accuracy and the share of pseudo-labels over epochs.

    Args:
        summaries: a level's title -> ``pseudo.over_seeds`` of it at one ratio.
        looks: label -> line; only methods that all levels have are drawn.
    """
    streams = {stream for names, _, _ in ROWS for stream in names}
    found = set.intersection(*(set(rows.loc[rows["stream"].isin(streams), "label"]) for rows in summaries.values()))
    summaries = {title: rows[rows["label"].isin(found)] for title, rows in summaries.items()}
    shown = {label: look for label, look in looks.items() if label in found}
    entries = handles(shown)
    figure = canvas(3.6, entries)
    panels = figure.subplots(len(ROWS), len(summaries), sharex="col", sharey="row", squeeze=False)
    for column, (title, summary) in enumerate(summaries.items()):
        for row, (names, quantity, words) in enumerate(ROWS):
            axes = panels[row, column]
            own = pseudo.of(trained_on(summary) if names == TRAINED_ON else summary, names, quantity)
            lines(axes, own, shown)
            finish(
                axes,
                title if row == 0 else "",
                x="Epoch" if row == len(ROWS) - 1 else "",
                y="" if column else f"{words} (%)",
            )
            if own.empty:
                empty(axes, "none")
    limits(list(panels[:2].flat))
    for axes in panels[2]:
        axes.set_ylim(-3, 103)
    legend(figure, entries, band_note(pd.concat(summaries.values())))
    return figure
