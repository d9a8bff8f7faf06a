"""The scores of a prediction, from labels and predicted classes alone. A new one is an entry of :data:`METRICS`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Metric:
    """A score of predictions: an entry of :data:`METRICS` is a column wherever scores are written or shown.

    Attributes:
        key: its name in records, frames and CSV files.
        label: the heading of its column.
        function: (label, prediction, classes) -> a number: (N,) true classes in 0..classes-1, (N,) predicted classes,
            and C. The same for validation and test, raw and averaged weights. A number that is not finite is unknown.
        unit: ``%``: values are fractions, shown times 100; anything else (``""`` for none): shown as they are.
        low, high: least and greatest possible value; a record with another value is damaged.
        higher_is_better: how it is read.
        note: what a caption says of it, a clause without full stop.
    """

    key: str
    label: str
    function: Callable[[Ints, Ints, int], float]
    unit: str = "%"
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True
    note: str = ""

    @property
    def factor(self) -> int:
        """What a value is multiplied by to be shown."""
        return 100 if self.unit == "%" else 1

    @property
    def places(self) -> int:
        """Decimal places of a shown value."""
        return 1 if self.unit == "%" else 3

    def text(self, value: float) -> str:
        """A value as it is shown, without its unit."""
        return f"{self.factor * value:.{self.places}f}"


def accuracy(label: Ints, prediction: Ints, _classes: int) -> float:
    """Top-1: the share of right predictions."""
    return float((label == prediction).mean())


def macro_f1(label: Ints, prediction: Ints, classes: int) -> float:
    """Mean F1 score of the classes that occur among labels or predictions."""
    matrix = confusion_matrix(label, prediction, classes).astype(float)
    hits, occurrences = np.diag(matrix), matrix.sum(1) + matrix.sum(0)
    seen = occurrences > 0
    return float((2 * hits[seen] / occurrences[seen]).mean())


def balanced_accuracy(label: Ints, prediction: Ints, classes: int) -> float:
    """Mean recall of the classes that occur among labels."""
    matrix = confusion_matrix(label, prediction, classes).astype(float)
    present = matrix.sum(1) > 0
    return float((np.diag(matrix)[present] / matrix.sum(1)[present]).mean())


BALANCED = Metric(
    "balanced_accuracy",
    "Balanced acc.",
    balanced_accuracy,
    note="Balanced accuracy is the mean of the classes' recalls",
)
"""What is shown beside accuracy in every table of the paper."""

METRICS: tuple[Metric, ...] = (
    Metric("accuracy", "Accuracy", accuracy),
    Metric("macro_f1", "Macro-F1", macro_f1),
    BALANCED,
)
"""Everything that is scored, in the order of the columns. Accuracy is first: ranks, claims and figures are about it.

Records, tables, the page and ``api.results()`` read this list whenever they need it. A record that was written before
a metric was added shows a blank.
"""


def metric_keys() -> list[str]:
    """The key of every metric, in the order of :data:`METRICS`."""
    return [metric.key for metric in METRICS]


def scores(label: Ints, prediction: Ints, classes: int) -> dict[str, float]:
    """Every metric of some predictions, by its key; one whose value is not finite is left out.

    Args:
        label: (N,) true classes in 0..classes-1.
        prediction: (N,) predicted classes.
        classes: C.
    """
    found = {metric.key: float(metric.function(label, prediction, classes)) for metric in METRICS}
    return {key: value for key, value in found.items() if math.isfinite(value)}


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
