"""What a source's name stands for: all its benchmarks that this copy does for, and the frame caches that they share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.sources import read_source
from ssmar_bench.splits.split_builder import BenchmarkClips, build_split
from tests.conftest import Finished

Call = Callable[..., Finished]
Lists = Callable[..., Path]


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lists:
    """Writes a mock data set's lists, with empty videos; and an empty cache."""
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))

    def write(source: str, clips: int, layout: str | None = None) -> Path:
        api.mock_source(source, tmp_path / source, layout, lists_only=True, clips=clips)
        return tmp_path / source

    return write


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines() if "\t" in line][1:]


def test_benchmarks_of_the_same_clips_share_a_frame_cache(lists: Lists, call: Call) -> None:
    ended = call("data", "prepare", "smg", "--root", lists("smg", 1500), "--plan")
    assert ended.status == 0, ended.err
    (row,) = rows(ended.out)
    assert row[0] == "smg-5, smg-5-official"
    assert row[1] == row[3]  # all clips are still to be decoded
    assert row[-1] == "unknown"  # no video can be tried


def test_a_split_that_is_labelled_in_another_way_shares_it_too(lists: Lists, tmp_path: Path) -> None:
    root, options = lists("ma52", 240), api.SplitOptions(labelled_by="subject")
    folder = api.build_split("ma-12", tmp_path, {"ma52": root}, options, durations=False)
    (here,), (there,) = (api.plan_preparation(target, root) for target in (str(folder / "benchmark.yaml"), "ma-12"))
    assert (here.benchmark, there.benchmark) == ("ma-12-by-subject", "ma-12")
    assert here.folder == there.folder


def test_what_a_copy_does_not_do_for_is_reported(lists: Lists, call: Call) -> None:
    ended = call("data", "prepare", "ma52", "--root", lists("ma52", 240), "--plan")
    assert ended.status == 0, ended.err
    assert [row[0] for row in rows(ended.out)] == ["ma-12, ma-12-cross-subject"]
    assert "note  Not prepared: ma-12-balanced-test tests on 100 clips of every class, and class 5" in ended.err
    assert ended.err.count("This folder is a mock data set") == 1


@pytest.mark.parametrize("target", ["imigue", "imigue-11"])
def test_a_copy_that_does_for_nothing_is_refused(lists: Lists, call: Call, target: str) -> None:
    ended = call("data", "prepare", target, "--root", lists("imigue", 60, "miga"))
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == (
        "ssmar-bench: imigue-11 has nothing to train on: this copy of imigue holds no clip of its classes in the part "
        "train; it holds such clips in miga-train, miga-val."
    )


def test_seconds_follow_from_the_sources_rate(lists: Lists, tmp_path: Path) -> None:
    """The videos are empty: no header says anything."""
    folder = api.build_split("smg-5-official", tmp_path, {"smg": lists("smg", 60)})
    split_set, _ = api.show_split(folder)
    frames = [int(end) - int(start) + 1 for start, end in split_set.clips["clip_id"].str[5:].str.split("-")]
    assert split_set.clips["seconds"].tolist() == pytest.approx([count / 28 for count in frames], abs=0.01)


def test_a_plan_is_of_the_official_split_that_the_benchmark_config_names(lists: Lists, tmp_path: Path) -> None:
    root, path = lists("ucf101", 60), tmp_path / "second.yaml"
    path.write_text("extends: ucf101\nname: second\nsource: {options: {split: 2}}\n")
    benchmark_config = benchmark_configs.read_benchmark_config(str(path))
    grid, execution = (
        api.Grid(str(path), ["supervised"], seeds=[0], profile="smoke"),
        api.Execution(tmp_path, {"ucf101": root}),
    )
    (planned,) = api.plan(grid, execution)
    index = read_source("ucf101", root, {"split": 2})
    assert planned.planned_run.split == build_split(index, benchmark_config, 0.5, 0)
    assert set(planned.planned_run.split.test) <= set(index.clips.loc[index.clips["part"] == "test", "clip_id"])
    assert (
        BenchmarkClips.of(read_source("ucf101", root), benchmark_config).split(0.5, 0).test
        != planned.planned_run.split.test
    )
