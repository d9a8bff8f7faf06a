"""The frame caches on this machine: what there is, and its removal."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ssmar_bench.clips.preparation import FILE, read_list
from ssmar_bench.core import in_use, links
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.paths import cache_folder
from ssmar_bench.core.short_list import short
from ssmar_bench.runs.prepare_data import FRAME_CACHES

DAY = 86_400
UNUSED_DAYS = 30
"""Days after which a frame cache counts as unused."""

COLUMNS = ("benchmark", "folder", "clips", "bytes", "used", "state", "unused")


@short
@dataclass(frozen=True)
class CacheRemoval:
    """What :func:`clean_cache` did.

    Attributes:
        removed: the folders that are gone, with their bytes.
        kept: those that a running process uses.
    """

    removed: dict[Path, int]
    kept: tuple[Path, ...]


def cache_list(days: float = UNUSED_DAYS) -> pd.DataFrame:
    """Every frame cache, a row each, the largest first.

    Args:
        days: after so many days without use it counts as unused.

    Returns:
        Columns ``benchmark``, ``folder``, ``clips`` (0: nobody knows), ``bytes``, ``used`` (when it was last read or
        written, UTC), ``state`` (``whole``; ``in parts``: its preparation was stopped, or it is of a former
        version; ``in use``), ``unused`` (whether it is in parts, or was not used for so long, and nobody uses it).
    """
    rows, now = [], time.time()
    root = cache_folder() / FRAME_CACHES
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.name.startswith(".") or folder.is_symlink() or not folder.is_dir():
            continue
        listed = read_list(folder)
        used = max(in_use.last_held(folder) or 0.0, _changed(folder))
        state = "in use" if in_use.is_held(folder) else "whole" if listed else "in parts"
        unused = state != "in use" and (state == "in parts" or now - used > days * DAY)
        name = folder.name.rpartition("-")[0]
        rows.append((name, folder, len(listed[1]) if listed else 0, _size(folder), used, state, unused))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["used"] = pd.to_datetime(frame["used"], unit="s", utc=True).dt.floor("s")
    return frame.sort_values(["bytes", "benchmark"], ascending=[False, True], ignore_index=True)


def clean_cache(benchmarks: Sequence[str] = (), days: float = UNUSED_DAYS) -> CacheRemoval:
    """Remove frame caches; they are decoded again when they are needed. What a running process uses stays.

    Args:
        benchmarks: whose frame caches; none: those that are unused (:func:`cache_list`).
        days: as in :func:`cache_list`.

    Raises:
        UserError: a benchmark without frame caches, or a folder that cannot be removed.
    """
    removed: dict[Path, int] = {}
    kept: list[Path] = []
    for folder, size in removable_caches(benchmarks, days).items():
        try:
            with in_use.alone(folder) as free:
                if not free:
                    kept.append(folder)
                    continue
                aside = folder.with_name(f".{folder.name}.{os.getpid()}.removed")
                folder.rename(aside)  # from here on nobody takes it for a frame cache
                links.remove(aside)
        except OSError as error:
            raise UserError(f"{folder} cannot be removed ({error.strerror}); change its permissions.") from error
        removed[folder] = size
    return CacheRemoval(removed, tuple(kept))


def removable_caches(benchmarks: Sequence[str] = (), days: float = UNUSED_DAYS) -> dict[Path, int]:
    """Folder -> bytes of what would be removed if nobody uses it; arguments and errors as in :func:`clean_cache`."""
    frame = cache_list(days)
    known = sorted(set(frame["benchmark"]))
    for name in benchmarks:
        if name not in known:
            raise UserError(f"There is no frame cache of {name}{nearest(name, known)}")
    chosen = frame[frame["benchmark"].isin(list(benchmarks))] if benchmarks else frame[frame["unused"]]
    return dict(zip(chosen["folder"], map(int, chosen["bytes"]), strict=True))


def _changed(folder: Path) -> float:
    """When its list was written, or else the folder."""
    listing = folder / FILE
    return (listing if listing.is_file() else folder).stat().st_mtime


def _size(folder: Path) -> int:
    return sum(os.lstat(Path(place, name)).st_size for place, _, files in os.walk(folder) for name in files)
