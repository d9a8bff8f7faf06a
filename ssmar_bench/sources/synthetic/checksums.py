"""Whether a data set that was rendered into the cache still is what was rendered."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.identity import digest

CHECKSUMS = "checksums.json"
"""In the data set's folder: the SHA-256 of every file, a digest of these, and one of all files' sizes and times."""


def write_checksums(root: Path) -> None:
    """Write the checksums of every file below ``root``."""
    _write(root, {name: _sum(root / name) for name in _stats(root)})


def changed_file(root: Path) -> str:
    """The first file below ``root`` that is not as it was rendered, missing or new; "" if there is none.

    Files are read only if a size or a time has changed since they were last found to be right.
    """
    try:
        stored = read_json(root / CHECKSUMS)
        sums: dict[str, str] = stored["files"]
        if stored["digest"] != digest(sums):
            return CHECKSUMS
        stats = _stats(root)
        if stored["times"] == digest(stats):
            return ""
    except (OSError, ValueError, KeyError, TypeError):
        return CHECKSUMS
    differing = sorted({*sums} ^ {*stats}) or [name for name in sorted(sums) if _sum(root / name) != sums[name]]
    if differing:
        return differing[0]
    with contextlib.suppress(OSError):  # a copied cache need not be read again
        _write(root, sums)
    return ""


def _write(root: Path, sums: dict[str, str]) -> None:
    write_json(root / CHECKSUMS, {"files": sums, "digest": digest(sums), "times": digest(_stats(root))})


def _stats(root: Path) -> dict[str, list[int]]:
    """Relative path -> size and times of change of every file but the checksums."""
    found: dict[str, list[int]] = {}
    start = len(os.path.join(root, ""))  # noqa: PTH118  # texts: a path object a file takes most of the time
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118
            if path[start:] != CHECKSUMS:
                stat = os.lstat(path)
                found[path[start:].replace(os.sep, "/")] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    return found


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
