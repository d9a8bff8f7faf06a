"""Catalogs of named things: built in, installed by an entry point, or given as a file.

A catalog holds Python objects (algorithms, sources, networks, engines) or YAML configs (methods, sets of methods,
benchmarks, tables). Nothing is imported or read before it is asked for.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ssmar_bench.core.catalog.providers import (
    AUGMENTATIONS,
    BACKBONES,
    ENGINES,
    METHODS,
    OURS,
    SOURCES,
    Entry,
    Provider,
    forget_plugin_files,
    packages,
    plugin_entries,
    plugin_files,
    use_plugin_file,
)
from ssmar_bench.core.errors import UserError, meant, name_taken_twice, nearest
from ssmar_bench.core.paths import expand_home, shipped_folder
from ssmar_bench.core.short_list import short
from ssmar_bench.core.yaml_file import Document, extend_document, load_yaml

__all__ = [
    "AUGMENTATIONS",
    "BACKBONES",
    "ENGINES",
    "METHODS",
    "OURS",
    "SOURCES",
    "BrokenPlugin",
    "Catalog",
    "ConfigCatalog",
    "Entry",
    "ObjectCatalog",
    "forget_plugin_files",
    "is_path",
    "packages",
    "plugin_files",
    "use_plugin_file",
]


LONGEST_CHAIN = 20
"""Files that extend each other, one by one."""


@short
@dataclass(frozen=True)
class BrokenPlugin:
    """A name that cannot be used.

    Attributes:
        kind: what it would be: ``method``, ``augmentation``, ``benchmark`` or ``source``.
        name: as it would be asked for, "" of a package that brings nothing.
        provider: the package with its version, or the file; of a name that is taken twice both.
        reason: why it cannot be used, a sentence.
    """

    kind: str
    name: str
    provider: str
    reason: str


class Catalog(ABC):
    """Names of one kind of thing.

    Attributes:
        kind: what each of them is: ``algorithm``, ``benchmark``.
    """

    kind: str

    @abstractmethod
    def entries(self) -> list[Entry]:
        """Ours first; a name that is taken twice occurs twice."""

    def names(self) -> list[str]:
        """All known names, sorted."""
        return sorted({entry.name for entry in self.entries()})

    def __contains__(self, name: object) -> bool:
        return any(entry.name == name for entry in self.entries())

    def named(self, name: str) -> str:
        """``name`` as the catalog writes it, whatever its case; a path, and a name that nobody knows, stay."""
        return name if is_path(name) else meant(name, self.names())

    def entry(self, name: str, where: str = "") -> Entry:
        """What is known of ``name`` without importing or reading it.

        Args:
            name: what somebody asks for.
            where: who does, before the error.

        Raises:
            UserError: nobody knows it, or it is taken twice.
        """
        found = [entry for entry in self.entries() if entry.name == name]
        if not found:
            raise UserError(where + f"Unknown {self.kind} '{name}'{nearest(name, self.names())}")
        if len(found) > 1:
            raise name_taken_twice(self.kind, name, [f"{entry.provider} ({entry.place})" for entry in found])
        return found[0]

    def broken(self, read: Callable[[str], object]) -> list[BrokenPlugin]:
        """What ``read`` cannot read, with its reason; a name that is taken twice once."""
        found = []
        for name in self.names():
            try:
                read(name)
            except UserError as error:
                providers = [str(entry.provider) for entry in self.entries() if entry.name == name]
                found.append(BrokenPlugin(self.kind, name, " and ".join(providers), str(error)))
        return found


@dataclass
class ObjectCatalog(Catalog):
    """Python objects.

    Attributes:
        things: ours by name: ``module:attribute``, or the object itself.
        group: the group of entry points by which plugins add theirs, "" for none.
    """

    kind: str
    things: Mapping[str, Any]
    group: str = ""

    def entries(self) -> list[Entry]:
        """Ours first; a name that is taken twice occurs twice."""
        ours = [
            Entry(name, OURS, thing if isinstance(thing, str) else "", partial(_object, thing))
            for name, thing in self.things.items()
        ]
        return [*ours, *(plugin_entries(self.group) if self.group else ())]

    def load(self, name: str) -> Any:
        """Import and return what ``name`` stands for.

        Raises:
            UserError: as :meth:`entry`, or its module cannot be imported; says who brought it and why.
        """
        entry = self.entry(name)
        failed = f"{self.kind} '{name}' of {entry.provider} cannot be loaded"
        if entry.fault:
            raise UserError(f"{failed}: {entry.fault}.")
        try:
            with contextlib.redirect_stdout(sys.stderr):  # a plugin may print
                return entry.load()
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise UserError(f"{failed}: {type(error).__name__}: {error}.") from error


@dataclass
class ConfigCatalog(Catalog):
    """YAML configs, each of which may extend another.

    Attributes:
        kind: what each of them is.
        folder: where they are, in this installation and in packages (``methods``).
        in_files: whether plugins of one file carry some, too.
    """

    folder: str
    kind: str
    in_files: bool = False

    def entries(self) -> list[Entry]:
        """Ours first; a name that is taken twice occurs twice."""
        folders = [(OURS, shipped_folder(self.folder))]
        folders += [(one.provider, one.folder / self.folder) for one in packages() if one.folder is not None]
        found = [
            Entry(path.stem, provider, str(path), partial(load_yaml, path))
            for provider, folder in folders
            for path in sorted(folder.glob("*.yaml"))
        ]
        if self.in_files:
            found += [
                Entry(name, Provider.of_file(file), str(file.path), partial(file.method_configs.get, name))
                for file in plugin_files()
                for name in file.method_configs
            ]
        return found

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
            top = load_yaml(path)
        else:
            entry = self.entry(name, where)
            path, top = Path(entry.place), entry.load()
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


def _object(thing: Any) -> Any:
    if not isinstance(thing, str):
        return thing
    module, _, attribute = thing.partition(":")
    return getattr(importlib.import_module(module), attribute)
