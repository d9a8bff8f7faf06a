"""decord as another decoder: where it is not installed, where it agrees, and where it does not."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from ssmar_bench.clips.decoder_comparison import compare_clips
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, cache_location, prepare_frame_cache
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

from .conftest import numbered, numbers_of, write_video
from .test_decode import _cut

DECORD = FrameCacheConfig(decoder="decord", short_side=32, segments=8, candidates=3)


def test_not_installed(tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch, config: FrameCacheConfig) -> None:
    monkeypatch.setitem(sys.modules, "decord", None)
    clips = [ClipFile("a", video, -1, -1)]
    with pytest.raises(UserError, match=r"pip install 'ssmar-bench\[decord\]'"):
        prepare_frame_cache(tmp_path / "frame_cache", clips, DECORD, 1)
    with pytest.raises(UserError, match=r"pip install 'ssmar-bench\[decord\]'"):
        compare_clips(clips, config, 1, lambda done: None)


def test_frame_caches_of_two_decoders_are_two(tmp_path: Path, video: Path, config: FrameCacheConfig) -> None:
    pytest.importorskip("decord")
    clips = [ClipFile("a", video, 0, 23), ClipFile("b", video, 30, 53)]
    assert cache_location(tmp_path, "x", config, clips) != cache_location(tmp_path, "x", DECORD, clips)
    prepare_frame_cache(tmp_path / "frame_cache", clips, DECORD, 1)
    frame_cache = FrameCache.open(tmp_path / "frame_cache")
    assert [numbers_of(frame_cache.clip(row)) for row in range(2)] == [list(range(24)), list(range(30, 54))]
    assert '"decord"' in (tmp_path / "frame_cache" / "frame_cache.json").read_text()


def test_a_clip_that_ends_a_little_after_its_video(tmp_path: Path, video: Path) -> None:
    pytest.importorskip("decord")
    clips = [ClipFile("late", video, 50, 60), ClipFile("beyond", video, 58, 70)]
    report = prepare_frame_cache(tmp_path / "frame_cache", clips, DECORD, 1, skip_bad=True)
    assert [(clip.clip_id, clip.decoded, clip.header) for clip in report.audit] == [("late", 10, 11)]
    assert [clip.reason for clip in report.left_out] == ["it has no frame 70: decord counts 60"]


def test_where_the_decoders_differ(tmp_path: Path, video: Path, config: FrameCacheConfig) -> None:
    pytest.importorskip("decord")
    cut, text = tmp_path / "cut.mp4", tmp_path / "text.mp4"
    _cut(video, cut, 30)
    text.write_text("no video")
    clips = [ClipFile("cut", cut, -1, -1), ClipFile("plain", video, -1, -1), ClipFile("text", text, -1, -1)]
    told: list[int] = []
    one, plain, bad = compare_clips(clips, config, 1, told.append)
    assert told == [1, 2, 3]
    assert plain.alike
    assert plain.asked == plain.shown
    assert plain.difference < 3
    assert not one.alike
    assert one.frames == (30, 36)  # decord counts frames that are never shown
    assert one.shown != one.asked
    assert one.difference > plain.difference
    (sparse,) = compare_clips(clips[:1], config.model_copy(update={"candidates": 1}), 1, told.append)
    assert list(sparse.shown) != sorted(sparse.shown)  # eight frames, as most pipelines ask for: it goes back in time
    assert not bad.alike
    assert bad.problem.startswith("pyav: it is not a video, or it is truncated; decord: decord cannot open it")


def test_a_reason_says_nothing_of_time_and_place(tmp_path: Path) -> None:
    pytest.importorskip("decord")
    sound, text = tmp_path / "sound.mp4", tmp_path / "text.mp4"
    text.write_text("no video")
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    clips = [ClipFile("sound", sound, -1, -1), ClipFile("text", text, -1, -1)]
    for clip in prepare_frame_cache(tmp_path / "frame_cache", clips, DECORD, 1, skip_bad=True).left_out:
        assert re.fullmatch(r"decord cannot open it \([A-Z][^\[\]/]+\)", clip.reason), clip.reason


def test_bad_clips_are_reported_alike(tmp_path: Path, video: Path) -> None:
    pytest.importorskip("decord")
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    whole = write_video(tmp_path / "still.mp4", [numbered(9)] * 4)
    clips = [ClipFile("beyond", video, 60, 70), ClipFile("good", whole, -1, -1), ClipFile("text", text, -1, -1)]
    report = prepare_frame_cache(tmp_path / "frame_cache", clips, DECORD, 1, skip_bad=True)
    assert [clip.clip_id for clip in report.left_out] == ["beyond", "text"]
    assert FrameCache.open(tmp_path / "frame_cache").ids == ("good",)
