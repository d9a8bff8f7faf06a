"""Decode a benchmark's clips into its frame cache, and compare decoders on them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssmar_bench.clips import frame_cache as frame_caches
from ssmar_bench.clips.decoder_comparison import DecoderComparison, compare_clips
from ssmar_bench.clips.decoding_time import expected_seconds
from ssmar_bench.clips.decord_reader import decord_module
from ssmar_bench.clips.frame_cache import CacheSize, ClipFile, PreparationReport
from ssmar_bench.core import in_use, paths
from ssmar_bench.core.benchmark_config import BENCHMARKS, BenchmarkConfig, FrameCacheConfig
from ssmar_bench.core.catalog import is_path
from ssmar_bench.core.config_layers import BenchmarkResolver
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.method_config import expand_method_sets, read_method_config
from ssmar_bench.core.processes import cores
from ssmar_bench.core.short_list import ShortList, short
from ssmar_bench.core.writable import nearest_folder
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.prepare_data import OnBadClip
from ssmar_bench.runs.resolve import Resolved, resolve
from ssmar_bench.sources import synthetic
from ssmar_bench.splits.split_builder import BenchmarkClips


@dataclass(frozen=True)
class FrameCacheOptions:
    """How frame caches are prepared.

    Attributes:
        jobs: processes; None for one a core.
        on_bad_clip: stop at a clip whose video cannot be used, or leave all such clips out.
        decoder: ``pyav`` or ``decord``; None for the benchmark's own.
        profile: a profile of the benchmark config, for runs with the same.
        methods: methods, and sets of them, whose frame caches are prepared; without any, the benchmark's own frame
            cache, which most methods are trained from.
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


DEFAULT_OPTIONS = FrameCacheOptions()


@short
@dataclass(frozen=True)
class PlannedFrameCache:
    """What the preparation of a frame cache is going to take.

    Attributes:
        benchmark: whose frame cache, or all benchmarks that have the same clips, size and frames.
        config, folder: what it holds of each clip, and where it is or will be; None where the source is not
            rendered yet.
        sizes: clips and bytes, those that are missing and those that are free on the disk.
        seconds: expected; None where no video was or could be tried.
    """

    benchmark: str
    config: FrameCacheConfig
    folder: Path | None
    sizes: CacheSize
    seconds: float | None


@short
@dataclass(frozen=True)
class PreparedFrameCache:
    """A frame cache, the benchmarks that it is for, and what its preparation did.

    Attributes:
        benchmark, folder: whose frame cache, and where it is.
        report: what was decoded now, what was left out, and which headers announce other than is there.
    """

    benchmark: str
    folder: Path
    report: PreparationReport


@dataclass(frozen=True)
class _Wanted:
    """A frame cache that is to be prepared."""

    benchmark: str
    folder: Path
    clips: list[ClipFile]
    config: FrameCacheConfig
    rendered: bool = True


def plan_preparation(
    target: str,
    root: Path | str | None = None,
    options: FrameCacheOptions = DEFAULT_OPTIONS,
    listener: Listener = ignore_events,
) -> list[PlannedFrameCache]:
    """Sizes and expected time of what :func:`prepare` would write with these arguments; decodes only a few frames.

    Nothing is rendered: the time is unknown where a synthetic source is not there yet.

    Arguments and errors as in :func:`prepare`.
    """
    planned = []
    for frame_cache in _wanted(target, root, options, listener, planning=True):
        if not frame_cache.rendered:
            planned.append(
                _unrendered(frame_cache.benchmark, frame_cache.config, len(frame_cache.clips), frame_cache.clips)
            )
            continue
        sizes = frame_caches.cache_size(frame_cache.folder, frame_cache.clips, frame_cache.config)
        seconds = expected_seconds(sizes.left, frame_cache.config, options.processes) if sizes.left else 0.0
        planned.append(PlannedFrameCache(frame_cache.benchmark, frame_cache.config, frame_cache.folder, sizes, seconds))
    return ShortList(planned)


def plan_frame_caches(grid: Grid | Resolved, execution: Execution) -> list[PlannedFrameCache]:
    """Sizes of the frame caches that the rows of ``grid`` are trained from; decodes nothing and estimates no time.

    Args:
        grid: what is planned; resolved (:func:`resolve`) where several calls need it.
        execution: where the sources are.

    Raises:
        UserError: anything wrong with the grid, or data that cannot be read.
    """
    resolved = resolve(grid)
    benchmark_config = resolved.benchmark_config
    index = prepare_data.planning_index(benchmark_config, execution.roots, execution.on_bad_clip)
    if not prepare_data.has_videos(benchmark_config, execution.roots):
        count = len(BenchmarkClips.of(index, benchmark_config).clips)
        return [_unrendered(benchmark_config.name, config, count) for config in resolved.frame_caches]
    clips = prepare_data.clip_files(index, prepare_data.any_split(index, benchmark_config))
    planned = []
    for config, variant in resolved.frame_caches.items():
        folder = prepare_data.frame_cache_folder(variant, clips)
        sizes = frame_caches.cache_size(folder, clips, config)
        planned.append(PlannedFrameCache(benchmark_config.name, config, folder, sizes, None))
    return ShortList(planned)


def _unrendered(
    benchmark: str, config: FrameCacheConfig, clips: int, left: Sequence[ClipFile] = ()
) -> PlannedFrameCache:
    """The frame cache of a synthetic source whose videos, which are square, are not there yet."""
    size, free = (
        frame_caches.size_in_bytes(clips, config, 1),
        shutil.disk_usage(nearest_folder(paths.cache_folder())).free,
    )
    return PlannedFrameCache(benchmark, config, None, CacheSize(size, size, free, clips, list(left)), None)


def prepare(
    target: str,
    root: Path | str | None = None,
    options: FrameCacheOptions = DEFAULT_OPTIONS,
    listener: Listener = ignore_events,
) -> list[PreparedFrameCache]:
    """Decode the clips of a benchmark, or of every shipped benchmark of a source, into their frame caches.

    Args:
        target: a benchmark's name, a benchmark config's path, or a source's name.
        root: the folder of the source; None renders a synthetic one into the cache.
        options: how.
        listener: hears how far it is, and which benchmarks of a source cannot be built from this copy.

    Raises:
        UserError: an unknown target, a folder that is not the source's or no benchmark can be built from, a bad clip
            with ``stop``, a full disk.
    """
    done = []
    for frame_cache in _wanted(target, root, options, listener):
        skip_bad = options.on_bad_clip == "skip"
        with in_use.holding(frame_cache.folder):
            report = frame_caches.prepare_frame_cache(
                frame_cache.folder, frame_cache.clips, frame_cache.config, options.processes, listener, skip_bad
            )
        done.append(PreparedFrameCache(frame_cache.benchmark, frame_cache.folder, report))
    return ShortList(done)


def compare_decoders(
    target: str, root: Path | str | None = None, jobs: int | None = None, listener: Listener = ignore_events
) -> dict[str, list[DecoderComparison]]:
    """Each frame cache's clips as pyav and decord show them in its geometry, by its benchmarks; nothing is written.

    Args:
        target: a benchmark's name, a benchmark config's path, or a source's name.
        root: the folder of the source; None renders a synthetic one into the cache.
        jobs: processes; None for one a core.
        listener: hears how far it is.

    Returns:
        Benchmark -> a comparison a clip.

    Raises:
        UserError: as :func:`prepare`, or decord is not installed.
    """
    decord_module()
    options = FrameCacheOptions(jobs, "skip")
    return {
        frame_cache.benchmark: compare_clips(
            frame_cache.clips, frame_cache.config, options.processes, _telling(listener, len(frame_cache.clips))
        )
        for frame_cache in _wanted(target, root, options, listener)
    }


def _telling(listener: Listener, total: int) -> Callable[[int], None]:
    return lambda done: listener(Event("", "prepare", "comparing clips", done, total))


def _wanted(
    target: str, root: Path | str | None, options: FrameCacheOptions, listener: Listener, planning: bool = False
) -> list[_Wanted]:
    """The frame caches of ``target``; benchmarks with the same clips, size and frames share one.

    A synthetic source is rendered first, but not for ``planning``.

    A copy of a source need not do for each of its benchmarks: what cannot be built is reported, unless nothing can.
    """
    found: dict[Path, _Wanted] = {}
    problems: dict[str, UserError] = {}
    for benchmark_config in _benchmark_configs(target, options):
        roots = _roots(benchmark_config, root)
        rendered = not planning or prepare_data.has_videos(benchmark_config, roots)
        if rendered:
            index = prepare_data.prepare_source(benchmark_config, roots, cores(), listener, options.on_bad_clip)
        else:
            index = prepare_data.planning_index(benchmark_config, roots, options.on_bad_clip)
        try:
            split = prepare_data.any_split(index, benchmark_config)
        except UserError as error:
            problems[benchmark_config.name] = error
            continue
        clips = prepare_data.clip_files(index, split)
        folder = prepare_data.frame_cache_folder(benchmark_config, clips)
        names = f"{found[folder].benchmark}, {benchmark_config.name}" if folder in found else benchmark_config.name
        found[folder] = _Wanted(names, folder, clips, benchmark_config.frame_cache, rendered)
    if not found:
        raise next(iter(problems.values()))
    for problem in problems.values():
        listener(Event("", "note", f"Not prepared: {problem}"))
    return list(found.values())


def _benchmark_configs(target: str, options: FrameCacheOptions) -> list[BenchmarkConfig]:
    """The benchmark ``target``, or all shipped ones of the source ``target``, under ``options``.

    One for every frame cache that the methods need of it.
    """
    shipped = {name: BenchmarkResolver(name) for name in BENCHMARKS.names()}
    sources = {resolver.plain.source.name for resolver in shipped.values()}
    target = meant(target, [*shipped, *sources])
    of_source = [resolver for resolver in shipped.values() if resolver.plain.source.name == target]
    if target in shipped:
        chosen = [shipped[target]]
    elif is_path(target):
        chosen = [BenchmarkResolver(target)]
    elif of_source:
        chosen = of_source
    else:
        raise UserError(f"'{target}' is neither a benchmark nor a source of one{nearest(target, {*shipped, *sources})}")
    if options.decoder == "decord":
        decord_module()  # reported before anything is read
    sets = {} if options.decoder is None else {"frame_cache.decoder": options.decoder}
    rows: list[Any] = [read_method_config(method) for method in expand_method_sets(options.methods)] or [(None, None)]
    found: list[BenchmarkConfig] = []
    for resolver in chosen:
        settled = [resolver.resolve(options.profile, sets, config, source) for config, source in rows]
        found += {benchmark_config.frame_cache: benchmark_config for benchmark_config in settled}.values()
    return found


def _roots(benchmark_config: BenchmarkConfig, root: Path | str | None) -> dict[str, Path]:
    source = benchmark_config.source.name
    if root is None and source != synthetic.SOURCE:
        raise UserError(f"{benchmark_config.name} is built from {source}; say where it is: --root FOLDER.")
    return {} if root is None else {source: Path(root)}
