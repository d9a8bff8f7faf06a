"""A command reads and validates each config once, whatever it does with it afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.catalog import ConfigCatalog
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.runs import step_guess
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve, resolve_all
from tests.conftest import Finished

METHODS = ["supervised", "fixmatch", "ltg", "aplt", "aplt-literal"]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Counts: a config's kind and name -> how often its file is read; and how often a method config is validated."""
    counted: Counter[tuple[str, str]] = Counter()
    document, validated = ConfigCatalog.document, MethodConfig.model_validate

    def read(self: ConfigCatalog, name: str) -> Any:
        counted[self.kind, name] += 1
        return document(self, name)

    def validate(data: Any) -> MethodConfig:
        counted["validated", data["name"]] += 1
        return validated(data)

    monkeypatch.setattr(ConfigCatalog, "document", read)
    monkeypatch.setattr(MethodConfig, "model_validate", validate)
    return counted


def each_once(benchmarks: list[str], methods: list[str]) -> dict[tuple[str, str], int]:
    words = [("benchmark", name) for name in benchmarks]
    words += [(kind, name) for name in methods for kind in ("method", "validated")]
    return dict.fromkeys(words, 1)


def test_a_plan_reads_each_config_once(
    tiny: Path, tmp_path: Path, call: Callable[..., Finished], reads: Counter[tuple[str, str]]
) -> None:
    short = ("--ratios", "0.5", "--set", "train.epochs=5", "--out", tmp_path)
    ended = call("run", "--plan", "--benchmark", tiny, "--methods", ",".join(METHODS), *short)
    assert ended.status == 0, ended.err
    assert "frames each" in ended.out
    assert reads == each_once([str(tiny)], METHODS)


def test_a_run_reads_each_config_once(tiny: Path, tmp_path: Path, reads: Counter[tuple[str, str]]) -> None:
    grid = api.Grid(str(tiny), METHODS, [0.5], [0], sets={"train.epochs": 5})
    states = api.run(grid, api.Execution(tmp_path, overwrite="only-cache"))
    assert [*states.values()] == ["missing"] * len(METHODS)
    assert reads == each_once([str(tiny)], METHODS)


def test_a_table_of_several_grids_reads_each_config_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: Counter[tuple[str, str]]
) -> None:
    monkeypatch.setattr(step_guess, "_remembered", lambda *_: 1.0)
    request = api.TableRequest("table1", "real")
    listed = api.plan_table(request, api.Execution(tmp_path))
    assert {run.state for run in listed} == {"no data"}
    assert any(run.seconds for run in listed)
    benchmarks = sorted({run.column.benchmark for run in listed})
    assert len(benchmarks) > 1
    methods = sorted({run.method for run in listed})
    assert reads == {("table", "table1"): 1, **each_once(benchmarks, methods)}


def test_frame_caches_of_several_methods_read_each_config_once(tiny: Path, reads: Counter[tuple[str, str]]) -> None:
    planned = api.plan_preparation(str(tiny), options=api.FrameCacheOptions(methods=METHODS))
    assert len(planned) == 2
    assert reads[("benchmark", str(tiny))] == 1
    assert {name: count for (kind, name), count in reads.items() if kind != "benchmark"} == dict.fromkeys(METHODS, 1)


def test_a_resolved_grid_is_taken_as_it_is(tiny: Path, tmp_path: Path, reads: Counter[tuple[str, str]]) -> None:
    resolved = resolve(Grid(str(tiny), ["supervised", "ltg"], [0.5], [0], sets={"train.epochs": 5}))
    reads.clear()
    execution = api.Execution(tmp_path)
    assert [entry.planned_run.spec.method for entry in api.plan(resolved, execution)] == ["supervised", "ltg"]
    assert [one.config for one in api.plan_frame_caches(resolved, execution)] == [*resolved.frame_caches]
    assert not reads


def test_it_is_what_each_grid_alone_is(tiny: Path) -> None:
    grids = [
        Grid(str(tiny), METHODS, sets={"train.epochs": 5}),
        Grid(str(tiny), ["fixmatch"], backbone="tsm:resnet18", profile=None),
        Grid("micro-motion-12", ["fixmatch", "aplt"], profile="smoke"),
    ]
    assert resolve_all(grids) == [resolve(grid) for grid in grids]


def test_what_no_setting_changes_is_the_benchmark_config(tiny: Path) -> None:
    resolved = resolve(Grid(str(tiny), ["supervised", "ltg"], sets={"train.epochs": 5}))
    plain, own = resolved.methods
    assert isinstance(resolved.benchmark_config, BenchmarkConfig)
    assert plain.benchmark_config is resolved.benchmark_config
    assert own.benchmark_config.frame_cache.neighbours == 1
    assert (resolved.ratios, resolved.seeds) == (resolved.benchmark_config.ratios, resolved.benchmark_config.seeds)


def test_a_fault_of_one_grid_is_told_before_anything_is_made(tiny: Path) -> None:
    with pytest.raises(UserError, match="Unknown method 'nobody'"):
        resolve_all([Grid(str(tiny), ["supervised"]), Grid(str(tiny), ["nobody"])])
