"""The main job: prepare the data of a grid, train what is missing, record it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from ssmar_bench.core import catalog, digests, in_use
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import BusyError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.method_config import METHODS
from ssmar_bench.core.processes import cores, default_jobs, default_workers
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.core.split import GroundTruth
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.engine_options import require_methods
from ssmar_bench.runs.engines import ENGINES, Engine
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import check_device
from ssmar_bench.runs.known_runs_notes import tell_known
from ssmar_bench.runs.packed_weights import pack_weights
from ssmar_bench.runs.plan import PlannedRun, known_runs
from ssmar_bench.runs.record import write_facts, write_record
from ssmar_bench.runs.resolve import Resolved
from ssmar_bench.runs.run_facts import RunFacts
from ssmar_bench.runs.step_memory import step_bytes
from ssmar_bench.runs.worker import packed_plugin
from ssmar_bench.splits.split_builder import ground_truth

POLL_SECONDS = 2.0
LAID_OUT_TOGETHER = 16
"""Folders of runs that are written side by side."""


def run(resolved: Resolved, execution: Execution, listener: Listener) -> dict[str, str]:
    """Execute a grid; the final state of every run by folder name.

    Raises:
        UserError: anything wrong with the request or the data, before any training.
    """
    with contextlib.ExitStack() as held:
        return _run(resolved, execution, listener, held)


def _run(resolved: Resolved, execution: Execution, listener: Listener, held: contextlib.ExitStack) -> dict[str, str]:
    """As :func:`run`, which lets go of the frame caches that are ``held``."""
    benchmark_config = resolved.benchmark_config
    prepare_data.source_root(benchmark_config, execution.roots)  # reported before any weights are fetched
    skips = execution.on_bad_clip == "skip" and execution.overwrite != "only-cache"
    if skips or not prepare_data.has_videos(benchmark_config, execution.roots):
        resolved.check_fits()  # before anything is rendered or decoded; a finished grid has no need of it
    for device in execution.devices:
        check_device(device)
    names = (row.method_config.name for row in resolved.methods)
    require_methods(execution.options, [*METHODS.names(), *names])
    make: type[Engine] = ENGINES.load(ENGINES.named(execution.engine))
    engine = make(execution)
    processes = cores()
    index = prepare_data.prepare_source(benchmark_config, execution.roots, processes, listener, execution.on_bad_clip)
    whole = prepare_data.any_split(index, benchmark_config)

    def prepare(config: FrameCacheConfig) -> Path:
        own = resolved.frame_caches[config]
        held.enter_context(in_use.holding(prepare_data.frame_cache_folder(own, prepare_data.clip_files(index, whole))))
        return prepare_data.prepare_frame_cache(own, index, whole, processes, listener, execution.on_bad_clip)

    frame_caches: dict[FrameCacheConfig, Path] = {}
    if skips:
        # Which clips are left out decides what the runs are, so the videos are looked at before the records.
        frame_caches = {config: prepare(config) for config in resolved.frame_caches}
    table = known_runs(resolved, execution, index)
    states = _states(table, execution)
    asked = _wanted(table, states, execution)
    wanted = dict.fromkeys(planned_run.spec.frame_cache for planned_run in asked)
    if wanted:
        for sentence in resolved.check_fits():
            listener(Event("", "note", sentence))
        # what the decoded clips are decides which runs these are
        frame_caches = {config: frame_caches.get(config) or prepare(config) for config in wanted}
        table = known_runs(resolved, execution, index)
        states = _states(table, execution)
    tell_known(table, states, execution, listener)
    todo = _wanted(table, states, execution)
    for sentence in renamed_runs(execution.results):
        listener(Event("", "note", sentence))
    if execution.overwrite == "always":
        _require_free(todo, execution)
    if todo:
        files = tuple(str(file.path) for file in catalog.plugin_files())
        if execution.overwrite == "always":
            _forget(todo, execution)
        device = resolved.grid.device
        threads = max(planned_run.spec.train.threads for planned_run in todo)
        jobs = execution.jobs or len(execution.devices) or default_jobs(threads)
        own = 0 if resolved.grid.elsewhere else default_workers(device, min(jobs, len(todo)))  # of this machine's cores
        workers = own if execution.workers is None else execution.workers
        memory = {row.method_config.name: step_bytes(row) for row in resolved.methods}
        # other machines may see no file of the user's
        weights = pack_weights(todo, execution.results) if resolved.grid.elsewhere else {}
        launches: dict[RunFolder, tuple[PlannedRun, Launch]] = {}
        for planned_run in todo:
            folder = planned_run.folder(execution.results)
            if states[planned_run.name] == "outdated" and execution.overwrite != "always":
                with folder.lease():  # the record is made again from what training has left
                    for name in ("metrics.json", digests.FILE):
                        (folder.record / name).unlink(missing_ok=True)
            place = str(frame_caches[planned_run.spec.frame_cache])
            launch = Launch(
                place,
                device,
                files,
                weights.get(planned_run.weights, planned_run.weights),
                workers,
                memory[planned_run.spec.method],
                {name: weights.get(path, path) for name, path in planned_run.further_weights.items()},
            )
            launches[folder] = planned_run, launch
        packed = {}
        if resolved.grid.elsewhere:
            packed = {packed_plugin(number): Path(path).read_bytes() for number, path in enumerate(files)}
        _train(launches, engine, ground_truth(index, benchmark_config), listener, packed)
        states = _states(table, execution)
    return states


def _states(table: Sequence[PlannedRun], execution: Execution) -> dict[str, str]:
    """The state of every run by folder name; every file of its record is read, so it is asked for once."""
    return {planned_run.name: planned_run.state(execution.results) for planned_run in table}


def _wanted(table: Sequence[PlannedRun], states: Mapping[str, str], execution: Execution) -> list[PlannedRun]:
    """The runs that are to be trained, or recorded."""
    wanted = [planned_run for planned_run in table if execution.wants(states[planned_run.name])]
    if execution.overwrite == "only-record":
        left = (one for one in table if states[one.name] not in ("done", "skipped"))
        wanted = [planned_run for planned_run in left if planned_run.folder(execution.results).ended()]
    return wanted


def _require_free(todo: Sequence[PlannedRun], execution: Execution) -> None:
    """Before the first run is forgotten, none of them may be in another command's hands."""
    for planned_run in todo:
        if planned_run.folder(execution.results).held():
            raise BusyError(f"Run {planned_run.name} is held by another process; wait for it or stop it.")


def _forget(todo: Sequence[PlannedRun], execution: Execution) -> None:
    """Clears runs that are trained again; for one that another command has just begun, its result is waited for."""
    _require_free(todo, execution)
    for planned_run in todo:
        folder = planned_run.folder(execution.results)
        with contextlib.suppress(BusyError), folder.lease():
            folder.clear()


def renamed_runs(results: Path) -> list[str]:
    """A sentence for every finished run below ``results`` whose folder a user has renamed or copied."""
    sentences: ShortList[str] = ShortList()
    for path in sorted((results / "runs").glob("*")):
        if not re.search(r"_r[^_]+_s\d+(_.+)?_[0-9a-f]{16}$", path.name) and (name := RunFolder(path).renamed()):
            copied = f"a copy of the run {name}; move it out of runs/"
            moved = f"the finished run {name} under another name; give it its name again to use it"
            what = copied if (path.parent / name).exists() else moved
            sentences.append(f"{path} is {what}.")
    return sentences


def write_run_inputs(
    planned_run: PlannedRun,
    folder: RunFolder,
    launch: Launch,
    facts: RunFacts | None = None,
    packed: Mapping[str, bytes] | None = None,
) -> None:
    """Write what the worker reads: spec, launch, and a split without hidden labels and telling ids.

    The caller holds the lease.

    Args:
        planned_run: the run.
        folder: its folder.
        launch: where it is executed.
        facts: of other runs of the grid, which need not be worked out again.
        packed: further files for the worker by name.

    Raises:
        UserError: it cannot be written.
    """
    folder.begin(planned_run.spec)
    facts = facts or RunFacts()
    write_facts(folder, planned_run.spec, planned_run.label, planned_run.given, facts)
    split = facts.split(planned_run.split, planned_run.spec.split)
    folder.keep({"launch.json": asdict(launch), "split.json": split, **(packed or {})})


def _ready(
    folder: RunFolder,
    planned_run: PlannedRun,
    launch: Launch,
    listener: Listener,
    facts: RunFacts | None = None,
    packed: Mapping[str, bytes] | None = None,
) -> bool:
    """Mends a run's folder and lays it out, unless another command holds it."""
    begun = folder.path.exists()
    try:
        with folder.lease():
            for sentence in folder.mend() if begun else ():
                listener(Event(folder.path.name, "note", sentence))
            write_run_inputs(planned_run, folder, launch, facts, packed)
    except BusyError:
        return False
    return True


def _train(
    launches: Mapping[RunFolder, tuple[PlannedRun, Launch]],
    engine: Engine,
    known: GroundTruth,
    listener: Listener,
    packed: Mapping[str, bytes] | None = None,
) -> None:
    """Train until every run is done or failed, waiting for those that another command holds."""

    def finish(folder: RunFolder) -> None:
        planned_run, _ = launches[folder]
        with folder.lease(patience=60):
            if not folder.done():
                videos = planned_run.known.videos if planned_run.known else ""
                label, split, left_out, given = (
                    getattr(planned_run, name) for name in ("label", "split", "left_out", "given")
                )
                write_record(folder, label, split, known, left_out, videos, given, facts)
            (folder.work / "failure.txt").unlink(missing_ok=True)

    def lay_out(folder: RunFolder) -> bool:
        return _ready(folder, *launches[folder], listener, facts, packed)

    facts = RunFacts()
    threads = {folder: planned_run.spec.train.threads for folder, (planned_run, _) in launches.items()}
    ended: set[RunFolder] = set()
    waiting = list(launches)
    listener(Event("", "grid", "all runs", 0, len(launches)))
    while waiting:
        with ThreadPoolExecutor(LAID_OUT_TOGETHER) as pool:  # each waits for its disk
            free = [
                (folder, threads[folder])
                for folder, ready in zip(waiting, pool.map(lay_out, waiting), strict=True)
                if ready
            ]
        for folder, state in engine.run(free, listener, finish):
            if state != "held":
                ended.add(folder)
            if state == "queued":
                continue
            listener(Event(folder.path.name, state, folder.reason() if state == "failed" else ""))
            listener(Event("", "grid", "all runs", len(ended), len(launches)))
        ended |= {folder for folder in waiting if folder not in ended and folder.done()}
        waiting = [folder for folder in waiting if folder not in ended]
        if waiting:
            time.sleep(POLL_SECONDS)
