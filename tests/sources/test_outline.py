"""Planning a synthetic source needs none of its videos; a rendering process that is killed is reported."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.core.benchmark_config import BenchmarkConfig, SourceConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.sources import read_source, synthetic
from ssmar_bench.sources.synthetic import SyntheticOptions, dataset

SMALL = SyntheticOptions(
    train_clips=30, test_clips=13, train_subjects=5, test_subjects=4, subject_overlap=2, frames=4, size=16
)


def test_the_outline_is_the_index_of_the_rendered_folder(tmp_path: Path) -> None:
    synthetic.write_dataset(SMALL, tmp_path / "data", 1)
    there, planned = read_source("micro-motion", tmp_path / "data"), synthetic.write_outline(SMALL, tmp_path / "data")
    pd.testing.assert_frame_equal(planned.clips, there.clips, check_dtype=False)
    assert (planned.source, planned.classes, planned.groups) == (there.source, there.classes, there.groups)
    assert (planned.rates, planned.mock) == (there.rates, there.mock)


def test_planning_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.mkdtemp", lambda *_, **__: pytest.fail("a folder was made"))
    options: dict[str, Any] = {"train_clips": 20_000, "test_clips": 10_000, "seed": 7}
    plain = resolve(Grid("micro-motion-12", ["supervised"])).benchmark_config
    benchmark_config: BenchmarkConfig = plain.model_copy(
        update={"source": SourceConfig(name="micro-motion", options=options)}
    )
    began = time.process_time()
    index = prepare_data.planning_index(benchmark_config, {})
    assert time.process_time() - began < 10
    assert len(index.clips) == 30_000
    assert not [*tmp_path.iterdir()]


def _killed(*_: object) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_a_rendering_process_that_is_killed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "_write_clips", _killed)
    with pytest.raises(UserError, match="A rendering process ended by itself"):
        synthetic.write_dataset(SMALL, tmp_path / "data", 2)
    assert not [*tmp_path.iterdir()]
