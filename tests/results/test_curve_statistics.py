from __future__ import annotations

import math

import pandas as pd
import pytest

from ssmar_bench.results import curve_statistics


def curves(*rows: tuple[int, int, str, float], series: str = "full_pool") -> pd.DataFrame:
    """Rows (seed, epoch, quantity, value) of one method."""
    frame = pd.DataFrame(rows, columns=["seed", "epoch", "quantity", "value"])
    return frame.assign(method="aplt", label="APLT", variant="v", ratio=0.1, series=series)


def test_mean_and_deviation_over_seeds_by_hand() -> None:
    summary = curve_statistics.over_seeds(
        curves((0, 2, "accuracy", 0.4), (1, 2, "accuracy", 0.6), (0, 1, "accuracy", 0.3))
    )
    assert list(summary["epoch"]) == [1, 2]
    assert list(summary["mean"]) == pytest.approx([0.3, 0.5])
    assert math.isnan(summary["std"][0])
    assert summary["std"][1] == pytest.approx(math.sqrt(0.02))
    assert (summary["min"][1], summary["max"][1]) == (0.4, 0.6)
    assert list(summary["seeds"]) == [1, 2]


def test_a_seed_that_selected_nothing_is_left_out_and_counted() -> None:
    summary = curve_statistics.over_seeds(
        curves((0, 1, "accuracy_selected", 0.9), (0, 1, "coverage", 0.2), (1, 1, "coverage", 0.0))
    )
    selected = curve_statistics.select_curve(summary, "full_pool", "accuracy_selected").iloc[0]
    assert (selected["mean"], selected["seeds"]) == (0.9, 1)
    assert curve_statistics.select_curve(summary, ("full_pool", "online"), "coverage").iloc[0]["mean"] == pytest.approx(
        0.1
    )


def test_matched_coverage_is_of_the_last_epoch() -> None:
    rows = [
        (0, epoch, quantity, value)
        for epoch, shift in ((1, 0.0), (2, 0.1))
        for quantity, value in (
            ("accuracy", 0.5 + shift),
            ("accuracy_at_10", 0.9 + shift),
            ("accuracy_at_50", 0.7 + shift),
        )
    ]
    found = curve_statistics.matched_coverage(curve_statistics.over_seeds(curves(*rows)))
    assert list(found["coverage"]) == [0.1, 0.5, 1.0]
    assert list(found["mean"]) == pytest.approx([1.0, 0.8, 0.6])


def test_no_curves_is_an_empty_summary() -> None:
    assert curve_statistics.over_seeds(curves()).empty
    assert curve_statistics.matched_coverage(curve_statistics.over_seeds(curves())).empty
