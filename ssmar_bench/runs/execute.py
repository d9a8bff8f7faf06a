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
from ssmar_bench.core.benchmark_config import Definition, StoreRecipe
from ssmar_bench.core.errors import BusyError, UserError, nearest
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.index import Index
from ssmar_bench.core.processes import cores
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.core.split import Truth
from ssmar_bench.runs import prepare_data, step_timing
from ssmar_bench.runs.data_digests import Known, recognised
from ssmar_bench.runs.engines import ENGINES, Engine
from ssmar_bench.runs.plan import Cell, Grid, base_definition, cells, check, check_fits
from ssmar_bench.runs.prepare_data import OnBadClip
from ssmar_bench.runs.record import write_record
from ssmar_bench.sources import KNOWN
from ssmar_bench.splits.build import build, truth

Overwrite = Literal["only-missing", "always", "never", "only-cache"]
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Execution:
    """How a grid is executed; none of it changes a result, but that ``skip`` leaves clips out.

    Attributes:
        results: the folder that holds ``runs/``.
        roots: folders of sources by name.
        jobs: runs side by side; None for as many as the cores carry.
        overwrite: ``only-missing`` trains what has no finished record (failed runs again), ``always`` trains anew,
            ``never`` leaves whatever was once begun, ``only-cache`` trains nothing.
        time_limit: seconds a run may take.
        engine: who executes the runs: ``local``, or one that a plugin brings.
        on_bad_clip: ``stop`` at a clip whose video cannot be used, or ``skip`` such clips: then the manifests do not
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
class Planned:
    """A cell, its state before execution, and the seconds its training is expected to take (None: unknown).

    ``stale``: it is done, and by other code than today's.
    """

    cell: Cell
    state: str
    seconds: float | None
    stale: bool = False


def steps_of(cell: Cell) -> int:
    """Optimiser steps of a cell's run."""
    train = cell.spec.train
    clips = len(cell.manifest.labelled) + len(cell.manifest.unlabelled)
    return int(train["epochs"]) * -(-clips // int(train["batch"]))


def plan(grid: Grid, execution: Execution) -> list[Planned]:
    """The grid's cells with states and expected times; of a synthetic source only the lists are needed, and made."""
    definition = base_definition(grid)
    prepare_data.source_root(definition, execution.roots)  # told before any weights are fetched
    check_fits(check(grid))
    index = prepare_data.outlined_source(definition, execution.roots, execution.on_bad_clip)
    paces = step_timing.of_runs(execution.results)
    today = cache(digest_today)
    planned = []
    for cell in _known_cells(grid, execution, definition, index):
        known = paces.get(step_timing.key(cell.spec))
        seconds = None if known is None else known * steps_of(cell)
        state = _state_now(cell, execution.results)
        record = cell.folder(execution.results).record
        stale = state == "done" and standing(record, today(cell.spec.algorithm)) == "other"
        planned.append(Planned(cell, state, seconds, stale))
    return planned


def store_recipes(grid: Grid) -> list[StoreRecipe]:
    """The stores that the rows of a grid are trained from: most rows share one, and some need more of each clip."""
    return list(dict.fromkeys(row.definition.store for row in check(grid)))


def _known_cells(grid: Grid, execution: Execution, definition: Definition, index: Index) -> list[Cell]:
    """The grid's cells, without the clips that a former preparation could not use if such clips are skipped.

    A clip that is missing from one of the grid's stores is left out of all rows, so that they stay comparable. Where
    clips are not decoded, a cell is the recorded run that agrees with it in all else, if there is one.
    """
    whole = build(index, definition, definition.ratios[0], definition.seeds[0])
    clips = prepare_data.clip_files(index, whole)
    own = {recipe: prepare_data.stored_as(definition, recipe) for recipe in store_recipes(grid)}
    left_out: dict[str, str] = {}
    if execution.on_bad_clip == "skip":
        for variant in own.values():
            left_out |= prepare_data.known_left_out(variant, index, whole) or {}
    used = [clip for clip in clips if clip.name not in left_out]
    answers = truth(index, definition).digest(clip.name for clip in used)
    pixels = {recipe: prepare_data.known_pixels(variant, clips) for recipe, variant in own.items()}
    table = cells(
        grid, prepare_data.without(index, left_out), left_out, pixels, Known(answers, prepare_data.sizes_digest(used))
    )
    return [replace(cell, spec=recognised(cell.spec, cell.known, execution.results)) for cell in table]


def _state_now(cell: Cell, results: Path) -> str:
    """The cell's state, or ``running`` while another command trains it."""
    state = cell.state(results)
    return "running" if state not in ("done", "skipped") and cell.folder(results).held() else state


def expected_seconds(planned: Sequence[Planned], execution: Execution) -> tuple[float, int]:
    """Wall-clock seconds for what would be trained, and the number of cells whose time is unknown."""
    todo = [entry for entry in planned if _wanted(entry.cell, execution)]
    if not todo:
        return 0.0, 0
    jobs = execution.jobs or default_jobs(max(int(entry.cell.spec.train["threads"]) for entry in todo))
    known = [entry.seconds for entry in todo if entry.seconds is not None]
    return sum(known) / min(jobs, len(todo)), len(todo) - len(known)


def default_jobs(threads: int) -> int:
    """As many runs side by side as the cores carry."""
    return max(1, cores() // threads)


def run(grid: Grid, execution: Execution, listener: Listener) -> dict[str, str]:
    """Execute a grid; the final state of every cell by folder name.

    Raises:
        UserError: anything wrong with the request or the data, before any training.
    """
    definition = base_definition(grid)
    prepare_data.source_root(definition, execution.roots)  # told before any weights are fetched
    recipes = store_recipes(grid)
    check_fits(check(grid))
    engine: type[Engine] = ENGINES.load(ENGINES.named(execution.engine))
    processes = cores()
    index = prepare_data.prepare_source(definition, execution.roots, processes, listener, execution.on_bad_clip)
    whole = build(index, definition, definition.ratios[0], definition.seeds[0])

    def prepare(recipe: StoreRecipe) -> Path:
        own = prepare_data.stored_as(definition, recipe)
        return prepare_data.prepare_store(own, index, whole, processes, listener, execution.on_bad_clip)

    stores: dict[StoreRecipe, Path] = {}
    if execution.on_bad_clip == "skip" and execution.overwrite != "only-cache":
        # Which clips are left out decides what the runs are, so the videos are looked at before the records.
        stores = {recipe: prepare(recipe) for recipe in recipes}
    table = _known_cells(grid, execution, definition, index)
    wanted = dict.fromkeys(_recipe(cell) for cell in table if _wanted(cell, execution))
    if wanted:  # what the decoded clips are decides which runs these are
        stores = {recipe: stores.get(recipe) or prepare(recipe) for recipe in wanted}
        table = _known_cells(grid, execution, definition, index)
    _greet(table, execution, listener)
    todo = [cell for cell in table if _wanted(cell, execution)]
    for sentence in renamed_runs(execution.results):
        listener(Event("", "note", sentence))
    if execution.overwrite == "always":
        _require_free(todo, execution)
    if todo:
        files = tuple(str(file.path) for file in plugins.files())
        if execution.overwrite == "always":
            _forget(todo, execution)
        launches: dict[RunFolder, tuple[Cell, Launch]] = {}
        for cell in todo:
            folder = cell.folder(execution.results)
            if cell.state(execution.results) == "outdated":  # the record is made again from what training has left
                with folder.lease():
                    for name in ("metrics.json", digests.FILE):
                        (folder.record / name).unlink(missing_ok=True)
            launches[folder] = cell, Launch(str(stores[_recipe(cell)]), grid.device, files, cell.weights)
        _train(launches, execution, engine, truth(index, definition), listener)
    return {cell.spec.folder(): cell.state(execution.results) for cell in table}


def _recipe(cell: Cell) -> StoreRecipe:
    return StoreRecipe.model_validate(cell.spec.store)


def _greet(table: Sequence[Cell], execution: Execution, listener: Listener) -> None:
    for cell in table:
        state = cell.state(execution.results)
        if state == "skipped":
            listener(Event(cell.spec.folder(), "skipped", cell.skip))
        elif state == "damaged" and not _wanted(cell, execution):
            damage = cell.folder(execution.results).damage()
            listener(Event(cell.spec.folder(), "note", f"{damage}; --overwrite only-missing makes it again."))
        elif state == "done" and execution.overwrite != "always":
            listener(Event(cell.spec.folder(), "cached"))
        elif state == "outdated" and execution.overwrite != "always":
            name = cell.spec.folder()
            listener(Event("", "note", f"{name} was recorded with other labels or people than the data has now."))


def _wanted(cell: Cell, execution: Execution) -> bool:
    state = cell.state(execution.results)
    match execution.overwrite:
        case "only-missing":
            return state in ("missing", "interrupted", "failed", "damaged", "outdated")
        case "always":
            return state != "skipped"
        case "never":
            return state == "missing"
        case "only-cache":
            return False


def _require_free(todo: Sequence[Cell], execution: Execution) -> None:
    """Before the first run is forgotten, none of them may be in another command's hands."""
    for cell in todo:
        if cell.folder(execution.results).held():
            raise BusyError(f"Run {cell.spec.folder()} is held by another process; wait for it or stop it.")


def _forget(todo: Sequence[Cell], execution: Execution) -> None:
    """Clears runs that are trained anew; for one that another command has just begun, its result is waited for."""
    _require_free(todo, execution)
    for cell in todo:
        folder = cell.folder(execution.results)
        with contextlib.suppress(BusyError), folder.lease():
            folder.clear()


def renamed_runs(results: Path) -> list[str]:
    """A sentence for every finished run whose folder a person has renamed or copied: nobody looks for it there."""
    told = []
    for path in sorted((results / "runs").glob("*")):
        if not re.search(r"_r[^_]+_s[^_]+_[0-9a-f]{16}$", path.name) and (name := RunFolder(path).renamed()):
            copied = f"a copy of the run {name}; move it out of runs/"
            moved = f"the finished run {name} under another name; give it its name again to use it"
            what = copied if (path.parent / name).exists() else moved
            told.append(f"{path} is {what}.")
    return told


def lay_out(cell: Cell, folder: RunFolder, launch: Launch) -> None:
    """Write what the worker reads: spec, launch, and a manifest without hidden labels and telling ids.

    The caller holds the lease.

    Raises:
        UserError: it cannot be written.
    """
    folder.begin(cell.spec)
    folder.keep({"launch.json": asdict(launch), "manifest.json": cell.manifest.with_opaque_ids().to_json()})


def _ready(folder: RunFolder, cell: Cell, launch: Launch, listener: Listener) -> bool:
    """Mends a run's folder and lays it out, unless another command holds it."""
    try:
        with folder.lease():
            for sentence in folder.mend():
                listener(Event(folder.path.name, "note", sentence))
            lay_out(cell, folder, launch)
    except BusyError:
        return False
    return True


def _train(
    launches: Mapping[RunFolder, tuple[Cell, Launch]],
    execution: Execution,
    engine: type[Engine],
    known: Truth,
    listener: Listener,
) -> None:
    """Train until every cell is done or failed, waiting for those that another command holds."""

    def finish(folder: RunFolder) -> None:
        cell, _ = launches[folder]
        with folder.lease(patience=60):
            if not folder.done():
                videos = cell.known.videos if cell.known else ""
                write_record(folder, cell.label, cell.manifest, known, cell.left_out, videos)
            (folder.work / "failure.txt").unlink(missing_ok=True)

    threads = {folder: int(cell.spec.train["threads"]) for folder, (cell, _) in launches.items()}
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
