"""95 % intervals of accuracies, and rows that did not learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _records import Fake, Real, say
from _reports import comparison_text
from scipy import stats

from ssmar_bench.results.comparison_table import comparison
from ssmar_bench.results.intervals import accuracy_interval, wilson, with_run_intervals
from ssmar_bench.results.records import load_runs

B = "micro-motion-12"


@pytest.mark.parametrize(("right", "clips"), [(0, 16), (1, 10), (14, 16), (16, 16), (731, 1500)])
def test_wilsons_interval_is_that_of_scipy(right: int, clips: int) -> None:
    expected = stats.binomtest(right, clips).proportion_ci(method="wilson")
    assert wilson(right / clips, clips) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_without_known_subjects_it_is_wilsons(tmp_path: Path) -> None:
    Fake(accuracy=0.5, subjects=0, changed={"counts": {**Fake().metrics()["counts"], "test_subjects": 0}}).write(
        tmp_path
    )
    runs = load_runs(tmp_path)
    found = accuracy_interval(runs, runs.runs)
    assert found is not None
    assert found.by == "Wilson"
    assert (found.low, found.high) == wilson(0.5, 200)


def test_each_run_on_a_small_part_has_its_own(tmp_path: Path) -> None:
    for seed, clips in enumerate((20, 200)):
        counts = {**Fake().metrics()["counts"], "test": clips, "test_subjects": 0}
        Fake(seed=seed, accuracy=0.5, changed={"counts": counts}).write(tmp_path)
    Fake(seed=2, state="failed").write(tmp_path)
    runs = load_runs(tmp_path)
    found = with_run_intervals(runs, runs.runs).sort_values("seed")
    assert tuple(found[["test_low", "test_high"]].iloc[0]) == wilson(0.5, 20)
    assert found[["test_low", "test_high"]].iloc[1:].isna().all(axis=None)


def test_subjects_who_differ_make_it_wider_than_clips_would(tmp_path: Path) -> None:
    head = "clip,subject,label,prediction,confidence,prediction_ema\n"
    clips = [f"c{i},p{i % 20},{i % 12},{i % 12 if i % 20 < 10 else (i + 1) % 12},0.5,0\n" for i in range(200)]
    say(Real("fixmatch", 0.5, 0, 0.5).write(tmp_path), head + "".join(clips))
    runs = load_runs(tmp_path)
    found = accuracy_interval(runs, runs.runs)
    assert found is not None
    assert found.by == "subjects"
    low, high = wilson(0.5, 200)
    assert found.low < low - 0.05
    assert found.high > high + 0.05
    assert found.low == pytest.approx(1 - found.high)


def test_it_holds_the_true_accuracy_as_often_as_it_says() -> None:
    """Whatever the accuracy is: for one of few clips it may hold a little more or less often."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.1, 0.95, 4000)
    ends = [wilson(right / 40, 40) for right in rng.binomial(40, truth)]
    held = [low <= share <= high for share, (low, high) in zip(truth, ends, strict=True)]
    assert 0.94 < np.mean(held) < 0.965


def test_a_row_at_the_majority_rate_is_flagged(tmp_path: Path) -> None:
    for method, accuracy in (("supervised", 0.15), ("fixmatch", 0.5)):
        Fake(method, accuracy=accuracy).write(tmp_path)
    frame = comparison(load_runs(tmp_path), B).set_index("label")
    low, high = (float(frame["accuracy_" + end]["Supervised"]) for end in ("low", "high"))
    assert low < 0.125 < high
    assert dict(frame["learned"].dropna()) == {"Supervised": False, "FixMatch": True}
    lines = comparison_text(tmp_path, B).splitlines()
    assert [line for line in lines if "15.0 (1) \u2020" in line]
    assert not [line for line in lines if "50.0 (1) \u2020" in line]


def test_accuracies_of_a_small_test_part_have_intervals_in_the_table(tmp_path: Path) -> None:
    head = "clip,subject,label,prediction,confidence,prediction_ema\n"
    clips = [f"c{i},p,{i % 12},{i % 12 if i < 14 else (i + 1) % 12},0.5,0\n" for i in range(16)]
    folder = Fake(accuracy=0.875).write(tmp_path)
    say(folder, head + "".join(clips))
    low, high = wilson(0.875, 16)
    text = comparison_text(tmp_path, B)
    assert f"87.5 [{100 * low:.1f}, {100 * high:.1f}] (1)" in text
    assert "[a, b]: 95 % interval of the mean accuracy" in text
