"""A video that is decoded on demand shows what a frame cache of it shows, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, prepare_frame_cache
from ssmar_bench.clips.video_clip import VideoClips, decode_video_clip
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig

SHOWN = ClipConfig(
    size=24, flip=True, strong_ops=3, cutout=0.5, per_frame=False, mean=(0.4, 0.5, 0.6), std=(0.2, 0.2, 0.3)
)


@pytest.mark.parametrize(("start", "end"), [(-1, -1), (0, 59), (7, 40), (50, 55)])
def test_the_views_are_those_of_a_frame_cache(
    video: Path, tmp_path: Path, config: FrameCacheConfig, start: int, end: int
) -> None:
    clips = [ClipFile("one", video, start, end), ClipFile("other", video, 3, 30)]
    prepare_frame_cache(tmp_path, clips, config, 1)
    frame_cache = FrameCache.open(tmp_path)
    (stored,) = ViewMaker(frame_cache, SHOWN, config, 0).test_batches([frame_cache.row("one")], 1)
    (views,) = ViewMaker(
        VideoClips(("it",), (decode_video_clip(video, config, start, end),)), SHOWN, config, 5
    ).test_batches([0], 1)
    assert torch.equal(views, stored)


def test_bad_videos(video: Path, tmp_path: Path, config: FrameCacheConfig) -> None:
    half = tmp_path / "half.mp4"
    half.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    for path, part, fault in [
        (half, (-1, -1), "it is not a video"),
        (video, (60, 70), "it has no frame 60: only 60 can be decoded"),
        (video, (50, 90), "it has no frame 90: only 60 can be decoded"),
    ]:
        with pytest.raises(BadVideoError, match=fault):
            decode_video_clip(path, config, *part)
    for absent, fault in ((tmp_path / "no.mp4", "it does not exist; check its name"), (tmp_path, "it ")):
        with pytest.raises(BadVideoError, match=f"The video {absent} cannot be used: {fault}"):
            decode_video_clip(absent, config)
    assert len(decode_video_clip(video, replace_short(config, 80))) == 24


def replace_short(config: FrameCacheConfig, short_side: int) -> FrameCacheConfig:
    return config.model_copy(update={"short_side": short_side})
