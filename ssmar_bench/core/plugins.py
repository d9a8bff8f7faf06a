"""What others add: installed packages with entry points, and single files that a person names.

An entry point (``my-method = "my_package.algorithm:MyMethod"`` in one of ``GROUPS``) names a thing; nothing is imported
before that thing is asked for. Such a package carries YAML in folders that are called as ours: ``methods/``,
``methods/sets/``, ``splits/``. A file is read by :mod:`ssmar_bench.core.plugin_file`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ssmar_bench.core import modules, plugin_file
from ssmar_bench.core.origin import Origin
from ssmar_bench.core.plugin_file import PluginFile

METHODS = "ssmar_bench.methods"
SOURCES = "ssmar_bench.sources"
BACKBONES = "ssmar_bench.backbones"
ENGINES = "ssmar_bench.engines"
GROUPS = (METHODS, SOURCES, BACKBONES, ENGINES)


@dataclass(frozen=True)
class Entry:
    """A name of a registry.

    Attributes:
        target: ``module:attribute``.
        origin: who says so.
        load: imports and returns the thing.
        fault: why that cannot work, as far as it is seen without importing anything; "" if nothing is seen.
    """

    name: str
    target: str
    origin: Origin
    load: Callable[[], Any]
    fault: str = ""

    @property
    def source(self) -> Path | None:
        """The Python file that it stands in, None where there is none."""
        return self.origin.file or modules.source(self.target.partition(":")[0])


@dataclass(frozen=True)
class Package:
    """An installed plugin.

    Attributes:
        origin: name and version.
        groups: those in which it has entries.
        folder: of its importable package, None where there is none.
    """

    origin: Origin
    groups: frozenset[str]
    folder: Path | None


_USED: dict[Path, PluginFile] = {}


def use(path: Path) -> PluginFile:
    """Adds the plugin in the file ``path`` to what this process knows; once more reads it anew.

    Raises:
        UserError: the file cannot be read or has no recipe.
    """
    found = plugin_file.read(path)
    found.forget()
    _USED[found.path] = found
    return found


def forget() -> None:
    """Takes away all files that were added."""
    _USED.clear()


def files() -> list[PluginFile]:
    """The files that were added, in that order."""
    return list(_USED.values())


def entries(group: str) -> list[Entry]:
    """What others add to ``group``, from packages and from files."""
    found = [_installed(entry, origin) for own, entry, origin in _entry_points(tuple(sys.path)) if own == group]
    if group == METHODS:
        found += [
            Entry(name, f"{file.module}:{owner}", file_origin(file), _in_file(file, owner))
            for file in files()
            for name, owner in file.classes.items()
        ]
    return found


def file_origin(file: PluginFile) -> Origin:
    """The file's name as a package's name."""
    return Origin(file.path.name, file=file.path)


def _in_file(file: PluginFile, owner: str) -> Callable[[], Any]:
    return lambda: getattr(file.load(), owner)


def packages() -> list[Package]:
    """The installed plugins."""
    found: dict[Origin, tuple[set[str], Path | None]] = {}
    for group, entry, origin in _entry_points(tuple(sys.path)):
        groups, _ = found.setdefault(origin, (set(), modules.folder(re.split(r"[.:]", entry.value)[0])))
        groups.add(group)
    return [Package(origin, frozenset(groups), folder) for origin, (groups, folder) in found.items()]


@cache
def _entry_points(path: tuple[str, ...]) -> list[tuple[str, EntryPoint, Origin]]:  # noqa: ARG001  # what it depends on
    """(group, entry point, package) of every plugin that is installed on ``sys.path``."""
    known = entry_points()
    found = [
        (group, entry, Origin(entry.dist.name, entry.dist.version))
        for group in GROUPS
        for entry in known.select(group=group)
        if entry.dist is not None
    ]
    return sorted(found, key=lambda one: (GROUPS.index(one[0]), one[2].package, one[1].name))


def _installed(entry: EntryPoint, origin: Origin) -> Entry:
    return Entry(entry.name, entry.value, origin, entry.load, _fault(entry))


def _fault(entry: EntryPoint) -> str:
    """What can be seen from outside: the module's file is there and is Python."""
    module, _, attribute = entry.value.partition(":")
    if not re.fullmatch(r"[\w.]+", module) or not attribute:
        return f"its entry point '{entry.name} = {entry.value}' names no class; write MODULE:CLASS"
    if not modules.exists(module):
        return f"its module '{module}' is not there"
    path = modules.source(module)
    if path is None:
        return ""  # not of Python's source: nothing can be seen
    try:
        ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        return f"{path}:{getattr(error, 'lineno', None) or 1}: not valid Python: {getattr(error, 'msg', error)}"
    return ""
