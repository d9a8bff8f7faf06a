"""Numbers of a script are what a user meant by them, or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from ssmar_bench.core import numbers
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.splits.labelled_clips import labelled_count


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (np.float32(0.1), 0.1),
        (np.float16(0.1), 0.1),
        (np.longdouble("0.1"), 0.1),
        (float(np.float32(0.1)), 0.1),
        (0.1 + 1e-17, 0.1),
        (0.1 * 3, 0.3),
        (1 - 0.9, 0.1),
        (np.int64(1), 1.0),
        (np.array(0.25), 0.25),
        (Decimal("0.1"), 0.1),
        (Fraction(1, 3), 1 / 3),
        (2 / 3, 2 / 3),
        (0.0543, 0.0543),
        (0.12345, 0.12345),
    ],
)
def test_a_ratio_is_what_was_meant(given: Any, meant: float) -> None:
    assert numbers.parse_ratio(given) == meant
    assert type(numbers.parse_ratio(given)) is float
    assert Grid("x", ["y"], [given]) == Grid("x", ["y"], [meant])


@pytest.mark.parametrize("given", [True, np.True_, "0.1", None, [0.1], 1j])
def test_what_is_no_number_is_no_ratio(given: Any) -> None:
    with pytest.raises(UserError, match=r"Grid\(ratios=.*\): expected a list of numbers\."):
        Grid("x", ["y"], [given])


@pytest.mark.parametrize("given", [True, np.True_, "0", None, 1.0, np.float64(1), Decimal(1)])
def test_what_is_no_whole_number_is_no_seed(given: Any) -> None:
    with pytest.raises(UserError, match=r"Grid\(seeds=.*\): expected a list of whole numbers\."):
        Grid("x", ["y"], seeds=[given])


@pytest.mark.parametrize("given", [np.int64(3), np.uint8(3), np.array(3), 3])
def test_a_seed_of_any_whole_type_is_one(given: Any) -> None:
    grid = Grid("x", ["y"], seeds=[given, 3])
    assert grid.seeds == [3]
    assert type(next(iter(grid.seeds or ()))) is int


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0, -0.1, 1.5, np.float32(-1)])
def test_a_ratio_outside_its_range_is_reported(tiny: Any, bad: Any) -> None:
    from ssmar_bench.runs.resolve import resolve

    with pytest.raises(UserError, match=r"A labelled ratio lies in \(0, 1\]"):
        resolve(Grid(str(tiny), ["supervised"], [bad]))


def test_sets_hold_plain_numbers(tiny: Any) -> None:
    sets = {
        "train.lr": np.float32(0.1),
        "train.epochs": np.int64(2),
        "clips.flip": np.True_,
        "train.ema": np.array(0.5),
    }
    plain = {"train.lr": 0.1, "train.epochs": 2, "clips.flip": True, "train.ema": 0.5}
    grid = Grid(str(tiny), ["supervised"], sets=sets)
    assert grid == Grid(str(tiny), ["supervised"], sets=plain)
    assert [type(value) for value in grid.sets.values()] == [float, int, bool, float]
    assert resolve(grid).methods[0].benchmark_config.train.lr == 0.1
    assert numbers.plain_numbers({"a": (np.float32(0.1), [np.arange(2)])}) == {"a": [0.1, [[0, 1]]]}


@pytest.mark.parametrize(
    ("ratio", "clips", "labelled"),
    [
        (0.1, 30, 3),
        (float(np.float32(0.1)), 30, 3),
        (0.1 + 1e-17, 30, 3),
        (5 / 6, 30, 25),
        (2 / 3, 30, 20),
        (0.29, 100, 29),
    ],
)
def test_a_rounding_error_labels_no_clip_more(ratio: float, clips: int, labelled: int) -> None:
    assert labelled_count(ratio, clips) == labelled
