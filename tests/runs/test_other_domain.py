"""A benchmark config with labelled clips of one domain and clips of another that nobody ever labelled: mock videos."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from ssmar_bench.core.benchmark_config import read_benchmark_config
from ssmar_bench.core.events import ignore_events
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from tests.conftest import Finished, folder_of

Call = Callable[..., Finished]
CLASSES = ("nod", "shake", "rest")
TRAIN, TEST, STREET = 18, 6, 10
SETTINGS = {
    "train.epochs": 2,
    "train.batch": 6,
    "clips.size": 16,
    "frame_cache.short_side": 20,
    "frame_cache.segments": 4,
    "fixmatch.threshold": 0.4,
}


def film(path: Path, number: int, street: bool) -> None:
    """Eight frames of a square that moves or rests; in the street it is dark on bright and the picture is larger."""
    width, height, back, front = (64, 48, 200, 30) if street else (32, 24, 40, 220)
    away = np.round(height / 4 * np.sin(np.arange(8) + number)).astype(int)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=8)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for step in away:
            pixels = np.full((height, width, 3), back, np.uint8)
            top, left = height // 3 + step * (number % 3 == 0), width // 3 + step * (number % 3 == 1)
            pixels[max(top, 0) : top + height // 3, max(left, 0) : left + height // 3] = front
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode())


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``laboratory`` with a list of labels and parts, ``street`` without any, and a benchmark config of both."""
    root = tmp_path_factory.mktemp("study")
    lines = ["path,label,part"]
    for number in range(TRAIN + TEST):
        film(root / "laboratory" / f"{number:02}.avi", number, street=False)
        lines.append(f"{number:02}.avi,{CLASSES[number % 3]},{'train' if number < TRAIN else 'test'}")
    (root / "laboratory.csv").write_text("\n".join(lines))
    for number in range(STREET):
        film(root / "street" / f"{number:02}.avi", number, street=True)
    return root


@pytest.fixture
def two_domains(study: Path, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    given = ("--videos", study / "laboratory", "--labels", study / "laboratory.csv", "--unlabelled", study / "street")
    ended = call("data", "new", "mma-82", *given)
    assert ended.status == 0, ended.err
    return tmp_path / "mma-82" / "benchmark.yaml"


def test_labels_and_test_are_of_one_domain_and_the_other_has_no_truth(two_domains: Path) -> None:
    assert read_benchmark_config(str(two_domains)).parts.unlabelled
    resolved = resolve(Grid(str(two_domains), ["fixmatch"], [0.5, 1.0], [0], profile="small", sets=SETTINGS))
    index = prepare_data.prepare_source(resolved.benchmark_config, {"videos": two_domains.parent}, 1, ignore_events)
    domain = {clip: Path(path).parent.name for clip, path in index.clips[["clip_id", "path"]].itertuples(index=False)}
    street = {clip for clip, name in domain.items() if name == "street"}
    assert len(street) == STREET
    for planned_run in plan_runs(resolved, index):
        split = planned_run.split
        assert set(split.never_labelled) == street <= set(split.unlabelled)
        for clips in (split.labelled, split.validation, split.test, tuple(set(split.unlabelled) - street)):
            assert {domain[clip] for clip in clips} <= {"laboratory"}
        assert len(split.test) == TEST
        assert not street & {*split.labels}
        assert not planned_run.skip  # at all labels, too, there is something to learn from
        assert (set(split.unlabelled) == street) == (split.ratio == 1)


@pytest.mark.slow
def test_such_a_benchmark_is_trained_and_recorded(two_domains: Path, call: Call, tmp_path: Path) -> None:
    sets = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    given = (
        "--methods",
        "supervised,fixmatch",
        "--ratios",
        "0.5",
        "--seeds",
        0,
        "--profile",
        "small",
        "--device",
        "cpu",
    )
    ended = call("run", "--benchmark", two_domains, *given, *sets, "--out", tmp_path / "out")
    assert ended.status == 0, ended.err
    record = folder_of(tmp_path / "out", "fixmatch") / "record"
    counts = json.loads((record / "metrics.json").read_text())["counts"]
    assert (counts["never_labelled"], counts["test"]) == (STREET, TEST)
    logged = pd.read_csv(record / "curves.csv")
    full = logged[(logged["series"] == "full_pool") & (logged["quantity"] == "clips")]
    assert set(full["value"]) == {counts["unlabelled"]}
    kept = pd.read_csv(record / "pseudo_labels.csv")
    assert (kept["label"] == -1).sum() >= STREET  # of them no truth is known
