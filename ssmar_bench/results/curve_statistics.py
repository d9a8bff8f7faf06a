"""Curves over epochs: means and deviations over seeds, of pseudo-labels and of anything else in ``curves.csv``."""

from __future__ import annotations

import pandas as pd

COVERAGES = {"accuracy_at_10": 0.10, "accuracy_at_25": 0.25, "accuracy_at_50": 0.50, "accuracy_at_75": 0.75}
"""Quantity -> share of most confident clips it is measured over; ``accuracy`` itself is over all."""

KEYS = ["method", "label", "ratio", "series", "quantity", "epoch"]


def over_seeds(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean, std (n - 1; NaN for one seed), min, max and seeds (n) of every point of ``Runs.curves``.

    A seed that lacks a point (no clip passed the threshold in that epoch) is left out of that point, and ``seeds``
    says so.
    """
    groups = curves.groupby(KEYS, sort=False, observed=True)["value"]
    found = groups.agg(["mean", "std", "min", "max", "count"]).rename(columns={"count": "seeds"}).reset_index()
    texts = {key: found[key].astype(str) for key in ("method", "label", "series", "quantity")}
    return found.assign(**texts).sort_values("epoch", kind="stable", ignore_index=True)


def select_curve(summary: pd.DataFrame, series: str | tuple[str, ...], quantity: str) -> pd.DataFrame:
    """The rows of one quantity of one series (or of several)."""
    series_names = (series,) if isinstance(series, str) else series
    return summary[summary["series"].isin(series_names) & (summary["quantity"] == quantity)]


def matched_coverage(summary: pd.DataFrame, series: str = "full_pool") -> pd.DataFrame:
    """Accuracy at equal coverage after the last epoch: label, ratio, coverage, mean, std, min, max, seeds.

    Methods select different clips and different numbers of them; at equal coverage their accuracies compare.
    """
    rows = summary[(summary["series"] == series) & summary["quantity"].isin(["accuracy", *COVERAGES])]
    last = rows.groupby(["label", "ratio"])["epoch"].transform("max")
    rows = rows[rows["epoch"] == last]
    coverage = rows["quantity"].map({**COVERAGES, "accuracy": 1.0})
    return rows.assign(coverage=coverage).sort_values("coverage", kind="stable", ignore_index=True)
