from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from _records import Fake, Real

from ssmar_bench.results.records import load_runs


def test_no_folder_is_no_runs(tmp_path: Path) -> None:
    runs = load_runs(tmp_path)
    assert runs.runs.empty
    assert runs.curves("micro-motion-12").empty


def test_one_row_a_run_in_its_state(tmp_path: Path) -> None:
    Fake(seed=0, accuracy=0.5).write(tmp_path)
    Fake(seed=1, state="failed").write(tmp_path)
    Fake(seed=2, state="unfinished").write(tmp_path)
    frame = load_runs(tmp_path).runs.set_index("seed").sort_index()
    assert list(frame["state"]) == ["done", "failed", "unfinished"]
    assert list(frame["reason"]) == ["", "ValueError: loss is not finite", ""]
    assert frame.loc[0, "test_accuracy"] == 0.5
    assert frame.loc[0, "test_ema_accuracy"] == 0.51
    assert frame.loc[0, "count_test_subjects"] == 5
    assert frame.loc[0, "train_seconds"] == 100
    assert math.isnan(frame.loc[1, "test_accuracy"])  # type: ignore[arg-type]


def test_a_retried_run_that_finished_is_done(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    (folder / "work").mkdir()
    (folder / "work" / "failure.txt").write_text("KilledError: earlier\n")
    assert list(load_runs(tmp_path).runs["state"]) == ["done"]


def test_a_failed_run_takes_its_label_from_others_or_its_method_config_or_its_name(tmp_path: Path) -> None:
    Fake("softmatch", seed=0).write(tmp_path)
    Fake("softmatch", seed=1, state="failed").write(tmp_path)
    Fake("my-own", state="failed").write(tmp_path)
    assert set(load_runs(tmp_path).runs["label"]) == {"SoftMatch", "my-own"}


def test_two_methods_with_one_label_stay_two_rows(tmp_path: Path) -> None:
    Fake("fixmatch").write(tmp_path)
    Fake("my-own", label="FixMatch").write(tmp_path)
    assert set(load_runs(tmp_path).runs["label"]) == {"FixMatch (fixmatch)", "FixMatch (my-own)"}


def test_runs_under_other_settings_are_reported_apart(tmp_path: Path) -> None:
    Fake(epochs=4).write(tmp_path)
    Fake(epochs=2).write(tmp_path)
    Fake("aplt", threshold=0.9).write(tmp_path)
    frame = load_runs(tmp_path).runs
    assert set(frame["label"]) == {"FixMatch [train.epochs=4]", "FixMatch [train.epochs=2]", "APLT"}
    assert frame["variant"].nunique() == 3


def test_empty_and_hidden_folders_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "runs" / "x" / "work").mkdir(parents=True)
    (tmp_path / "runs" / ".cache").mkdir()
    assert load_runs(tmp_path).runs.empty


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("metrics.json", "{", "cannot be read as JSON"),
        ("metrics.json", "[1]", "expected a JSON object"),
        ("metrics.json", b"\xff\xfe", "cannot be read as JSON"),
        ("spec.json", "{}", "benchmark: field required"),
        ("spec.json", "", "cannot be read as JSON"),
        ("timings.json", '{"train_seconds": -1}', "train_seconds"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, file: str, text: str | bytes, why: str) -> None:
    path = Fake().write(tmp_path) / "record" / file
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (damage,) = load_runs(tmp_path).damage
    assert why in damage.why
    assert str(path) in damage.why


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"majority": 1.5}, "majority: input should be less than or equal to 1"),
        ({"test": {"macro_f1": 0.5}}, "test: accuracy: field required"),
        ({"test": {"accuracy": None}}, "test.accuracy: input should be a valid number"),
        ({"identity": "0" * 16}, "identity 0000000000000000 is not this run's"),
        ({"steps": None}, "steps"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, changed: dict[str, object], why: str) -> None:
    Fake(changed=changed).write(tmp_path)
    (damage,) = load_runs(tmp_path).damage
    assert re.search(why, damage.why)


def test_not_a_number_is_refused(tmp_path: Path) -> None:
    Fake(changed={"majority": math.nan}).write(tmp_path)
    (damage,) = load_runs(tmp_path).damage
    assert re.search("NaN is no finite number", damage.why)


def test_a_copied_or_edited_spec_is_refused(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    path = folder / "record" / "spec.json"
    spec = json.loads(path.read_text())
    path.write_text(json.dumps({**spec, "seed": 9}))
    (damage,) = load_runs(tmp_path).damage
    assert re.search("does not belong to the folder", damage.why)


def test_a_result_without_its_spec_is_refused(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    (folder / "record" / "spec.json").unlink()
    (damage,) = load_runs(tmp_path).damage
    assert re.search(r"spec\.json.*missing", damage.why)


def test_a_run_without_timings_has_no_seconds(tmp_path: Path) -> None:
    folder = Fake().write(tmp_path)
    (folder / "record" / "timings.json").unlink()
    assert load_runs(tmp_path).runs["train_seconds"].isna().all()


def test_curves_are_of_finished_runs_and_read_when_asked_for(tmp_path: Path) -> None:
    Fake(seed=0).write(tmp_path)
    Fake(seed=1, ratio=0.25).write(tmp_path)
    Fake(seed=2, state="failed").write(tmp_path)
    runs = load_runs(tmp_path)
    assert set(runs.curves("micro-motion-12")["seed"]) == {0, 1}
    assert set(runs.curves("micro-motion-12", 0.25)["seed"]) == {1}
    assert runs.curves("other").empty


@pytest.mark.parametrize("text", ["", "epoch,series\n1,train\n", "epoch,series,quantity,value\n1,train,lr,x\n"])
def test_damaged_curves_are_named(tmp_path: Path, text: str) -> None:
    path = Fake().write(tmp_path) / "record" / "curves.csv"
    path.write_text(text)
    runs = load_runs(tmp_path)
    assert runs.curves("micro-motion-12").empty
    assert str(path) in runs.damage[0].why


def test_the_method_configs_own_runs_keep_the_plain_name(tmp_path: Path) -> None:
    for epochs in (4, 55):  # those of the benchmark config, and others
        Real("fixmatch", 0.5, epochs=epochs).write(tmp_path)
        Real("fixmatch", 0.5, epochs, epochs=55, state="failed").write(tmp_path)
    frame = load_runs(tmp_path).runs
    assert set(frame["label"]) == {"FixMatch", "FixMatch [long]"}
    assert list(frame.loc[frame["main"], "label"]) == ["FixMatch"]


def test_where_no_run_is_the_method_configs_own_the_largest_group_is_drawn(tmp_path: Path) -> None:
    Fake(epochs=4).write(tmp_path)
    Fake(epochs=2).write(tmp_path)
    Fake(epochs=2, seed=1).write(tmp_path)
    frame = load_runs(tmp_path).runs
    assert set(frame.loc[frame["main"], "label"]) == {"FixMatch [train.epochs=2]"}


def test_runs_of_other_pixels_are_reported_apart_and_never_averaged(tmp_path: Path) -> None:
    for seed in (0, 1):
        Fake(seed=seed, pixels="aaaa").write(tmp_path)
    Fake(seed=0, pixels="bbbb").write(tmp_path)
    frame = load_runs(tmp_path).runs
    assert frame["variant"].nunique() == 2
    assert sorted(set(frame["label"])) == ["FixMatch [pixels=aaaa]", "FixMatch [pixels=bbbb]"]
    assert frame["main"].sum() == 2


def test_runs_that_were_recorded_with_other_labels_are_reported_apart(tmp_path: Path) -> None:
    for method in ("fixmatch", "aplt"):
        for seed in (0, 1):
            Fake(method, seed=seed, changed={"truth": "aaaa"}).write(tmp_path)
    Fake(seed=2, changed={"truth": "bbbb"}).write(tmp_path)
    Fake(seed=3, state="failed").write(tmp_path)
    frame = load_runs(tmp_path).runs
    assert sorted(set(frame["label"])) == ["APLT", "FixMatch", "FixMatch [truth=bbbb]"]
    (other,) = frame.index[frame["label"] == "FixMatch [truth=bbbb]"]
    assert not frame.loc[other, "main"]
    assert frame["variant"].nunique() == 3
    assert frame["main"].sum() == 5


def test_a_label_says_what_departs_whatever_else_lies_in_the_folder(tmp_path: Path) -> None:
    Real("fixmatch", epochs=7).write(tmp_path / "alone")
    assert [*load_runs(tmp_path / "alone").runs["label"]] == ["FixMatch [train.epochs=7]"]
    for epochs in (4, 7, 9):  # 4: the benchmark's own
        Real("fixmatch", epochs=epochs).write(tmp_path / "beside")
    labels = {*load_runs(tmp_path / "beside").runs["label"]}
    assert labels == {"FixMatch", "FixMatch [train.epochs=7]", "FixMatch [train.epochs=9]"}
