"""Decode a benchmark's clips into its store, and compare decoders on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssmar_bench.clips import frame_cache as stores
from ssmar_bench.clips.decoder_comparison import Comparison, compare
from ssmar_bench.clips.decoding_time import expected_seconds
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.frame_cache import ClipFile, Report, Sizes
from ssmar_bench.core import benchmark_config as definitions
from ssmar_bench.core import method_config as recipes
from ssmar_bench.core import paths
from ssmar_bench.core.benchmark_config import Definition, StoreRecipe
from ssmar_bench.core.config_layers import settle
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.events import Event, Listener, silence
from ssmar_bench.core.method_set import expand
from ssmar_bench.core.processes import cores
from ssmar_bench.core.shelf import is_path
from ssmar_bench.core.writable import nearest_folder
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.execute import Execution, store_recipes
from ssmar_bench.runs.plan import Grid, base_definition
from ssmar_bench.runs.prepare_data import OnBadClip
from ssmar_bench.sources import synthetic
from ssmar_bench.splits.build import Benchmark, build


@dataclass(frozen=True)
class StoreOptions:
    """How stores are prepared.

    Attributes:
        jobs: processes; None for one a core.
        on_bad_clip: stop at a clip whose video cannot be used, or leave all such clips out.
        decoder: ``pyav`` or ``decord``; None for the benchmark's own.
        profile: a profile of the benchmark's definition, for runs with the same.
        methods: methods, and sets of them, whose stores are prepared; without any, the benchmark's own store, which
            most methods are trained from.
    """

    jobs: int | None = None
    on_bad_clip: OnBadClip = "stop"
    decoder: str | None = None
    profile: str | None = None
    methods: Sequence[str] = ()

    @property
    def processes(self) -> int:
        """How many decode."""
        return self.jobs or cores()


USUAL = StoreOptions()


@dataclass(frozen=True)
class PlannedStore:
    """What the preparation of a store is going to take.

    Attributes:
        benchmark: whose store, or all benchmarks that have the same clips, size and frames.
        recipe, folder: what it holds of each clip, and where it stands or will stand; None where the source is not
            rendered yet.
        sizes: clips and bytes, those that are missing and those that are free on the disk.
        seconds: expected; None where no video was or could be tried.
    """

    benchmark: str
    recipe: StoreRecipe
    folder: Path | None
    sizes: Sizes
    seconds: float | None


@dataclass(frozen=True)
class Prepared:
    """A store, the benchmarks that it is for, and what its preparation did.

    Attributes:
        benchmark, folder: whose store, and where it stands.
        report: what was decoded now, what was left out, and which headers announce other than is there.
    """

    benchmark: str
    folder: Path
    report: Report


@dataclass(frozen=True)
class _Wanted:
    """A store that is to be prepared."""

    benchmark: str
    folder: Path
    clips: list[ClipFile]
    recipe: StoreRecipe


def plan_preparation(
    target: str, root: Path | str | None = None, options: StoreOptions = USUAL, listener: Listener = silence
) -> list[PlannedStore]:
    """Sizes and expected time of what :func:`prepare` would write with these arguments; decodes only a few frames.

    Arguments and errors as in :func:`prepare`.
    """
    planned = []
    for store in _wanted(target, root, options, listener):
        sizes = stores.sizes(store.folder, store.clips, store.recipe)
        seconds = expected_seconds(sizes.left, store.recipe, options.processes) if sizes.left else 0.0
        planned.append(PlannedStore(store.benchmark, store.recipe, store.folder, sizes, seconds))
    return planned


def plan_stores(grid: Grid, execution: Execution) -> list[PlannedStore]:
    """Sizes of the stores that the rows of ``grid`` are trained from; decodes nothing and estimates no time.

    Args:
        grid: what is planned.
        execution: where the sources stand.

    Raises:
        UserError: anything wrong with the grid, or data that cannot be read.
    """
    definition = base_definition(grid)
    index = prepare_data.outlined_source(definition, execution.roots, execution.on_bad_clip)
    if not prepare_data.has_videos(definition, execution.roots):
        count = len(Benchmark.of(index, definition).clips)
        return [_unrendered(definition.name, recipe, count) for recipe in store_recipes(grid)]
    clips = prepare_data.clip_files(index, build(index, definition, definition.ratios[0], definition.seeds[0]))
    planned = []
    for recipe in store_recipes(grid):
        folder = prepare_data.store_folder(prepare_data.stored_as(definition, recipe), clips)
        planned.append(PlannedStore(definition.name, recipe, folder, stores.sizes(folder, clips, recipe), None))
    return planned


def _unrendered(benchmark: str, recipe: StoreRecipe, clips: int) -> PlannedStore:
    """The store of a synthetic source whose videos, which are square, are not there yet."""
    size, free = stores.size_in_bytes(clips, recipe, 1), shutil.disk_usage(nearest_folder(paths.cache())).free
    return PlannedStore(benchmark, recipe, None, Sizes(size, size, free, clips, []), None)


def prepare(
    target: str, root: Path | str | None = None, options: StoreOptions = USUAL, listener: Listener = silence
) -> list[Prepared]:
    """Decode the clips of a benchmark, or of every shipped benchmark of a source, into their stores.

    Args:
        target: a benchmark's name, a definition's path, or a source's name.
        root: the folder of the source; None renders a synthetic one into the cache.
        options: how.
        listener: hears how far it is, and which benchmarks of a source cannot be built from this copy.

    Raises:
        UserError: an unknown target, a folder that is not the source's or no benchmark can be built from, a bad clip
            with ``stop``, a full disk.
    """
    done = []
    for store in _wanted(target, root, options, listener):
        skip_bad = options.on_bad_clip == "skip"
        report = stores.prepare(store.folder, store.clips, store.recipe, options.processes, listener, skip_bad)
        done.append(Prepared(store.benchmark, store.folder, report))
    return done


def compare_decoders(
    target: str, root: Path | str | None = None, jobs: int | None = None, listener: Listener = silence
) -> dict[str, list[Comparison]]:
    """Each store's clips as pyav and decord show them in its geometry, by its benchmarks; nothing is written.

    Args:
        target: a benchmark's name, a definition's path, or a source's name.
        root: the folder of the source; None renders a synthetic one into the cache.
        jobs: processes; None for one a core.
        listener: hears how far it is.

    Returns:
        Benchmark -> a comparison a clip.

    Raises:
        UserError: as :func:`prepare`, or decord is not installed.
    """
    decord_module()
    options = StoreOptions(jobs, "skip")
    return {
        store.benchmark: compare(store.clips, store.recipe, options.processes, _telling(listener, len(store.clips)))
        for store in _wanted(target, root, options, listener)
    }


def _telling(listener: Listener, total: int) -> Callable[[int], None]:
    return lambda done: listener(Event("", "prepare", "comparing clips", done, total))


def _wanted(target: str, root: Path | str | None, options: StoreOptions, listener: Listener) -> list[_Wanted]:
    """The stores of ``target``; benchmarks with the same clips, size and frames share one.

    A copy of a source need not do for each of its benchmarks: what cannot be built is told, unless nothing can.
    """
    found: dict[Path, _Wanted] = {}
    problems: dict[str, UserError] = {}
    for definition in _definitions(target, options):
        roots = _roots(definition, root)
        index = prepare_data.prepare_source(definition, roots, cores(), listener, options.on_bad_clip)
        try:
            manifest = build(index, definition, definition.ratios[0], definition.seeds[0])
        except UserError as error:
            problems[definition.name] = error
            continue
        clips = prepare_data.clip_files(index, manifest)
        folder = prepare_data.store_folder(definition, clips)
        names = f"{found[folder].benchmark}, {definition.name}" if folder in found else definition.name
        found[folder] = _Wanted(names, folder, clips, definition.store)
    if not found:
        raise next(iter(problems.values()))
    for problem in problems.values():
        listener(Event("", "note", f"Not prepared: {problem}"))
    return list(found.values())


def _definitions(target: str, options: StoreOptions) -> list[Definition]:
    """The benchmark ``target``, or all shipped ones of the source ``target``, under ``options``.

    One for every store that the methods need of it.
    """
    shipped = {name: definitions.read(name) for name in definitions.BENCHMARKS.names()}
    sources = {definition.source.name for definition in shipped.values()}
    target = meant(target, [*shipped, *sources])
    of_source = [name for name, definition in shipped.items() if definition.source.name == target]
    if target in shipped or is_path(target):
        names = [target]
    elif of_source:
        names = of_source
    else:
        raise UserError(f"'{target}' is neither a benchmark nor a source of one{nearest(target, {*shipped, *sources})}")
    if options.decoder == "decord":
        decord_module()  # told before anything is read
    sets = {} if options.decoder is None else {"store.decoder": options.decoder}
    rows: list[Any] = [recipes.read(method) for method in expand(options.methods)] or [(None, None)]
    found: list[Definition] = []
    for name in names:
        settled = [settle(name, options.profile, recipe, sets, source) for recipe, source in rows]
        found += {definition.store: definition for definition in settled}.values()
    return found


def _roots(definition: Definition, root: Path | str | None) -> dict[str, Path]:
    source = definition.source.name
    if root is None and source != synthetic.SOURCE:
        raise UserError(f"{definition.name} is built from {source}; say where it is: --root FOLDER.")
    return {} if root is None else {source: Path(root)}
