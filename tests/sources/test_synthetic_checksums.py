"""What the cache holds of a rendered data set is verified, and rendered again where it was changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.events import Event
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.sources.synthetic import changed_file, checksums

LIST = "train_list_videos.txt"


@pytest.fixture
def benchmark_config(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BenchmarkConfig:
    """The tiny benchmark with its data set in a cache of its own, to be changed."""
    benchmark_config = resolve(Grid(str(tiny), ["supervised"])).benchmark_config
    prepare_data.prepare_source(benchmark_config, {}, 1, lambda event: None)
    shared = prepare_data.source_root(benchmark_config, {})
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    shutil.copytree(shared, prepare_data.source_root(benchmark_config, {}))
    return benchmark_config


def _videos(root: Path) -> list[Path]:
    return sorted((root / "videos_train").iterdir())


def _flip(root: Path) -> None:
    lines = (root / LIST).read_bytes().split(b"\r\n")
    name, label = lines[0].split()
    lines[0] = name + (b" 5" if label != b"5" else b" 7")
    (root / LIST).write_bytes(b"\r\n".join(lines))


def _exchange(root: Path) -> None:
    one, other = _videos(root)[:2]
    stat = one.stat()
    one.write_bytes(other.read_bytes())
    os.utime(one, ns=(stat.st_atime_ns, stat.st_mtime_ns))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a label flipped": _flip,
    "a line removed": lambda root: (root / LIST).write_bytes((root / LIST).read_bytes().partition(b"\r\n")[2]),
    "a video exchanged": _exchange,
    "a video removed": lambda root: _videos(root)[0].unlink(),
    "a video cut": lambda root: _videos(root)[0].write_bytes(_videos(root)[0].read_bytes()[:-1]),
    "a video more": lambda root: shutil.copy(_videos(root)[0], root / "videos_train" / "9999_00_0000.mp4"),
    "other options": lambda root: (root / "micro-motion.json").write_text("{}"),
    "other checksums": lambda root: (root / checksums.CHECKSUMS).write_text("{}"),
    "no checksums": lambda root: (root / checksums.CHECKSUMS).unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_change_is_noticed_and_misleads_no_plan(benchmark_config: BenchmarkConfig, damage: str) -> None:
    root = prepare_data.source_root(benchmark_config, {})
    before = prepare_data.prepare_source(benchmark_config, {}, 1, lambda event: None)
    DAMAGE[damage](root)
    assert changed_file(root) != ""
    outlined = prepare_data.planning_index(benchmark_config, {})
    columns = ["clip_id", "label", "subject", "part"]
    assert outlined.clips[columns].to_numpy().tolist() == before.clips[columns].to_numpy().tolist()


@pytest.mark.parametrize("damage", ["a label flipped", "a line removed", "a video exchanged"])
def test_a_changed_data_set_is_rendered_again_and_reported(benchmark_config: BenchmarkConfig, damage: str) -> None:
    root = prepare_data.source_root(benchmark_config, {})
    before = prepare_data.prepare_source(benchmark_config, {}, 1, lambda event: None)
    expected = {path.relative_to(root): path.read_bytes() for path in root.rglob("*.mp4")}
    DAMAGE[damage](root)
    heard: list[Event] = []
    after = prepare_data.prepare_source(benchmark_config, {}, 1, heard.append)
    (note,) = (event.text for event in heard if event.kind == "note")
    assert note.startswith(str(root))
    assert note.endswith("is not what was rendered; the clips are rendered again.")
    assert after.clips.equals(before.clips)
    assert {path.relative_to(root): path.read_bytes() for path in root.rglob("*.mp4")} == expected
    assert changed_file(root) == ""


def test_an_untouched_one_is_not_read_again(benchmark_config: BenchmarkConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    root = prepare_data.source_root(benchmark_config, {})
    assert changed_file(root) == ""  # a copy has other times, so this reads it once
    monkeypatch.setattr(checksums, "_sum", None)
    heard: list[Event] = []
    prepare_data.prepare_source(benchmark_config, {}, 1, heard.append)
    assert heard == []


def test_a_folder_of_ones_own_is_not_verified(benchmark_config: BenchmarkConfig, tmp_path: Path) -> None:
    shutil.copytree(prepare_data.source_root(benchmark_config, {}), tmp_path / "own")
    _flip(tmp_path / "own")
    heard: list[Event] = []
    prepare_data.prepare_source(benchmark_config, {"micro-motion": tmp_path / "own"}, 1, heard.append)
    assert heard == []
