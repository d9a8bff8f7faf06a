"""What a run said of single clips, as counts: confusion of the test part, calibration of its pseudo-labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.core.metrics import counts
from ssmar_bench.results.schema import damaged

BINS = 10
"""Bins of confidence, equally wide from 0 to 1."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def predictions(record: Path) -> pd.DataFrame:
    """Columns clip, person, label, prediction, confidence of every test clip; no rows where there is no such file.

    Raises:
        UserError: names a file that cannot be read.
    """
    kinds = {"clip": str, "person": str, "label": int, "prediction": int, "confidence": float}
    return _read(record / "predictions.csv", kinds)


def confusion(record: Path, classes: int) -> Ints | None:
    """(classes, classes) test clips by true class (row) and predicted class; None where no predictions are kept."""
    frame = predictions(record)
    if frame.empty:
        return None
    pairs = frame[["label", "prediction"]].to_numpy()
    if pairs.min() < 0 or pairs.max() >= classes:
        raise damaged(record / "predictions.csv", f"a class is outside 0 to {classes - 1}")
    return counts(pairs[:, 0], pairs[:, 1], classes)


def calibration(record: Path) -> dict[str, Floats]:
    """Stream -> (3, ``BINS``): labels, sum of confidences and correct labels in each bin, at the end of training.

    Streams whose confidence is no probability (distances from a prototype) are left out.

    Raises:
        UserError: names a file that cannot be read.
    """
    kinds = {"stream": str, "label": int, "pseudo_label": int, "confidence": float}
    frame = _read(record / "pseudo_labels.csv", kinds)
    found = {}
    for stream, rows in frame.groupby("stream", sort=True):
        confidence = rows["confidence"].to_numpy()
        if confidence.min() < 0 or confidence.max() > 1:
            continue
        place = np.minimum((confidence * BINS).astype(int), BINS - 1)
        correct = (rows["label"] == rows["pseudo_label"]).to_numpy(dtype=float)
        sums = [np.bincount(place, weights, minlength=BINS) for weights in (None, confidence, correct)]
        found[str(stream)] = np.stack(sums).astype(float)
    return found


def _read(path: Path, kinds: dict[str, type]) -> pd.DataFrame:
    """The columns ``kinds`` of a CSV file; an absent or empty file has no rows."""
    if not path.is_file() or path.stat().st_size <= 1:
        return pd.DataFrame(columns=list(kinds))
    try:
        return pd.read_csv(path, usecols=list(kinds), dtype=kinds)
    except ValueError as error:  # pandas' parser errors are ValueErrors
        raise damaged(path, f"it cannot be read as CSV ({error})") from error
