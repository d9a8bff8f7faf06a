"""How near a plan comes to what then happens: a grid on the embedded data of which nothing was trained before."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench import api
from ssmar_bench.runs.execution_options import Execution

METHODS = ["supervised", "fixmatch", "aplt"]


@pytest.mark.slow
def test_planned_and_real_seconds(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Steps are timed, since no run is known; data and frame cache are there, as after ``data prepare``."""
    if not benchmark.enabled:
        pytest.skip("measures for minutes; give --benchmark-enable")
    resolved = api.resolve(api.Grid("micro-motion-12", METHODS, [0.5], [0], sets={"train.epochs": 10}, device="cpu"))
    api.prepare("micro-motion-12")
    execution = Execution(tmp_path, jobs=1)
    seconds, unknown = api.expected_seconds(api.plan(resolved, execution), execution)
    assert (seconds > 0, unknown) == (True, 0)
    begun = time.perf_counter()
    states = benchmark.pedantic(api.run, args=(resolved, execution), rounds=1)
    benchmark.extra_info["planned of real"] = seconds / (time.perf_counter() - begun)
    assert set(states.values()) == {"done"}
