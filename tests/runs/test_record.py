"""The join of a run's working files with the truth."""

from __future__ import annotations

import io
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from ssmar_bench.core import metrics
from ssmar_bench.core.metrics import Metric
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import GroundTruth, salted_id
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.record import pseudo_label_rows, write_record
from tests.conftest import METHODS, folder_of

TRUTH = np.array([0, 1, 2, 1])
FIELDS = {
    "index": np.array([3, 0, 1, 2]),
    "label": np.array([1, 0, 0, 2]),  # right, right, wrong, right
    "weight": np.array([1.0, 0.0, 0.5, 0.0]),
    "confidence": np.array([0.9, 0.8, 0.7, 0.6]),
}


def test_pseudo_labels_by_hand() -> None:
    rows = pseudo_label_rows({"online": FIELDS}, TRUTH, epoch=7)
    assert {row[:2] for row in rows} == {(7, "online")}
    assert {row[2]: row[3] for row in rows} == {
        "clips": 4,
        "coverage": 0.5,
        "accuracy": 0.75,
        "accuracy_selected": 0.5,  # clip 3 is right, clip 1 is wrong
        "accuracy_at_10": 1.0,  # the surest one
        "accuracy_at_25": 1.0,
        "accuracy_at_50": 1.0,
        "accuracy_at_75": pytest.approx(2 / 3),
    }


def test_series_stand_apart_and_nothing_selected_has_no_accuracy() -> None:
    unused = {**FIELDS, "weight": np.zeros(4)}
    rows = pseudo_label_rows({"full_pool": FIELDS, "online": unused}, TRUTH, epoch=1)
    online = {row[2]: row[3] for row in rows if row[1] == "online"}
    probe = {row[2]: row[3] for row in rows if row[1] == "full_pool"}
    assert online["coverage"] == 0
    assert "accuracy_selected" not in online
    assert probe["accuracy_selected"] == 0.5
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)


def test_a_salted_name_says_nothing_and_is_the_same_in_every_run() -> None:
    assert salted_id("one", "train/0003_01_0000") == salted_id("one", "train/0003_01_0000")
    assert salted_id("one", "train/0003_01_0000") != salted_id("other", "train/0003_01_0000")
    assert "0003" not in salted_id("one", "0003")
    assert len({salted_id("one", f"{number:04d}") for number in range(5000)}) == 5000


@pytest.fixture
def run(trained: Any, tmp_path: Path) -> RunFolder:
    """The trained APLT run, to be recorded again."""
    folder = RunFolder(folder_of(trained.copy(tmp_path, "aplt"), "aplt"))
    for path in folder.record.iterdir():
        if path.name != "spec.json":
            path.unlink()
    return folder


def record_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "record").iterdir()}


@pytest.mark.slow
def test_the_record_is_a_function_of_the_working_files_and_the_truth(trained: Any, known: Any, run: RunFolder) -> None:
    planned_run = known.planned_runs["aplt", 0.5]
    assert not run.done()
    videos = prepare_data.sizes_digest(prepare_data.clip_files(known.index, planned_run.split))
    write_record(run, planned_run.label, planned_run.split, known.truth, videos=videos, given=planned_run.given)
    assert run.done()
    assert record_of(run.path) == record_of(folder_of(trained.out, "aplt"))


@pytest.mark.slow
def test_a_metric_that_is_added_is_recorded(known: Any, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    error = Metric("error", "Error rate", lambda label, prediction, _: float(np.mean(label != prediction)))
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, error))
    planned_run = known.planned_runs["aplt", 0.5]
    write_record(run, planned_run.label, planned_run.split, known.truth)
    written = json.loads((run.record / "metrics.json").read_text())
    for part in ("validation", "validation_ema", "test", "test_ema"):
        assert written[part]["error"] == pytest.approx(1 - written[part]["accuracy"])
        assert {*written[part]} == {*metrics.metric_keys()}


@pytest.mark.slow
def test_a_few_clips_are_followed_through_all_epochs(trained: Any) -> None:
    record = folder_of(trained.out, "aplt") / "record"
    history, last = (pd.read_csv(record / f"{name}.csv") for name in ("pseudo_label_history", "pseudo_labels"))
    assert list(history.columns) == ["epoch", *last.columns]
    assert 0 < history["clip"].nunique() <= 24
    assert {*history["series"]} <= {"online", "offline"}
    end = history[history["epoch"] == history["epoch"].max()]
    keys = ["series", "clip", "label", "pseudo_label", "weight", "confidence"]
    assert {*end[keys].itertuples(index=False, name=None)} <= {*last[keys].itertuples(index=False, name=None)}
    assert not (folder_of(trained.out, "supervised") / "record" / "pseudo_label_history.csv").exists()


@pytest.mark.slow
def test_permuted_hidden_labels_change_the_joined_curves_and_nothing_else(
    trained: Any, known: Any, run: RunFolder
) -> None:
    planned_run = known.planned_runs["aplt", 0.5]
    hidden = {*planned_run.split.unlabelled, *planned_run.split.test}
    label = {clip: (number + 1) % 12 if clip in hidden else number for clip, number in known.truth.label.items()}
    work = {path: path.read_bytes() for path in run.work.rglob("*") if path.is_file()}
    write_record(
        run, planned_run.label, planned_run.split, GroundTruth(label, known.truth.subject), given=planned_run.given
    )

    assert {path: path.read_bytes() for path in run.work.rglob("*") if path.is_file()} == work
    ours, theirs = record_of(run.path), record_of(folder_of(trained.out, "aplt"))
    assert {name for name in ours if ours[name] != theirs[name]} == {
        "curves.csv", "predictions.csv", "pseudo_labels.csv", "pseudo_label_history.csv", "metrics.json", "SHA256SUMS",
    }  # fmt: skip
    one, other = (pd.read_csv(io.BytesIO(record["curves.csv"])) for record in (ours, theirs))
    own = one["series"].isin(["train", "validation", "validation_classifier", "validation_prototypes"])
    assert set(one.loc[~own, "series"]) == {"online", "offline", "full_pool"}
    pd.testing.assert_frame_equal(one[own], other[own])
    for series in ("online", "offline", "full_pool"):
        rows = (one["series"] == series) & (one["quantity"] == "accuracy")
        assert (one.loc[rows, "value"] != other.loc[rows, "value"]).any(), series
    metrics = json.loads(ours["metrics.json"]), json.loads(theirs["metrics.json"])
    assert metrics[0]["validation"] == metrics[1]["validation"]
    tested = [pd.read_csv(io.BytesIO(record["predictions.csv"])) for record in (ours, theirs)]
    assert (tested[0]["label"] != tested[1]["label"]).all()
    assert tested[0]["prediction"].equals(tested[1]["prediction"])


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_what_a_record_holds(trained: Any, known: Any, method: str) -> None:
    planned_run = known.planned_runs[method, 0.5]
    split, record = planned_run.split, folder_of(trained.out, method) / "record"
    metrics = json.loads((record / "metrics.json").read_text())
    assert metrics["identity"] == planned_run.spec.identity()
    assert metrics["label"] == planned_run.label
    parts = ("labelled", "unlabelled", "validation", "test")
    assert metrics["counts"] == {**{part: len(getattr(split, part)) for part in parts}, "test_subjects": 3}
    assert metrics["steps"] == 12 * 5
    assert metrics["clips_seen"] == 60 * 10 * {"supervised": 1, "fixmatch": 3, "aplt": 4}[method]
    # APLT forwards no strong labelled view in its warm-up, and every clip in each of four rounds (labelled twice).
    passes = 4 * (2 * len(split.labelled) + len(split.unlabelled))
    forward_passes = {"supervised": 600, "fixmatch": 1800, "aplt": 600 * 4 - 3 * 5 * 10 + passes}
    assert metrics["forward_passes"] == forward_passes[method]
    rounds = {"round_1": 3, "round_2": 5, "round_3": 8, "round_4": 10}  # 15, 25, 35 and 45 of 55 epochs, in 12
    assert metrics.get("resolved") == (rounds if method == "aplt" else None)

    predictions = pd.read_csv(record / "predictions.csv")
    tested = sorted(split.test, key=lambda clip: salted_id("tiny-motion", clip))  # no order that training knows
    assert list(predictions["clip"]) == [salted_id("tiny-motion", clip) for clip in tested]
    assert list(predictions["label"]) == [known.truth.label[clip] for clip in tested]
    assert metrics["test"]["accuracy"] == pytest.approx((predictions["label"] == predictions["prediction"]).mean())
    recall = [(rows["prediction"] == label).mean() for label, rows in predictions.groupby("label")]
    assert metrics["test"]["balanced_accuracy"] == pytest.approx(np.mean(recall))
    ema = (predictions["label"] == predictions["prediction_ema"]).mean()
    assert metrics["test_ema"]["accuracy"] == pytest.approx(ema)
    train = pd.Series([known.truth.label[clip] for clip in (*split.labelled, *split.unlabelled)])
    assert metrics["majority"] == pytest.approx(
        (predictions["label"] == train.value_counts().sort_index().idxmax()).mean()
    )

    curves = pd.read_csv(record / "curves.csv")
    probed = curves[(curves["series"] == "full_pool") & (curves["quantity"] == "clips")]
    assert list(probed["epoch"]) == list(range(1, 13))
    assert set(probed["value"]) == {len(split.unlabelled)}
    assert (
        set(curves["series"])
        == {"train", "validation", "full_pool"}
        | {
            "supervised": set(),
            "fixmatch": {"online"},
            "aplt": {"online", "offline", "validation_classifier", "validation_prototypes"},
        }[method]
    )

    last = pd.read_csv(record / "pseudo_labels.csv")
    probe = last[last["series"] == "full_pool"]
    pool = sorted(split.unlabelled, key=lambda clip: salted_id("tiny-motion", clip))
    assert list(probe["clip"]) == [salted_id("tiny-motion", clip) for clip in pool]
    assert list(probe["label"]) == [known.truth.label[clip] for clip in pool]
    accuracy = curves[(curves["epoch"] == 12) & (curves["series"] == "full_pool") & (curves["quantity"] == "accuracy")]
    assert accuracy["value"].item() == pytest.approx((probe["label"] == probe["pseudo_label"]).mean(), abs=1e-5)

    timings = json.loads((record / "timings.json").read_text())
    assert set(timings) == {"train_seconds", "epochs", "ended"}
    ended = datetime.strptime(timings["ended"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs(ended.timestamp() - (record / "timings.json").stat().st_mtime) < 60
    about = json.loads((record / "environment.json").read_text())
    assert about["device_model"] == about["processor"] != ""
    assert about["instruction_set"] == torch.backends.cpu.get_cpu_capability()
    assert {"git_commit", "python", "system"} <= set(about)


@pytest.mark.slow
def test_no_record_names_a_clip_or_a_subject(trained: Any, known: Any) -> None:
    names = {clip.split("/")[1] for clip in known.truth.label}
    subjects = {f'"{name}"' for name in known.truth.subject.values()} | {
        f",{name}," for name in known.truth.subject.values()
    }
    for path in (trained.out / "runs").glob("*/record/*"):
        text = path.read_text()
        assert not [name for name in names | subjects if name in text], path


@pytest.mark.slow
def test_a_run_with_all_labels_has_no_pseudo_labels(trained: Any, known: Any) -> None:
    record = folder_of(trained.out, "supervised", 100) / "record"
    assert json.loads((record / "metrics.json").read_text())["counts"]["unlabelled"] == 0
    assert set(pd.read_csv(record / "curves.csv")["series"]) == {"train", "validation"}
    assert (record / "pseudo_labels.csv").read_text().strip() == ""


@pytest.mark.slow
def test_a_record_is_done_only_if_it_is_this_runs_own(trained: Any, tmp_path: Path) -> None:
    folder = RunFolder(folder_of(trained.copy(tmp_path, "supervised"), "supervised"))
    assert folder.done()
    other = tmp_path / "other_0123456789abcdef"
    shutil.copytree(folder.path, other)
    assert not RunFolder(other).done()
    spec = json.loads((folder.record / "spec.json").read_text())
    (folder.record / "spec.json").write_text(json.dumps({**spec, "seed": 9}))
    assert not folder.done()


def test_every_head_of_a_method_is_scored_on_validation_and_test(trained: Any) -> None:
    """APLT's two; of them the prototypes predict, and before the first round there are none."""
    record = RunFolder(folder_of(trained.out, "aplt")).record
    found = json.loads((record / "metrics.json").read_text())
    assert found["heads"].keys() == {"classifier", "prototypes"}
    assert found["heads"]["prototypes"] == {part: found[part] for part in ("validation", "test")}
    curves = pd.read_csv(record / "curves.csv")
    of = {
        name: curves[curves["series"] == f"validation{name}"].set_index(["epoch", "quantity"])["value"]
        for name in ("", "_classifier", "_prototypes")
    }
    epochs = {name: sorted(set(values.index.get_level_values("epoch"))) for name, values in of.items()}
    assert epochs[""] == epochs["_classifier"] == [*range(1, 13)]
    first = epochs["_prototypes"][0]
    assert first > 1
    assert epochs["_prototypes"] == [*range(first, 13)]
    for epoch in epochs[""]:
        head = "_prototypes" if epoch >= first else "_classifier"
        assert of[""].loc[epoch].to_dict() == of[head].loc[epoch].to_dict()
    plain = json.loads((RunFolder(folder_of(trained.out, "fixmatch")).record / "metrics.json").read_text())
    assert "heads" not in plain
