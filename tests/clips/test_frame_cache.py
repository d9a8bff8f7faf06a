"""A frame cache holds the right frames, and says what is wrong with its videos and its disk."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ssmar_bench.clips import frame_positions, preparation
from ssmar_bench.clips.frame_cache import (
    ClipFile,
    FrameCache,
    FrameMismatch,
    cache_location,
    prepare_frame_cache,
    size_in_bytes,
)
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event

from .conftest import numbered, numbers_of, write_video
from .test_hard_videos import lying_avi

Clips = Callable[[int], list[ClipFile]]


@pytest.mark.parametrize(
    ("frames", "segments", "candidates", "expected"),
    [
        (24, 8, 3, list(range(24))),
        (48, 8, 3, list(range(1, 48, 2))),
        (8, 8, 1, list(range(8))),
        (80, 8, 1, list(range(5, 80, 10))),
        (3, 6, 1, [0, 0, 1, 1, 2, 2]),
        (1, 2, 2, [0, 0, 0, 0]),
        (10, 2, 2, [1, 3, 6, 8]),
    ],
)
def test_positions(frames: int, segments: int, candidates: int, expected: list[int]) -> None:
    config = FrameCacheConfig(decoder="pyav", short_side=32, segments=segments, candidates=candidates)
    assert frame_positions.frame_positions(frames, config).tolist() == expected


@pytest.mark.parametrize(
    ("frames", "segments", "candidates", "expected"),
    [
        (5, 4, 1, [0, 1, 1, 2, 2, 3, 3, 4]),  # every frame but the last, which nothing follows
        (9, 2, 2, [1, 2, 3, 4, 5, 6, 7, 8]),
        (81, 8, 1, [place for first in range(5, 80, 10) for place in (first, first + 1)]),
        (3, 3, 1, [0, 1, 1, 2, 1, 2]),
        (2, 2, 1, [0, 1, 0, 1]),
        (1, 2, 1, [0, 0, 0, 0]),  # a single frame has no next one
    ],
)
def test_positions_with_neighbours(frames: int, segments: int, candidates: int, expected: list[int]) -> None:
    config = FrameCacheConfig(decoder="pyav", short_side=32, segments=segments, candidates=candidates, neighbours=1)
    assert frame_positions.frame_positions(frames, config).tolist() == expected


def test_candidates_stay_in_their_segment(config: FrameCacheConfig) -> None:
    for frames in range(1, 200):
        found = frame_positions.frame_positions(frames, config).reshape(8, 3)
        for segment, inside in enumerate(found):
            # A candidate's frame overlaps the segment's span of time.
            assert all(place + 1 > segment * frames / 8 and place < (segment + 1) * frames / 8 for place in inside)


def test_stored_frames(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(6)
    report = prepare_frame_cache(tmp_path / "frame_cache", made[::-1], config, 1)
    assert (report.decoded, report.reused, report.audit) == (6, 0, [])
    frame_cache = FrameCache.open(tmp_path / "frame_cache")
    assert frame_cache.ids == tuple(clip.clip_id for clip in made)
    assert len(frame_cache) == 6
    for number, clip in enumerate(made):
        frames = frame_cache.clip(frame_cache.row(clip.clip_id))
        assert frames.shape == (24, 32, 48, 3)
        assert frames.dtype == np.uint8
        expected = frame_positions.frame_positions(24 + number % 3, config).tolist()
        assert numbers_of(frames) == [number if place == 0 else place for place in expected]


def test_with_neighbours_each_stored_frame_is_followed_by_the_next_one_of_its_video(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig
) -> None:
    made = clips(2)
    wider = config.model_copy(update={"neighbours": 1})
    prepare_frame_cache(tmp_path / "frame_cache", made, wider, 1)
    assert cache_location(tmp_path, "x", wider, made) != cache_location(tmp_path, "x", config, made)
    assert size_in_bytes(2, wider) == 2 * size_in_bytes(2, config)
    frames = FrameCache.open(tmp_path / "frame_cache").clip(1)  # of 25 frames: all but the last are taken
    assert frames.shape == (48, 32, 48, 3)
    assert numbers_of(frames) == [1, 1, *(place for first in range(1, 24) for place in (first, first + 1))]


def test_parts_of_one_recording(tmp_path: Path, video: Path, config: FrameCacheConfig) -> None:
    made = [ClipFile("a", video, 30, 53), ClipFile("b", video, 0, 23), ClipFile("c", video, 12, 35)]
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    frame_cache = FrameCache.open(tmp_path / "frame_cache")
    assert frame_cache.ids == ("a", "b", "c")
    lying = json.loads((tmp_path / "frame_cache" / "frame_cache.json").read_text())["clips"]
    assert [entry["id"] for entry in lying] == ["a", "b", "c"]  # in time, neighbours would tell what follows what
    assert {name: numbers_of(frame_cache.clip(frame_cache.row(name))) for name in "abc"} == {
        clip.clip_id: list(range(clip.start, clip.end + 1)) for clip in made
    }


def test_clips_cannot_be_written_to(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    prepare_frame_cache(tmp_path / "frame_cache", clips(1), config, 1)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(FrameCache.open(tmp_path / "frame_cache").clip(0))[0] = 0


def test_location(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(3)
    folder = cache_location(tmp_path, "ma12", config, made)
    assert folder.parent == tmp_path
    assert folder.name.startswith("ma12-")
    moved = [replace(clip, path=Path("/elsewhere") / clip.path.name) for clip in made]
    assert cache_location(tmp_path, "ma12", config, moved[::-1]) == folder
    assert cache_location(tmp_path, "ma12", config, made[:2]) != folder
    assert cache_location(tmp_path, "ma12", config.model_copy(update={"candidates": 1}), made) != folder


def test_size_in_bytes(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    prepare_frame_cache(tmp_path / "frame_cache", clips(5), config, 1)
    size = sum(np.load(path).nbytes for path in (tmp_path / "frame_cache").glob("*.npy"))
    assert size_in_bytes(5, config, 1.5) == size


def test_nothing_is_decoded_twice(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(6)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    before = _times(tmp_path / "frame_cache")
    report = prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert (report.decoded, report.reused) == (0, 6)
    assert _times(tmp_path / "frame_cache") == before


def test_progress(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    heard: list[Event] = []
    prepare_frame_cache(tmp_path / "frame_cache", clips(6), config, 1, heard.append)
    assert [(event.kind, event.done, event.total) for event in heard] == [("prepare", n, 6) for n in range(1, 7)]
    assert all(event.rate > 0 and event.run == "" for event in heard[1:])
    assert heard[0].rate == 0  # one clip tells no rate


def test_the_rate_is_that_of_the_last_half_minute(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed writer had finished is told within a moment, and must not promise an early end for long."""
    clock = iter([0.0, 0.001, 0.002, 20.0, 40.0, 60.0])
    heard: list[Event] = []
    made = clips(6)
    monkeypatch.setattr(preparation, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1, heard.append)
    assert [round(event.rate, 3) for event in heard] == [0, 1000, 1000, 0.15, 0.05, 0.05]


@pytest.mark.slow
def test_number_of_processes_changes_nothing(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(10)
    prepare_frame_cache(tmp_path / "one", made, config, 1)
    report = prepare_frame_cache(tmp_path / "two", made, config, 2)
    assert report.decoded == 10
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 11  # a file a clip, and frame_cache.json
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert FrameCache.open(tmp_path / "one").fingerprint() == FrameCache.open(tmp_path / "two").fingerprint()


def test_fingerprint_tells_pixels_apart(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(2)
    prepare_frame_cache(tmp_path / "one", made, config, 1)
    swapped = [replace(made[0], path=made[1].path), replace(made[1], path=made[0].path)]
    prepare_frame_cache(tmp_path / "two", swapped, config, 1)
    assert FrameCache.open(tmp_path / "one").fingerprint() != FrameCache.open(tmp_path / "two").fingerprint()


def test_moved_videos_are_not_decoded_again(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(3)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    shutil.move(made[0].path.parent, tmp_path / "moved")
    moved = [replace(clip, path=tmp_path / "moved" / clip.path.name) for clip in made]
    assert prepare_frame_cache(tmp_path / "frame_cache", moved, config, 1).reused == 3


def test_a_full_disk(tmp_path: Path, clips: Clips, config: FrameCacheConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    made = clips(3)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(UserError, match=r"needs 0\.1 GB for 3 clips, but only 0\.0 GB are free") as caught:
        prepare_frame_cache(tmp_path / "cache" / "frame_cache", made, config, 1)
    assert str(tmp_path / "cache" / "frame_cache") in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_space_is_asked_for_what_is_left(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = clips(6)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 0))
    assert prepare_frame_cache(tmp_path / "frame_cache", made, config, 1).reused == 6  # needs nothing
    for clip in made[4:]:
        (tmp_path / "frame_cache" / f"{clip.clip_id}.npy").unlink()
    with pytest.raises(UserError, match="for 2 clips"):
        prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)


def test_a_write_that_fails(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = clips(3)
    written: list[Path] = []

    def full(aside: Path, times: object) -> None:
        written.append(aside)
        if len(written) == 2:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.utime", full)
        with pytest.raises(UserError, match=r"cannot be written: No space left"):
            prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert {path.name for path in (tmp_path / "frame_cache").iterdir() if path.suffix != ".lock"} == {"clip-000.npy"}
    assert prepare_frame_cache(tmp_path / "frame_cache", made, config, 1).reused == 1


def test_audit(tmp_path: Path, video: Path, config: FrameCacheConfig) -> None:
    unknown = write_video(tmp_path / "unknown.mkv", [numbered(number) for number in range(20)])
    made = [
        ClipFile("long", lying_avi(tmp_path / "lie.avi", 10, 20), -1, -1),
        ClipFile("unknown", unknown, -1, -1),
        ClipFile("whole", video, -1, -1),
        ClipFile("ends late", video, 50, 60),
        ClipFile("in time", video, 50, 59),
    ]
    audit = prepare_frame_cache(tmp_path / "frame_cache", made, config, 1).audit
    assert sorted(audit, key=str) == [FrameMismatch("ends late", 10, 11), FrameMismatch("long", 10, 20)]
    again = prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert (again.decoded, again.audit) == (0, audit)


def test_a_missing_video_is_reported_before_anything_is_done(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig
) -> None:
    made = clips(3)
    made[2].path.unlink()
    with pytest.raises(UserError, match=r"002\.mp4 of the clip 'clip-002' cannot be used: it does not exist"):
        prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert not (tmp_path / "frame_cache").exists()


def test_an_id_for_two_clips(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    one, two = clips(2)
    with pytest.raises(UserError, match="clip-000"):
        prepare_frame_cache(tmp_path / "frame_cache", [one, replace(two, clip_id=one.clip_id)], config, 1)


def test_no_frame_cache_and_no_clip(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    with pytest.raises(UserError, match="no whole frame cache"):
        FrameCache.open(tmp_path / "nothing")
    prepare_frame_cache(tmp_path / "frame_cache", clips(1), config, 1)
    with pytest.raises(UserError, match="no clip 'other'"):
        FrameCache.open(tmp_path / "frame_cache").row("other")


def _times(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_ctime_ns) for path in folder.iterdir()}
