"""What a run said of single clips, as counts: confusion of the test part, calibration of its pseudo-labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.metrics import confusion_matrix
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import damaged_record
from ssmar_bench.results.record_tables import columns

BINS = 10
"""Bins of confidence, equally wide from 0 to 1."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def confusion(record: RecordPlace, classes: int) -> Ints | None:
    """(classes, classes) test clips by true class (row) and predicted class; None where no predictions are kept."""
    found = columns(record, "predictions").numbers
    label, prediction = found["label"].astype(np.int64), found["prediction"].astype(np.int64)
    if not len(label):
        return None
    if min(label.min(), prediction.min()) < 0 or max(label.max(), prediction.max()) >= classes:
        raise damaged_record(record / "predictions.csv", f"a class is outside 0 to {classes - 1}")
    return confusion_matrix(label, prediction, classes)


def calibration(record: RecordPlace) -> dict[str, Floats]:
    """Series -> (3, ``BINS``): labels, sum of confidences and correct labels in each bin, at the end of training.

    Clips that were never labelled are in no bin, since nobody knows what is correct; a series of such clips alone, and
    series whose confidence is no probability (distances from a prototype) are left out.

    Raises:
        UserError: names a file that cannot be read.
    """
    found = {}
    columns_of = columns(record, "pseudo_labels")
    names, series_of = columns_of.groups("series")
    label, given = columns_of.numbers["label"], columns_of.numbers["pseudo_label"]
    for number, series in enumerate(names):
        own = (series_of == number) & (label != UNKNOWN)
        confidence = columns_of.numbers["confidence"][own]
        if not len(confidence) or confidence.min() < 0 or confidence.max() > 1:
            continue
        place = np.minimum((confidence * BINS).astype(int), BINS - 1)
        correct = (label == given)[own].astype(float)
        sums = [np.bincount(place, weights, minlength=BINS) for weights in (None, confidence, correct)]
        found[series] = np.stack(sums).astype(float)
    return found
