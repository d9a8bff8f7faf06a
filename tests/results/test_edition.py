"""What the embedded benchmark was made for holds in its committed runs (docs/levels.md has the conditions)."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pandas as pd
import pytest

from ssmar_bench import api
from ssmar_bench.core.paths import shipped_folder

COMMITTED = shipped_folder("methods").parent / "results"
SEEDS = range(5)


@cache
def runs() -> pd.DataFrame:
    found = api.results(COMMITTED)
    return found[(found["benchmark"] == "micro-motion-12") & found["main"]]


def accuracy(method: str, ratio: float) -> pd.Series:
    """Test accuracy in % of the five seeds."""
    rows = runs()[(runs()["method"] == method) & (runs()["ratio"] == ratio)].set_index("seed")
    assert sorted(rows.index) == [*SEEDS]
    return 100 * rows["accuracy"]


def test_more_labels_help_by_three_points_at_every_step() -> None:
    means = [accuracy("supervised", ratio).mean() for ratio in (0.1, 0.25, 0.5, 1.0)]
    assert min(more - less for less, more in pairwise(means)) >= 3


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.0])
def test_seeds_scatter_by_little_where_labels_are_not_very_few(ratio: float) -> None:
    assert accuracy("supervised", ratio).std() <= 2.5


@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.5])
def test_strongly_augmented_labelled_clips_hurt_by_two_points_at_most(ratio: float) -> None:
    assert accuracy("supervised-strong", ratio).mean() >= accuracy("supervised", ratio).mean() - 2


@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.5, 1.0])
def test_the_labelled_loss_has_come_to_rest(ratio: float) -> None:
    """In the last fifth of training it falls by less than a tenth of what it has fallen before."""
    curves = api.curves(COMMITTED)
    rows = curves[
        (curves["method"] == "supervised")
        & (curves["ratio"] == ratio)
        & (curves["series"] == "train")
        & (curves["quantity"] == "loss/labelled_weak")
    ]
    loss = rows.groupby("epoch")["value"].mean()
    last = int(loss.index.max())
    late = loss[last * 4 // 5] - loss[last]
    assert late < 0.1 * (loss[1] - loss[last])


def test_test_parts_hold_as_many_clips_of_every_class() -> None:
    assert (runs()["accuracy"] - runs()["balanced_accuracy"]).abs().max() < 1e-9
    assert runs()["majority"].sub(1 / 12).abs().max() < 1e-9


def test_every_row_is_far_above_the_majority_rate() -> None:
    means = runs().groupby(["method", "ratio"])["accuracy"].mean()
    assert means[means < 2 / 12].empty


def test_no_file_of_the_archive_is_larger_than_a_megabyte() -> None:
    large = [path.name for path in COMMITTED.rglob("*") if path.is_file() and path.stat().st_size > 1_000_000]
    assert not large
