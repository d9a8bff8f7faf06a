"""A shelf: YAML files of one kind, by name, each of which may extend another; ours, and those of plugins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core import plugins
from ssmar_bench.core.errors import UserError, meant, nearest, twice
from ssmar_bench.core.origin import OURS, Origin
from ssmar_bench.core.paths import at_home, shipped
from ssmar_bench.core.yaml_file import Document, extend, load

LONGEST_CHAIN = 20
"""Files that extend each other, one by one."""


@dataclass(frozen=True)
class Volume:
    """One document of a shelf: its name, whose it is, the file that it stands in, and what reads it."""

    name: str
    origin: Origin
    path: Path
    read: Callable[[], Document]


@dataclass(frozen=True)
class Shelf:
    """The files of ``folder`` (``methods``), each of which is a ``kind`` (``method``).

    Attributes:
        in_files: whether plugins of one file carry some, too.
    """

    folder: str
    kind: str
    in_files: bool = False

    def volumes(self) -> list[Volume]:
        """What stands on it, ours first; a name that is taken twice stands there twice."""
        found = _volumes(shipped(self.folder), OURS)
        for package in plugins.packages():
            if package.folder is not None:
                found += _volumes(package.folder / self.folder, package.origin)
        if self.in_files:
            found += [
                Volume(name, plugins.file_origin(file), file.path, _given(document))
                for file in plugins.files()
                for name, document in file.recipes.items()
            ]
        return found

    def names(self) -> list[str]:
        """What stands on it."""
        return sorted({volume.name for volume in self.volumes()})

    def named(self, name: str) -> str:
        """``name`` as it is written on the shelf, whatever its case; a path, and a name that nobody knows, stay."""
        return name if is_path(name) else meant(name, self.names())

    def volume(self, name: str, where: str = "") -> Volume:
        """The one document of that name.

        Args:
            name: what somebody asks for.
            where: who does, before the error.

        Raises:
            UserError: there is none, or several.
        """
        found = [volume for volume in self.volumes() if volume.name == name]
        if not found:
            raise UserError(where + f"Unknown {self.kind} '{name}'{nearest(name, self.names())}")
        if len(found) > 1:
            raise twice(self.kind, name, [f"{volume.origin} ({volume.path})" for volume in found])
        return found[0]

    def document(self, name: str) -> Document:
        """The YAML of ``name``, or of a path that ends in ``.yaml``, with what it ``extends:`` laid under it.

        A name may be given in any case. A path in ``extends:`` is relative to the file that says it.

        Raises:
            UserError: no such name or file, a name taken twice, ``extends:`` is no name, or leads back to where it came
                from.
        """
        return self._document(self.named(name), Path(), ())

    def _document(self, name: str, folder: Path, below: tuple[str, ...], where: str = "") -> Document:
        if is_path(name):
            path = folder / at_home(name)
            if not path.is_file():
                advice = "there is no such file; one that is installed goes by its name alone"
                raise UserError(where + f"Unknown {self.kind} '{name}': {advice}.")
            place, top = str(path.resolve()), load(path)
        else:
            volume = self.volume(name, where)
            path, top = volume.path, volume.read()
            place = str(path.resolve()) if is_path(path.name) else f"{path}, {name}"
        if place in below:
            raise UserError(f"{path}: this {self.kind} extends itself, by way of {below[-1]}.")
        if len(below) == LONGEST_CHAIN:
            raise UserError(f"{path}: more than {LONGEST_CHAIN} files extend each other; lay some of them together.")
        parent = top.data.get("extends")
        if parent is None:
            return top
        said = f"{top.where(('extends',))}: extends: "
        if not isinstance(parent, str):
            raise UserError(f"{said}expected the name of a {self.kind} or a .yaml file.")
        own = Document({key: value for key, value in top.data.items() if key != "extends"}, top.lines)
        return extend(self._document(parent, path.parent, (*below, place), said), own)


def is_path(name: str) -> bool:
    """Whether a person means a file by ``name``."""
    return name.lower().endswith((".yaml", ".yml"))


def _volumes(folder: Path, origin: Origin) -> list[Volume]:
    return [Volume(path.stem, origin, path, _reader(path)) for path in sorted(folder.glob("*.yaml"))]


def _reader(path: Path) -> Callable[[], Document]:
    return lambda: load(path)


def _given(document: Document) -> Callable[[], Document]:
    return lambda: document
