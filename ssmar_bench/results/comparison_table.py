"""The comparison of methods: means and standard deviations over seeds, with floor, ceiling, cost and gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.metrics import Metric
from ssmar_bench.results.caption_facts import CaptionFacts
from ssmar_bench.results.comparability import Comparability, comparability
from ssmar_bench.results.competing import competing
from ssmar_bench.results.intervals import accuracy_interval
from ssmar_bench.results.records import Runs
from ssmar_bench.results.table_order import PUBLISHED, sort_runs

LEVELS = {"micro-motion-easy": "Easy", "micro-motion-12": "Medium", "micro-motion-hard": "Hard"}
"""One benchmark at three levels of difficulty; their results are always shown together."""

COSTS = ("steps", "clips_seen", "forward_passes", "train_seconds")
GAPS = ("failed", "unfinished", "missing")
INTERVAL = ("accuracy_low", "accuracy_high", "learned")
"""Ends of the 95 % interval of the mean accuracy, and whether all of it is above the majority rate."""

ALL_LABELS = ", all labels"
UPPER = ("supervised", 1.0)
"""The method and ratio whose runs are the fully labelled upper bound."""


@dataclass(frozen=True)
class Measure:
    """A score that is averaged over seeds, into the columns ``<key>_mean`` and ``<key>_std``.

    Attributes:
        key: ``accuracy``, ``ema_accuracy``.
        column: where each run has it in ``Runs.runs``.
        label: the heading of its column.
        metric: how it is computed and shown.
    """

    key: str
    column: str
    label: str
    metric: Metric


def measures() -> list[Measure]:
    """Every metric on the test part; then the first one with averaged weights, and on the validation part."""
    first = metrics.METRICS[0]
    return [
        *(Measure(metric.key, f"test_{metric.key}", metric.label, metric) for metric in metrics.METRICS),
        Measure(f"ema_{first.key}", f"test_ema_{first.key}", "EMA acc.", first),
        Measure(f"validation_{first.key}", f"validation_{first.key}", "Validation acc.", first),
    ]


def columns() -> list[str]:
    """The columns of :func:`comparison`."""
    spread = [f"{measure.key}_{statistic}" for measure in measures() for statistic in ("mean", "std")]
    return ["kind", "method", "label", "ratio", "seeds", *GAPS, *spread, *INTERVAL, *COSTS]


def comparison(runs: Runs, benchmark: str, order: Sequence[str] = PUBLISHED) -> pd.DataFrame:
    """One row a method and ratio, columns :func:`columns`; accuracies are fractions.

    ``kind`` is ``method``, ``majority`` (always answering the most frequent training class) or ``upper bound`` (the
    supervised method with every label, the same at each ratio). ``seeds`` counts finished runs; ``failed`` and
    ``unfinished`` the others; ``missing`` the seeds that other methods have at this ratio and this one has not, so
    that no gap looks like a choice. Standard
    deviations divide by n - 1 and are NaN for one seed; a metric that a finished run lacks is NaN; costs are medians.
    ``accuracy_low`` and ``accuracy_high`` are of :mod:`ssmar_bench.results.intervals`; ``learned`` is False where that
    interval touches the majority rate.

    Raises:
        UserError: two finished runs of one cell and seed that may not be averaged.
    """
    frame = sort_runs(runs.of(benchmark), order)
    _no_twins(frame)
    top = (frame["method"] == UPPER[0]) & (frame["ratio"] == UPPER[1]) & ~competing(frame)
    below = frame[~top]
    ratios = sorted(set(below["ratio"])) or sorted(set(frame["ratio"]))
    seeds = {ratio: _seeds(below, ratio) for ratio in ratios}
    rows = [
        {"kind": "method", **_cell(cells.get(ratio, below[:0]), ratio, seeds[ratio]), "method": method, "label": label}
        for (method, label), own in _by_method(below)
        for cells in [dict(iter(own.groupby("ratio")))]
        for ratio in ratios
    ]
    floors = {ratio: _majority(frame, ratio) for ratio in ratios}
    rows += floors.values()
    rows += [
        {"kind": "upper bound", **_cell(own, ratio, set()), "method": method, "label": f"{label}{ALL_LABELS}"}
        for (method, label), own in _by_method(frame[top])
        for ratio in ratios
    ]
    groups = {key: own for key, own in frame.groupby(["label", "ratio"])}  # noqa: C416
    for row in rows:
        if row["kind"] != "majority" and row["seeds"]:
            row |= _interval(runs, groups, row, floors)
    return pd.DataFrame(rows, columns=columns())


def _interval(
    runs: Runs, groups: Mapping[Any, pd.DataFrame], row: dict[str, Any], floors: dict[float, dict[str, Any]]
) -> dict[str, Any]:
    ratio = UPPER[1] if row["kind"] == "upper bound" else row["ratio"]
    label = row["label"].removesuffix(ALL_LABELS) if row["kind"] == "upper bound" else row["label"]
    found = accuracy_interval(runs, groups[label, ratio])
    if found is None:
        return {}
    learned = not found.touches(floors[row["ratio"]]["accuracy_mean"])
    return dict(zip(INTERVAL, (found.low, found.high, learned), strict=True))


def compare_rows(frame: pd.DataFrame, facts: CaptionFacts) -> Comparability:
    """In what the rows of a comparison differ, by their labels."""
    labels = dict.fromkeys(frame["label"])
    return comparability({name: facts.training_setups[name] for name in labels if name in facts.training_setups})


def levels(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The comparisons of several benchmarks below each other, with a column ``benchmark`` first.

    Only ratios that all benchmarks with runs have are kept, so that a row never mixes ratios, and of these only rows
    that two benchmarks have. If they have none in common, every ratio or row stays and the gaps show.
    """
    common = set.intersection(*(set(frame["ratio"]) for frame in frames.values()))
    named = [frame.assign(benchmark=name) for name, frame in frames.items()]
    found = pd.concat(named, ignore_index=True)[["benchmark", *columns()]]
    found = found[found["ratio"].isin(common)] if common else found
    shared = found.groupby(["ratio", "kind", "label"])["benchmark"].transform("nunique") > 1
    compared = bool((shared & (found["kind"] != "majority")).any())
    return (found[shared] if compared else found).reset_index(drop=True)


def unfinished_runs(runs: Runs, benchmark: str, order: Sequence[str] = PUBLISHED) -> pd.DataFrame:
    """The runs that gave no result: label, ratio, seed, state, reason, folder."""
    frame = sort_runs(runs.of(benchmark).sort_values(["ratio", "seed"], kind="stable"), order)
    shown = ["label", "ratio", "seed", "state", "reason", "folder"]
    return frame.loc[frame["state"] != "done", shown].reset_index(drop=True)


def _by_method(frame: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Groups of one row of the table each, in the frame's order; variants of a method differ in their labels."""
    return [((str(key[0]), str(key[1])), rows) for key, rows in frame.groupby(["method", "label"], sort=False)]


def _seeds(frame: pd.DataFrame, ratio: float) -> set[int]:
    return set(frame.loc[frame["ratio"] == ratio, "seed"])


def _cell(cell: pd.DataFrame, ratio: float, expected: set[int]) -> dict[str, Any]:
    done = cell[cell["state"] == "done"]
    row: dict[str, Any] = {"ratio": ratio, "seeds": len(done), "missing": len(expected - set(cell["seed"]))}
    for state in ("failed", "unfinished"):
        row[state] = int((cell["state"] == state).sum())
    for measure in measures():
        # Without one run's value, the others' mean would not be that of all seeds: it is unknown.
        row[f"{measure.key}_mean"], row[f"{measure.key}_std"] = _mean_and_std(done[measure.column].to_numpy())
    return {**row, **{cost: done[cost].median() for cost in COSTS}}


def _mean_and_std(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    mean = float(values.mean()) if len(values) else math.nan
    return mean, float(values.std(ddof=1)) if len(values) > 1 else math.nan


def _majority(frame: pd.DataFrame, ratio: float) -> dict[str, Any]:
    """The floor, from one run a seed: every method of a seed has the same training and test clips."""
    done = frame[(frame["state"] == "done") & (frame["ratio"] == ratio)]
    # At a ratio where nothing finished, the other ratios tell: the test part is the same.
    done = (done if len(done) else frame[frame["state"] == "done"]).drop_duplicates("seed")
    return {
        "kind": "majority",
        "method": "majority",
        "label": "Most frequent class",
        "ratio": ratio,
        "seeds": len(done),
        **dict.fromkeys(GAPS, 0),
        "accuracy_mean": done["majority"].mean(),
        "accuracy_std": done["majority"].std(ddof=1),
    }


def _no_twins(frame: pd.DataFrame) -> None:
    """Two finished runs of one seed in one cell differ in their split alone; averaging them would count it twice."""
    done = frame[frame["state"] == "done"]
    for _, same in done.groupby(["method", "variant", "ratio", "seed"]):
        if len(same) == 1:
            continue
        raise UserError(
            f"{' and '.join(same['folder'])} are the same run group and seed on different splits (the data or their "
            "split has changed); move one of them out of runs/."
        )
