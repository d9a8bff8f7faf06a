"""No training process sees the label of an unlabelled or test clip."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from ssmar_bench import api
from ssmar_bench.core.index import Index
from ssmar_bench.core.split import salted_id
from ssmar_bench.runs import local
from ssmar_bench.splits.split_builder import build_split
from tests.conftest import Finished, folder_of


class StoppedError(Exception):
    """Raised where the training would begin."""


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in plain data, keys too, with the keys above it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, "a key"), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    elif isinstance(value, str):
        yield path, value


def test_the_folder_of_a_run_to_be_holds_no_hidden_label(
    tiny: Path, known: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Engine:
        def __init__(self, *_: Any) -> None: ...

        def run(self, *_: Any) -> Iterator[Any]:
            raise StoppedError

    monkeypatch.setattr(local, "LocalEngine", Engine)
    with pytest.raises(StoppedError):
        api.run(api.Grid(str(tiny), ["fixmatch"]), api.Execution(tmp_path, {}))
    (folder,) = (tmp_path / "runs").iterdir()
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    told = {"record/method.json", "record/spec.json", "work/launch.json", "work/split.json"}
    assert {name for name in files if not name.startswith("work/lease-")} - {"work/SHA256SUMS"} == told

    split = json.loads(files["work/split.json"].read_text())
    hidden = {*split["unlabelled"], *split["test"]}
    assert hidden
    assert set(split["labels"]) == {*split["labelled"], *split["validation"]}
    for part in ("labelled", "unlabelled", "validation", "test"):
        assert split[part] == sorted(split[part]), "an order by class would tell"
    for name in ("record/method.json", "record/spec.json", "work/launch.json", "work/split.json"):
        for place, text in _texts(json.loads(files[name].read_text())):
            assert text not in hidden or place in (("unlabelled",), ("test",)), (name, place)


@pytest.mark.slow
def test_a_training_process_measures_nothing_against_a_hidden_label(trained: Any) -> None:
    for folder in (trained.out / "runs").iterdir():
        outcome = json.loads((folder / "work" / "outcome.json").read_text())
        parts = {series.partition("_")[0] for _, series, _, _ in outcome["curve"]}  # a head of several: validation_HEAD
        assert parts == {"train", "validation"}


def _with_labels(index: Index, labels: pd.Series) -> Index:
    return Index(index.source, index.clips.assign(label=labels), index.classes)


def _permuted(known: Any) -> tuple[Index, set[str]]:
    """The index with other labels of test and unlabelled clips, but the same split; the unlabelled clips moved."""
    split, index = known.planned_runs["aplt", 0.5].split, known.index
    labels = index.clips.set_index("clip_id")["label"].copy()
    test = list(split.test)
    labels[test] = labels[[*test[1:], test[0]]].to_numpy()
    moved: set[str] = set()

    def fits(candidate: pd.Series) -> bool:
        permuted = _with_labels(index, index.clips["clip_id"].map(candidate))
        return build_split(permuted, known.benchmark_config, 0.5, 0).fingerprint() == split.fingerprint()

    assert fits(labels)
    clips = list(split.unlabelled)
    for number, one in enumerate(clips):
        for other in clips[number + 1 :]:
            if labels[one] == labels[other] or {one, other} & moved:
                continue
            swapped = labels.copy()
            swapped[one], swapped[other] = labels[other], labels[one]
            if fits(swapped):  # the labels of unlabelled clips decide which clips are labelled, too
                labels, moved = swapped, moved | {one, other}
    return _with_labels(index, index.clips["clip_id"].map(labels)), moved


def _write_labels(index: Index, root: Path) -> None:
    for part in ("train", "val"):
        rows = index.clips[index.clips["part"] == part]
        lines = [f"{Path(path).name} {label}" for path, label in zip(rows["path"], rows["label"], strict=True)]
        (root / f"{part}_list_videos.txt").write_text("\r\n".join(lines))


@pytest.mark.slow
def test_other_hidden_labels_train_the_same_run(
    tiny: Path, known: Any, trained: Any, tmp_path: Path, call: Callable[..., Finished]
) -> None:
    permuted, moved = _permuted(known)
    assert len(moved) >= 4
    shutil.copytree(known.root, tmp_path / "data")
    _write_labels(permuted, tmp_path / "data")
    words = ("run", "--benchmark", tiny, "--methods", "aplt", "--data", f"micro-motion={tmp_path / 'data'}")
    ended = call(*words, "--out", tmp_path)
    assert ended.status == 0, ended.err

    ours, theirs = folder_of(tmp_path, "aplt"), folder_of(trained.out, "aplt")
    assert ours.name == theirs.name
    for name in (
        "split.json",
        "predictions.npz",
        *(f"pseudo_label_log/epoch-{epoch:05d}.npz" for epoch in range(1, 13)),
    ):
        assert (ours / "work" / name).read_bytes() == (theirs / "work" / name).read_bytes(), name
    states = [torch.load(folder / "work" / "checkpoint-even.pt", weights_only=True) for folder in (ours, theirs)]
    for name, tensor in states[0]["method"].items():
        assert torch.equal(tensor, states[1]["method"][name]), name

    tables = [pd.read_csv(folder / "record" / "pseudo_labels.csv") for folder in (ours, theirs)]
    probes = [table[table["series"] == "full_pool"].set_index("clip") for table in tables]
    pd.testing.assert_series_equal(probes[0]["pseudo_label"], probes[1]["pseudo_label"])
    changed = probes[0]["label"] != probes[1]["label"]
    assert set(changed.index[changed]) == {salted_id("tiny-motion", clip) for clip in moved}
    tests = [pd.read_csv(folder / "record" / "predictions.csv") for folder in (ours, theirs)]
    assert (tests[0]["prediction"] == tests[1]["prediction"]).all()
    assert (tests[0]["label"] != tests[1]["label"]).any()
