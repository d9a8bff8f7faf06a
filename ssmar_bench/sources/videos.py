"""What is wrong with a video's file before anybody decodes it."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ssmar_bench.core.events import Event, Listener

ABSENT = "it does not exist"
EMPTY = "it is empty"


def fault(path: Path) -> str:
    """Why the file at ``path`` cannot be read, without naming it; "" if it can be read and holds something."""
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            return "it is a folder"
        if not stat.S_ISREG(about.st_mode):
            return "it is no regular file"  # opening a pipe would wait for ever
        if not about.st_size:
            return EMPTY
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        return "it is a link to a file that does not exist" if path.is_symlink() else ABSENT
    except OSError as error:
        return f"it cannot be read ({error.strerror or error})"
    return ""


def faults(paths: Iterable[str], listener: Listener) -> dict[str, str]:
    """:func:`fault` of every one of ``paths``; "" for those that are sound."""
    wanted = list(paths)
    found = {}
    with ThreadPoolExecutor(8) as pool:  # a folder may be far away: waiting, not computing, takes the time
        for done, (path, reason) in enumerate(zip(wanted, pool.map(fault, map(Path, wanted)), strict=True), start=1):
            found[path] = reason
            if done % 256 == 0 or done == len(wanted):
                listener(Event("", "prepare", "looking at the videos' files", done, len(wanted)))
    return found
