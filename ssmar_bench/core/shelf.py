"""Catalog of YAML config files of one kind, by name; each may extend another. Ours, and those of plugins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core import plugins
from ssmar_bench.core.errors import UserError, meant, name_taken_twice, nearest
from ssmar_bench.core.origin import OURS, Provider
from ssmar_bench.core.paths import expand_home, shipped_folder
from ssmar_bench.core.yaml_file import Document, extend_document, load_yaml

LONGEST_CHAIN = 20
"""Files that extend each other, one by one."""


@dataclass(frozen=True)
class ConfigFile:
    """One config file of a catalog: its name, whose it is, the file that it is in, and what reads it."""

    name: str
    provider: Provider
    path: Path
    read: Callable[[], Document]


@dataclass(frozen=True)
class ConfigCatalog:
    """The files of ``folder`` (``methods``), each of which is a ``kind`` (``method``).

    Attributes:
        in_files: whether plugins of one file carry some, too.
    """

    folder: str
    kind: str
    in_files: bool = False

    def files(self) -> list[ConfigFile]:
        """What is on it, ours first; a name that is taken twice occurs twice."""
        found = _config_files(shipped_folder(self.folder), OURS)
        for package in plugins.packages():
            if package.folder is not None:
                found += _config_files(package.folder / self.folder, package.provider)
        if self.in_files:
            found += [
                ConfigFile(name, plugins.file_provider(file), file.path, _given(document))
                for file in plugins.files()
                for name, document in file.method_configs.items()
            ]
        return found

    def names(self) -> list[str]:
        """What is on it."""
        return sorted({config_file.name for config_file in self.files()})

    def named(self, name: str) -> str:
        """``name`` as it is written in the catalog, whatever its case; a path, and a name that nobody knows, stay."""
        return name if is_path(name) else meant(name, self.names())

    def config_file(self, name: str, where: str = "") -> ConfigFile:
        """The one document of that name.

        Args:
            name: what somebody asks for.
            where: who does, before the error.

        Raises:
            UserError: there is none, or several.
        """
        found = [config_file for config_file in self.files() if config_file.name == name]
        if not found:
            raise UserError(where + f"Unknown {self.kind} '{name}'{nearest(name, self.names())}")
        if len(found) > 1:
            raise name_taken_twice(
                self.kind, name, [f"{config_file.provider} ({config_file.path})" for config_file in found]
            )
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
            path = folder / expand_home(name)
            if not path.is_file():
                advice = "there is no such file; one that is installed goes by its name alone"
                raise UserError(where + f"Unknown {self.kind} '{name}': {advice}.")
            place, top = str(path.resolve()), load_yaml(path)
        else:
            config_file = self.config_file(name, where)
            path, top = config_file.path, config_file.read()
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
        return extend_document(self._document(parent, path.parent, (*below, place), said), own)


def is_path(name: str) -> bool:
    """Whether a user means a file by ``name``."""
    return name.lower().endswith((".yaml", ".yml"))


def _config_files(folder: Path, provider: Provider) -> list[ConfigFile]:
    return [ConfigFile(path.stem, provider, path, _reader(path)) for path in sorted(folder.glob("*.yaml"))]


def _reader(path: Path) -> Callable[[], Document]:
    return lambda: load_yaml(path)


def _given(document: Document) -> Callable[[], Document]:
    return lambda: document
