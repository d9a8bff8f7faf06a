"""Accuracy against the share of labels: marks at means, bars to the ends of the intervals."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from ssmar_bench.reports.label_share_figure import label_share, rows_to_draw
from ssmar_bench.reports.line_styles import drawing, line_styles

COLUMNS = ("kind", "label", "ratio", "accuracy_mean", "accuracy_low", "accuracy_high")
ROWS = pd.DataFrame(
    [
        ("method", "A", 0.1, 0.4, 0.3, 0.55),
        ("method", "A", 0.5, 0.6, 0.5, 0.65),
        ("method", "B", 0.5, 0.5, float("nan"), float("nan")),
        ("method", "C", 0.5, 0.9, 0.8, 0.95),
        ("reference", "D", 0.1, 0.2, float("nan"), float("nan")),
    ],
    columns=COLUMNS,
)


def test_means_and_intervals_are_where_they_belong() -> None:
    with drawing():
        figure = label_share(rows_to_draw(ROWS, ["A", "B"]), line_styles(["A", "B"]))
    (axes,) = figure.axes
    a, b = (cast("ErrorbarContainer", container) for container in axes.containers)
    assert a.lines[0].get_ydata() == pytest.approx([40, 60])
    assert b.lines[0].get_ydata() == pytest.approx([np.nan, 50], nan_ok=True)  # where it is not measured, no line
    bars = np.array([segment[:, 1] for segment in a.lines[2][0].get_segments()])
    assert bars == pytest.approx(np.array([[30, 55], [50, 65]]))
    assert [text.get_text() for text in axes.get_xticklabels()] == ["10", "50"]
    assert [entry.get_text() for entry in figure.legends[0].get_texts()] == ["A", "B"]


def test_one_ratio_is_no_curve() -> None:
    assert rows_to_draw(ROWS[ROWS["ratio"] == 0.5], ["A", "B"]).empty
