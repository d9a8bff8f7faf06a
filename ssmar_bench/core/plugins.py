"""What others add: installed packages with entry points, and single files that a user names.

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
from ssmar_bench.core.origin import Provider
from ssmar_bench.core.plugin_file import PluginFile

METHODS = "ssmar_bench.methods"
SOURCES = "ssmar_bench.sources"
BACKBONES = "ssmar_bench.backbones"
ENGINES = "ssmar_bench.engines"
AUGMENTATIONS = "ssmar_bench.augmentations"
GROUPS = (METHODS, SOURCES, BACKBONES, ENGINES, AUGMENTATIONS)


@dataclass(frozen=True)
class Entry:
    """A name of a registry.

    Attributes:
        target: ``module:attribute``.
        provider: who says so.
        load: imports and returns the thing.
        fault: why that cannot work, as far as it is seen without importing anything; "" if nothing is seen.
    """

    name: str
    target: str
    provider: Provider
    load: Callable[[], Any]
    fault: str = ""

    @property
    def source(self) -> Path | None:
        """The Python file that it is in, None where there is none."""
        return self.provider.file or modules.source_file(self.target.partition(":")[0])


@dataclass(frozen=True)
class Package:
    """An installed plugin.

    Attributes:
        provider: name and version.
        groups: those in which it has entries.
        folder: of its importable package, None where there is none.
    """

    provider: Provider
    groups: frozenset[str]
    folder: Path | None


_USED: dict[Path, PluginFile] = {}


def use(path: Path) -> PluginFile:
    """Adds the plugin in the file ``path`` to what this process knows; once more reads it again.

    Raises:
        UserError: the file cannot be read or has neither method config nor augmentation.
    """
    found = plugin_file.read_plugin_file(path)
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
    found = [_installed(entry, provider) for own, entry, provider in _entry_points(tuple(sys.path)) if own == group]
    found += [
        Entry(name, f"{file.module}:{owner}", file_provider(file), _in_file(file, owner))
        for file in files()
        for name, owner in {METHODS: file.classes, AUGMENTATIONS: file.augmentations}.get(group, {}).items()
    ]
    return found


def file_provider(file: PluginFile) -> Provider:
    """The file's name as a package's name."""
    return Provider(file.path.name, file=file.path, digest=file.digest)


def _in_file(file: PluginFile, owner: str) -> Callable[[], Any]:
    return lambda: getattr(file.load(), owner)


def packages() -> list[Package]:
    """The installed plugins."""
    found: dict[Provider, tuple[set[str], Path | None]] = {}
    for group, entry, provider in _entry_points(tuple(sys.path)):
        groups, _ = found.setdefault(provider, (set(), modules.package_folder(re.split(r"[.:]", entry.value)[0])))
        groups.add(group)
    return [Package(provider, frozenset(groups), folder) for provider, (groups, folder) in found.items()]


@cache
def _entry_points(path: tuple[str, ...]) -> list[tuple[str, EntryPoint, Provider]]:  # noqa: ARG001  # what it depends on
    """(group, entry point, package) of every plugin that is installed on ``sys.path``."""
    known = entry_points()
    found = [
        (group, entry, Provider(entry.dist.name, entry.dist.version))
        for group in GROUPS
        for entry in known.select(group=group)
        if entry.dist is not None
    ]
    return sorted(found, key=lambda one: (GROUPS.index(one[0]), one[2].package, one[1].name))


def _installed(entry: EntryPoint, provider: Provider) -> Entry:
    return Entry(entry.name, entry.value, provider, entry.load, _fault(entry))


def _fault(entry: EntryPoint) -> str:
    """What can be seen from outside: the module's file is there and is Python."""
    module, _, attribute = entry.value.partition(":")
    if not re.fullmatch(r"[\w.]+", module) or not attribute:
        return f"its entry point '{entry.name} = {entry.value}' names no class; write MODULE:CLASS"
    if not modules.module_exists(module):
        return f"its module '{module}' is not there"
    path = modules.source_file(module)
    if path is None:
        return ""  # not of Python's source: nothing can be seen
    try:
        ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        return f"{path}:{getattr(error, 'lineno', None) or 1}: not valid Python: {getattr(error, 'msg', error)}"
    return ""
