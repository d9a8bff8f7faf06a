from __future__ import annotations

from itertools import product

import numpy as np

from ssmar_bench.core.seeds import generator, seed_of


def test_known_values_stay() -> None:
    """Another value here would change every split, order and initial weight of every earlier run."""
    assert seed_of("order", 0) == 3061699701858375095
    assert seed_of("network", 0, "student") == 1338062611606911511
    assert generator("order", 0, "labelled", 3).permutation(8).tolist() == [0, 4, 3, 2, 6, 1, 5, 7]


def test_axes_seeds_and_counters_do_not_meet() -> None:
    axes, seeds, steps = ("order", "step", "network", "split"), range(20), range(100)
    found = {seed_of(axis, seed, step) for axis, seed, step in product(axes, seeds, steps)}
    assert len(found) == 4 * 20 * 100
    assert all(0 <= seed < 2**63 for seed in found)
    assert len({seed_of("a", 1, 12), seed_of("a", 11, 2), seed_of("a", 112), seed_of("a", 12, 1)}) == 4


def test_axes_are_independent() -> None:
    """Draws of neighbouring axes, seeds and steps are uncorrelated; equal names give equal draws."""
    names = [("order", 0, 0), ("order", 0, 1), ("order", 1, 0), ("step", 0, 0)]
    draws = np.array([generator(*name).standard_normal(4000) for name in names])
    assert np.array_equal(draws[0], generator(*names[0]).standard_normal(4000))
    correlation = np.corrcoef(draws) - np.eye(len(names))
    assert np.abs(correlation).max() < 0.08  # five standard deviations


def test_a_generator_carries_nothing_over() -> None:
    before = generator("order", 0).random()
    generator("order", 1).random(1000)
    np.random.default_rng(0).random(10)
    assert generator("order", 0).random() == before
