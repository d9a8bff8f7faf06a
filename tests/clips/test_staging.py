"""The copy of a frame cache on a machine's own disk: shared by its runs, checked, bounded, and never in the way."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssmar_bench.clips import staging
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, prepare_frame_cache
from ssmar_bench.clips.staging import staged
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from tests.conftest import small_disk

from .conftest import numbered, write_video

CLIPS = 4


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two frame caches."""
    base = tmp_path_factory.mktemp("staging")
    found = []
    for name in ("first", "second"):
        clips = [
            ClipFile(str(number), write_video(base / f"{name}-{number}.mp4", [numbered(number)] * 12), -1, -1)
            for number in range(CLIPS)
        ]
        folder = base / "frame_caches" / name
        prepare_frame_cache(folder, clips, FrameCacheConfig(decoder="pyav", short_side=32, segments=8, candidates=3), 1)
        found.append(folder)
    return found


@pytest.fixture
def cache(caches: list[Path], tmp_path: Path) -> Path:
    """A frame cache that a test may damage."""
    return Path(shutil.copytree(caches[0], tmp_path / "shared" / "frame_caches" / "first"))


def refuse(sentence: str) -> None:
    raise AssertionError(sentence)


def copies(place: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in place.glob("*/frame_caches/*") if path.is_dir())


def test_a_copy_holds_the_same_clips_and_is_made_once(cache: Path, tmp_path: Path) -> None:
    pixels = FrameCache.open(cache).fingerprint()
    with staged(cache, pixels, str(tmp_path / "own"), refuse) as copy:
        assert copy.is_relative_to(tmp_path / "own")
        theirs, ours = FrameCache.open(cache), FrameCache.open(copy, pixels)
        for row in range(CLIPS):
            np.testing.assert_array_equal(np.asarray(ours.clip(row)), np.asarray(theirs.clip(row)))
        made = {path: path.stat().st_ino for path in copy.iterdir()}
    with staged(cache, pixels, str(tmp_path / "own"), refuse) as again:
        assert {path: path.stat().st_ino for path in again.iterdir()} == made


def test_a_place_may_be_named_by_the_machines_environment(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_DISK", str(tmp_path / "own"))
    with staged(cache, "", "$OWN_DISK/me", refuse) as copy:
        assert copy.is_relative_to(tmp_path / "own" / "me")
    with staged(cache, "", "", refuse) as used:
        assert used == cache


def _stage(cache: Path, place: Path, together: Any, told: Any) -> None:
    together.wait(30)
    with staged(cache, "", str(place), refuse) as copy:
        told.put(sorted((path.name, path.stat().st_ino) for path in copy.iterdir()))
        together.wait(30)  # nobody removes it while another copies


def test_processes_that_share_a_machine_share_the_copy(cache: Path, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    together, told = spawn.Barrier(3), spawn.Queue()
    processes = [spawn.Process(target=_stage, args=(cache, tmp_path / "own", together, told)) for _ in range(3)]
    for process in processes:
        process.start()
    found = [told.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == CLIPS + 1


def test_copies_that_no_run_uses_make_room_for_the_next(caches: list[Path], tmp_path: Path) -> None:
    place = str(tmp_path / "own")
    with staged(caches[0], "", place, refuse):
        with staged(caches[1], "", place, refuse):
            assert copies(tmp_path / "own") == ["first", "second"]
        with staged(caches[1], "other", place, refuse):
            assert copies(tmp_path / "own") == ["first", "second"], "the unused one was removed, the used one was not"
    with staged(caches[1], "third", place, refuse):
        assert copies(tmp_path / "own") == ["second"]


def test_a_copy_that_was_left_half_done_is_made_again(cache: Path, tmp_path: Path) -> None:
    with staged(cache, "", str(tmp_path / "own"), refuse) as copy:
        pass
    for name in ("frame_cache.json", "2.npy"):
        (copy / name).unlink()
    (copy / "1.npy").write_bytes(b"half")
    with staged(cache, "", str(tmp_path / "own"), refuse) as again:
        assert len(FrameCache.open(again)) == CLIPS
        assert (again / "1.npy").read_bytes() == (cache / "1.npy").read_bytes()


def test_a_damaged_clip_is_not_copied(cache: Path, tmp_path: Path) -> None:
    data = bytearray((cache / "1.npy").read_bytes())
    data[500] ^= 1
    (cache / "1.npy").write_bytes(data)
    with (
        pytest.raises(UserError, match=r"does not match its checksum \(1\); give the command again, which decodes it"),
        staged(cache, "", str(tmp_path / "own"), refuse),
    ):
        pass
    assert copies(tmp_path / "own") == []


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of a tenth of what the clips take."""
    with small_disk(tmp_path / "disk", 64) as disk:
        yield disk


@pytest.mark.parametrize("margin", [staging.MARGIN, -(10**9)])
def test_a_full_disk_is_told_and_the_shared_clips_are_read(
    cache: Path, full: Path, monkeypatch: pytest.MonkeyPatch, margin: int
) -> None:
    """Seen before the copy, or while it is made."""
    monkeypatch.setattr(staging, "MARGIN", margin)
    told: list[str] = []
    with staged(cache, "", str(full), told.append) as used:
        assert used == cache
    why = "GB are needed and 0.0 GB are free" if margin > 0 else "No space left on device"
    assert len(told) == 1
    assert told[0].startswith(f"--stage-to {full}: ")
    assert why in told[0]
    assert told[0].endswith(f"; clips are read from {cache}.")
    assert copies(full) == []


@pytest.mark.parametrize(
    ("place", "why"), [("$NO_SUCH_VARIABLE", "a variable in it is not set"), ("file/below", "Not a directory")]
)
def test_a_place_that_cannot_be(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    told: list[str] = []
    with staged(cache, "", place, told.append) as used:
        assert used == cache
    assert len(told) == 1
    assert f"--stage-to {place}: {why} on machine " in told[0]
