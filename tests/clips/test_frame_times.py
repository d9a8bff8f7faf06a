"""Frames are spread evenly over a clip's time where its frame rate varies, and by their numbers where it does not."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, cache_location, prepare_frame_cache
from ssmar_bench.clips.frame_positions import frame_positions, positions_in_time
from ssmar_bench.clips.frame_times import FrameTimes
from ssmar_bench.clips.sample_frames import sample_frames
from ssmar_bench.clips.video_clip import decode_video_clip
from ssmar_bench.core.benchmark_config import FrameCacheConfig

from .conftest import HEIGHT, WIDTH, ffmpeg, numbered, numbers_of, write_video


def config_of(segments: int, decoder: str = "pyav", neighbours: int = 0, sampling: str = "time") -> FrameCacheConfig:
    return FrameCacheConfig(
        decoder=decoder, short_side=32, segments=segments, candidates=1, neighbours=neighbours, sampling=sampling
    )


def at(path: Path, milliseconds: Sequence[int], **options: str) -> Path:
    """A video whose frames, numbered from 0, are shown at these times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.thread_count = 1
        stream.options = {"preset": "ultrafast", **options}
        for number, time in enumerate(milliseconds):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def chosen(path: Path, config: FrameCacheConfig, start: int = -1, end: int = -1) -> tuple[list[int], bool]:
    """The numbers that the taken frames carry, and whether their times decided."""
    ((_, taken),) = sample_frames(path, [(start, end)], config)
    assert taken.problem == ""
    shown = numbers_of(taken.frames)
    assert shown == [max(start, 0) + number for number in taken.numbers]
    return shown, taken.by_time


FAST_THEN_SLOW = [*range(0, 300, 10), *range(300, 840, 60)]
"""30 frames in the first 0.3 s, 9 in the other 0.54 s; an even rate would show the first ones alone."""


@pytest.mark.parametrize("decoder", ["pyav", "decord"])
@pytest.mark.parametrize("name", ["varies.mp4", "varies.mkv"])
def test_a_variable_rate_is_sampled_by_time(tmp_path: Path, name: str, decoder: str) -> None:
    if decoder == "decord":
        pytest.importorskip("decord")
    path = at(tmp_path / name, FAST_THEN_SLOW)
    found, by_time = chosen(path, config_of(7, decoder))
    assert by_time
    shown = [FAST_THEN_SLOW[number] for number in found]
    assert np.abs(np.array(shown) - [60, 180, 300, 420, 540, 660, 780]).max() <= 61
    assert found[2:] == pytest.approx([30, 32, 34, 36, 38], abs=1)
    assert chosen(path, config_of(7, decoder, sampling="number")) == ([2, 8, 13, 19, 25, 30, 36], False)


def test_times_that_start_above_zero_or_below_change_nothing(tmp_path: Path) -> None:
    expected = chosen(at(tmp_path / "zero.mkv", FAST_THEN_SLOW), config_of(7))
    for shift in (1, 777, 3_600_000):
        path = at(tmp_path / f"from-{shift}.mkv", [time + shift for time in FAST_THEN_SLOW])
        assert chosen(path, config_of(7)) == expected
    cut = tmp_path / "edited.mp4"  # an edit list hides what lies before
    ffmpeg("-ss", "0.1", "-i", at(tmp_path / "whole.mp4", FAST_THEN_SLOW), "-c", "copy", cut)
    found, by_time = chosen_of_later_start(cut)
    assert by_time
    assert found[-1] > 33


def chosen_of_later_start(path: Path) -> tuple[list[int], bool]:
    ((_, taken),) = sample_frames(path, [(-1, -1)], config_of(4))
    return numbers_of(taken.frames), taken.by_time


def test_one_long_last_frame_counts_as_long_as_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "last.mkv"
    with av.open(str(at(tmp_path / "even.mkv", range(0, 400, 40)))) as old, av.open(str(path), "w") as new:
        packets = [packet for packet in old.demux(video=0) if packet.size]
        stream = new.add_stream_from_template(old.streams.video[0])
        packets[-1].duration = 640
        for packet in packets:
            packet.stream = stream
            new.mux(packet)
    assert chosen(path, config_of(5)) == ([2, 7, 9, 9, 9], True)
    assert chosen(path, config_of(5), 0, 9) == ([1, 3, 5, 7, 9], False)  # as owners number frames, each counts as one


def test_with_neighbours_the_next_frame_follows(tmp_path: Path) -> None:
    path = at(tmp_path / "varies.mkv", FAST_THEN_SLOW)
    found, by_time = chosen(path, config_of(6, neighbours=1))
    assert by_time
    assert [after - before for before, after in zip(found[::2], found[1::2], strict=True)] == [1] * 6
    assert found[-1] <= 38


def test_a_clip_of_a_variable_video_is_judged_by_itself(tmp_path: Path) -> None:
    path = at(tmp_path / "varies.mkv", FAST_THEN_SLOW)
    assert chosen(path, config_of(6), 3, 26) == ([5, 9, 13, 17, 21, 25], False)
    assert chosen(path, config_of(3), 30, 38) == ([31, 34, 37], False)
    assert chosen(path, config_of(6), 20, 38)[1]


CONSTANT = {
    "23.976 in milliseconds": [round(1001 * number / 24) for number in range(200)],
    "120 in milliseconds": [round(1000 * number / 120) for number in range(200)],
    "25 with jitter": [40 * number + (7 * number % 13) for number in range(200)],
    "15 from 10 s on": [10_000 + round(1000 * number / 15) for number in range(50)],
}


@pytest.mark.parametrize("times", CONSTANT.values(), ids=CONSTANT)
def test_a_constant_rate_is_sampled_by_number(tmp_path: Path, times: list[int]) -> None:
    found, by_time = chosen(at(tmp_path / "even.mkv", times), config_of(9))
    assert (found, by_time) == (frame_positions(len(times), config_of(9)).tolist(), False)


@pytest.mark.parametrize("name", ["a.avi", "a.ts", "a.flv", "a.h264", "a.mp4", "a.mkv", "a.webm", "a.mpg", "a.wmv"])
def test_every_container_of_a_constant_rate_is_sampled_by_number(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    source = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=30000/1001:d=2")
    ffmpeg(*source, *(("-c:v", "libx264") if name[2:] in ("avi", "ts", "flv", "h264", "mp4", "mkv") else ()), path)
    ((_, taken),) = sample_frames(path, [(-1, -1)], config_of(7))
    assert (taken.numbers, taken.by_time) == (tuple(frame_positions(60, config_of(7)).tolist()), False)


@pytest.mark.parametrize(
    ("starts", "last"),
    [
        ([0.0], 5.0),
        ([], 0.0),
        ([1.0, 1.0, 1.0], 1.0),
        ([0.0, math.nan, 2.0, 9.0], 1.0),
        ([0.0, 1.0, 0.5, 9.0], 1.0),
        ([5.0, 6.0, 0.0, 1.0], 1.0),
    ],
    ids=["one", "none", "all the same", "missing", "back", "another clock"],
)
def test_times_that_tell_nothing(starts: list[float], last: float) -> None:
    assert FrameTimes(starts, last).variable() is None


def test_frames_of_the_same_time_are_shown_for_none() -> None:
    times = FrameTimes([0, 0, 1, 1, 1, 10, 11], 1)
    numbers, by_time = positions_in_time(times, config_of(6))
    assert (numbers.tolist(), by_time) == ([4, 4, 4, 4, 4, 6], True)


def test_by_time_and_by_number_agree_at_a_constant_rate() -> None:
    for frames in range(2, 80):
        for pieces in (1, 2, 3, 8, 24):
            bounds = np.arange(frames + 1, dtype=float)
            middles = [Fraction(2 * piece + 1, 2 * pieces) * frames for piece in range(pieces)]
            assert frame_positions(frames, config_of(pieces)).tolist() == [math.floor(middle) for middle in middles]
            assert FrameTimes(bounds[:-1].tolist(), 1).variable() is None


def test_a_frame_cache_says_which_clips_are_sampled_by_time(tmp_path: Path) -> None:
    varies = at(tmp_path / "varies.mp4", FAST_THEN_SLOW)
    even = write_video(tmp_path / "even.mp4", [numbered(number) for number in range(30)])
    clips = [ClipFile("even", even, -1, -1), ClipFile("varies", varies, -1, -1)]
    config, other = config_of(7), config_of(7, sampling="number")
    assert cache_location(tmp_path, "x", config, clips) != cache_location(tmp_path, "x", other, clips)
    assert config.to_config() == {"decoder": "pyav", "short_side": 32, "segments": 7, "candidates": 1}
    assert other.to_config() == config.to_config() | {"sampling": "number"}
    frame_caches = []
    for name, how in (("one", config), ("two", other)):
        prepare_frame_cache(tmp_path / name, clips, how, 1)
        frame_caches.append(FrameCache.open(tmp_path / name))
    assert np.array_equal(frame_caches[0].clip(0), frame_caches[1].clip(0))
    assert not np.array_equal(frame_caches[0].clip(1), frame_caches[1].clip(1))
    about = [json.loads((tmp_path / name / "frame_cache.json").read_text()) for name in ("one", "two")]
    timed = [[clip["id"] for clip in one["clips"] if clip["by_time"]] for one in about]
    assert timed == [["varies"], []]
    assert [one["config"]["sampling"] for one in about] == ["time", "number"]
    assert np.array_equal(decode_video_clip(varies, config), frame_caches[0].clip(1))
