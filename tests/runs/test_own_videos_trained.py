"""Runs on a laboratory's own videos, some of which have no label: what these change, and where it is said."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
import timm
import torch
from filelock import FileLock

from ssmar_bench import api
from ssmar_bench.results.publish import check, publish
from ssmar_bench.results.records import load_runs
from tests.conftest import Commands, Finished, folder_of

pytestmark = pytest.mark.slow
Call = Callable[..., Finished]
CLASSES = ("nod", "shake", "rest")
LABELLED, UNLABELLED = 18, 8
HIDDEN = 4
"""Training clips whose label is hidden at half of the labels."""
SETTINGS = {
    "train.epochs": 5,
    "train.batch": 6,
    "clips.size": 16,
    "frame_cache.short_side": 20,
    "frame_cache.segments": 4,
    "fixmatch.threshold": 0.4,
}
"""As small as APLT's rounds allow; with a threshold that an untrained network passes."""


def film(path: Path, number: int) -> None:
    """Eight frames in which a square moves up and down, from side to side, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    away = np.round(6 * np.sin(np.arange(8) + number)).astype(int)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=8)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuvj420p"
        for step in away:
            pixels = np.full((24, 32, 3), 40, np.uint8)
            top, left = 8 + step * (number % 3 == 0), 12 + step * (number % 3 == 1)
            pixels[top : top + 8, left : left + 8] = 220
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())


def words(lab: Path, methods: str, ratio: float, *more: object) -> list[object]:
    settings = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    own = ["--videos", lab / "clips", "--labels", lab / "labels.csv", "--network", "small", *settings, *more]
    return ["run", "--methods", methods, "--ratios", ratio, "--seeds", 0, "--jobs", 2, "--device", "cpu", *own]


@pytest.fixture(scope="session")
def lab(shared: Path) -> Path:
    """``with``: three methods at all labels and FixMatch at half of them, and eight clips more; ``without`` them."""
    lab = shared / "lab"
    with FileLock(shared / "lab.lock"):
        if not (lab / "ready").exists():
            lines = ["file,label"]
            for number in range(LABELLED):
                film(lab / "clips" / f"{number}.avi", number)
                lines.append(f"{number}.avi,{CLASSES[number % 3]}")
            (lab / "labels.csv").write_text("\n".join(lines))
            for number in range(UNLABELLED):
                film(lab / "more" / f"{number}.avi", LABELLED + number)
            commands = Commands()
            try:
                unlabelled, out = ("--unlabelled", lab / "more"), ("--out", lab / "with")
                for given in (
                    words(lab, "supervised,fixmatch,aplt", 1, *unlabelled, *out),
                    words(lab, "fixmatch", 0.5, *unlabelled, *out),
                    words(lab, "fixmatch", 0.5, "--out", lab / "without"),
                ):
                    ended = commands.run(*given)
                    assert ended.status == 0, ended.err
            finally:
                commands.close()
            (lab / "ready").touch()
    return lab


def predictions(run: Path) -> pd.DataFrame:
    return pd.read_csv(run / "record" / "predictions.csv")


def test_the_record_counts_them(lab: Path) -> None:
    for out, ratio, hidden, never in (
        ("with", 100, 0, UNLABELLED), ("with", 50, HIDDEN, UNLABELLED), ("without", 50, HIDDEN, 0),
    ):  # fmt: skip
        run = folder_of(lab / out, "fixmatch", ratio)
        counts = json.loads((run / "record" / "metrics.json").read_text())["counts"]
        assert (counts["unlabelled"], counts.get("never_labelled", 0)) == (hidden + never, never)
        split = json.loads((run / "work" / "split.json").read_text())
        assert len(split["unlabelled"]) == hidden + never


def test_a_method_that_uses_them_learns_something_else(lab: Path) -> None:
    """The labelled clips are the same; the pool, the split, the pseudo-labels and the answers are not."""
    runs = {out: folder_of(lab / out, "fixmatch", 50) for out in ("with", "without")}
    specs = {out: json.loads((run / "record" / "spec.json").read_text()) for out, run in runs.items()}
    assert specs["with"]["split"] != specs["without"]["split"]
    logged = {out: pd.read_csv(run / "record" / "curves.csv") for out, run in runs.items()}
    clips = {out: rows[(rows["series"] == "full_pool") & (rows["quantity"] == "clips")] for out, rows in logged.items()}
    assert set(clips["with"]["value"]) == {HIDDEN + UNLABELLED}
    assert set(clips["without"]["value"]) == {HIDDEN}
    answers = {out: predictions(run) for out, run in runs.items()}
    assert answers["with"]["label"].tolist() == answers["without"]["label"].tolist()
    assert not np.allclose(answers["with"]["confidence"], answers["without"]["confidence"], atol=1e-3)


def test_methods_differ_where_nothing_but_these_clips_is_unlabelled(lab: Path) -> None:
    found = {method: predictions(folder_of(lab / "with", method, 100)) for method in ("supervised", "fixmatch", "aplt")}
    assert not np.allclose(found["supervised"]["confidence"], found["fixmatch"]["confidence"], atol=1e-3)
    assert not np.allclose(found["supervised"]["confidence"], found["aplt"]["confidence"], atol=1e-3)


def test_their_archive_is_as_good_as_their_folders(lab: Path, tmp_path: Path) -> None:
    """Published, merged with those of another machine, checked, exported and rendered."""
    for number, method in enumerate(("supervised", "*")):
        publish(sorted((lab / "with" / "runs").glob(f"*_{method}_r*")), tmp_path / str(number))
    publish([tmp_path / "0", tmp_path / "1", lab / "without"], tmp_path / "merged")
    assert check(tmp_path / "merged") == (5, [])
    folders, archive = load_runs(lab / "with"), load_runs(tmp_path / "1")
    pd.testing.assert_frame_equal(folders.runs, archive.runs)
    assert set(archive.runs["count_never_labelled"]) == {UNLABELLED}
    merged = load_runs(tmp_path / "merged").runs["count_never_labelled"]
    assert sorted(merged) == [0] + [UNLABELLED] * 4
    assert len(json.loads(api.export_results(tmp_path / "merged", "json"))) == 5
    texts = []
    for place in (lab / "with", tmp_path / "1"):
        written = api.report(place, tmp_path / f"reports of {place.name}")
        texts.append({path.name: path.read_text() for path in written if path.suffix in (".csv", ".tex")})
    assert texts[0] == texts[1] != {}


def test_report_and_page_say_what_is_unknown(lab: Path, tmp_path: Path) -> None:
    written = {path.name: path for path in api.report(lab / "with", tmp_path)}
    page = written["index.html"].read_text()
    assert "NaN" not in page.partition("<body")[2].partition("<script>")[0]
    text = written["comparison.md"].read_text()
    assert "nan" not in text.lower()
    assert "8 unlabelled clips have never had a label: the accuracy of their pseudo-labels is unknown." in text
    assert "[a, b]: 95 % interval of the mean accuracy" in text


def test_a_prediction_says_for_what_the_run_had_the_clip(lab: Path, tmp_path: Path) -> None:
    folder = folder_of(lab / "with", "fixmatch", 50)
    model = api.load_model(folder)
    frame = model.predict_many([lab / "clips", lab / "more"], top=1)
    counts = json.loads((folder / "record" / "metrics.json").read_text())["counts"]
    parts = ("labelled", "unlabelled", "validation", "test")
    assert frame["role"].value_counts().to_dict() == {part: counts[part] for part in parts}
    assert set(frame["role"][frame["video"].str.startswith(str(lab / "more"))]) == {"unlabelled"}
    stranger = shutil.copy(lab / "clips" / "0.avi", tmp_path / "new.avi")
    assert "role" not in model.predict_many(stranger, top=1)
    assert model.predict(stranger).role == ""


def test_one_command_shows_them(lab: Path, call: Call) -> None:
    ended = call("runs", "show", folder_of(lab / "with", "fixmatch", 50))
    assert ended.status == 0, ended.err
    assert f"{HIDDEN + UNLABELLED} unlabelled (8 of them never labelled)" in ended.out
    assert "% of test accuracy (Wilson, 6 clips)" in ended.out
    assert all("% [" in line for line in call("runs", "list", "--results", lab / "with").out.splitlines()[1:])


def test_the_command_that_repeats_a_run_names_all_that_it_was_trained_with(lab: Path, call: Call) -> None:
    ended: Any = call("runs", "show", folder_of(lab / "with", "fixmatch", 50))
    command = ended.out.rpartition("train it again: ")[2]
    for key in ("train.epochs", "clips.size", "backbone.name", "fixmatch.threshold"):
        assert f"--set {key}=" in command or f"--set '{key}=" in command


def test_the_default_network_starts_from_a_file_of_weights(lab: Path, commands: Commands, tmp_path: Path) -> None:
    """ImageNet's cannot be fetched everywhere: a file has the same keys, here of random values."""
    network = timm.create_model("resnet18", pretrained=False)
    torch.save(network.state_dict(), tmp_path / "resnet18.pth")
    settings = {"backbone.weights": tmp_path / "resnet18.pth", "train.epochs": 1, "clips.size": 32}
    settings |= {"frame_cache.short_side": 36, "frame_cache.segments": 2}
    ended = commands.run(
        *("run", "--videos", lab / "clips", "--labels", lab / "labels.csv", "--methods", "supervised"),
        *("--seeds", 0, "--device", "cpu", "--out", tmp_path / "out"),
        *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
    )
    assert ended.status == 0, ended.err
    assert "Network: tsn:resnet18 at 32 pixels, 1 epoch; no GPU is used, and on the CPU 1 run takes about" in ended.out
    (folder,) = (tmp_path / "out" / "runs").iterdir()
    assert f"ssmar-bench predict {folder.name} FOLDER -o predictions.csv --results {tmp_path / 'out'}" in ended.out
    backbone = json.loads((folder / "record" / "spec.json").read_text())["backbone"]
    assert backbone["name"] == "tsn:resnet18"
    assert any(key.endswith("layer4.1.conv2.weight") for key in api.load_model(folder).network.state_dict())
