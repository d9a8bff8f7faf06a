"""Mean ranks, Friedman's and Nemenyi's tests (Demsar, JMLR 2006), and the verdict beside a printed number."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ssmar_bench.results.ranking import friedman, mean_ranks
from ssmar_bench.results.verdict import compare_with_paper

SCORES = pd.DataFrame(np.random.default_rng(0).normal([[0], [1], [0], [1]], size=(4, 14)), index=list("abcd"))


def test_friedman_is_the_textbook_formula_and_nemenyi_the_textbook_distance() -> None:
    """chi2 = 12 N / (k (k + 1)) (sum R^2 - k (k + 1)^2 / 4); q = 2.569 for four methods at 5 % (Demsar, Table 5)."""
    found = friedman(SCORES)
    assert found is not None
    ranks = [sum(1 + sum(SCORES[c] > SCORES[c][row]) for c in SCORES) / 14 for row in SCORES.index]
    assert found.ranks.tolist() == pytest.approx(ranks)
    assert found.statistic == pytest.approx(12 * 14 / 20 * (sum(r * r for r in ranks) - 4 * 25 / 4))
    assert found.critical_difference == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), abs=5e-4)
    assert found.p < 0.05
    assert found.sets == 14


def test_friedmans_p_holds_for_few_data_sets() -> None:
    """Three methods in one order on five data sets: 6 of 6^5 equally likely orders are as extreme."""
    always = pd.DataFrame(np.array([[3.0, 2.0, 1.0]] * 5).T, index=list("abc"))
    found = friedman(always)
    assert found is not None
    assert found.p == pytest.approx(6 / 6**5, abs=4e-4)
    rng = np.random.default_rng(4)
    chance = [friedman(pd.DataFrame(rng.normal(size=(4, 5)))) for _ in range(100)]
    assert np.mean([one is not None and one.p < 0.05 for one in chance]) < 0.1


def test_four_data_sets_are_too_few() -> None:
    assert friedman(SCORES.iloc[:, :4]) is None
    assert friedman(SCORES.iloc[:2]) is None


def test_ranks_are_over_what_every_measured_row_has() -> None:
    scores = pd.DataFrame(
        {"a": [0.5, 0.7, math.nan], "b": [0.6, 0.6, math.nan], "c": [math.nan, 0.1, math.nan]}, index=["x", "y", "z"]
    )
    found = mean_ranks(scores)
    assert found.columns == 2
    assert found.ranks.to_dict() == {"x": 1.75, "y": 1.25}
    assert mean_ranks(scores.iloc[2:]).columns == 0


def test_a_verdict_respects_the_spread() -> None:
    """t(0.975, 4) s sqrt(1 + 1/5) = 2.776 * 1.581 * 1.095 = 4.81 points around 52."""
    ours = pd.Series([0.50, 0.51, 0.52, 0.53, 0.54])
    assert compare_with_paper(ours, 47.3).words == "agrees"
    assert compare_with_paper(ours, 47.1).words == "higher"
    assert compare_with_paper(ours, 56.9).words == "lower"
    assert compare_with_paper(ours, 47.1).gap == pytest.approx(4.9)
    assert compare_with_paper(ours, 47.1).reach == pytest.approx(4.81, abs=5e-3)
    assert compare_with_paper(ours[:3], 30.0).words == "higher, no claim with 3 seeds"
    assert compare_with_paper(ours[:1], 42.0).words == "one seed, no verdict"
