"""The scores of a prediction, from labels and predicted classes alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.floating]


def scores(label: Ints, prediction: Ints, classes: int) -> dict[str, float]:
    """Top-1 accuracy, macro-F1 and balanced accuracy, in [0, 1].

    Args:
        label: (N,) true classes in 0..classes-1.
        prediction: (N,) predicted classes.
        classes: C; a class that occurs in neither is left out of the two means.
    """
    matrix = confusion_matrix(label, prediction, classes).astype(float)
    hits, true, named = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    present = true > 0
    seen = (true + named) > 0
    return {
        "accuracy": float(hits.sum() / matrix.sum()),
        "macro_f1": float((2 * hits[seen] / (true + named)[seen]).mean()),
        "balanced_accuracy": float((hits[present] / true[present]).mean()),
    }


def confusion_matrix(label: Ints, prediction: Ints, classes: int) -> npt.NDArray[np.int64]:
    """How many clips of each true class (row) were given each name (column), (C, C)."""
    # Not scikit-learn's: its import takes over a second, in every process that trains.
    pairs = np.bincount(label * classes + prediction, minlength=classes**2)
    return pairs.reshape(classes, classes).astype(np.int64)


def accuracy_at_coverage(correct: npt.NDArray[np.bool_], confidence: Floats, coverage: float) -> float:
    """Accuracy of the ceil(coverage x N) most confident of N labels; equal confidences are in index order."""
    kept = int(np.ceil(coverage * len(correct) - 1e-9))
    order = np.argsort(-confidence, kind="stable")[:kept]
    return float(correct[order].mean())
