"""Finds or renders a benchmark's source, and decodes its clips into a store, before anything is dispatched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from ssmar_bench.clips import store as stores
from ssmar_bench.clips.store import ClipFile
from ssmar_bench.core import places
from ssmar_bench.core.definition import Definition
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.identity import digest
from ssmar_bench.core.index import Index
from ssmar_bench.core.manifest import Manifest
from ssmar_bench.sources import micro_motion, read

Roots = Mapping[str, Path]


def source_root(definition: Definition, roots: Roots) -> Path:
    """The folder of the definition's source: as given, or the cache's for a synthetic one."""
    source = definition.source
    if source.name in roots:
        return roots[source.name]
    if source.name == micro_motion.SOURCE:
        knobs = micro_motion.MicroMotion(**source.knobs)  # type: ignore[arg-type]
        return places.cache() / "sources" / f"{source.name}-{digest([micro_motion.REVISION, vars(knobs)])}"
    raise UserError(f"{definition.name} is built from {source.name}; say where it is: --data {source.name}=FOLDER.")


def prepare_source(definition: Definition, roots: Roots, processes: int, listener: Listener) -> Index:
    """The index of the definition's source; a synthetic one is rendered first if it is not there yet."""
    root = source_root(definition, roots)
    source = definition.source
    if source.name == micro_motion.SOURCE and source.name not in roots:
        root.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(root.with_suffix(".lock")):
            if not root.exists():
                knobs = micro_motion.MicroMotion(**source.knobs)  # type: ignore[arg-type]
                name = f"rendering {definition.name}"
                micro_motion.write(
                    knobs, root, processes, lambda done, total: listener(Event("", "prepare", name, done, total))
                )
    return read(source.name, root)


def store_folder(definition: Definition, clips: list[ClipFile]) -> Path:
    """Where the definition's decoded clips stand in the cache."""
    root = places.cache() / "stores"
    return stores.location(root, definition.name, definition.store, clips)


def clip_files(index: Index, manifest: Manifest) -> list[ClipFile]:
    """The video files of every clip of a manifest (the same for all ratios and seeds of a benchmark)."""
    wanted = {*manifest.labelled, *manifest.unlabelled, *manifest.validation, *manifest.test}
    chosen = index.clips[index.clips["clip_id"].isin(wanted)]
    columns = (chosen["clip_id"], chosen["path"], chosen["start"], chosen["end"])
    return [
        ClipFile(str(clip), Path(path), int(start), int(end)) for clip, path, start, end in zip(*columns, strict=True)
    ]


def prepare_store(definition: Definition, index: Index, manifest: Manifest, processes: int, listener: Listener) -> Path:
    """The folder of the definition's decoded clips, complete and verified."""
    clips = clip_files(index, manifest)
    folder = store_folder(definition, clips)
    stores.prepare(folder, clips, definition.store, processes or os.cpu_count() or 1, listener)
    return folder
