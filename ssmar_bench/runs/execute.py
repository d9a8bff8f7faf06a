"""The main job: prepare the data of a grid, train what is missing, record it."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from ssmar_bench.algorithms.provenance import digest_today, standing
from ssmar_bench.core import digests, plugins
from ssmar_bench.core.benchmark_config import BenchmarkConfig, FrameCacheConfig
from ssmar_bench.core.errors import BusyError, UserError, nearest
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.index import Index
from ssmar_bench.core.processes import cores
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.core.split import GroundTruth
from ssmar_bench.runs import prepare_data, step_timing
from ssmar_bench.runs.data_digests import DataDigests, matching_spec
from ssmar_bench.runs.engines import ENGINES, Engine
from ssmar_bench.runs.plan import Grid, PlannedRun, base_config, check_fits, check_grid, plan_runs
from ssmar_bench.runs.prepare_data import OnBadClip
from ssmar_bench.runs.record import write_record
from ssmar_bench.sources import KNOWN
from ssmar_bench.splits.build import build_split, ground_truth

Overwrite = Literal["only-missing", "always", "never", "only-cache"]
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Execution:
    """How a grid is executed; none of it changes a result, but that ``skip`` leaves clips out.

    Attributes:
        results: the folder that holds ``runs/``.
        roots: folders of sources by name.
        jobs: runs side by side; None for as many as the cores carry.
        overwrite: ``only-missing`` trains what has no finished record (failed runs again), ``always`` trains again,
            ``never`` leaves whatever was once begun, ``only-cache`` trains nothing.
        time_limit: seconds a run may take.
        engine: who executes the runs: ``local``, or one that a plugin brings.
        on_bad_clip: ``stop`` at a clip whose video cannot be used, or ``skip`` such clips: then the splits do not
            hold them, and the runs are others than those of the whole benchmark.
    """

    results: Path = Path("results")
    roots: Mapping[str, Path] = field(default_factory=dict)
    jobs: int | None = None
    overwrite: Overwrite = "only-missing"
    time_limit: float | None = None
    on_bad_clip: OnBadClip = "stop"
    engine: str = "local"

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UserError(f"Execution(jobs={self.jobs}): expected 1 or more.")
        if self.time_limit is not None and not 0 < self.time_limit <= threading.TIMEOUT_MAX:
            raise UserError(f"Execution(time_limit={self.time_limit}): expected seconds above 0.")
        for name, choices in (("overwrite", get_args(Overwrite)), ("on_bad_clip", get_args(OnBadClip))):
            if (given := getattr(self, name)) not in choices:
                raise UserError(f"Execution({name}={given!r}): no such choice{nearest(str(given), choices)}")
        object.__setattr__(self, "results", Path(self.results))  # a script may give texts
        object.__setattr__(self, "roots", {KNOWN.named(name): Path(root) for name, root in self.roots.items()})


@dataclass(frozen=True)
class PlanEntry:
    """``planned_run``, its state before execution, and the seconds its training is expected to take (None: unknown).

    ``stale``: it is done, and by other code than today's.
    """

    planned_run: PlannedRun
    state: str
    seconds: float | None
    stale: bool = False


def steps_of(planned_run: PlannedRun) -> int:
    """Optimiser steps of a run."""
    train = planned_run.spec.train
    clips = len(planned_run.split.labelled) + len(planned_run.split.unlabelled)
    return int(train["epochs"]) * -(-clips // int(train["batch"]))


def plan(grid: Grid, execution: Execution) -> list[PlanEntry]:
    """The grid's runs with states and expected times; of a synthetic source only the lists are needed, and made."""
    benchmark_config = base_config(grid)
    prepare_data.source_root(benchmark_config, execution.roots)  # reported before any weights are fetched
    check_fits(check_grid(grid))
    index = prepare_data.planning_index(benchmark_config, execution.roots, execution.on_bad_clip)
    measured = step_timing.measured_seconds(execution.results)
    today = cache(digest_today)
    planned = []
    for planned_run in _known_runs(grid, execution, benchmark_config, index):
        known = measured.get(step_timing.timing_key(planned_run.spec))
        seconds = None if known is None else known * steps_of(planned_run)
        state = _state_now(planned_run, execution.results)
        record = planned_run.folder(execution.results).record
        stale = state == "done" and standing(record, today(planned_run.spec.algorithm)) == "other"
        planned.append(PlanEntry(planned_run, state, seconds, stale))
    return planned


def frame_cache_configs(grid: Grid) -> list[FrameCacheConfig]:
    """The frame caches that the rows of a grid are trained from: most share one, some need more of each clip."""
    return list(dict.fromkeys(row.benchmark_config.frame_cache for row in check_grid(grid)))


def _known_runs(grid: Grid, execution: Execution, benchmark_config: BenchmarkConfig, index: Index) -> list[PlannedRun]:
    """The grid's runs, without the clips that a former preparation could not use if such clips are skipped.

    A clip that is missing from one of the grid's frame caches is left out of all rows, so that they stay comparable.
    Where clips are not decoded, a run is the recorded run that agrees with it in all else, if there is one.
    """
    whole = build_split(index, benchmark_config, benchmark_config.ratios[0], benchmark_config.seeds[0])
    clips = prepare_data.clip_files(index, whole)
    own = {config: prepare_data.with_frame_cache(benchmark_config, config) for config in frame_cache_configs(grid)}
    left_out: dict[str, str] = {}
    if execution.on_bad_clip == "skip":
        for variant in own.values():
            left_out |= prepare_data.known_left_out(variant, index, whole) or {}
    used = [clip for clip in clips if clip.name not in left_out]
    answers = ground_truth(index, benchmark_config).digest(clip.name for clip in used)
    pixels = {config: prepare_data.known_pixels(variant, clips) for config, variant in own.items()}
    table = plan_runs(
        grid,
        prepare_data.without_clips(index, left_out),
        left_out,
        pixels,
        DataDigests(answers, prepare_data.sizes_digest(used)),
    )
    return [
        replace(planned_run, spec=matching_spec(planned_run.spec, planned_run.known, execution.results))
        for planned_run in table
    ]


def _state_now(planned_run: PlannedRun, results: Path) -> str:
    """The run's state, or ``running`` while another command trains it."""
    state = planned_run.state(results)
    return "running" if state not in ("done", "skipped") and planned_run.folder(results).held() else state


def expected_seconds(planned: Sequence[PlanEntry], execution: Execution) -> tuple[float, int]:
    """Wall-clock seconds for what would be trained, and the number of runs whose time is unknown."""
    todo = [entry for entry in planned if _wanted(entry.planned_run, execution)]
    if not todo:
        return 0.0, 0
    jobs = execution.jobs or default_jobs(max(int(entry.planned_run.spec.train["threads"]) for entry in todo))
    known = [entry.seconds for entry in todo if entry.seconds is not None]
    return sum(known) / min(jobs, len(todo)), len(todo) - len(known)


def default_jobs(threads: int) -> int:
    """As many runs side by side as the cores carry."""
    return max(1, cores() // threads)


def run(grid: Grid, execution: Execution, listener: Listener) -> dict[str, str]:
    """Execute a grid; the final state of every run by folder name.

    Raises:
        UserError: anything wrong with the request or the data, before any training.
    """
    benchmark_config = base_config(grid)
    prepare_data.source_root(benchmark_config, execution.roots)  # reported before any weights are fetched
    configs = frame_cache_configs(grid)
    check_fits(check_grid(grid))
    engine: type[Engine] = ENGINES.load(ENGINES.named(execution.engine))
    processes = cores()
    index = prepare_data.prepare_source(benchmark_config, execution.roots, processes, listener, execution.on_bad_clip)
    whole = build_split(index, benchmark_config, benchmark_config.ratios[0], benchmark_config.seeds[0])

    def prepare(config: FrameCacheConfig) -> Path:
        own = prepare_data.with_frame_cache(benchmark_config, config)
        return prepare_data.prepare_frame_cache(own, index, whole, processes, listener, execution.on_bad_clip)

    frame_caches: dict[FrameCacheConfig, Path] = {}
    if execution.on_bad_clip == "skip" and execution.overwrite != "only-cache":
        # Which clips are left out decides what the runs are, so the videos are looked at before the records.
        frame_caches = {config: prepare(config) for config in configs}
    table = _known_runs(grid, execution, benchmark_config, index)
    wanted = dict.fromkeys(_recipe(planned_run) for planned_run in table if _wanted(planned_run, execution))
    if wanted:  # what the decoded clips are decides which runs these are
        frame_caches = {config: frame_caches.get(config) or prepare(config) for config in wanted}
        table = _known_runs(grid, execution, benchmark_config, index)
    _greet(table, execution, listener)
    todo = [planned_run for planned_run in table if _wanted(planned_run, execution)]
    for sentence in renamed_runs(execution.results):
        listener(Event("", "note", sentence))
    if execution.overwrite == "always":
        _require_free(todo, execution)
    if todo:
        files = tuple(str(file.path) for file in plugins.files())
        if execution.overwrite == "always":
            _forget(todo, execution)
        launches: dict[RunFolder, tuple[PlannedRun, Launch]] = {}
        for planned_run in todo:
            folder = planned_run.folder(execution.results)
            if (
                planned_run.state(execution.results) == "outdated"
            ):  # the record is made again from what training has left
                with folder.lease():
                    for name in ("metrics.json", digests.FILE):
                        (folder.record / name).unlink(missing_ok=True)
            launches[folder] = (
                planned_run,
                Launch(str(frame_caches[_recipe(planned_run)]), grid.device, files, planned_run.weights),
            )
        _train(launches, execution, engine, ground_truth(index, benchmark_config), listener)
    return {planned_run.spec.folder(): planned_run.state(execution.results) for planned_run in table}


def _recipe(planned_run: PlannedRun) -> FrameCacheConfig:
    return FrameCacheConfig.model_validate(planned_run.spec.frame_cache)


def _greet(table: Sequence[PlannedRun], execution: Execution, listener: Listener) -> None:
    for planned_run in table:
        state = planned_run.state(execution.results)
        if state == "skipped":
            listener(Event(planned_run.spec.folder(), "skipped", planned_run.skip))
        elif state == "damaged" and not _wanted(planned_run, execution):
            damage = planned_run.folder(execution.results).damage()
            listener(Event(planned_run.spec.folder(), "note", f"{damage}; --overwrite only-missing makes it again."))
        elif state == "done" and execution.overwrite != "always":
            listener(Event(planned_run.spec.folder(), "cached"))
        elif state == "outdated" and execution.overwrite != "always":
            name = planned_run.spec.folder()
            listener(Event("", "note", f"{name} was recorded with other labels or subjects than the data has now."))


def _wanted(planned_run: PlannedRun, execution: Execution) -> bool:
    state = planned_run.state(execution.results)
    match execution.overwrite:
        case "only-missing":
            return state in ("missing", "interrupted", "failed", "damaged", "outdated")
        case "always":
            return state != "skipped"
        case "never":
            return state == "missing"
        case "only-cache":
            return False


def _require_free(todo: Sequence[PlannedRun], execution: Execution) -> None:
    """Before the first run is forgotten, none of them may be in another command's hands."""
    for planned_run in todo:
        if planned_run.folder(execution.results).held():
            raise BusyError(f"Run {planned_run.spec.folder()} is held by another process; wait for it or stop it.")


def _forget(todo: Sequence[PlannedRun], execution: Execution) -> None:
    """Clears runs that are trained again; for one that another command has just begun, its result is waited for."""
    _require_free(todo, execution)
    for planned_run in todo:
        folder = planned_run.folder(execution.results)
        with contextlib.suppress(BusyError), folder.lease():
            folder.clear()


def renamed_runs(results: Path) -> list[str]:
    """A sentence for every finished run below ``results`` whose folder a user has renamed or copied."""
    sentences = []
    for path in sorted((results / "runs").glob("*")):
        if not re.search(r"_r[^_]+_s[^_]+_[0-9a-f]{16}$", path.name) and (name := RunFolder(path).renamed()):
            copied = f"a copy of the run {name}; move it out of runs/"
            moved = f"the finished run {name} under another name; give it its name again to use it"
            what = copied if (path.parent / name).exists() else moved
            sentences.append(f"{path} is {what}.")
    return sentences


def write_run_inputs(planned_run: PlannedRun, folder: RunFolder, launch: Launch) -> None:
    """Write what the worker reads: spec, launch, and a split without hidden labels and telling ids.

    The caller holds the lease.

    Raises:
        UserError: it cannot be written.
    """
    folder.begin(planned_run.spec)
    folder.keep({"launch.json": asdict(launch), "split.json": planned_run.split.with_opaque_ids().to_json()})


def _ready(folder: RunFolder, planned_run: PlannedRun, launch: Launch, listener: Listener) -> bool:
    """Mends a run's folder and lays it out, unless another command holds it."""
    try:
        with folder.lease():
            for sentence in folder.mend():
                listener(Event(folder.path.name, "note", sentence))
            write_run_inputs(planned_run, folder, launch)
    except BusyError:
        return False
    return True


def _train(
    launches: Mapping[RunFolder, tuple[PlannedRun, Launch]],
    execution: Execution,
    engine: type[Engine],
    known: GroundTruth,
    listener: Listener,
) -> None:
    """Train until every run is done or failed, waiting for those that another command holds."""

    def finish(folder: RunFolder) -> None:
        planned_run, _ = launches[folder]
        with folder.lease(patience=60):
            if not folder.done():
                videos = planned_run.known.videos if planned_run.known else ""
                write_record(folder, planned_run.label, planned_run.split, known, planned_run.left_out, videos)
            (folder.work / "failure.txt").unlink(missing_ok=True)

    threads = {folder: int(planned_run.spec.train["threads"]) for folder, (planned_run, _) in launches.items()}
    jobs = execution.jobs or default_jobs(max(threads.values()))
    failed: set[RunFolder] = set()
    waiting = list(launches)
    listener(Event("", "grid", "all runs", 0, len(launches)))
    while waiting:
        free = [(folder, threads[folder]) for folder in waiting if _ready(folder, *launches[folder], listener)]
        for folder, state in engine(jobs, execution.time_limit).run(free, listener, finish):
            if state == "failed":
                failed.add(folder)
            listener(Event(folder.path.name, state, folder.reason() if state == "failed" else ""))
            ended = len(failed) + sum(folder.done() for folder in launches)
            listener(Event("", "grid", "all runs", ended, len(launches)))
        waiting = [folder for folder in waiting if folder not in failed and not folder.done()]
        if waiting:
            time.sleep(POLL_SECONDS)
