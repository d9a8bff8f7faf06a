"""Differences of two methods: the arithmetic, and how often the test cries wolf when there is nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ssmar_bench.results.paired import Hits, difference, holm, standing

PEOPLE = tuple(f"p{i:02d}" for i in range(20))
CLIPS = np.full(20, 10.0)


def made(right: np.ndarray, seeds: int | None = None) -> Hits:
    return Hits(tuple(range(len(right) if seeds is None else seeds)), PEOPLE, right[:seeds], CLIPS)


def drawn(rng: np.random.Generator, person: np.ndarray, seeds: int = 5) -> Hits:
    """Answers whose chance of being right is a person's own, with a shift of each seed."""
    chance = np.clip(person + rng.normal(0, 0.03, (seeds, 1)), 0.02, 0.98)
    return made(rng.binomial(10, chance).astype(float))


def test_the_mean_is_over_clips_and_the_deviation_over_seeds() -> None:
    one, other = np.full((5, 20), 6.0), np.full((5, 20), 5.0)
    one[0] += 1
    found = difference(made(one), made(other))
    assert found is not None
    assert found.mean == pytest.approx(0.1 + 0.02)
    assert found.std == pytest.approx(np.std([0.2, 0.1, 0.1, 0.1, 0.1], ddof=1))
    assert found.seeds == 5
    assert found.p < 0.01


def test_only_common_seeds_and_the_same_people_are_compared() -> None:
    one, other = made(np.full((5, 20), 6.0)), made(np.full((3, 20), 5.0))
    found = difference(one, other)
    assert found is not None
    assert found.seeds == 3
    assert math.isnan(found.p), "three seeds support no claim"
    assert difference(one, Hits((7, 8), PEOPLE, np.ones((2, 20)), CLIPS)) is None
    assert difference(one, Hits(one.seeds, PEOPLE[::-1], one.right, CLIPS)) is None
    single = difference(made(one.right, 1), made(other.right, 1))
    assert single is not None
    assert math.isnan(single.std)


def test_a_difference_that_hangs_on_two_people_is_not_significant() -> None:
    """Two of twenty people give a method all its lead, in every seed: 200 clips would call that certain."""
    base = np.full((5, 20), 5.0)
    lucky = base.copy()
    lucky[:, :2] = 10
    found = difference(made(lucky), made(base))
    assert found is not None
    assert found.mean == pytest.approx(0.05)
    assert found.p > 0.1
    spread = difference(made(base + 0.5), made(base))
    assert spread is not None
    assert spread.mean == pytest.approx(0.05)
    assert spread.p < 0.001


def test_without_a_difference_it_is_rarely_significant() -> None:
    """Two methods that are equally good, each with its own easy and hard people: at most about 5 % at 5 %."""
    rng = np.random.default_rng(0)
    rejected = []
    for _ in range(150):
        person = rng.normal(0.5, 0.1, 20)
        methods = [drawn(rng, person + rng.normal(0, 0.1, 20)) for _ in range(2)]
        found = difference(*methods)
        assert found is not None
        rejected.append(found.p < 0.05)
    assert np.mean(rejected) < 0.08


def test_holm_is_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, math.nan, 0.6])[0] == pytest.approx(1.0)
    assert math.isnan(holm([math.nan])[0])


def test_bold_needs_a_lead_over_everybody_and_five_seeds() -> None:
    rng = np.random.default_rng(1)
    person = rng.normal(0.5, 0.1, 20)
    found = {"far": drawn(rng, person + 0.3), "near": drawn(rng, person), "also near": drawn(rng, person)}
    assert standing(found).leader == "far"
    assert not standing(found).tied
    without = {row: hits for row, hits in found.items() if row != "far"}
    tied = standing(without)
    assert tied.leader is None
    assert tied.tied == {"near", "also near"}
    assert tied.tested
    few = {**found, "near": made(found["near"].right, 3)}
    assert standing(few) == standing({"far": found["far"]})
    assert not standing(few).tested
    assert standing({}).leader is None
