"""Finds or renders a benchmark's source, and decodes its clips into a frame cache, before anything is dispatched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from filelock import FileLock

from ssmar_bench.clips import frame_cache as frame_caches
from ssmar_bench.clips.frame_cache import ClipFile
from ssmar_bench.core import links, paths
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.identity import digest
from ssmar_bench.core.index import Index
from ssmar_bench.core.processes import cores
from ssmar_bench.core.split import Split, opaque_id
from ssmar_bench.core.writable import require_writable
from ssmar_bench.sources import KNOWN, Used, read_source, synthetic
from ssmar_bench.sources.synthetic import SyntheticOptions
from ssmar_bench.splits.split_builder import build_split

Roots = Mapping[str, Path]
FRAME_CACHES = "frame_caches"
"""Their folder in the cache."""
OnBadClip = Literal["stop", "skip"]
"""What to do about a clip that cannot be used: stop at the first one, or leave them all out."""


def synthetic_options(benchmark_config: BenchmarkConfig) -> SyntheticOptions:
    """The options of the benchmark config's synthetic source.

    Raises:
        UserError: a option that does not exist, is out of range, or is no whole number where it must be one.
    """
    whole = {field.name: isinstance(field.default, int) for field in fields(SyntheticOptions)}
    for name, value in benchmark_config.source.options.items():
        place = f"{benchmark_config.name}: source.options.{name}"
        if name not in whole:
            raise UserError(f"{place}: unknown option{nearest(name, whole)}")
        if whole[name] and not isinstance(value, int):
            raise UserError(f"{place}: expected a whole number, not {value:g}.")
    return SyntheticOptions(**benchmark_config.source.options)  # type: ignore[arg-type]


def source_root(benchmark_config: BenchmarkConfig, roots: Roots) -> Path:
    """The folder of the benchmark config's source: as given, or the cache's for a synthetic one.

    Raises:
        UserError: a folder of an unknown source, or of a synthetic one with other options than the benchmark config's;
            none where there must be one.
    """
    for name in roots:
        if name not in KNOWN:
            raise UserError(f"--data {name}={roots[name]}: unknown source '{name}'{nearest(name, KNOWN.names())}")
    source = benchmark_config.source
    if source.name in roots:
        if source.name == synthetic.SOURCE:
            _same_options(benchmark_config, roots[source.name])
        return roots[source.name]
    if source.name == synthetic.SOURCE:
        options = vars(synthetic_options(benchmark_config))
        return paths.cache_folder() / "sources" / f"{source.name}-{digest([synthetic.REVISION, options])}"
    raise UserError(
        f"{benchmark_config.name} is built from {source.name}; say where it is: --data {source.name}=FOLDER."
    )


def _same_options(benchmark_config: BenchmarkConfig, root: Path) -> None:
    """The record says what the benchmark config says: clips of another difficulty must not get its name."""
    wanted, found = asdict(synthetic_options(benchmark_config)), asdict(synthetic.read_options(root))
    for name, value in wanted.items():
        if found[name] != value:
            raise UserError(
                f"{root}: rendered with {name}={found[name]}, but {benchmark_config.name} says {name}={value}; "
                "render it again, or write a benchmark config of your own."
            )


def prepare_source(
    benchmark_config: BenchmarkConfig, roots: Roots, processes: int, listener: Listener, on_bad_clip: OnBadClip = "stop"
) -> Index:
    """The index of the benchmark config's source; a synthetic one is rendered first if it is not there, or was changed.

    With ``skip`` videos may be missing: :func:`prepare_frame_cache` leaves their clips out.
    """
    root = source_root(benchmark_config, roots)
    source = benchmark_config.source
    if source.name == synthetic.SOURCE and source.name not in roots:
        require_writable(root.parent, f"The cache {paths.cache_folder()} (SSMAR_BENCH_CACHE)")
        root.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(root.with_suffix(".lock")):
            broken = synthetic.changed_file(root) if root.exists() else ""
            if broken:
                listener(Event("", "note", f"{root / broken} is not what was rendered; the clips are rendered again."))
                links.remove(root)
            if not root.exists():
                for left in root.parent.glob(f".{root.name}.*.partial"):  # of killed writers: the lock is ours
                    links.discard(left)
                options = synthetic_options(benchmark_config)
                name = f"rendering {benchmark_config.name}"
                synthetic.write_dataset(
                    options, root, processes, lambda done, total: listener(Event("", "prepare", name, done, total))
                )
                synthetic.write_checksums(root)
    return read_source(
        source.name, root, source.options, listener, whole=on_bad_clip == "stop", used=_used(benchmark_config)
    )


def planning_index(benchmark_config: BenchmarkConfig, roots: Roots, on_bad_clip: OnBadClip = "stop") -> Index:
    """The index of a benchmark's source for planning: of a synthetic one that is not rendered, what it will be."""
    root = source_root(benchmark_config, roots)
    if has_videos(benchmark_config, roots):
        options, whole = benchmark_config.source.options, on_bad_clip == "stop"
        return read_source(benchmark_config.source.name, root, options, whole=whole, used=_used(benchmark_config))
    return _outlined(synthetic_options(benchmark_config), root)


def has_videos(benchmark_config: BenchmarkConfig, roots: Roots) -> bool:
    """Whether the benchmark config's source has files: a synthetic one has none until it is rendered."""
    root, name = source_root(benchmark_config, roots), benchmark_config.source.name
    return name != synthetic.SOURCE or name in roots or (root.exists() and not synthetic.changed_file(root))


@lru_cache(maxsize=4)  # a plan of a table asks for it once a column
def _outlined(options: SyntheticOptions, root: Path) -> Index:
    return synthetic.write_outline(options, root.absolute())


def _used(benchmark_config: BenchmarkConfig) -> Used:
    """The clips of the benchmark config's parts and classes: a copy of a source may lack the videos of all others."""
    parts = benchmark_config.parts
    classes = benchmark_config.classes
    return Used((*parts.train, *parts.test), classes, parts.unlabelled, classes)


def frame_cache_folder(benchmark_config: BenchmarkConfig, clips: list[ClipFile]) -> Path:
    """Where a benchmark's decoded clips are; variants of a benchmark with the same clips share the folder."""
    return frame_caches.cache_location(
        _frame_caches(), _frame_cache_name(benchmark_config), benchmark_config.frame_cache, clips
    )


def has_frame_caches(benchmark_config: BenchmarkConfig) -> bool:
    """Whether anything has been decoded for the benchmark config or one of its variants."""
    return any(_frame_caches().glob(f"{_frame_cache_name(benchmark_config)}-*"))


def _frame_caches() -> Path:
    return paths.cache_folder() / FRAME_CACHES


def _frame_cache_name(benchmark_config: BenchmarkConfig) -> str:
    return benchmark_config.variant_of or benchmark_config.name


def any_split(index: Index, benchmark_config: BenchmarkConfig) -> Split:
    """A split of the benchmark config; those of all ratios and seeds hold the same clips."""
    return build_split(index, benchmark_config, benchmark_config.ratios[0], benchmark_config.seeds[0])


def clip_files(index: Index, split: Split) -> list[ClipFile]:
    """The video files of every clip of a split (the same for all ratios and seeds of a benchmark).

    In the frame cache they have opaque names, since training processes read it.
    """
    chosen = index.clips[index.clips["clip_id"].isin(set(split.clips()))]
    columns = (chosen["clip_id"], chosen["path"], chosen["start"], chosen["end"])
    return [
        ClipFile(opaque_id(str(clip)), Path(path), int(start), int(end), str(clip))
        for clip, path, start, end in zip(*columns, strict=True)
    ]


def sizes_digest(clips: Sequence[ClipFile]) -> str:
    """Digest of the sizes of the clips' video files, which a finished record keeps; "" where a file is missing.

    It shows whether a record may be of today's videos where they are not decoded (yet, or any more).
    """
    sizes = {path: path.stat().st_size if path.is_file() else 0 for path in {clip.path for clip in clips}}
    return digest(sorted([clip.clip_id, sizes[clip.path]] for clip in clips)) if all(sizes.values()) else ""


def prepare_frame_cache(
    benchmark_config: BenchmarkConfig,
    index: Index,
    split: Split,
    processes: int,
    listener: Listener,
    on_bad_clip: OnBadClip = "stop",
) -> Path:
    """The folder of the benchmark config's decoded clips, complete and verified.

    Raises:
        UserError: a clip cannot be used and ``on_bad_clip`` says ``stop``, or the disk is full.
    """
    clips = clip_files(index, split)
    folder = frame_cache_folder(benchmark_config, clips)
    skip_bad = on_bad_clip == "skip"
    report = frame_caches.prepare_frame_cache(
        folder, clips, benchmark_config.frame_cache, processes or cores(), listener, skip_bad
    )
    cut = {clip.shown for clip in clips if clip.end >= 0}
    short = [
        f"'{clip.clip_id}' ({clip.decoded} of {clip.header} frames)" for clip in report.audit if clip.clip_id in cut
    ]
    if short:
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        sentence = f"Clips that the list ends after their video are used to its end: {', '.join(short[:3])}{more}."
        listener(Event("", "note", sentence))
    return folder


def known_left_out(benchmark_config: BenchmarkConfig, index: Index, split: Split) -> dict[str, str] | None:
    """Why clips are left out, by their ids, as far as a former preparation has found; None if there was none."""
    clips = clip_files(index, split)
    found = frame_caches.left_out_clips(frame_cache_folder(benchmark_config, clips))
    names = {clip.clip_id: clip.name for clip in clips}
    return None if found is None else {names[clip]: why for clip, why in found.items()}


def known_pixels(benchmark_config: BenchmarkConfig, clips: list[ClipFile]) -> str:
    """Digest of a benchmark's decoded clips, "" where they are not decoded, or from other videos than today's."""
    if not has_frame_caches(benchmark_config):
        return ""  # where its frame cache would be takes time to tell
    return frame_caches.pixels(frame_cache_folder(benchmark_config, clips), clips, benchmark_config.frame_cache)


def without_clips(index: Index, left_out: Iterable[str]) -> Index:
    """The index without some clips: splits that are built from it do not hold them."""
    return replace(index, clips=index.clips[~index.clips["clip_id"].isin(list(left_out))])
