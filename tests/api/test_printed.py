"""Whatever the API returns prints as a few lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Real

MOST = 2000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("printed")
    for seed in range(6):
        for method, accuracy in (("supervised", 0.4), ("fixmatch", 0.7)):
            Real(method, ratio=0.1, seed=seed, accuracy=accuracy).write(out)
    return out


GRID = api.Grid("micro-motion-12", ["table1"], seeds=list(range(20)))
CALLS: dict[str, Callable[[Path], Any]] = {
    "methods": lambda _: api.methods(),
    "list_methods": lambda _: api.list_methods(),
    "describe": lambda _: api.describe("aplt"),
    "benchmarks": lambda _: api.benchmarks(),
    "sources": lambda _: api.sources(),
    "tables": lambda _: api.tables(),
    "resolve": lambda _: api.resolve(GRID),
    "plan": lambda out: api.plan(GRID, api.Execution(out)),
    "entry of plan": lambda out: api.plan(GRID, api.Execution(out))[0],
    "results": lambda out: api.results(out),
    "curves": lambda out: api.curves(out),
    "table": lambda out: api.table(out, "micro-motion-12"),
    "predictions": lambda out: api.predictions("micro-motion-12_fixmatch_r10_s0", out),
    "confusion": lambda out: api.confusion("micro-motion-12_fixmatch_r10_s0", out),
    "compare": lambda out: api.compare("fixmatch", "supervised", out),
    "list_runs": lambda out: api.list_runs(out),
    "show_run": lambda out: api.show_run("micro-motion-12_fixmatch_r10_s0", out),
    "prediction": lambda _: api.Prediction(Path("a.mp4"), tuple((f"class {i}", 1 / 52) for i in range(52))),
    "plan_frame_caches": lambda out: api.plan_frame_caches(GRID, api.Execution(out)),
}


@pytest.mark.parametrize("name", CALLS)
def test_it_prints_as_a_few_lines(name: str, folder: Path) -> None:
    found = CALLS[name](folder)
    assert 0 < len(str(found)) < MOST, str(found)[:300]
    assert 0 < len(repr(found)) < MOST


def test_a_plan_is_a_table_and_a_data_frame(folder: Path) -> None:
    plan = api.plan(GRID, api.Execution(folder))
    frame = plan.frame()
    assert len(plan) == len(frame) == len(api.resolve(GRID).methods) * 20 * len(api.resolve(GRID).ratios)
    assert str(plan).startswith(f"{len(plan)} runs\n")
    assert list(frame) == ["method", "ratio", "seed", "state", "seconds", "run", "skip"]
    assert frame.loc[0, "method"] == plan[0].planned_run.spec.method
