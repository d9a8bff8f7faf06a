from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from _records import Fake

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.comparison_table import comparison, levels, unfinished_runs
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.table_order import ordered_labels, table_rank

B = "micro-motion-12"


def compare(root: Path) -> pd.DataFrame:
    return comparison(load_runs(root), B).set_index(["label", "ratio"])


def test_mean_and_deviation_by_hand(tmp_path: Path) -> None:
    for seed, accuracy in enumerate((0.50, 0.53, 0.62)):
        Fake(seed=seed, accuracy=accuracy).write(tmp_path)
    row = compare(tmp_path).loc[("FixMatch", 0.1)]  # type: ignore[index]
    # deviations -0.05, -0.02, 0.07: squares sum to 0.0078, halved 0.0039
    assert row["accuracy_mean"] == pytest.approx(0.55)
    assert row["accuracy_std"] == pytest.approx(math.sqrt(0.0039))
    assert row["macro_f1_mean"] == pytest.approx(0.45)
    assert row["balanced_accuracy_mean"] == pytest.approx(0.50)
    assert row["ema_accuracy_mean"] == pytest.approx(0.56)
    assert row["validation_accuracy_mean"] == pytest.approx(0.57)
    assert row["train_seconds"] == 101
    assert (row["steps"], row["clips_seen"], row["forward_passes"]) == (200, 3200, 4800)
    assert (row["seeds"], row["failed"], row["unfinished"], row["missing"]) == (3, 0, 0, 0)


def test_one_seed_has_no_deviation(tmp_path: Path) -> None:
    Fake(accuracy=0.5).write(tmp_path)
    row = compare(tmp_path).loc[("FixMatch", 0.1)]  # type: ignore[index]
    assert row["accuracy_mean"] == 0.5
    assert math.isnan(row["accuracy_std"])


def test_failed_unfinished_and_missing_runs_are_counted(tmp_path: Path) -> None:
    for seed in range(4):
        Fake("fixmatch", seed=seed).write(tmp_path)
    Fake("aplt", seed=0, accuracy=0.7).write(tmp_path)
    Fake("aplt", seed=1, state="failed").write(tmp_path)
    Fake("aplt", seed=2, state="unfinished").write(tmp_path)
    Fake("supervised", ratio=0.25).write(tmp_path)
    table = compare(tmp_path)
    gaps = ["seeds", "failed", "unfinished", "missing"]
    assert list(table.loc[("APLT", 0.1), gaps]) == [1, 1, 1, 1]
    assert list(table.loc[("FixMatch", 0.1), gaps]) == [4, 0, 0, 0]
    assert list(table.loc[("APLT", 0.25), gaps]) == [0, 0, 0, 1]
    assert list(table.loc[("Supervised", 0.1), gaps]) == [0, 0, 0, 4]
    assert math.isnan(table.loc[("APLT", 0.25), "accuracy_mean"])  # type: ignore[arg-type]


def test_the_upper_bound_is_spread_over_the_ratios(tmp_path: Path) -> None:
    for ratio in (0.1, 0.5):
        Fake("supervised", ratio).write(tmp_path)
    for seed, accuracy in enumerate((0.8, 0.9)):
        Fake("supervised", 1.0, seed, accuracy).write(tmp_path)
    frame = comparison(load_runs(tmp_path), B)
    upper = frame[frame["kind"] == "upper bound"]
    assert list(upper["ratio"]) == [0.1, 0.5]
    assert list(upper["accuracy_mean"]) == pytest.approx([0.85, 0.85])
    assert 1.0 not in set(frame["ratio"])
    assert set(frame.loc[frame["kind"] == "method", "accuracy_mean"]) == {0.5}


def test_the_upper_bound_alone_still_makes_a_table(tmp_path: Path) -> None:
    Fake("supervised", 1.0, accuracy=0.8).write(tmp_path)
    frame = comparison(load_runs(tmp_path), B)
    assert list(frame["kind"]) == ["majority", "upper bound"]
    assert list(frame["ratio"]) == [1.0, 1.0]


def test_the_majority_rate_counts_each_seed_once(tmp_path: Path) -> None:
    for seed, rate in enumerate((0.1, 0.2)):
        for method in ("fixmatch", "aplt", "supervised")[: 3 - seed]:
            Fake(method, seed=seed, changed={"majority": rate}).write(tmp_path)
    row = compare(tmp_path).loc[("Most frequent class", 0.1)]  # type: ignore[index]
    assert row["accuracy_mean"] == pytest.approx(0.15)
    assert row["seeds"] == 2


def test_another_setting_is_another_row(tmp_path: Path) -> None:
    Fake(epochs=4, accuracy=0.6).write(tmp_path)
    Fake(epochs=2, accuracy=0.2).write(tmp_path)
    frame = comparison(load_runs(tmp_path), B)
    assert list(frame.loc[frame["kind"] == "method", "seeds"]) == [1, 1]


def test_one_seed_on_two_splits_is_not_averaged(tmp_path: Path) -> None:
    Fake(split="old").write(tmp_path)
    Fake(split="new").write(tmp_path)
    with pytest.raises(UserError, match="same run group and seed on different splits"):
        compare(tmp_path)


def test_nothing_finished_is_all_gaps(tmp_path: Path) -> None:
    Fake(state="failed").write(tmp_path)
    frame = comparison(load_runs(tmp_path), B)
    assert list(frame["seeds"]) == [0, 0]
    lost = unfinished_runs(load_runs(tmp_path), B)
    assert list(lost["reason"]) == ["ValueError: loss is not finite"]


def test_rows_stand_in_the_published_order(tmp_path: Path) -> None:
    for method in ("zeta", "aplt-sync", "aplt", "fixmatch", "supervised", "alpha"):
        Fake(method, label=method).write(tmp_path)
    runs = load_runs(tmp_path)
    assert ordered_labels(runs.runs) == ["supervised", "fixmatch", "aplt", "aplt-sync", "alpha", "zeta"]
    assert ordered_labels(runs.runs, ["zeta"])[0] == "zeta"
    assert table_rank("mean-teacher-x", ["mean", "mean-teacher"]) == (1, "mean-teacher-x")


def test_levels_stand_together_at_common_ratios(tmp_path: Path) -> None:
    for benchmark, ratios in (("easy", (0.1, 0.25)), ("hard", (0.1,))):
        for ratio in ratios:
            Fake(benchmark=benchmark, ratio=ratio).write(tmp_path)
    runs = load_runs(tmp_path)
    frame = levels({name: comparison(runs, name) for name in ("easy", "hard")})
    assert set(frame["ratio"]) == {0.1}
    assert list(dict.fromkeys(frame["benchmark"])) == ["easy", "hard"]


def test_a_row_of_one_level_alone_is_not_among_the_levels(tmp_path: Path) -> None:
    for benchmark, methods in (("easy", ("supervised", "fixmatch")), ("hard", ("supervised", "aplt"))):
        for method in methods:
            Fake(method, label=method, benchmark=benchmark).write(tmp_path)
    runs = load_runs(tmp_path)
    frame = levels({name: comparison(runs, name) for name in ("easy", "hard")})
    assert set(frame["label"]) == {"supervised", "Most frequent class"}
    frames = {name: comparison(runs, name) for name in ("easy", "hard")}
    apart = levels({name: frame[frame["label"] != "supervised"] for name, frame in frames.items()})
    assert set(apart["label"]) == {"fixmatch", "aplt", "Most frequent class"}, "with nothing in common the gaps show"


def test_levels_without_a_common_ratio_show_their_gaps(tmp_path: Path) -> None:
    Fake(benchmark="easy", ratio=0.1).write(tmp_path)
    Fake(benchmark="hard", ratio=0.25).write(tmp_path)
    runs = load_runs(tmp_path)
    assert set(levels({name: comparison(runs, name) for name in ("easy", "hard")})["ratio"]) == {0.1, 0.25}
