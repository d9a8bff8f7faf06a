"""How long reports of 60 and of 10,000 runs take, one run more in a folder of 1,000, and reading records."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

sys.path.insert(0, str(Path(__file__).parents[1]))  # for _records.py, which several rooms' tests share

from _many_records import many_records
from _records import Fake
from _reports import render

from ssmar_bench import api
from ssmar_bench.results.comparison_table import comparison
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
    assert len(paths) == 3 + (3 * 3 + 2) * 2 + 2


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


@pytest.mark.slow
def test_results_of_10000_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    many_records(tmp_path, 10_000)
    assert len(benchmark.pedantic(api.results, args=(tmp_path,), rounds=2)) == 10_000


@pytest.mark.slow
def test_report_of_10000_runs(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    many_records(tmp_path, 10_000)
    paths = benchmark.pedantic(render, args=(tmp_path, tmp_path / "reports"), rounds=1)
    assert len(paths) > 250


@pytest.mark.slow
def test_report_of_one_run_more_in_a_folder_of_1000(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(tmp_path, seeds=84, epochs=10)
    render(tmp_path, tmp_path / "reports")
    Fake("aplt", 0.5, seed=84, epochs=10).write(tmp_path)
    benchmark.pedantic(render, args=(tmp_path, tmp_path / "reports"), rounds=1)
