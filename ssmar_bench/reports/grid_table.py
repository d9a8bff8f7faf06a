"""The table that a command ends with: the accuracies of its own runs, and their gain over labelled-only training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pandas as pd

from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.reports.formatting import percent_text
from ssmar_bench.reports.result_tables import accuracy
from ssmar_bench.reports.tables import Table
from ssmar_bench.results.caption_facts import caption_facts
from ssmar_bench.results.comparison import UPPER, comparison
from ssmar_bench.results.records import Runs
from ssmar_bench.results.variants import SHARED

GAIN = "gain"
Gains = dict[tuple[str, float], str]


def only(runs: Runs, folders: Collection[str]) -> Runs:
    """The runs of some folders, and their damaged records."""
    frame = runs.runs[runs.runs["folder"].isin(list(folders))]
    return replace(runs, runs=frame, damage=tuple(one for one in runs.damage if one.folder in folders))


def accuracy_and_gain(runs: Runs, benchmark: str, folders: Collection[str]) -> Table:
    """Methods by ratios: test accuracy in %, and behind each ratio the gain in points where there is one."""
    own = only(runs, folders)
    table = accuracy(comparison(own, benchmark), caption_facts(own, benchmark))
    gains = gains_over_labelled_only(runs, own.of(benchmark))
    ratios = {percent_text(ratio): ratio for ratio in sorted(set(own.of(benchmark)["ratio"]))}
    columns = [(name, [row[place] for row in table.rows]) for place, name in enumerate(table.header)]
    shown: list[tuple[str, list[str]]] = []
    for place, (name, cells) in enumerate(columns):
        shown.append((name, cells))
        of_ratio = [gains.get((row[0], ratios.get(name, -1.0)), "") for row in table.rows]
        if place >= table.left and any(of_ratio):
            shown.append((GAIN, of_ratio))
    return replace(
        table,
        header=tuple(name for name, _ in shown),
        rows=tuple(zip(*(cells for _, cells in shown), strict=True)),
    )


def gains_over_labelled_only(runs: Runs, own: pd.DataFrame) -> Gains:
    """(label, ratio) -> ``+6.6``: points of test accuracy over ``supervised`` there, mean of common seeds.

    Args:
        runs: where ``supervised`` is looked for: in the same split, network and schedule.
        own: the rows that are compared with it; finished ones count.
    """
    done = runs.runs[(runs.runs["state"] == "done") & (runs.runs["method"] == UPPER[0])]
    baseline = {_conditions(runs.specs[row["folder"]]): float(row["test_accuracy"]) for row in done.to_dict("records")}
    points: dict[tuple[str, float], list[float]] = {}
    for row in own[(own["state"] == "done") & (own["method"] != UPPER[0])].to_dict("records"):
        labelled_only = baseline.get(_conditions(runs.specs[row["folder"]]))
        if labelled_only is not None:
            gain = 100 * (float(row["test_accuracy"]) - labelled_only)
            points.setdefault((str(row["label"]), float(row["ratio"])), []).append(gain)
    return {key: f"{sum(gains) / len(gains):+.1f}" for key, gains in points.items()}


def _conditions(spec: RunSpec) -> str:
    """What two runs must have in common to be compared: all but the method."""
    settings = spec.to_json()
    return repr([settings.get(name) for name in ("benchmark", "split", "ratio", "seed", *SHARED)])
