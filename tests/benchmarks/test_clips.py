"""How long decoding, reading the frame cache and augmenting take (``pytest --benchmark-enable tests/benchmarks``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench.clips.augmentations import OPERATIONS, Operation, apply_operations
from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, prepare_frame_cache
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View

STORED = FrameCacheConfig(decoder="pyav", short_side=36, segments=8, candidates=3)
CONFIG = ClipConfig(
    size=32, flip=True, strong_ops=3, cutout=0.5, per_frame=False, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)
)
CLIPS = 64


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 frames of 96 x 72 pixels."""
    path = tmp_path_factory.mktemp("videos") / "clip.mp4"
    picture = np.random.default_rng(0).integers(0, 256, (9, 12, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 72, 96, "yuv420p"
        for shift in range(24):
            moved = np.ascontiguousarray(np.roll(picture, shift, 1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def viewer(video: Path, tmp_path_factory: pytest.TempPathFactory) -> ViewMaker:
    folder = tmp_path_factory.mktemp("frame_caches") / "frame_cache"
    prepare_frame_cache(folder, [ClipFile(f"{number:02d}", video, -1, -1) for number in range(CLIPS)], STORED, 1)
    return ViewMaker(FrameCache.open(folder), CONFIG, STORED, 0)


def test_decode_one_clip(benchmark: BenchmarkFixture, video: Path) -> None:
    assert benchmark(lambda: decode(video, short_side=36)).frames.shape == (24, 36, 48, 3)


@pytest.mark.parametrize("aug", ["test", "weak", "strong"])
def test_view_of_16_clips(benchmark: BenchmarkFixture, viewer: ViewMaker, aug: str) -> None:
    view = {"x": View(aug)}
    steps = iter(range(10**9))
    rows = list(range(0, CLIPS, 4))
    found = benchmark(lambda: viewer.views(rows, view, ("step", next(steps))))
    assert found["x"].shape == (16, 8, 3, 32, 32)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation_on_one_clip(benchmark: BenchmarkFixture, name: str) -> None:
    clip = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8)
    kind = OPERATIONS[name]
    operation = [Operation(name, kind.low + 0.7 * (kind.high - kind.low))]
    assert benchmark(lambda: apply_operations(clip, operation)).shape == clip.shape
