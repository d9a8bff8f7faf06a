"""What the tiny benchmark's recorder knows: benchmark config, index, truth, and the cells of the trained grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.index import Index
from ssmar_bench.core.split import GroundTruth
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import PlannedRun, plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.splits.split_builder import ground_truth
from tests.conftest import METHODS


@dataclass(frozen=True)
class Known:
    """The tiny benchmark from the recorder's side."""

    benchmark_config: BenchmarkConfig
    root: Path
    index: Index
    truth: GroundTruth
    planned_runs: dict[tuple[str, float], PlannedRun]


@pytest.fixture(scope="session")
def known(tiny: Path) -> Known:
    grid = Grid(str(tiny), METHODS, [0.5, 1.0], [0])
    resolved = resolve(grid)
    benchmark_config = resolved.benchmark_config
    index = prepare_data.prepare_source(benchmark_config, {}, 1, ignore_events)
    frame_cache = prepare_data.prepare_frame_cache(
        benchmark_config, index, plan_runs(resolved, index)[0].split, 1, ignore_events
    )
    pixels = {benchmark_config.frame_cache: FrameCache.open(frame_cache).fingerprint()}
    table = {
        (planned_run.spec.method, planned_run.spec.ratio): planned_run
        for planned_run in plan_runs(resolved, index, pixels=pixels)
    }
    return Known(
        benchmark_config,
        prepare_data.source_root(benchmark_config, {}),
        index,
        ground_truth(index, benchmark_config),
        table,
    )
