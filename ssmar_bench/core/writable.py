"""Whether a folder can be made and written, tried before any long work; and folders that appear when they are whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError


def require_writable(folder: Path, said: str) -> None:
    """Try to write where ``folder`` is or will be; nothing is left there.

    The permission bits alone do not tell: a disk may be mounted for reading only, and an administrator may do anything.

    Args:
        folder: need not exist, nor the folders above it.
        said: what a user calls it, before the error: ``--out results``.

    Raises:
        UserError: it or a folder above it is a file or a link to nothing, a name is too long, or nothing can be
            written there.
    """
    place = Path(folder).absolute()
    try:
        for level in (*reversed(place.parents), place):
            if level.is_symlink() and not level.exists():
                raise UserError(f"{said}: {level} is a link to something that is not there; give another folder.")
            if os.path.lexists(level) and not level.is_dir():
                raise UserError(f"{said}: {level} is a file, not a folder; give another folder.")
        there = nearest_folder(place)
        for level in (place, *place.parents):
            (there / level.name).exists()  # a name that is too long for the disk is reported, whatever is above it
            if level == there:
                break
        with tempfile.NamedTemporaryFile(dir=there, prefix=".writable-"):
            pass
        if there != place:
            Path(tempfile.mkdtemp(dir=there, prefix=".writable-")).rmdir()
    except OSError as error:
        raise UserError(f"{said} cannot be written ({error.strerror or error}); give another folder.") from error


def nearest_folder(place: Path) -> Path:
    """``place``, or the nearest folder above it that is there."""
    place = Path(place).absolute()
    return next(level for level in (place, *place.parents) if level.is_dir())


def require_new(folder: Path, said: str) -> None:
    """Try whether ``folder`` can be made by renaming another one to it: it is not there, or is an empty folder.

    Raises:
        UserError: something is there, or as :func:`require_writable`.
    """
    require_writable(folder, said)
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{said}: this exists already; give a new or empty folder, nothing is overwritten")
    require_writable(folder.absolute().parent, said)


@contextmanager
def new_folder(out: Path, said: str) -> Iterator[Path]:
    """A folder beside ``out`` to write into; it becomes ``out`` when all is written, and is removed if that fails.

    Raises:
        UserError: as :func:`require_new`.
    """
    out = Path(out).absolute()
    require_new(out, said)
    aside = out.with_name(f".{out.name}.{os.getpid()}.partial")
    links.discard(aside)
    try:
        yield aside
        if out.exists():
            out.rmdir()
        aside.rename(out)
    finally:
        links.discard(aside)
