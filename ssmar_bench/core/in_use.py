"""A folder of the cache that a process reads or writes is held, so that nobody removes it meanwhile."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

FOLDER = ".in_use"
"""Holds a file for each folder in use, which stays, since somebody may be waiting for it."""


def _file(folder: Path) -> Path:
    return folder.parent.with_name(FOLDER) / folder.name


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Hold ``folder``, together with others; waits while it is being removed. Where nothing can be locked, it is not.

    The lock dies with its process. Where no folder has come of it, nothing is left.
    """
    path = _file(folder)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            stack.callback(os.close, file)
            fcntl.flock(file, fcntl.LOCK_SH)
            os.utime(file)
        try:
            yield
        finally:
            if not folder.exists():
                _forget(path)


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()
        path.parent.parent.rmdir()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Hold ``folder`` alone; False where somebody else holds it."""
    _file(folder).parent.mkdir(parents=True, exist_ok=True)
    file = os.open(_file(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(file)


def is_held(folder: Path) -> bool:
    """Whether a process holds ``folder`` at this moment."""
    if not _file(folder).is_file():
        return False
    try:
        with alone(folder) as free:
            return not free
    except OSError:  # of another user
        return True


def last_held(folder: Path) -> float | None:
    """When it was last taken, in seconds since 1970; None if nobody knows."""
    try:
        return _file(folder).stat().st_mtime
    except OSError:
        return None
