"""Ten thousand runs of a method that does nothing: planned, laid out, submitted, executed and watched."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench import api
from ssmar_bench.api.run_watch import Watcher
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.files import json_bytes
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import engines, local, prepare_data, slurm
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.local import LocalEngine
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.slurm import SlurmEngine
from tests.cluster.conftest import ask
from tests.cluster.conftest import slurm as slurm_cluster  # noqa: F401  # a fixture

pytestmark = pytest.mark.slow
METHODS = ["supervised", "fixmatch", "flexmatch", "aplt"]
RATIOS = [0.1, 0.2, 0.3, 0.4, 0.5]


@pytest.fixture
def number(benchmark: BenchmarkFixture) -> int:
    """How many runs: fewer where nothing is measured."""
    return 10_000 if benchmark.enabled else 200


@pytest.fixture
def measured(benchmark: BenchmarkFixture) -> Callable[..., Any]:
    """Calls a function once, and keeps its seconds, those of the processor, and how much memory it took."""

    def call(function: Callable[..., Any], *words: Any, **options: Any) -> Any:
        before = resource.getrusage(resource.RUSAGE_SELF)
        result = benchmark.pedantic(function, args=words, kwargs=options, rounds=1)
        after = resource.getrusage(resource.RUSAGE_SELF)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        benchmark.extra_info["cpu_seconds"] = round(used, 1)
        benchmark.extra_info["more_memory_mb"] = round((after.ru_maxrss - before.ru_maxrss) / 1024)
        assert after.ru_maxrss - before.ru_maxrss < 2**20, "it took more than a GiB"
        return result

    return call


class Queue:
    """An engine that keeps the runs for later."""

    def __init__(self, execution: Execution) -> None:
        pass

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        for folder, _ in folders:
            yield folder, "queued"


@pytest.fixture
def grid(tiny: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Four methods at five ratios, with up to 500 seeds."""
    monkeypatch.setattr(engines.ENGINES, "things", {**engines.ENGINES.things, "slurm": Queue})
    seeds = range(number // len(METHODS) // len(RATIOS))
    return api.resolve(api.Grid(str(tiny), METHODS, RATIOS, seeds, device="cpu", elsewhere=True))


def folders(out: Path, number: int, *files: str) -> list[tuple[RunFolder, int]]:
    """Laid out runs of one spec, and what else there is in ``work/``."""
    resolved = api.resolve(api.Grid("micro-motion-12", ["supervised"], [0.5], [0], device="cpu"))
    (one,) = plan_runs(resolved, prepare_data.planning_index(resolved.benchmark_config, {}))
    spec = json_bytes(one.spec.to_json())
    found = [RunFolder(out / "runs" / f"b_nothing_r50_s{seed}_{seed:016x}") for seed in range(number)]
    for folder in found:
        folder.record.mkdir(parents=True)
        folder.work.mkdir()
        (folder.record / "spec.json").write_bytes(spec)
        for name in ("launch.json", *files):
            (folder.work / name).write_text("{}")
    return [(folder, 1) for folder in found]


def execute(engine: Any, runs: Any) -> dict[str, str]:
    return {folder.path.name: state for folder, state in engine.run(runs, ignore_events, lambda _: None)}


def test_plan(grid: Any, number: int, tmp_path: Path, measured: Callable[..., Any]) -> None:
    assert len(measured(api.plan, grid, Execution(tmp_path))) == number


def test_lay_out_and_look_again(grid: Any, number: int, tmp_path: Path, measured: Callable[..., Any]) -> None:
    states = measured(api.run, grid, Execution(tmp_path, engine="slurm"))
    assert len(states) == number
    started = time.process_time()
    assert len(api.plan(grid, Execution(tmp_path))) == number
    assert Watcher(tmp_path).look().counts == {"waiting": number}
    assert time.process_time() - started < 60


def test_watch(number: int, tmp_path: Path, measured: Callable[..., Any]) -> None:
    folders(tmp_path, number)
    watcher = Watcher(tmp_path)
    watcher.look()
    assert measured(watcher.look).total == number


def test_local(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Callable[..., Any]) -> None:
    """Each run is a process that trains nothing."""
    nothing = ["sh", "-c", 'echo "{}" > "$0"']
    monkeypatch.setattr(local, "command", lambda folder: [*nothing, str(folder.work / "outcome.json")])
    states = measured(execute, LocalEngine(Execution(tmp_path)), folders(tmp_path, number))
    assert set(states.values()) == {"done"}


@pytest.mark.minutes
def test_ray(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Callable[..., Any]) -> None:
    """Each run is a task that trains nothing."""
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from ssmar_bench.runs import ray_engine

    def nothing(job: Any) -> dict[str, str]:
        for path, _ in job.folders:
            (Path(path) / "work" / "outcome.json").write_text("{}")
        return {}

    nothing.__module__ = "__main__"  # the function itself is sent, since other processes do not find these tests
    monkeypatch.setattr(ray_engine, "_execute", nothing)
    engine = ray_engine.RayEngine(Execution(tmp_path, jobs=2))
    try:
        runs = folders(tmp_path, number)
        states = measured(execute, engine, runs)
        started = time.process_time()
        assert execute(engine, runs) == states, "a trained run needs no task"
        assert time.process_time() - started < 60
    finally:
        ray.shutdown()
    assert len(states) == number
    assert set(states.values()) == {"done"}


@pytest.mark.usefixtures("slurm_cluster")
def test_slurm(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Callable[..., Any]) -> None:
    """A real cluster queues all of them; they are followed to their end."""
    pytest.importorskip("submitit", reason="submitit is not installed")
    runs, options = folders(tmp_path, number), {"begin": "now+1day"}
    engine = SlurmEngine(Execution(tmp_path, options=options, detach=True))
    assert set(measured(execute, engine, runs).values()) == {"queued"}
    started = time.process_time()
    assert Watcher(tmp_path).look().counts == {"queued": number}
    assert set(execute(engine, runs).values()) == {"queued"}, "they are not submitted twice"
    assert len(slurm.submitted(tmp_path)) == number
    assert time.process_time() - started < 60
    ask("scancel", "--me")
    for folder, _ in runs:
        (folder.work / "outcome.json").write_text("{}")
    assert set(execute(SlurmEngine(Execution(tmp_path, options=options)), runs).values()) == {"done"}
