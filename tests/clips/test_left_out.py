"""Clips that cannot be used are named with their reasons, and left out or in the way, as the user chose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, left_out_clips, prepare_frame_cache
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

from .conftest import numbered, numbers_of, write_video

Clips = Callable[[int], list[ClipFile]]


@pytest.fixture
def bad(clips: Clips) -> list[ClipFile]:
    """Nine clips, three of which cannot be used: one is text, one is missing, one ends too early."""
    made = clips(9)
    made[1].path.write_text("no video")
    made[4].path.unlink()
    write_video(made[6].path, [numbered(number) for number in range(60)], "faststart", g="12")
    data = made[6].path.read_bytes()
    made[6].path.write_bytes(data[: len(data) * 7 // 10])
    return made


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_bad_clips_are_left_out_and_named(
    tmp_path: Path, bad: list[ClipFile], config: FrameCacheConfig, processes: int
) -> None:
    folder = tmp_path / "frame_cache"
    report = prepare_frame_cache(folder, bad, config, processes, skip_bad=True)
    reasons = {clip.clip_id: clip.reason for clip in report.left_out}
    assert list(reasons) == ["clip-001", "clip-004", "clip-006"]
    assert reasons["clip-001"] == "it is not a video, or it is truncated"
    assert reasons["clip-004"] == "it does not exist"
    assert reasons["clip-006"].startswith("only ")
    assert not any(str(tmp_path) in reason for reason in reasons.values())  # records carry them
    listed = json.loads((folder / "frame_cache.json").read_text())["clips"]
    assert {clip["id"]: clip["problem"] for clip in listed if clip["problem"]} == reasons
    frame_cache = FrameCache.open(folder)
    assert frame_cache.ids == tuple(clip.clip_id for clip in bad if clip.clip_id not in reasons)
    assert frame_cache.left_out == left_out_clips(folder) == reasons
    for row, clip_id in enumerate(frame_cache.ids):
        assert numbers_of(frame_cache.clip(row))[0] == int(clip_id[-3:])
    with pytest.raises(UserError, match="no clip 'clip-004'"):
        frame_cache.row("clip-004")
    assert (report.decoded, report.reused) == (6, 0)
    again = prepare_frame_cache(folder, bad, config, processes, skip_bad=True)
    assert (again.decoded, again.reused, again.left_out) == (0, 6, report.left_out)


@pytest.mark.parametrize(("repaired", "first"), [([], "clip-004"), ([4], "clip-001"), ([1, 4], "clip-006")])
def test_the_first_bad_clip_stops(
    tmp_path: Path, bad: list[ClipFile], config: FrameCacheConfig, repaired: list[int], first: str
) -> None:
    for number in repaired:
        write_video(bad[number].path, [numbered(number)] * 24)
    with pytest.raises(UserError, match=f"of the clip '{first}' cannot be used: .*--on-bad-clip skip"):
        prepare_frame_cache(tmp_path / "frame_cache", bad, config, 1)
    assert left_out_clips(tmp_path / "frame_cache") is None


def test_a_frame_cache_without_its_bad_clips_does_not_do_where_they_stop(
    tmp_path: Path, bad: list[ClipFile], config: FrameCacheConfig
) -> None:
    write_video(bad[4].path, [numbered(4)] * 24)
    prepare_frame_cache(tmp_path / "frame_cache", bad, config, 1, skip_bad=True)
    with pytest.raises(UserError, match="clip-001' cannot be used: it is not a video"):
        prepare_frame_cache(tmp_path / "frame_cache", bad, config, 1)
    assert len(FrameCache.open(tmp_path / "frame_cache")) == 7  # as it was


def test_a_repaired_clip_comes_back(tmp_path: Path, bad: list[ClipFile], config: FrameCacheConfig) -> None:
    prepare_frame_cache(tmp_path / "frame_cache", bad, config, 1, skip_bad=True)
    for number in (1, 4, 6):
        write_video(bad[number].path, [numbered(number)] + [numbered(place) for place in range(1, 24)])
    report = prepare_frame_cache(tmp_path / "frame_cache", bad, config, 1)
    assert report.left_out == []
    assert [numbers_of(FrameCache.open(tmp_path / "frame_cache").clip(row))[0] for row in range(9)] == list(range(9))
