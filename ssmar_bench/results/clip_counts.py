"""What a run said of single clips, as counts: confusion of the test part, calibration of its pseudo-labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.metrics import confusion_matrix
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import damaged_record
from ssmar_bench.results.record_tables import predictions, pseudo_labels

BINS = 10
"""Bins of confidence, equally wide from 0 to 1."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def confusion(record: RecordPlace, classes: int) -> Ints | None:
    """(classes, classes) test clips by true class (row) and predicted class; None where no predictions are kept."""
    frame = predictions(record)
    if frame.empty:
        return None
    pairs = frame[["label", "prediction"]].to_numpy()
    if pairs.min() < 0 or pairs.max() >= classes:
        raise damaged_record(record / "predictions.csv", f"a class is outside 0 to {classes - 1}")
    return confusion_matrix(pairs[:, 0], pairs[:, 1], classes)


def calibration(record: RecordPlace) -> dict[str, Floats]:
    """Series -> (3, ``BINS``): labels, sum of confidences and correct labels in each bin, at the end of training.

    Clips that were never labelled are in no bin, since nobody knows what is correct; a series of such clips alone, and
    series whose confidence is no probability (distances from a prototype) are left out.

    Raises:
        UserError: names a file that cannot be read.
    """
    found = {}
    frame = pseudo_labels(record)
    for series, rows in frame[frame["label"] != UNKNOWN].groupby("series", sort=True):
        confidence = rows["confidence"].to_numpy()
        if confidence.min() < 0 or confidence.max() > 1:
            continue
        place = np.minimum((confidence * BINS).astype(int), BINS - 1)
        correct = (rows["label"] == rows["pseudo_label"]).to_numpy(dtype=float)
        sums = [np.bincount(place, weights, minlength=BINS) for weights in (None, confidence, correct)]
        found[str(series)] = np.stack(sums).astype(float)
    return found
