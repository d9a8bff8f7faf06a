"""Deletes and writes that never follow a symbolic link out of a folder.

The folder that a user names (``--out``, ``--results``, the cache) may be a link: to a larger disk, for instance. What
this program made inside it has none, so that a link there is somebody else's, and nothing is written or deleted through
it. Hard links are files like others: files are renamed into place, so that the other name keeps the old content.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ssmar_bench.core.errors import UserError


def remove(path: Path) -> None:
    """Delete a file, a folder with all it holds, or a link but not what it leads to; nothing is there: nothing is done.

    Raises:
        OSError: it cannot be deleted.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)  # it follows no link


def discard(path: Path) -> None:
    """As :func:`remove`, of what nobody will miss: what cannot be deleted stays."""
    with contextlib.suppress(OSError):
        remove(path)


def refuse(top: Path, *parts: str) -> None:
    """Make sure that no step from ``top`` to ``top/parts``, and nothing below that, is a link; ``top`` may be one.

    Raises:
        UserError: names the link.
    """
    path = top
    for part in parts:
        path /= part
        require_none(path)
    for folder, folders, files in os.walk(path):  # follows no link
        for name in (*folders, *files):
            require_none(Path(folder, name))


def require_none(path: Path) -> None:
    """A :class:`UserError` if ``path`` is a link."""
    if path.is_symlink():
        raise UserError(
            f"{path}: this is a symbolic link, and nothing is read, written or deleted through one here; put the file "
            "or folder itself in its place, or give another folder."
        )
