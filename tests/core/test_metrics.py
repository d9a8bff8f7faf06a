from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from ssmar_bench.core import metrics
from ssmar_bench.core.metrics import Metric, accuracy_at_coverage, scores


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("classes", "clips"), [(2, 3), (5, 40), (12, 30), (12, 500)])
def test_scores_agree_with_scikit_learn(classes: int, clips: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    label = draw.integers(classes - seed % 2, size=clips)  # with odd seeds the last class is never true
    prediction = np.where(draw.random(clips) < 0.4, label, draw.integers(classes, size=clips))
    seen = np.union1d(label, prediction)
    expected = {
        "accuracy": accuracy_score(label, prediction),
        "macro_f1": f1_score(label, prediction, labels=seen, average="macro", zero_division=0),
        "balanced_accuracy": recall_score(label, prediction, labels=np.unique(label), average="macro"),
    }
    assert scores(label, prediction, classes) == pytest.approx(expected, abs=1e-12)


def test_scores_by_hand() -> None:
    """Class 0: 2 of 3 found, one more wrongly named; class 1: 1 of 2; class 2: wrongly named once; class 3: absent."""
    label, prediction = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 2, 1, 0])
    found = scores(label, prediction, 4)
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["macro_f1"] == pytest.approx((4 / 6 + 2 / 3 + 0) / 3)


def test_the_best_the_worst_and_one_class_alone() -> None:
    label = np.array([2, 0, 1])
    assert set(scores(label, label, 3).values()) == {1.0}
    assert set(scores(label, (label + 1) % 3, 3).values()) == {0.0}
    assert set(scores(np.array([1, 1]), np.array([1, 1]), 3).values()) == {1.0}


def test_predicting_the_majority_is_seen_through() -> None:
    found = scores(np.array([0] * 9 + [1]), np.zeros(10, dtype=int), 2)
    assert found["accuracy"] == pytest.approx(0.9)
    assert found["balanced_accuracy"] == pytest.approx(0.5)
    assert found["macro_f1"] == pytest.approx(0.5 * 18 / 19)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_without_a_finite_value_is_unknown(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, Metric("odd", "Odd", lambda *_: value)))
    found = scores(np.array([0, 1]), np.array([0, 0]), 2)
    assert [*found] == metrics.metric_keys()[:-1]


@pytest.mark.parametrize(("coverage", "expected"), [(0.25, 1.0), (0.26, 0.5), (0.5, 0.5), (0.75, 2 / 3), (1.0, 0.5)])
def test_accuracy_at_coverage_by_hand(coverage: float, expected: float) -> None:
    correct, confidence = np.array([True, False, True, False]), np.array([0.5, 0.8, 0.9, 0.1])
    assert accuracy_at_coverage(correct, confidence, coverage) == pytest.approx(expected)


def test_equal_confidences_stand_in_index_order() -> None:
    correct, level = np.arange(200) < 100, np.ones(200)
    assert accuracy_at_coverage(correct, level, 0.5) == 1.0
    assert accuracy_at_coverage(correct[::-1], level, 0.5) == 0.0
    surer = np.arange(200) % 2 + 0.0  # of the hundred odd ones the first fifty are right
    assert accuracy_at_coverage(correct, surer, 0.25) == 1.0


@pytest.mark.parametrize(("coverage", "clips", "kept"), [(0.1, 30, 3), (0.1, 31, 4), (0.07, 100, 7), (0.55, 100, 55)])
def test_the_number_kept_is_not_fooled_by_binary_fractions(coverage: float, clips: int, kept: int) -> None:
    correct = np.arange(clips) < kept  # one clip more would lower this accuracy, one fewer would raise the next
    confidence = -np.arange(clips, dtype=float)
    assert accuracy_at_coverage(correct, confidence, coverage) == 1.0
    correct[kept - 1] = False
    assert accuracy_at_coverage(correct, confidence, coverage) == pytest.approx(1 - 1 / kept)
