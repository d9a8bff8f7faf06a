"""A result is of the pixels and labels that it was made with: where these change, it is no longer today's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.clips import frame_cache as frame_caches
from ssmar_bench.core.events import Event
from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.index import Index
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_names import sorted_names
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs import execute, prepare_data
from ssmar_bench.runs.archived_runs import ArchivedRuns
from ssmar_bench.runs.data_digests import DataDigests, matching_spec
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import PlannedRun, plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.splits.split_builder import ground_truth

EPOCH = {"train.epochs": 1}


@pytest.fixture
def root(known: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny data set as somebody's own folder, to be changed, with an empty cache."""
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    return Path(shutil.copytree(known.root, tmp_path / "data"))


@pytest.fixture
def bench(tiny: Path, root: Path, tmp_path: Path) -> Bench:
    return Bench(tiny, root, tmp_path)


class Bench:
    """Runs one cell on the folder, and tells what happened."""

    def __init__(self, tiny: Path, root: Path, results: Path) -> None:
        self.root, self.results = root, results
        self.grid = Grid(str(tiny), ["supervised"], [0.5], [0], sets=EPOCH)
        self.execution = Execution(results, {"micro-motion": root})

    def run(self) -> list[Event]:
        heard: list[Event] = []
        states = execute.run(resolve(self.grid), self.execution, heard.append)
        assert [*states.values()] == ["done"]
        return heard

    def trained(self) -> int:
        """How many runs are trained now."""
        return sum(event.kind == "start" for event in self.run())

    def planned(self) -> list[str]:
        return [entry.state for entry in api.plan(self.grid, self.execution)]

    def folders(self) -> list[Path]:
        return sorted((self.results / "runs").iterdir())

    def labels(self, part: str, change: Callable[[list[str]], list[str]]) -> None:
        """Give other labels to the clips of a list."""
        path = self.root / f"{part}_list_videos.txt"
        names, labels = zip(*(line.split() for line in path.read_text().splitlines()), strict=True)
        path.write_text("\n".join(map(" ".join, zip(names, change(list(labels)), strict=True))))


def _rotated(labels: list[str]) -> list[str]:
    return [*labels[1:], labels[0]]


def _exchange(root: Path) -> None:
    """Two test videos of other frames under each other's names."""
    one, other, *_ = sorted((root / "videos_val").iterdir())
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


@pytest.mark.slow
def test_other_pixels_under_the_same_names_are_another_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench.planned() == ["missing"]
    assert bench.trained() == 1
    assert bench.planned() == ["done"]
    with monkeypatch.context() as patch:  # a finished grid that is given again neither decodes nor reads a frame
        patch.setattr(frame_caches, "prepare_frame_cache", _never)
        patch.setattr(frame_caches.FrameCache, "clip", _never)
        assert bench.trained() == 0

    _exchange(bench.root)
    assert bench.planned() == ["missing"]
    assert bench.trained() == 1
    first, second = bench.folders()
    assert len({RunFolder(path).spec().pixels for path in (first, second)}) == 2
    rows = load_runs(bench.results).runs
    assert rows["variant"].nunique() == 2
    assert rows["label"].nunique() == 2
    assert sum("[pixels=" in label for label in rows["label"]) >= 1
    _exchange(bench.root)  # as at first: decoded again, and the former record is theirs
    assert bench.trained() == 0


@pytest.mark.slow
def test_a_finished_record_is_known_where_nothing_is_decoded_any_more(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run()
    shutil.rmtree(tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr(frame_caches, "prepare_frame_cache", _never)
        assert bench.planned() == ["done"]
        assert bench.trained() == 0
    video = sorted((bench.root / "videos_train").iterdir())[0]
    shutil.copy(sorted((bench.root / "videos_train").iterdir())[1], video)
    assert bench.planned() == ["missing"]
    assert bench.trained() == 1
    assert len(bench.folders()) == 2
    shutil.rmtree(tmp_path / "cache")
    assert bench.planned() == ["done"]


def _never(*_: object, **__: object) -> None:
    raise AssertionError


@pytest.mark.slow
def test_other_test_labels_are_recorded_again_without_training(bench: Bench) -> None:
    bench.run()
    (folder,) = map(RunFolder, bench.folders())
    before, made = read_json(folder.record / "metrics.json"), folder.weights.stat().st_mtime_ns
    bench.labels("val", _rotated)
    assert bench.planned() == ["outdated"]
    heard = bench.run()
    assert f"{folder.path.name} was recorded with other labels or subjects than the data has now." in [
        event.text for event in heard if event.kind == "note"
    ]
    after = read_json(folder.record / "metrics.json")
    assert after["truth"] != before["truth"]
    assert (folder.record / "predictions.csv").read_text().count("\n") == 25
    assert folder.weights.stat().st_mtime_ns == made
    assert bench.folders() == [folder.path]
    assert bench.planned() == ["done"]
    shutil.rmtree(folder.work)  # a record alone, as it is published
    bench.labels("val", _rotated)
    assert bench.planned() == ["outdated"]
    only_cache = replace(bench.execution, overwrite="only-cache")
    assert [*execute.run(resolve(bench.grid), only_cache, lambda event: None).values()] == ["outdated"]
    assert bench.trained() == 1


# ---- the same without training


@pytest.fixture
def finished(tiny: Path, known: Any, tmp_path: Path) -> Callable[..., PlannedRun]:
    """A record that was finished with the tiny benchmark's truth; called, the cell of another truth."""
    grid = Grid(str(tiny), ["supervised"], [0.5], [0])

    def planned_run(index: Index, videos: str = "sizes", pixels: str = "0123456789abcdef") -> PlannedRun:
        digest = ground_truth(index, known.benchmark_config).digest(index.clips["clip_id"])
        method_config = known.benchmark_config.frame_cache
        return plan_runs(resolve(grid), index, pixels={method_config: pixels}, known=DataDigests(digest, videos))[0]

    today = planned_run(known.index)
    folder = today.folder(tmp_path)
    folder.begin(today.spec)
    assert today.known is not None
    metrics = {"identity": today.spec.identity(), "truth": today.known.truth, "videos": "sizes"}
    write_json(folder.record / "metrics.json", metrics)
    return planned_run


def _changed(known: Any, what: str) -> Index:
    """The index with another truth of clips that no training process knows."""
    index: Index = known.index
    hidden = {*known.planned_runs["supervised", 0.5].split.test}
    clips = index.clips.copy()
    test = clips["clip_id"].isin(hidden)
    match what:
        case "mock":
            return replace(index, mock=True)
        case "one test label":
            place = clips.index[test][0]
            clips.loc[place, "label"] = next(
                c for c in known.benchmark_config.classes if c != clips.loc[place, "label"]
            )
        case "rotated test labels":
            labels = clips.loc[test, "label"].to_numpy()
            clips.loc[test, "label"] = [*labels[1:], labels[0]]
        case "test subjects":
            clips.loc[test, "subject"] = "somebody else"
        case "a subject's name":
            clips.loc[test, "subject"] = clips.loc[test, "subject"] + "x"
    return replace(index, clips=clips)


@pytest.mark.parametrize("what", ["mock", "one test label", "rotated test labels", "test subjects", "a subject's name"])
def test_a_record_of_another_truth_is_outdated(finished: Any, known: Any, tmp_path: Path, what: str) -> None:
    assert finished(known.index).state(tmp_path) == "done"
    other = finished(_changed(known, what))
    assert other.spec == finished(known.index).spec  # nothing that a training process reads tells of it
    assert other.state(tmp_path) == "outdated"


def test_other_labels_of_unlabelled_clips_alone_are_another_truth(finished: Any, known: Any, tmp_path: Path) -> None:
    planned_run = known.planned_runs["supervised", 0.5]
    of = dict(zip(known.index.clips["clip_id"], known.index.clips["label"], strict=True))
    one = planned_run.split.unlabelled[0]
    other = next(clip for clip in planned_run.split.unlabelled if of[clip] != of[one])
    of[one], of[other] = of[other], of[one]
    index = replace(known.index, clips=known.index.clips.assign(label=known.index.clips["clip_id"].map(of)))
    swapped = finished(index)
    assert swapped.known.truth != finished(known.index).known.truth
    # The hash order of a class decides what is labelled, so the split may differ, too: then it is another run.
    assert swapped.state(tmp_path) == ("outdated" if swapped.spec == finished(known.index).spec else "missing")


def test_a_record_without_a_truth_is_not_taken_for_todays(finished: Any, known: Any, tmp_path: Path) -> None:
    planned_run = finished(known.index)
    path = planned_run.folder(tmp_path).record / "metrics.json"
    write_json(path, {key: value for key, value in read_json(path).items() if key != "truth"})
    assert planned_run.state(tmp_path) == "outdated"


def _matching(spec: RunSpec, known: DataDigests | None, results: Path) -> RunSpec:
    return matching_spec(spec, known, results, sorted_names(results / "runs"), ArchivedRuns())


@pytest.mark.parametrize(("videos", "same"), [("sizes", True), ("", True), ("other sizes", False)])
def test_a_record_is_recognised_by_the_sizes_of_its_videos(
    finished: Any, known: Any, tmp_path: Path, videos: str, same: bool
) -> None:
    unknown = finished(known.index, videos, pixels="")
    assert unknown.spec.pixels == ""
    found = _matching(unknown.spec, unknown.known, tmp_path)
    assert found.pixels == ("0123456789abcdef" if same else "")
    assert _matching(replace(unknown.spec, seed=1), unknown.known, tmp_path).pixels == ""


def test_of_two_records_none_is_guessed(finished: Any, known: Any, tmp_path: Path) -> None:
    first, second = finished(known.index), finished(known.index, pixels="fedcba9876543210")
    folder = second.folder(tmp_path)
    folder.begin(second.spec)
    metrics = read_json(first.folder(tmp_path).record / "metrics.json")
    write_json(folder.record / "metrics.json", metrics | {"identity": second.spec.identity()})
    unknown = finished(known.index, pixels="")
    assert _matching(unknown.spec, unknown.known, tmp_path) == unknown.spec
    assert first.spec.identity() != second.spec.identity()


def test_sizes_tell_a_replaced_video(known: Any, root: Path) -> None:
    split = known.planned_runs["supervised", 0.5].split
    clips = prepare_data.clip_files(known.index, split)
    moved = [replace(clip, path=root / clip.path.relative_to(known.root)) for clip in clips]
    assert prepare_data.sizes_digest(moved) == prepare_data.sizes_digest(clips)
    moved[0].path.write_bytes(moved[0].path.read_bytes() + b"\0")
    assert prepare_data.sizes_digest(moved) != prepare_data.sizes_digest(clips)
    moved[0].path.unlink()
    assert prepare_data.sizes_digest(moved) == ""
