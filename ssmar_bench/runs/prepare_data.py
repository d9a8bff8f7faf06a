"""Finds or renders a benchmark's source, and decodes its clips into a store, before anything is dispatched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from filelock import FileLock

from ssmar_bench.clips import frame_cache as stores
from ssmar_bench.clips.frame_cache import ClipFile
from ssmar_bench.core import links, paths
from ssmar_bench.core.benchmark_config import Definition, StoreRecipe
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.identity import digest
from ssmar_bench.core.index import Index
from ssmar_bench.core.processes import cores
from ssmar_bench.core.split import Manifest, opaque
from ssmar_bench.core.writable import require_writable
from ssmar_bench.sources import KNOWN, Used, read, synthetic
from ssmar_bench.sources.synthetic import MicroMotion, checksums

Roots = Mapping[str, Path]
OnBadClip = Literal["stop", "skip"]
"""What to do about a clip that cannot be used: stop at the first one, or leave them all out."""


def knobs_of(definition: Definition) -> MicroMotion:
    """The knobs of the definition's synthetic source.

    Raises:
        UserError: a knob that does not exist, is out of range, or is no whole number where it must be one.
    """
    whole = {field.name: isinstance(field.default, int) for field in fields(MicroMotion)}
    for name, value in definition.source.knobs.items():
        place = f"{definition.name}: source.knobs.{name}"
        if name not in whole:
            raise UserError(f"{place}: unknown knob{nearest(name, whole)}")
        if whole[name] and not isinstance(value, int):
            raise UserError(f"{place}: expected a whole number, not {value:g}.")
    return MicroMotion(**definition.source.knobs)  # type: ignore[arg-type]


def source_root(definition: Definition, roots: Roots) -> Path:
    """The folder of the definition's source: as given, or the cache's for a synthetic one.

    Raises:
        UserError: a folder of an unknown source, or of a synthetic one with other knobs than the definition's; none
            where there must be one.
    """
    for name in roots:
        if name not in KNOWN:
            raise UserError(f"--data {name}={roots[name]}: unknown source '{name}'{nearest(name, KNOWN.names())}")
    source = definition.source
    if source.name in roots:
        if source.name == synthetic.SOURCE:
            _same_knobs(definition, roots[source.name])
        return roots[source.name]
    if source.name == synthetic.SOURCE:
        knobs = vars(knobs_of(definition))
        return paths.cache() / "sources" / f"{source.name}-{digest([synthetic.REVISION, knobs])}"
    raise UserError(f"{definition.name} is built from {source.name}; say where it is: --data {source.name}=FOLDER.")


def _same_knobs(definition: Definition, root: Path) -> None:
    """The record says what the definition says: clips of another difficulty must not get its name."""
    wanted, found = asdict(knobs_of(definition)), asdict(synthetic.load(root))
    for name, value in wanted.items():
        if found[name] != value:
            raise UserError(
                f"{root}: rendered with {name}={found[name]}, but {definition.name} says {name}={value}; "
                "render it anew, or write a definition of your own."
            )


def prepare_source(
    definition: Definition, roots: Roots, processes: int, listener: Listener, on_bad_clip: OnBadClip = "stop"
) -> Index:
    """The index of the definition's source; a synthetic one is rendered first if it is not there, or was changed.

    With ``skip`` videos may be missing: :func:`prepare_store` leaves their clips out.
    """
    root = source_root(definition, roots)
    source = definition.source
    if source.name == synthetic.SOURCE and source.name not in roots:
        require_writable(root.parent, f"The cache {paths.cache()} (SSMAR_BENCH_CACHE)")
        root.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(root.with_suffix(".lock")):
            broken = checksums.fault(root) if root.exists() else ""
            if broken:
                listener(Event("", "note", f"{root / broken} is not what was rendered; the clips are rendered again."))
                links.remove(root)
            if not root.exists():
                for left in root.parent.glob(f".{root.name}.*.partial"):  # of killed writers: the lock is ours
                    links.discard(left)
                knobs = knobs_of(definition)
                name = f"rendering {definition.name}"
                synthetic.write(
                    knobs, root, processes, lambda done, total: listener(Event("", "prepare", name, done, total))
                )
                checksums.seal(root)
    return read(source.name, root, source.knobs, listener, whole=on_bad_clip == "stop", used=_used(definition))


def outlined_source(definition: Definition, roots: Roots, on_bad_clip: OnBadClip = "stop") -> Index:
    """The index of the definition's source for planning: of a synthetic one that is not rendered, what it will be."""
    root = source_root(definition, roots)
    if has_videos(definition, roots):
        knobs, whole = definition.source.knobs, on_bad_clip == "stop"
        return read(definition.source.name, root, knobs, whole=whole, used=_used(definition))
    return _outlined(knobs_of(definition), root)


def has_videos(definition: Definition, roots: Roots) -> bool:
    """Whether the definition's source has files: a synthetic one has none until it is rendered."""
    root, name = source_root(definition, roots), definition.source.name
    return name != synthetic.SOURCE or name in roots or (root.exists() and not checksums.fault(root))


@lru_cache(maxsize=4)  # a plan of a table asks for it once a column
def _outlined(knobs: MicroMotion, root: Path) -> Index:
    return synthetic.outline(knobs, root.absolute())


def _used(definition: Definition) -> Used:
    """The clips of the definition's parts and classes: a copy of a source may lack the videos of all others."""
    return Used((*definition.parts.train, *definition.parts.test), definition.classes)


def store_folder(definition: Definition, clips: list[ClipFile]) -> Path:
    """Where the definition's decoded clips stand in the cache; variants of a benchmark with the same clips share it."""
    return stores.location(_stores(), _store_name(definition), definition.store, clips)


def has_stores(definition: Definition) -> bool:
    """Whether anything has been decoded for the definition or one of its variants."""
    return any(_stores().glob(f"{_store_name(definition)}-*"))


def _stores() -> Path:
    return paths.cache() / "stores"


def _store_name(definition: Definition) -> str:
    return definition.variant_of or definition.name


def clip_files(index: Index, manifest: Manifest) -> list[ClipFile]:
    """The video files of every clip of a manifest (the same for all ratios and seeds of a benchmark).

    In the store they have opaque names, since training processes read it.
    """
    chosen = index.clips[index.clips["clip_id"].isin(set(manifest.clips()))]
    columns = (chosen["clip_id"], chosen["path"], chosen["start"], chosen["end"])
    return [
        ClipFile(opaque(str(clip)), Path(path), int(start), int(end), str(clip))
        for clip, path, start, end in zip(*columns, strict=True)
    ]


def sizes_digest(clips: Sequence[ClipFile]) -> str:
    """Digest of the sizes of the clips' video files, which a finished record keeps; "" where a file is missing.

    It tells whether a record may be of today's videos where they are not decoded (yet, or any more).
    """
    sizes = {path: path.stat().st_size if path.is_file() else 0 for path in {clip.path for clip in clips}}
    return digest(sorted([clip.clip_id, sizes[clip.path]] for clip in clips)) if all(sizes.values()) else ""


def stored_as(definition: Definition, recipe: StoreRecipe) -> Definition:
    """The definition with its clips decoded into a store of another recipe: a method's own."""
    return definition.model_copy(update={"store": recipe})


def prepare_store(
    definition: Definition,
    index: Index,
    manifest: Manifest,
    processes: int,
    listener: Listener,
    on_bad_clip: OnBadClip = "stop",
) -> Path:
    """The folder of the definition's decoded clips, complete and verified.

    Raises:
        UserError: a clip cannot be used and ``on_bad_clip`` says ``stop``, or the disk is full.
    """
    clips = clip_files(index, manifest)
    folder = store_folder(definition, clips)
    skip_bad = on_bad_clip == "skip"
    stores.prepare(folder, clips, definition.store, processes or cores(), listener, skip_bad)
    return folder


def known_left_out(definition: Definition, index: Index, manifest: Manifest) -> dict[str, str] | None:
    """Why clips are left out, by their ids, as far as a former preparation has found; None if there was none."""
    clips = clip_files(index, manifest)
    found = stores.left_out(store_folder(definition, clips))
    names = {clip.clip_id: clip.name for clip in clips}
    return None if found is None else {names[clip]: why for clip, why in found.items()}


def known_pixels(definition: Definition, clips: list[ClipFile]) -> str:
    """Digest of the definition's decoded clips, "" where they are not decoded, or from other videos than today's."""
    if not has_stores(definition):
        return ""  # where its store would stand takes time to tell
    return stores.pixels(store_folder(definition, clips), clips, definition.store)


def without(index: Index, left_out: Iterable[str]) -> Index:
    """The index without some clips: manifests that are built from it do not hold them."""
    return replace(index, clips=index.clips[~index.clips["clip_id"].isin(list(left_out))])
