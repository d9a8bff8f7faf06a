"""How long the synthetic source takes for a clip of the usual size (24 frames, 64 x 64)."""

from __future__ import annotations

from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench.sources.synthetic import MicroMotion, encode, plan, render

KNOBS = MicroMotion(train_clips=48, test_clips=12)


def test_render(benchmark: BenchmarkFixture) -> None:
    frames = benchmark(render, KNOBS, plan(KNOBS)[0])
    assert frames.shape == (24, 64, 64, 3)


def test_render_and_encode(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    def clip() -> None:
        encode(render(KNOBS, plan(KNOBS)[0]), tmp_path / "clip.mp4", KNOBS.fps, KNOBS.crf)

    benchmark(clip)
    assert (tmp_path / "clip.mp4").stat().st_size > 0
