"""What was measured, as data frames for a notebook."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from ssmar_bench import api

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake

SCORES = ("accuracy", "macro_f1", "balanced_accuracy")


def test_a_run_is_a_row(tmp_path: Path) -> None:
    Fake("fixmatch", seed=1, accuracy=0.5).write(tmp_path)
    Fake("aplt", ratio=0.5, benchmark="other").write(tmp_path)
    Fake("uda", state="failed").write(tmp_path)
    frame = api.results(tmp_path).set_index("method")
    row = frame.loc["fixmatch"]
    assert (row["label"], row["ratio"], row["seed"], row["state"]) == ("FixMatch", 0.1, 1, "done")
    assert [row[score] for score in SCORES] == pytest.approx([0.5, 0.4, 0.45])
    assert [row[f"ema_{score}"] for score in SCORES] == pytest.approx([0.51, 0.41, 0.46])
    assert [row[f"validation_{score}"] for score in SCORES] == pytest.approx([0.52, 0.42, 0.47])
    counts = ("labelled", "unlabelled", "validation", "test", "test_subjects", "classes")
    assert [row[count] for count in counts] == [40, 360, 60, 200, 5, 12]
    assert row["train_seconds"] == 101
    assert (tmp_path / "runs" / row["folder"] / "record").is_dir()
    assert (frame.loc["uda", "state"], frame.loc["uda", "reason"]) == ("failed", "ValueError: loss is not finite")
    assert pd.isna(frame.loc["uda", "accuracy"])  # type: ignore[arg-type]
    assert [*api.results(str(tmp_path), "other")["method"]] == ["aplt"]


def test_a_value_of_an_epoch_is_a_row(tmp_path: Path) -> None:
    Fake("fixmatch", epochs=4).write(tmp_path)
    Fake("aplt", benchmark="other", epochs=3).write(tmp_path)
    frame = api.curves(tmp_path)
    assert {*frame["benchmark"]} == {"micro-motion-12", "other"}
    validation = frame[(frame["method"] == "fixmatch") & (frame["series"] == "validation")]
    assert [*validation["epoch"]] == [1, 2, 3, 4]
    assert {*validation["quantity"]} == {"accuracy"}
    assert {*api.curves(tmp_path, "other")["method"]} == {"aplt"}


def test_nothing_is_an_empty_frame_with_the_same_columns(tmp_path: Path) -> None:
    for read in (api.results, api.curves):
        nothing = read(tmp_path / "none")
        Fake().write(tmp_path)
        assert len(nothing) == 0
        assert [*nothing.columns] == [*read(tmp_path).columns]


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    (folder / "record" / "metrics.json").write_text("{")
    Fake(seed=1).write(tmp_path)
    for read in (api.results, api.curves):
        with pytest.warns(UserWarning, match=r"metrics.json: damaged record"):
            assert set(read(tmp_path)["seed"]) == {1}
