"""Groups of runs that differ in their seed alone, with what their clips say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ssmar_bench.results.clip_counts import Floats, Ints, calibrations, confusions
from ssmar_bench.results.record_schema import Metrics, read_part
from ssmar_bench.results.records import Runs
from ssmar_bench.results.table_order import sort_runs

FEW = 5
"""Pseudo-labels below which a bin of confidence says nothing."""


@dataclass(frozen=True)
class RunGroup:
    """The finished runs of one method at one ratio.

    Attributes:
        method, label, ratio: which.
        mean, std: test accuracy in [0, 1]; std (n - 1) is NaN for one seed.
        seeds: how many.
        forward_passes, seconds: medians of the forward passes and of the time in training.
        confusion: (C, C) test clips of all seeds together; nothing of a run that kept no predictions.
        complete: whether all of them kept predictions.
        calibration: (3, bins) of the full_pool, all seeds together.
    """

    method: str
    label: str
    ratio: float
    mean: float
    std: float
    forward_passes: float
    confusion: Ints
    calibration: Floats
    seeds: int = 1
    seconds: float = math.nan
    complete: bool = True

    @property
    def recall(self) -> Floats:
        """(C,) share of each true class that was recognised; NaN for a class without clips."""
        total = self.confusion.sum(1)
        found: Floats = np.divide(np.diag(self.confusion), total, out=np.full(len(total), np.nan), where=total > 0)
        return found

    @property
    def shares(self) -> Floats:
        """(C, C) share of each true class that was given each name; 0 for a class without clips."""
        total = self.confusion.sum(1, keepdims=True)
        found: Floats = np.divide(self.confusion, total, out=np.zeros(self.confusion.shape), where=total > 0)
        return found

    @property
    def reliability(self) -> tuple[Floats, Floats]:
        """Mean confidence and accuracy of the bins with at least ``FEW`` pseudo-labels."""
        clips, confidence, correct = self.calibration[:, self.calibration[0] >= FEW]
        return confidence / clips, correct / clips


def class_names(runs: Runs, benchmark: str) -> list[str]:
    """The class names of the benchmark, from its first finished run; none without one."""
    rows = runs.of(benchmark)
    for folder in rows.loc[rows["state"] == "done", "folder"]:
        return read_part(Metrics, runs.record(folder) / "metrics.json").classes
    return []


def run_groups(runs: Runs, benchmark: str) -> list[RunGroup]:
    """Every cell of a benchmark that has a finished run, by ratio, then in table order."""
    frame = runs.of(benchmark)
    done = sort_runs(frame[frame["state"] == "done"]).sort_values("ratio", kind="stable")
    groups = [rows for _, rows in done.groupby(["ratio", "label"], sort=False)]
    return pool_runs(runs, groups, len(class_names(runs, benchmark)))


def pool_runs(runs: Runs, groups: Sequence[pd.DataFrame], classes: int) -> list[RunGroup]:
    """Groups of finished runs, each of one method at one ratio, of a benchmark with so many ``classes``."""
    numbers = {folder: i for i, rows in enumerate(groups) for folder in rows["folder"]}
    counts, bins = confusions(runs.logs, numbers, classes), calibrations(runs.logs, numbers)
    return [
        RunGroup(
            method=rows["method"].iloc[0],
            label=str(rows["label"].iloc[0]),
            ratio=float(rows["ratio"].iloc[0]),
            mean=rows["test_accuracy"].mean(),
            std=rows["test_accuracy"].std(ddof=1),
            forward_passes=rows["forward_passes"].median(),
            confusion=counts[i],
            calibration=bins[i],
            seeds=len(rows),
            seconds=rows["train_seconds"].median(),
            complete=all(runs.logs.answers(folder) is not None for folder in rows["folder"]),
        )
        for i, rows in enumerate(groups)
    ]
