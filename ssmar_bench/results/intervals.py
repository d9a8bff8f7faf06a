"""Intervals of an accuracy at 95 %: over subjects where they are known, else Wilson's over clips."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from ssmar_bench.results.paired_test import LEVEL, MIN_SUBJECTS, correct_counts, effective_subjects, standard_error
from ssmar_bench.results.record_schema import Metrics
from ssmar_bench.results.records import Runs

SMALL = 200
"""Clips of a test part below which every accuracy has its interval beside it."""


@dataclass(frozen=True)
class Interval:
    """Where the accuracy on further clips lies with a probability of 95 %, in [0, 1], and by which method."""

    low: float
    high: float
    by: str

    def touches(self, value: float) -> bool:
        """Whether the accuracy is not shown to be above ``value``."""
        return self.low <= value


def wilson(share: float, clips: float) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of independent ``clips``, at 95 %."""
    z = float(special.ndtri(1 - LEVEL / 2))
    middle = (share + z**2 / (2 * clips)) / (1 + z**2 / clips)
    reach = z / (1 + z**2 / clips) * math.sqrt(share * (1 - share) / clips + z**2 / (4 * clips**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def accuracy_interval(runs: Runs, rows: pd.DataFrame) -> Interval | None:
    """The interval of the mean test accuracy of finished runs of one method and ratio; None without any.

    Where at least ``MIN_SUBJECTS`` subjects are known, seeds and subjects are resampled and the standard error is
    referred to Student's t. Else it is Wilson's, as if there were one run: seeds share their test clips, so more seeds
    are no more clips.

    Args:
        runs: all runs.
        rows: the method's rows of ``Runs.runs``.
    """
    done = rows[rows["state"] == "done"]
    clips = done["count_test"].min()
    if done.empty or not clips > 0:
        return None
    mean = float(done["test_accuracy"].mean())
    if done["count_test_subjects"].min() >= MIN_SUBJECTS:
        counts = correct_counts(runs, done)
        if len(counts.seeds) == len(done):
            freedom = effective_subjects(counts.clips) - 1
            reach = float(special.stdtrit(freedom, 1 - LEVEL / 2)) * standard_error(counts.right, counts.clips)
            return Interval(max(0.0, mean - reach), min(1.0, mean + reach), "subjects")
    return Interval(*wilson(mean, float(clips)), "Wilson")


def recorded_interval(outcome: Metrics) -> Interval | None:
    """Wilson's interval of one record's test accuracy; None where clips are of many known subjects, or none are there.

    Clips of one subject are not independent; with ``MIN_SUBJECTS`` and more, :func:`accuracy_interval` resamples them.
    """
    clips = outcome.counts.test
    if not clips or outcome.counts.test_subjects >= MIN_SUBJECTS:
        return None
    return Interval(*wilson(outcome.test["accuracy"], clips), "Wilson")


def with_run_intervals(runs: Runs, frame: pd.DataFrame) -> pd.DataFrame:
    """``frame``, rows of ``Runs.runs``, with ``test_low`` and ``test_high``: the interval of each run's accuracy.

    They are NaN where a run has no result, and where its test part is not small.
    """
    small = (frame["count_test"] < SMALL).to_numpy()
    found = [accuracy_interval(runs, frame.iloc[[place]]) if one else None for place, one in enumerate(small)]
    return frame.assign(
        test_low=[one.low if one else math.nan for one in found],
        test_high=[one.high if one else math.nan for one in found],
    )


def intervals(runs: Runs, benchmark: str) -> dict[tuple[str, float], Interval]:
    """(label, ratio) -> interval of every method of a benchmark that has a finished run."""
    found = {}
    for (label, ratio), rows in runs.of(benchmark).groupby(["label", "ratio"], sort=False):
        interval = accuracy_interval(runs, rows)
        if interval is not None:
            found[str(label), float(np.asarray(ratio, dtype=float))] = interval
    return found
