"""Videos with the same bytes under several names, and the clips that therefore show the same frames.

Only files of the same size are read, and to their ends only those that begin alike, so this takes seconds for a sound
data set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from ssmar_bench.core.events import Event, Listener

HEAD = 4096
"""Bytes by which files of one size are compared first."""


def same_content(paths: Iterable[str], listener: Listener) -> dict[str, str]:
    """Path -> the first of ``paths`` that holds the same bytes, for every path whose content another one has, too.

    Files that are empty or cannot be read are left out.
    """
    of_size: dict[int, list[str]] = {}
    wanted = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(8) as pool:  # a folder may be far away: waiting, not computing, takes the time
        for path, size in zip(wanted, pool.map(_size, wanted), strict=True):
            if size:
                of_size.setdefault(size, []).append(path)
    wanted = [path for alike in of_size.values() if len(alike) > 1 for path in _begin_alike(alike)]
    of_content: dict[str, list[str]] = {}
    for done, path in enumerate(wanted, start=1):
        content = _digest(path)
        if content:
            of_content.setdefault(content, []).append(path)
        listener(Event("", "prepare", "comparing videos of the same size", done, len(wanted)))
    return {path: alike[0] for alike in of_content.values() if len(alike) > 1 for path in alike}


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _begin_alike(paths: Iterable[str]) -> Iterator[str]:
    """Those of ``paths`` whose first bytes another one has, too; raw videos of one length all have the same size."""
    of_head: dict[bytes, list[str]] = {}
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                of_head.setdefault(file.read(HEAD), []).append(path)
        except OSError:
            continue
    yield from (path for alike in of_head.values() if len(alike) > 1 for path in alike)


def _digest(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()
    except OSError:
        return ""


def twins(clips: pd.DataFrame, same: Mapping[str, str]) -> dict[str, str]:
    """Clip id -> an earlier clip (in the order of ids) that shows the same frames, for every clip that has one.

    That is a clip of another file with the same bytes, at frames that both hold, or a second name of one whole file.
    Two classes on the same frames of one long video are two clips of its owners, and no twins.

    Args:
        clips: ``clip_id``, ``path``, ``start`` and ``end`` of each clip.
        same: what :func:`same_content` says of their paths.
    """
    seen: dict[str, list[tuple[str, str, int, int]]] = {}
    found: dict[str, str] = {}
    ordered = clips.sort_values("clip_id")
    columns = (ordered[name].tolist() for name in ("clip_id", "path", "start", "end"))
    for clip, path, start, end in zip(*columns, strict=True):
        if path not in same and end >= 0:
            continue  # a part of a file that no other one equals
        earlier = seen.setdefault(same.get(path, path), [])
        for other, other_path, first, last in earlier:
            if (path != other_path or end < 0) and (end < 0 or last < 0 or (start <= last and first <= end)):
                found[clip] = found.get(other, other)
                break
        earlier.append((clip, path, start, end))
    return found
