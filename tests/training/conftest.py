"""The tiny benchmark's cells and decoded clips, for training inside the test's own process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from ssmar_bench.core.benchmark_config import Definition
from ssmar_bench.core.events import silence
from ssmar_bench.core.index import Index
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.plan import Cell, Grid, base_definition, cells
from ssmar_bench.training.train import Trainer
from tests.conftest import METHODS

EPOCHS = 6  # the fewest in which APLT's four offline rounds differ


@dataclass(frozen=True)
class Prepared:
    """Index, store and cells (by method and ratio) of the tiny benchmark in a run of ``EPOCHS``."""

    definition: Definition
    index: Index
    store: Path
    cells: dict[tuple[str, float], Cell]

    def trainer(self, folder: Path, method: str, ratio: float = 0.5) -> Trainer:
        cell = self.cells[method, ratio]
        return Trainer(cell.spec, cell.manifest.with_opaque_ids(), Launch(str(self.store)), RunFolder(folder), silence)


@pytest.fixture(scope="session")
def prepared(tiny: Path, shared: Path) -> Prepared:
    grid = Grid(str(tiny), METHODS, [0.5, 1.0], [0], sets={"train.epochs": EPOCHS})
    definition = base_definition(grid)
    index = prepare_data.prepare_source(definition, {}, os.cpu_count() or 1, silence)
    found = cells(grid, index)
    with FileLock(shared / "store.lock"):
        store = prepare_data.prepare_store(definition, index, found[0].manifest, 1, silence)
    return Prepared(definition, index, store, {(cell.spec.method, cell.spec.ratio): cell for cell in found})


@pytest.fixture(autouse=True)
def _torch_as_before() -> Iterator[None]:
    """A run sets threads and determinism for its whole process, which is here the tests'."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(strict, warn_only=warn_only)
