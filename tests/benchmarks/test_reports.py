"""How long a report of 60 runs takes, and reading a thousand records."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

sys.path.insert(0, str(Path(__file__).parents[1]))  # for _records.py, which several rooms' tests share

from _many_records import many_records
from _records import Fake
from _reports import render

from ssmar_bench.results.comparison import comparison
from ssmar_bench.results.records import load_runs


def write(root: Path, seeds: int, epochs: int) -> None:
    for method in ("supervised", "fixmatch", "flexmatch", "aplt"):
        for ratio in (0.1, 0.25, 0.5):
            for seed in range(seeds):
                Fake(method, ratio, seed, epochs=epochs).write(root)


@pytest.mark.slow
def test_render_60_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(tmp_path, seeds=5, epochs=40)
    paths = benchmark.pedantic(render, args=(tmp_path, tmp_path / "reports"), rounds=2)
    assert len(paths) == 3 + (3 * 3 + 1) * 2 + 2


@pytest.mark.slow
def test_load_1000_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(tmp_path, seeds=84, epochs=1)
    runs = benchmark.pedantic(load_runs, args=(tmp_path,), rounds=2)
    assert len(runs.runs) == 1008


@pytest.mark.slow
def test_read_an_archive_of_1000_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    many_records(tmp_path, 1000)
    runs = benchmark.pedantic(load_runs, args=(tmp_path,), rounds=2)
    assert (len(runs.runs), runs.damage) == (960, ())


@pytest.mark.slow
def test_compare_the_methods_of_an_archive_of_1000_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    runs = load_runs(many_records(tmp_path, 1000))
    frame = benchmark.pedantic(comparison, args=(runs, "micro-motion-12"), rounds=2)
    assert len(frame) > 40
