"""What runs said of single clips, as counts: confusion of the test part, calibration of pseudo-labels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.results.run_logs import RunLogs

BINS = 10
"""Bins of confidence, equally wide from 0 to 1."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def confusions(logs: RunLogs, groups: Mapping[str, int], classes: int) -> Ints:
    """(groups, classes, classes) test clips by true class (row) and predicted class.

    Args:
        logs: of all runs.
        groups: run -> number of its group, from 0.
        classes: how many.
    """
    size = 1 + max(groups.values(), default=-1)
    total = np.zeros(size * classes**2, dtype=np.int64)
    for log, group in logs.of("predictions", groups):
        keys = (group * classes + log.columns["label"]) * classes + log.columns["prediction"]
        total += np.bincount(keys[group >= 0], minlength=len(total))
    return total.reshape(size, classes, classes)


def confusion_entries(logs: RunLogs, runs: Mapping[str, int], classes: int) -> dict[int, Ints]:
    """Number of a run -> (n, 2) the places in its flat (classes, classes) confusion that are not zero, and counts.

    Arguments as of :func:`confusions`; a run without predictions has none.
    """
    found: dict[int, Ints] = {}
    for log, run in logs.of("predictions", runs):
        keys = (run * classes + log.columns["label"]) * classes + log.columns["prediction"]
        places, counts = np.unique(keys[run >= 0], return_counts=True)
        own, ends = np.unique(places // classes**2, return_index=True)
        pairs = np.stack([places % classes**2, counts], axis=1)
        found |= dict(zip(own.tolist(), np.split(pairs, ends[1:]), strict=True)) if len(own) else {}
    return found


def calibrations(logs: RunLogs, groups: Mapping[str, int], series: str = "full_pool") -> Floats:
    """(groups, 3, ``BINS``): labels, sum of confidences and correct labels in each bin, at the end of training.

    Clips that were never labelled are in no bin, since nobody knows what is correct. A run of which a confidence is no
    probability (distances from a prototype) is left out.

    Args:
        logs: of all runs.
        groups: run -> number of its group, from 0.
        series: of pseudo-labels.
    """
    size = 1 + max(groups.values(), default=-1)
    total = np.zeros((3, size * BINS))
    for log, group in logs.of("pseudo_labels", groups):
        label, given, confidence = (log.columns[name] for name in ("label", "pseudo_label", "confidence"))
        rows = log.where("series", series) & (label != UNKNOWN) & (group >= 0)
        outside = np.unique(log.runs[rows & ~((confidence >= 0) & (confidence <= 1))])
        rows &= ~np.isin(log.runs, outside)
        sure = confidence[rows]
        places = group[rows] * BINS + np.minimum((sure * BINS).astype(int), BINS - 1)
        for row, weights in enumerate((None, sure, (label == given)[rows].astype(float))):
            total[row] += np.bincount(places, weights, minlength=size * BINS)
    return total.reshape(3, size, BINS).transpose(1, 0, 2)
