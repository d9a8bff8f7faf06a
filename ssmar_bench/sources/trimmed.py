"""What UCF101 and HMDB51 share: a folder of videos a class, and lists that come in an archive of their own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from ssmar_bench.core.errors import UserError


def folder_of(root: Path, candidates: Iterable[str], holding: str, archive: str, command: str) -> Path:
    """The first of the relative ``candidates`` that is a folder, with ``holding`` in it if that is named.

    Raises:
        UserError: there is none; it says what to unpack, with which command.
    """
    names = list(candidates)
    for name in names:
        folder = root if name == "." else root / name
        if folder.is_dir() and (not holding or (folder / holding).exists()):
            return folder
    what = f"{names[0]}/{holding}"
    if (root / archive).is_file():
        raise UserError(f"{root}: there is no {what}, but {archive}; run `{command} {archive}` in this folder")
    raise UserError(f"{root}: there is no {what}; expected what `{command} {archive}` unpacks")


def videos_in(folder: Path) -> set[str]:
    """``<class>/<file>`` of everything in the folders of classes, with one look at each folder."""
    with os.scandir(folder) as classes:
        folders = [entry for entry in classes if entry.is_dir()]
    there: set[str] = set()
    for entry in folders:
        with os.scandir(entry.path) as files:
            there |= {f"{entry.name}/{file.name}" for file in files}
    return there


def unordered(name: str) -> str:
    """A clip's id: ``<class>/<file>`` behind a digest of it.

    Clips are sorted by their ids, and methods see an unlabelled clip's place: in the order of names it would tell the
    hidden class.
    """
    return f"{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}-{name}"
