"""The tiny benchmark's cells and decoded clips, for training inside the test's own process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.index import Index
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import PlannedRun, plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.train import Trainer
from tests.conftest import METHODS

EPOCHS = 6  # the fewest in which APLT's four offline rounds differ


@dataclass(frozen=True)
class Prepared:
    """Index, frame cache and cells (by method and ratio) of the tiny benchmark in a run of ``EPOCHS``."""

    benchmark_config: BenchmarkConfig
    index: Index
    frame_cache: Path
    planned_runs: dict[tuple[str, float], PlannedRun]

    def trainer(self, folder: Path, method: str, ratio: float = 0.5) -> Trainer:
        planned_run = self.planned_runs[method, ratio]
        return Trainer(
            planned_run.spec,
            planned_run.split.with_opaque_ids(),
            Launch(str(self.frame_cache)),
            RunFolder(folder),
            ignore_events,
        )


@pytest.fixture(scope="session")
def prepared(tiny: Path, shared: Path) -> Prepared:
    grid = Grid(str(tiny), METHODS, [0.5, 1.0], [0], sets={"train.epochs": EPOCHS})
    resolved = resolve(grid)
    benchmark_config = resolved.benchmark_config
    index = prepare_data.prepare_source(benchmark_config, {}, os.cpu_count() or 1, ignore_events)
    found = plan_runs(resolved, index)
    with FileLock(shared / "frame_cache.lock"):
        frame_cache = prepare_data.prepare_frame_cache(benchmark_config, index, found[0].split, 1, ignore_events)
    return Prepared(
        benchmark_config,
        index,
        frame_cache,
        {(planned_run.spec.method, planned_run.spec.ratio): planned_run for planned_run in found},
    )


@pytest.fixture(autouse=True)
def _torch_as_before() -> Iterator[None]:
    """A run sets threads and determinism for its whole process, which is here the tests'."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(strict, warn_only=warn_only)
    torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
