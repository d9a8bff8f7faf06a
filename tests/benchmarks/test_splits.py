"""How long the split of a million clips takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.splits.split_builder import build_split

CLIPS = 1_000_000


@pytest.fixture(scope="module")
def benchmark_config() -> BenchmarkConfig:
    return benchmark_configs.read_benchmark_config("ma-12")


@pytest.fixture(scope="module")
def index(benchmark_config: BenchmarkConfig) -> Index:
    """A million clips of the 12 classes by 9,000 subjects, in no order; a third is tested on."""
    draw = np.random.default_rng(0)
    columns = {
        "clip_id": [f"clip-{i:07d}" for i in draw.permutation(CLIPS)],
        "path": "/v.mp4",
        "start": -1,
        "end": -1,
        "label": draw.choice(list(benchmark_config.classes), CLIPS),
        "subject": [f"p{i}" for i in draw.integers(0, 9_000, CLIPS)],
        "part": np.where(draw.random(CLIPS) < 2 / 3, "train", "val"),
    }
    return Index("large", pd.DataFrame(columns, columns=list(COLUMNS)), {})


@pytest.mark.slow
def test_a_million_clips(benchmark: BenchmarkFixture, index: Index, benchmark_config: BenchmarkConfig) -> None:
    split = benchmark.pedantic(build_split, args=(index, benchmark_config, 0.1, 0), rounds=2)
    assert sum(map(len, (split.labelled, split.unlabelled, split.validation, split.test))) == CLIPS
