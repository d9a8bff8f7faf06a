"""A frame cache of JPEGs shows the same frames in less space, and is as safe as one of raw frames."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssmar_bench.clips.encoding import JpegFrames, encode
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, cache_location, prepare_frame_cache, size_in_bytes
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View

from .conftest import numbered, numbers_of, write_video

Clips = Callable[[int], list[ClipFile]]


@pytest.fixture
def jpeg(config: FrameCacheConfig) -> FrameCacheConfig:
    return config.model_copy(update={"encoding": "jpeg"})


def _smooth(frames: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    small = np.random.default_rng(0).integers(60, 200, (frames, 4, 6, 3)).astype(np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((48, 32), Image.Resampling.BICUBIC)) for one in small])


def test_frames_of_jpegs_are_those_that_pillow_reads() -> None:
    frames = _smooth(5)
    stored, ends = encode(frames)
    clip = JpegFrames(stored, ends, frames.shape)
    numbers = np.array([4, 0, 4])
    found = clip[numbers, slice(3, 19), slice(1, 17)]
    assert found.shape == (3, 16, 16, 3)
    assert found.dtype == np.uint8
    starts = [0, *ends]
    for shown, number in zip(found, numbers, strict=True):
        picture = Image.open(BytesIO(stored[starts[number] : ends[number]].tobytes()))
        assert np.array_equal(np.asarray(picture)[3:19, 1:17], shown)
        assert np.abs(shown.astype(int) - frames[number, 3:19, 1:17]).mean() < 2


def test_a_frame_cache_of_jpegs_shows_the_same_frames(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, jpeg: FrameCacheConfig
) -> None:
    made = clips(3)
    opened = []
    for name, one in (("raw", config), ("jpeg", jpeg)):
        prepare_frame_cache(tmp_path / name, made, one, 1)
        opened.append(FrameCache.open(tmp_path / name))
    for row in range(3):
        raw, stored = (np.asarray(cache.clip(row)) for cache in opened)
        assert stored.shape == raw.shape
        assert numbers_of(stored) == numbers_of(raw)
    assert opened[0].fingerprint() != opened[1].fingerprint()
    assert cache_location(tmp_path, "x", config, made) != cache_location(tmp_path, "x", jpeg, made)
    assert size_in_bytes(9, jpeg) < size_in_bytes(9, config) / 4
    sizes = [sum(path.stat().st_size for path in (tmp_path / name).glob("*.npy")) for name in ("raw", "jpeg")]
    assert sizes[1] < sizes[0]


def test_views_of_jpegs_are_cut_out_of_the_decoded_frames(tmp_path: Path, clips: Clips, jpeg: FrameCacheConfig) -> None:
    prepare_frame_cache(tmp_path / "cache", clips(3), jpeg, 1)
    cache = FrameCache.open(tmp_path / "cache")
    config = ClipConfig(size=16, flip=True, strong_ops=2, cutout=0.5, per_frame=False, mean=(0, 0, 0), std=(1, 1, 1))

    class Decoded:
        ids = cache.ids

        def clip(self, row: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
            return np.asarray(cache.clip(row))

    views = {"weak": View("weak"), "strong": View("strong"), "test": View("test")}
    found, expected = (
        ViewMaker(source, config, jpeg, 0).views([2, 0, 2], views, ("step", 1)) for source in (cache, Decoded())
    )
    assert all(torch.equal(found[name], expected[name]) for name in views)


def test_a_damaged_jpeg_is_decoded_again(tmp_path: Path, clips: Clips, jpeg: FrameCacheConfig) -> None:
    folder, made = tmp_path / "cache", clips(2)
    prepare_frame_cache(folder, made, jpeg, 1)
    assert prepare_frame_cache(folder, made, jpeg, 1).decoded == 0
    before = FrameCache.open(folder).fingerprint()
    path = sorted(folder.glob("*.npy"))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert prepare_frame_cache(folder, made, jpeg, 1).decoded == 1
    write_video(made[1].path, [numbered(77)] * 24)
    assert prepare_frame_cache(folder, made, jpeg, 1).decoded == 1
    cache = FrameCache.open(folder)
    assert cache.fingerprint() != before
    assert numbers_of(cache.clip(1)) == [77] * 24
