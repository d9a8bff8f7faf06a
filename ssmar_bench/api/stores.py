"""Decode a benchmark's clips into its store, and compare decoders on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssmar_bench.clips import store as stores
from ssmar_bench.clips.compare import Comparison, compare
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.estimate import expected_seconds
from ssmar_bench.clips.store import ClipFile, Report, Sizes
from ssmar_bench.core import definition as definitions
from ssmar_bench.core import recipe as recipes
from ssmar_bench.core.definition import Definition, StoreRecipe
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.events import Event, Listener, silence
from ssmar_bench.core.method_set import expand
from ssmar_bench.core.setting import settle
from ssmar_bench.runs import data
from ssmar_bench.runs.data import OnBadClip
from ssmar_bench.runs.execute import Execution, store_recipes
from ssmar_bench.runs.plan import Grid, base_definition
from ssmar_bench.sources import micro_motion
from ssmar_bench.splits.build import build


@dataclass(frozen=True)
class PlannedStore:
    """What the preparation of a store is going to take.

    Attributes:
        benchmark, recipe, folder: whose store, what it holds of each clip, and where it stands or will stand.
        sizes: clips and bytes, those that are missing and those that are free on the disk.
        seconds: expected; None where no video was or could be tried.
    """

    benchmark: str
    recipe: StoreRecipe
    folder: Path
    sizes: Sizes
    seconds: float | None


@dataclass(frozen=True)
class Prepared:
    """A benchmark's store.

    Attributes:
        benchmark, folder: whose store, and where it stands.
        report: what was decoded now, what was left out, and which headers announce other than is there.
    """

    benchmark: str
    folder: Path
    report: Report


def plan_preparation(
    target: str,
    root: Path | str | None = None,
    jobs: int | None = None,
    decoder: str | None = None,
    methods: Sequence[str] = (),
    listener: Listener = silence,
) -> list[PlannedStore]:
    """Sizes and expected time of the stores that :func:`prepare` would write; decodes a few frames, writes nothing.

    Arguments and errors as in :func:`prepare`.
    """
    planned = []
    for definition in _definitions(target, decoder, methods):
        clips = _clips(definition, root, listener)
        folder = data.store_folder(definition, clips)
        sizes = stores.sizes(folder, clips, definition.store)
        seconds = expected_seconds(sizes.left, definition.store, _processes(jobs)) if sizes.left else 0.0
        planned.append(PlannedStore(definition.name, definition.store, folder, sizes, seconds))
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
    index = data.outlined_source(definition, execution.roots)
    clips = data.clip_files(index, build(index, definition, definition.ratios[0], definition.seeds[0]))
    planned = []
    for recipe in store_recipes(grid):
        folder = data.store_folder(data.stored_as(definition, recipe), clips)
        planned.append(PlannedStore(definition.name, recipe, folder, stores.sizes(folder, clips, recipe), None))
    return planned


def prepare(
    target: str,
    root: Path | str | None = None,
    jobs: int | None = None,
    on_bad_clip: OnBadClip = "stop",
    decoder: str | None = None,
    methods: Sequence[str] = (),
    listener: Listener = silence,
) -> list[Prepared]:
    """Decode the clips of a benchmark, or of every shipped benchmark of a source, into their stores.

    Args:
        target: a benchmark's name, a definition's path, or a source's name.
        root: the folder of the source; None renders a synthetic one into the cache.
        jobs: processes; None for one a core.
        on_bad_clip: stop at a clip whose video cannot be used, or leave all such clips out.
        decoder: ``pyav`` or ``decord``; None for the benchmark's own.
        methods: methods, and sets of them, whose stores are prepared; without any, the benchmark's own store, which
            most methods are trained from.
        listener: hears how far it is.

    Raises:
        UserError: an unknown target, a folder that is not the source's, a bad clip with ``stop``, a full disk.
    """
    done = []
    for definition in _definitions(target, decoder, methods):
        clips = _clips(definition, root, listener)
        folder = data.store_folder(definition, clips)
        skip_bad = on_bad_clip == "skip"
        report = stores.prepare(folder, clips, definition.store, _processes(jobs), listener, skip_bad)
        done.append(Prepared(definition.name, folder, report))
    return done


def compare_decoders(
    target: str, root: Path | str | None = None, jobs: int | None = None, listener: Listener = silence
) -> dict[str, list[Comparison]]:
    """Each benchmark's clips as pyav and decord show them in its store's geometry; nothing is written.

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
    compared = {}
    for definition in _definitions(target, None, ()):
        clips = _clips(definition, root, listener)
        tell = _telling(listener, len(clips))
        compared[definition.name] = compare(clips, definition.store, _processes(jobs), tell)
    return compared


def _telling(listener: Listener, total: int) -> Callable[[int], None]:
    return lambda done: listener(Event("", "prepare", "comparing clips", done, total))


def _definitions(target: str, decoder: str | None, methods: Sequence[str]) -> list[Definition]:
    """The benchmark ``target``, or all shipped ones of the source ``target``, with the decoder that was asked for.

    One for every store that ``methods`` need of it.
    """
    shipped = {name: definitions.read(name) for name in definitions.BENCHMARKS.names()}
    of_source = [name for name, definition in shipped.items() if definition.source.name == target]
    if target in shipped or target.endswith((".yaml", ".yml")):
        names = [target]
    elif of_source:
        names = of_source
    else:
        known = {*shipped, *(definition.source.name for definition in shipped.values())}
        raise UserError(f"'{target}' is neither a benchmark nor a source of one{nearest(target, known)}.")
    if decoder == "decord":
        decord_module()  # told before anything is read
    sets = {} if decoder is None else {"store.decoder": decoder}
    rows: list[Any] = [recipes.read(method) for method in expand(methods)] or [(None, None)]
    found: list[Definition] = []
    for name in names:
        settled = [settle(name, None, recipe, sets, source) for recipe, source in rows]
        found += {definition.store: definition for definition in settled}.values()
    return found


def _clips(definition: Definition, root: Path | str | None, listener: Listener) -> list[ClipFile]:
    source = definition.source.name
    if root is None and source != micro_motion.SOURCE:
        raise UserError(f"{definition.name} is built from {source}; say where it is: --root FOLDER.")
    roots = {} if root is None else {source: Path(root)}
    index = data.prepare_source(definition, roots, os.cpu_count() or 1, listener)
    return data.clip_files(index, build(index, definition, definition.ratios[0], definition.seeds[0]))


def _processes(jobs: int | None) -> int:
    return jobs or os.cpu_count() or 1
