"""The tiny benchmark's videos, to be damaged in a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ssmar_bench.core.events import ignore_events
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve


@pytest.fixture(scope="session")
def rendered(tiny: Path) -> Path:
    benchmark_config = resolve(Grid(str(tiny), ["supervised"])).benchmark_config
    prepare_data.prepare_source(benchmark_config, {}, 1, ignore_events)
    return prepare_data.source_root(benchmark_config, {})


@pytest.fixture
def videos(rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the videos, and a cache in which nothing is decoded yet."""
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    return shutil.copytree(rendered, tmp_path / "data")
