"""Differences of two methods: the arithmetic, and how often the test cries wolf when there is nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ssmar_bench.results.paired_test import CorrectCounts, _freedom, find_leader, holm, paired_difference

PEOPLE = tuple(f"p{i:02d}" for i in range(20))
CLIPS = np.full(20, 10.0)


def made(right: np.ndarray, seeds: int | None = None) -> CorrectCounts:
    return CorrectCounts(tuple(range(len(right) if seeds is None else seeds)), PEOPLE, right[:seeds], CLIPS)


def drawn(rng: np.random.Generator, subject: np.ndarray, seeds: int = 5, shift: float = 0.03) -> CorrectCounts:
    """Answers whose chance of being right is the user's own, with a shift of each seed."""
    chance = np.clip(subject + rng.normal(0, shift, (seeds, 1)), 0.02, 0.98)
    return made(rng.binomial(10, chance).astype(float))


def test_the_mean_is_over_clips_and_the_deviation_over_seeds() -> None:
    one, other = np.full((5, 20), 6.0), np.full((5, 20), 5.0)
    one[0] += 1
    found = paired_difference(made(one), made(other))
    assert found is not None
    assert found.mean == pytest.approx(0.1 + 0.02)
    assert found.std == pytest.approx(np.std([0.2, 0.1, 0.1, 0.1, 0.1], ddof=1))
    assert found.seeds == 5
    assert found.p < 0.01


def test_only_common_seeds_and_the_same_subjects_are_compared() -> None:
    one, other = made(np.full((5, 20), 6.0)), made(np.full((3, 20), 5.0))
    found = paired_difference(one, other)
    assert found is not None
    assert found.seeds == 3
    assert math.isnan(found.p), "three seeds support no claim"
    assert paired_difference(one, CorrectCounts((7, 8), PEOPLE, np.ones((2, 20)), CLIPS)) is None
    assert paired_difference(one, CorrectCounts(one.seeds, PEOPLE[::-1], one.right, CLIPS)) is None
    single = paired_difference(made(one.right, 1), made(other.right, 1))
    assert single is not None
    assert math.isnan(single.std)


def test_a_difference_that_hangs_on_two_subjects_is_not_significant() -> None:
    """Two of twenty subjects give a method all its lead, in every seed: 200 clips would call that certain."""
    base = np.full((5, 20), 5.0)
    lucky = base.copy()
    lucky[:, :2] = 10
    found = paired_difference(made(lucky), made(base))
    assert found is not None
    assert found.mean == pytest.approx(0.05)
    assert found.p > 0.1
    spread = paired_difference(made(base + 0.5), made(base))
    assert spread is not None
    assert spread.mean == pytest.approx(0.05)
    assert spread.p < 0.001


@pytest.mark.parametrize("own", [0.0, 0.1])
@pytest.mark.parametrize("shift", [0.0, 0.05])
def test_without_a_difference_it_is_rarely_significant(own: float, shift: float) -> None:
    """Two equally good methods, whether each has its own easy subjects or not, whether seeds scatter: at most 5 %."""
    rng = np.random.default_rng(0)
    rejected = []
    for _ in range(150):
        subject = rng.normal(0.5, 0.1, 20)
        found = paired_difference(*(drawn(rng, subject + rng.normal(0, own, 20), shift=shift) for _ in range(2)))
        assert found is not None
        rejected.append(found.p < 0.05)
    assert np.mean(rejected) < 0.09  # 150 draws of 5 % exceed it once in a hundred times


def test_subjects_with_many_clips_do_not_cry_wolf() -> None:
    """Three of ten subjects have three quarters of the clips, and each method subjects of its own: still about 5 %."""
    rng = np.random.default_rng(4)
    clips = np.array([100.0] * 3 + [15.0] * 7)
    rejected = []
    for _ in range(1000):
        chances = [np.clip(0.5 + rng.normal(0, 0.15, (1, 10)), 0, 1) * np.ones((10, 1)) for _ in range(2)]
        right = [rng.binomial(clips.astype(int), chance).astype(float) for chance in chances]
        found = paired_difference(*(CorrectCounts(tuple(range(10)), PEOPLE[:10], own, clips) for own in right))
        assert found is not None
        rejected.append(found.p < 0.05)
    assert np.mean(rejected) < 0.075


def test_a_true_lead_is_found() -> None:
    """Fifteen points over an equal, subjects of their own liking for each method: nearly always told from nothing."""
    rng = np.random.default_rng(2)
    found = []
    for _ in range(50):
        subject = rng.normal(0.5, 0.1, 20)
        better, other = (drawn(rng, subject + rng.normal(lead, 0.05, 20), shift=0.01) for lead in (0.15, 0.0))
        pair = paired_difference(better, other)
        assert pair is not None
        found.append(pair.p < 0.05)
    assert np.mean(found) > 0.8


def test_the_degrees_of_freedom_are_those_of_what_scatters() -> None:
    rng = np.random.default_rng(3)
    by_seed = np.repeat(rng.normal(0, 1, (5, 1)), 20, axis=1)
    by_subject = np.repeat(rng.normal(0, 1, (1, 20)), 5, axis=0)
    assert _freedom(by_seed, CLIPS) == pytest.approx(4)
    assert _freedom(by_subject, CLIPS) == pytest.approx(19)
    assert 4 < _freedom(by_seed + by_subject, CLIPS) < 23
    assert _freedom(np.zeros((5, 20)), CLIPS) == 4


def test_few_subjects_support_no_claim() -> None:
    few, clips = PEOPLE[:7], np.full(7, 100.0)
    one, other = (CorrectCounts((0, 1, 2, 3, 4), few, np.full((5, 7), right), clips) for right in (90.0, 10.0))
    found = paired_difference(one, other)
    assert found is not None
    assert found.mean == pytest.approx(0.8)
    assert math.isnan(found.p)
    assert not find_leader({"one": one, "other": other}).tested


def test_holm_is_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, math.nan, 0.6])[0] == pytest.approx(1.0)
    assert math.isnan(holm([math.nan])[0])


def test_bold_needs_a_lead_over_everybody_and_five_seeds() -> None:
    rng = np.random.default_rng(1)
    subject = rng.normal(0.5, 0.1, 20)
    found = {"far": drawn(rng, subject + 0.3), "near": drawn(rng, subject), "also near": drawn(rng, subject)}
    assert find_leader(found).leader == "far"
    assert not find_leader(found).tied
    without = {row: hits for row, hits in found.items() if row != "far"}
    tied = find_leader(without)
    assert tied.leader is None
    assert tied.tied == {"near", "also near"}
    assert tied.tested
    lucky = np.vstack([found["near"].right, np.full((5, 20), 10.0)])  # five seeds that nobody else has
    assert find_leader({**found, "near": made(lucky)}).leader == "far"
    few = {**found, "near": made(found["near"].right, 3)}
    assert find_leader(few) == find_leader({"far": found["far"]})
    assert not find_leader(few).tested
    assert find_leader({}).leader is None
