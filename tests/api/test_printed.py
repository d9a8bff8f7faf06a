"""Whatever the API returns prints as a few lines."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.clips.clip_file import ClipFile
from ssmar_bench.clips.preparation import CacheSize, LeftOut, PreparationReport
from ssmar_bench.core.short_list import ShortDict, ShortList
from ssmar_bench.results.publish import Published

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


GRID_CONFIG = next(config for config in api.benchmarks() if config.name == "micro-motion-12")
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
    "cache_list": lambda _: api.cache_list(),
    "plan_table": lambda out: api.plan_table(api.TableRequest("table1"), api.Execution(out)),
    "entry of plan_table": lambda out: api.plan_table(api.TableRequest("table4"), api.Execution(out))[0],
    "report": lambda out: api.report(out, out / "rendered"),
    "render_report": lambda out: api.render_report(out, out / "rendered"),
    "damaged_records": lambda out: api.damaged_records(out),
    "grid_answer": lambda out: repr(api.grid_answer(out, "micro-motion-12", api.results(out)["folder"])),
}

MANY = 3000
CACHE = api.PlannedFrameCache(
    "micro-motion-12",
    GRID_CONFIG.frame_cache,
    Path("cache"),
    CacheSize(
        10**9, 10**8, 10**10, MANY, [ClipFile(f"{i:016x}", Path(f"{i}.mp4"), 0, 9, f"clip {i}") for i in range(MANY)]
    ),
    60.0,
)
REPORT = PreparationReport(MANY, 0, [], [LeftOut(f"c{i}", f"{i}.mp4", "it is empty") for i in range(MANY)])
NAMES = tuple(f"videos/{i:05d}.mp4" for i in range(MANY))
CHECK = api.SourceCheck(
    "MA-52", (), (), True, {}, NAMES, NAMES, (), dict.fromkeys(NAMES, "no video"), NAMES, NAMES, ("a defect",)
)
RUNS = {f"micro-motion-12_fixmatch_r50_s{seed}_0123456789abcdef": "done" for seed in range(MANY)}
LARGE: dict[str, Any] = {
    "BenchmarkConfig": GRID_CONFIG,
    "BrokenPlugin": api.BrokenPlugin("method", "mine", "mine.py", "x" * 5000),
    "CacheRemoval": api.CacheRemoval({Path(name): 1 for name in NAMES}, tuple(map(Path, NAMES))),
    "Execution": api.Execution(roots={name: Path(name) for name in NAMES}),
    "FrameCacheOptions": api.FrameCacheOptions(),
    "Grid": GRID,
    "GridAnswer": api.GridAnswer("| a | b |\n" * MANY, NAMES),
    "MethodConfig": api.methods()[0],
    "PageFrames": api.PageFrames({name: Path(name) for name in NAMES}),
    "PlannedFrameCache": CACHE,
    "PreparedFrameCache": api.PreparedFrameCache("micro-motion-12", Path("cache"), REPORT),
    "PretrainedWeights": api.PretrainedWeights(Path("weights.safetensors"), 0.5),
    "Published": Published(dict.fromkeys(NAMES, 1), tuple(map(Path, NAMES)), ()),
    "RenderedReport": api.RenderedReport(ShortList(map(Path, NAMES)), ShortList(NAMES), ShortList(NAMES)),
    "SecondTraining": api.SecondTraining(roots={"ma52": Path("ma52")}),
    "SourceCheck": CHECK,
    "StepData": api.StepData("fixmatch", 0.01, 2, 0.1),
    "SplitOptions": api.SplitOptions(seeds=list(range(5))),
    "SyntheticOptions": api.SyntheticOptions(),
    "TEMPLATES": api.TEMPLATES,
    "TableRequest": api.TableRequest("table1"),
    "Verification": api.Verification(
        "run", "different", 0.01, dict.fromkeys(NAMES, (0.1, 0.2)), 0.5, NAMES, dict.fromkeys(NAMES, (1, 2)), {}
    ),
    "a list of paths": ShortList(map(Path, NAMES)),
    "states of runs": ShortDict(RUNS),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_value_prints_as_a_few_lines(name: str) -> None:
    assert 0 < len(repr(LARGE[name])) < MOST, repr(LARGE[name])[:300]
    assert 0 < len(str(LARGE[name])) < MOST or name == "Verification"  # whose text is its report


LISTS = {
    "benchmarks", "check_results", "check_source", "damaged_records", "export_split", "list_methods", "methods", "plan",
    "plan_frame_caches", "plan_preparation", "plan_table", "prepare", "remove_runs",
    "renamed_runs", "report", "resolve", "run", "set_notes", "sources", "step_data", "tables", "train_table",
    "use_plugin", "verify_split", "broken_benchmarks", "broken_methods", "broken_sources", "compare_decoders",
}  # fmt: skip
"""Calls whose answer is a list or a mapping."""


def test_no_public_type_or_list_is_forgotten() -> None:
    """A new type must have a large value above, and a new call that gives many things a short list."""
    types = {name for name in api.__all__ if isinstance(getattr(api, name), type)}
    elsewhere = {
        "MethodDescription", "Model", "OwnBenchmark", "PlanEntry", "Prediction", "Resolved", "RunFacts", "Source",
        "SplitSet", "SplitSummary", "TableRun", "UserError",
    }  # fmt: skip
    assert types - elsewhere <= LARGE.keys()
    given = {
        name: str(inspect.signature(getattr(api, name)).return_annotation)
        for name in api.__all__
        if inspect.isfunction(getattr(api, name))
    }
    assert {name for name, kind in given.items() if "list[" in kind.lower() or "dict[" in kind.lower()} <= LISTS


def test_a_short_list_is_a_list_and_a_short_mapping_a_mapping() -> None:
    assert ShortList(NAMES) == list(NAMES)
    assert ShortDict(RUNS) == RUNS
    assert repr(ShortDict({"a": 1})) == "{'a': 1}"
    assert repr(ShortDict(RUNS)).endswith(f"... {MANY} in all}}")
    assert repr(api.CacheRemoval({}, ())) == "CacheRemoval(removed={}, kept=())"


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
