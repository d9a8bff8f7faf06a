"""Many videos are answered as each by itself; one that cannot be used is a row, and the others go on."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from ssmar_bench import api
from ssmar_bench.api.video_predictions import frame_of, predictions_csv
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, ignore_events
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training import trained_method
from tests.conftest import METHODS, Finished, folder_of

pytestmark = pytest.mark.slow
Call = Callable[..., Finished]
DAMAGED = "it is not a video, or it is truncated"


@pytest.fixture(scope="module")
def videos(tiny: Path) -> list[Path]:
    benchmark_config = resolve(Grid(str(tiny), ["supervised"])).benchmark_config
    index = prepare_data.prepare_source(benchmark_config, {}, os.cpu_count() or 1, ignore_events)
    return [Path(path) for path in index.clips["path"]]


@pytest.fixture
def clips(videos: list[Path], tmp_path: Path) -> Path:
    """A folder with three videos, one damaged file and one that is no video by its name."""
    folder = tmp_path / "clips"
    (folder / "deep er").mkdir(parents=True)
    for video, name in zip(videos, ("a.mp4", "deep er/ü.MP4", "deep er/=1+1.mp4"), strict=False):
        shutil.copy(video, folder / name)
    (folder / "b.mp4").write_text("no video")
    (folder / "labels.csv").write_text("file,label\n")
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_many_are_answered_as_each_by_itself(trained: Any, videos: list[Path], method: str) -> None:
    model = api.load_model(folder_of(trained.out, method))
    some = videos[: trained_method.BATCH + 3]  # more than are in memory at a time
    for video, one in zip(some, model.predict_each(some), strict=True):
        alone = model.predict(video)
        assert (one.video, one.label) == (video, alone.label)
        assert dict(one.ranked) == pytest.approx(dict(alone.ranked), abs=1e-5)


def test_features_are_those_that_the_prediction_follows_from(trained: Any, videos: list[Path]) -> None:
    model = api.load_model(folder_of(trained.out, "supervised"))
    found = model.features(videos[:3])
    assert found.dtype == np.float32
    assert found.shape == (3, model.network.features)
    assert not model.network.training
    with torch.no_grad():
        said = model.network.classifier(torch.from_numpy(found)).softmax(1)
    for video, probabilities in zip(videos, said.tolist(), strict=False):
        assert dict(model.predict(video).ranked) == pytest.approx(
            dict(zip(model.classes, probabilities, strict=True)), abs=1e-5
        )
    assert np.array_equal(model.features(videos[0]), model.features([str(videos[0])]))


def test_features_of_a_video_that_cannot_be_used_are_an_error(trained: Any, clips: Path) -> None:
    with pytest.raises(UserError, match=f"b.mp4 cannot be used: {DAMAGED}; leave it out, or replace the file"):
        api.load_model(folder_of(trained.out, "supervised")).features(clips)


def test_a_data_frame_has_a_row_a_video_and_says_what_it_left_aside(trained: Any, clips: Path) -> None:
    heard: list[Event] = []
    model = api.load_model(folder_of(trained.out, "fixmatch"))
    frame = model.predict_many(clips, top=2, listener=heard.append)
    assert list(frame) == ["video", "file", "label", "probability", "problem", "label_2", "probability_2"]
    names = ["a.mp4", "b.mp4", "deep er/=1+1.mp4", "deep er/ü.MP4"]
    assert list(frame["video"]) == [str(clips / name) for name in names]
    assert list(frame["file"]) == names
    assert list(frame["problem"]) == ["", DAMAGED, "", ""]
    assert frame.loc[1, ["label", "label_2"]].tolist() == ["", ""]
    assert frame["probability"].isna().tolist() == [False, True, False, False]
    alone = model.predict(clips / "a.mp4").ranked
    assert frame.loc[0, "label_2"] == alone[1][0]
    assert frame.loc[0, "probability_2"] == pytest.approx(alone[1][1], abs=1e-5)
    assert [event.text for event in heard if event.kind == "note"] == [
        f"{clips}: 1 other file is left aside, by the ending of the name no video"
    ]
    assert [(event.done, event.total) for event in heard if event.kind == "predict"] == [
        (done, 4) for done in range(1, 5)
    ]
    assert len(model.predict_many([clips, clips / "a.mp4"], top=99).columns) == 4 + 1 + 2 * 11


def test_a_list_is_predicted_with_what_it_says(trained: Any, clips: Path, tmp_path: Path, call: Call) -> None:
    """Clips of it by their frames, its labels beside the predictions, a video that is missing as a row."""
    model = api.load_model(folder_of(trained.out, "fixmatch"))
    labels = tmp_path / "labels.csv"
    labels.write_text("file;label;start;end\na.mp4;nod;0;3\ndeep er/ü.MP4;;;\ngone.mp4;;;\n", encoding="utf-8")
    frame = model.predict_many(labels, top=1, root=clips)
    assert list(frame) == ["video", "file", "start", "end", "given", "label", "probability", "problem"]
    assert list(frame["video"]) == [str(clips / name) for name in ("a.mp4", "deep er/ü.MP4", "gone.mp4")]
    assert frame[["start", "end", "given"]].values.tolist() == [[0, 3, "nod"], [-1, -1, ""], [-1, -1, ""]]
    joined = pd.read_csv(labels, sep=";").merge(frame, on="file", validate="one_to_one")
    assert list(joined["video"]) == list(frame["video"])
    assert frame.loc[2, "problem"] == "it does not exist"
    part = model.predict(clips / "a.mp4", 0, 3)
    assert frame.loc[0, "label"] == part.label
    assert frame.loc[0, "probability"] == pytest.approx(part.ranked[0][1], abs=1e-5)
    ended = call("predict", folder_of(trained.out, "fixmatch"), labels, "--videos", clips, "-o", tmp_path / "p.csv")
    assert (ended.status, ended.out) == (1, f"{tmp_path / 'p.csv'}: 3 clips, 1 of which cannot be read\n")
    (clips / "paths.txt").write_text("deep er/ü.MP4\n", encoding="utf-8")
    shown = call("predict", folder_of(trained.out, "fixmatch"), clips / "paths.txt", "--top", 1)
    assert (shown.status, shown.out.splitlines()[0]) == (0, str(clips / "deep er/ü.MP4"))
    rows = json.loads(call("predict", folder_of(trained.out, "fixmatch"), labels, "--videos", clips, "--json").out)
    assert [row["given"] for row in rows] == ["nod", "", ""]


def test_what_is_no_list_of_videos_is_told_in_a_sentence(trained: Any, videos: list[Path], tmp_path: Path) -> None:
    model = api.load_model(folder_of(trained.out, "supervised"))
    with pytest.raises(UserError, match=r"predict\(\) takes the path of one video, not a list; .* predict_many\(\)"):
        model.predict(videos[:2])  # type: ignore[arg-type]
    with pytest.raises(UserError, match="there is no video in this folder or below it; a video's name ends in"):
        model.predict_many(tmp_path)
    with pytest.raises(UserError, match="There is no video to predict"):
        model.predict_many([])
    with pytest.raises(UserError, match="--videos is where the paths of a list begin; give a list, or leave it out"):
        model.predict_many(videos, root=tmp_path)
    with pytest.raises(UserError, match="expected 1 or more classes"):
        model.predict_many(videos, top=0)


def test_names_in_a_csv_are_never_formulas_and_paths_stay_paths() -> None:
    names = ["=1+1.mp4", 'a,"b".mp4', "line\nend.mp4", "ü ß.mp4", "bytes\udcff.mp4"]
    predictions = [api.Prediction(Path(name), (("@SUM", 0.75), ("nod", 0.25))) for name in names]
    text = predictions_csv(frame_of([*predictions, api.Prediction(Path("x.mp4"), (), DAMAGED)], 1))
    text.encode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["video"] for row in rows] == [
        *("./=1+1.mp4", 'a,"b".mp4', "line\\nend.mp4", "ü ß.mp4", "bytes\\udcff.mp4", "x.mp4")
    ]
    assert rows[0] == {"video": "./=1+1.mp4", "label": "'@SUM", "probability": "0.75", "problem": ""}
    assert rows[5] == {"video": "x.mp4", "label": "", "probability": "", "problem": DAMAGED}


def test_the_command_writes_a_row_a_video_and_its_status_says_what_failed(
    trained: Any, clips: Path, tmp_path: Path, call: Call
) -> None:
    run, out = folder_of(trained.out, "fixmatch"), tmp_path / "predictions.csv"
    ended = call("predict", run, clips, "-o", out, "--top", 2)
    assert (ended.status, ended.out) == (1, f"{out}: 4 videos, 1 of which cannot be read\n")
    assert "4/4" in ended.err
    assert "1 other file is left aside" in ended.err
    frame = pd.read_csv(out, keep_default_na=False, na_values={"probability": "", "probability_2": ""})
    same = api.load_model(run).predict_many(clips, top=2)
    pd.testing.assert_frame_equal(frame, same, check_dtype=False, atol=1e-5)
    again = call("predict", run, clips, "-o", out)
    assert (again.status, again.out) == (2, "")
    assert again.err == f"ssmar-bench: --out {out}: this exists already; give another name, nothing is overwritten.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", "predictions.csv"]
    good = call("predict", run, clips / "a.mp4", "-o", tmp_path / "one.csv")
    assert (good.status, good.out) == (0, f"{tmp_path / 'one.csv'}: 1 video\n")


def test_the_command_prints_json(trained: Any, clips: Path, tmp_path: Path, call: Call) -> None:
    run = folder_of(trained.out, "aplt")
    ended = call("predict", run, clips, "--json", "--top", 3)
    assert ended.status == 1
    rows = json.loads(ended.out)
    assert [Path(row["video"]).name for row in rows] == ["a.mp4", "b.mp4", "=1+1.mp4", "ü.MP4"]
    assert rows[1] == {
        "video": str(clips / "b.mp4"), "file": "b.mp4", "label": None, "probability": None,
        "problem": DAMAGED, "ranked": [],
    }  # fmt: skip
    assert [len(row["ranked"]) for row in rows] == [3, 0, 3, 3]
    assert rows[0]["ranked"][0] == {"label": rows[0]["label"], "probability": rows[0]["probability"]}
    call("predict", run, clips, "--json", "--top", 3, "-o", tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text()) == rows


def test_the_command_prints_a_reason_and_goes_on(trained: Any, clips: Path, tmp_path: Path, call: Call) -> None:
    ended = call("predict", folder_of(trained.out, "aplt"), tmp_path / "no.mp4", clips / "a.mp4", "--top", 1)
    assert ended.status == 1
    first, reason, second, answer = ended.out.splitlines()
    assert (first, second) == (str(tmp_path / "no.mp4"), str(clips / "a.mp4"))
    assert reason == "  cannot be read: it does not exist"
    assert answer.endswith(" %")
    trust, unread = ended.err.splitlines()
    assert trust.startswith("This run named ")
    assert unread == "1 of 2 videos cannot be read."
