"""An untrimmed video is decoded once and in order, however many clips are cut out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from ssmar_bench.clips import decode as module
from ssmar_bench.clips.clip_file import ClipFile, by_video
from ssmar_bench.clips.frame_cache import FrameCache, prepare_frame_cache
from ssmar_bench.clips.scaler import Frames, Scaler
from ssmar_bench.core.benchmark_config import FrameCacheConfig

from .conftest import numbered, numbers_of, write_video


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Numbers of the frames that are decoded, and of those that are converted, in order."""
    seen: dict[str, list[int]] = {"decoded": [], "converted": []}
    frames, image = module._Reading.__iter__, Scaler.image

    def reading(self: module._Reading) -> Iterator[av.VideoFrame]:
        for frame in frames(self):
            seen["decoded"].append(round(frame.time * 25))
            yield frame

    def converting(self: Scaler, frame: av.VideoFrame) -> Frames:
        seen["converted"].append(round(frame.time * 25))
        return image(self, frame)

    monkeypatch.setattr(module._Reading, "__iter__", reading)
    monkeypatch.setattr(Scaler, "image", converting)
    return seen


def many(video: Path) -> list[ClipFile]:
    """Eleven overlapping clips, their ids in no order of time."""
    return [ClipFile(f"clip-{start * 7 % 11:02d}", video, 4 * start, 4 * start + 9) for start in range(11)]


def test_each_frame_is_decoded_once_for_all_clips(
    tmp_path: Path, video: Path, config: FrameCacheConfig, counted: dict[str, list[int]]
) -> None:
    made = many(video)
    assert prepare_frame_cache(tmp_path / "frame_cache", made, config, 1).decoded == 11
    assert counted["decoded"] == list(range(50))  # up to the last clip's end, and no further
    assert counted["converted"] == list(range(50))
    frame_cache = FrameCache.open(tmp_path / "frame_cache")
    for clip in made:
        found = numbers_of(frame_cache.clip(frame_cache.row(clip.clip_id)))
        assert sorted(set(found)) == list(range(clip.start, clip.end + 1))


def test_frames_between_clips_are_not_converted(
    tmp_path: Path, video: Path, config: FrameCacheConfig, counted: dict[str, list[int]]
) -> None:
    made = [ClipFile("late", video, 40, 44), ClipFile("early", video, 3, 6)]
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert counted["decoded"] == list(range(45))
    assert counted["converted"] == [3, 4, 5, 6, 40, 41, 42, 43, 44]


def test_finished_clips_of_a_long_video_are_not_made_again(
    tmp_path: Path, video: Path, config: FrameCacheConfig, counted: dict[str, list[int]]
) -> None:
    made = many(video)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    whole = {path.name: path.read_bytes() for path in (tmp_path / "frame_cache").glob("*.npy")}
    for clip in made[4:8]:
        (tmp_path / "frame_cache" / f"{clip.clip_id}.npy").unlink()
    counted["decoded"].clear()
    counted["converted"].clear()
    assert prepare_frame_cache(tmp_path / "frame_cache", made, config, 1).decoded == 4
    assert counted["decoded"] == list(range(38))
    assert counted["converted"] == list(range(16, 38))
    assert {path.name: path.read_bytes() for path in (tmp_path / "frame_cache").glob("*.npy")} == whole


def test_no_two_tasks_share_a_video() -> None:
    made = [
        ClipFile(f"{video:02d}/{number}", Path(f"{video}.mp4"), number, number + 3)
        for video, count in enumerate([1, 2, 9, 1, 1, 3, 4, 1, 8])
        for number in range(count)
    ]
    videos = by_video(made[::-1])
    assert [{clip.path for clip in video} for video in videos] == [{Path(f"{number}.mp4")} for number in range(9)]
    assert [clip for video in videos for clip in video] == made


def test_a_long_video_that_is_damaged_keeps_what_lies_before(tmp_path: Path, config: FrameCacheConfig) -> None:
    path = write_video(tmp_path / "long.mp4", [numbered(number) for number in range(60)], "faststart", g="12")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    last = len(module.decode(path).frames) - 1
    made = [
        ClipFile("before", path, 2, 9),
        ClipFile("across", path, last - 4, last + 1),
        ClipFile("after", path, 58, 59),
    ]
    report = prepare_frame_cache(tmp_path / "frame_cache", made, config, 1, skip_bad=True)
    reasons = {clip.clip_id: clip.reason for clip in report.left_out}
    assert set(reasons) == {"across", "after"}
    assert reasons["across"].startswith("only 5 of 6 frames can be decoded (")
    assert reasons["after"].startswith(f"it has no frame 58: only {last + 1} can be decoded (")
    assert FrameCache.open(tmp_path / "frame_cache").ids == ("before",)
