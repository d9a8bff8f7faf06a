"""What the tiny benchmark's recorder knows: definition, index, truth, and the cells of the trained grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ssmar_bench.clips.frame_cache import Store
from ssmar_bench.core.benchmark_config import Definition
from ssmar_bench.core.events import silence
from ssmar_bench.core.index import Index
from ssmar_bench.core.split import Truth
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.plan import Cell, Grid, base_definition, cells
from ssmar_bench.splits.build import truth
from tests.conftest import METHODS


@dataclass(frozen=True)
class Known:
    """The tiny benchmark from the recorder's side."""

    definition: Definition
    root: Path
    index: Index
    truth: Truth
    cells: dict[tuple[str, float], Cell]


@pytest.fixture(scope="session")
def known(tiny: Path) -> Known:
    grid = Grid(str(tiny), METHODS, [0.5, 1.0], [0])
    definition = base_definition(grid)
    index = prepare_data.prepare_source(definition, {}, 1, silence)
    store = prepare_data.prepare_store(definition, index, cells(grid, index)[0].manifest, 1, silence)
    pixels = {definition.store: Store.open(store).fingerprint()}
    table = {(cell.spec.method, cell.spec.ratio): cell for cell in cells(grid, index, pixels=pixels)}
    return Known(definition, prepare_data.source_root(definition, {}), index, truth(index, definition), table)
