"""How long the synthetic source takes for a clip of the usual size (24 frames, 64 x 64)."""

from __future__ import annotations

from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench.sources.synthetic import SyntheticOptions, encode_video
from ssmar_bench.sources.synthetic.dataset import plan_clips, render_clip

OPTIONS = SyntheticOptions(train_clips=48, test_clips=12)


def test_render(benchmark: BenchmarkFixture) -> None:
    frames = benchmark(render_clip, OPTIONS, plan_clips(OPTIONS)[0])
    assert frames.shape == (24, 64, 64, 3)


def test_render_and_encode(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    def clip() -> None:
        encode_video(render_clip(OPTIONS, plan_clips(OPTIONS)[0]), tmp_path / "clip.mp4", OPTIONS.fps, OPTIONS.crf)

    benchmark(clip)
    assert (tmp_path / "clip.mp4").stat().st_size > 0
