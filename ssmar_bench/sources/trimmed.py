"""What UCF101 and HMDB51 share: a folder of videos a class, and lists that come in an archive of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.folders import best_folder, files_in


@dataclass(frozen=True)
class Place:
    """Where a source has its lists or its videos.

    Attributes:
        candidates: relative folders, tried in order; the first one is the usual one.
        names: what it holds some of.
        archive, command: what it comes out of, and how.
        strict: whether a folder with none of ``names`` is another one.
    """

    candidates: tuple[str, ...]
    names: tuple[str, ...]
    archive: str
    command: str
    strict: bool

    def folder(self, root: Path) -> Path:
        """The folder in ``root``: the first one that holds some of the names.

        Raises:
            UserError: there is none; it says what to unpack, with which command.
        """
        found = best_folder(root, self.candidates, self._holds)
        if found is not None and (self._holds(found) or (found != root and not self.strict)):
            return found
        what = f"{self.candidates[0]}/{self.names[0] if self.strict else ''}"
        if (root / self.archive).is_file():
            run = f"run `{self.command} {self.archive}` in this folder"
            raise UserError(f"{root}: there is no {what}, but {self.archive}; {run}")
        raise UserError(f"{root}: there is no {what}; expected what `{self.command} {self.archive}` unpacks")

    def _holds(self, folder: Path) -> bool:
        return any((folder / name).exists() for name in self.names)


def videos_in(folder: Path, classes: Iterable[str]) -> set[str]:
    """``<class>/<file>`` of every file in the folders of ``classes``, with one look at each folder."""
    return {f"{name}/{file}" for name in classes if (folder / name).is_dir() for file in files_in(folder / name)}


def hashed_id(name: str) -> str:
    """A clip's id: ``<class>/<file>`` behind a digest of it.

    Clips are sorted by their ids, and methods see an unlabelled clip's place: in the order of names it would tell the
    hidden class.
    """
    return f"{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}-{name}"
