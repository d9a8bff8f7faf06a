"""Who brings named things: this package, installed packages with entry points, and files that a user names.

An entry point (``my-method = "my_package.algorithm:MyMethod"`` in one of ``GROUPS``) names a Python object; nothing is
imported before that is asked for. Such a package carries YAML in folders that are called as ours: ``methods/``,
``methods/sets/``, ``splits/``.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ssmar_bench import __version__
from ssmar_bench.core.catalog.plugin_file import PluginFile, read_plugin_file

METHODS = "ssmar_bench.methods"
SOURCES = "ssmar_bench.sources"
BACKBONES = "ssmar_bench.backbones"
ENGINES = "ssmar_bench.engines"
AUGMENTATIONS = "ssmar_bench.augmentations"
GROUPS = (METHODS, SOURCES, BACKBONES, ENGINES, AUGMENTATIONS)


@dataclass(frozen=True)
class Provider:
    """A package with its version, or a single file.

    Attributes:
        package: the distribution's name as pip says it, or the file's name.
        version: the distribution's; "" of a file.
        file: the plugin's file, None of a package.
        digest: SHA-256 of that file in hexadecimal digits, "" of a package.
    """

    package: str
    version: str = ""
    file: Path | None = None
    digest: str = ""

    @classmethod
    def of_file(cls, plugin: PluginFile) -> Provider:
        """A plugin's file."""
        return cls(plugin.path.name, file=plugin.path, digest=plugin.digest)

    def __str__(self) -> str:
        return str(self.file) if self.file is not None else f"{self.package} {self.version}".strip()


OURS = Provider("ssmar-bench", __version__)


@dataclass(frozen=True)
class Entry:
    """A name of a catalog.

    Attributes:
        provider: who brings it.
        place: ``module:attribute`` of a Python object, the file of a config.
        load: imports the object, or reads the config.
        fault: why that cannot work, as far as it is seen without importing anything; "" if nothing is seen.
    """

    name: str
    provider: Provider
    place: str
    load: Callable[[], Any]
    fault: str = ""

    @property
    def source(self) -> Path | None:
        """The Python file that an object is in, None where there is none."""
        return self.provider.file or source_file(self.place.partition(":")[0])


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


_FILES: dict[Path, PluginFile] = {}


def use_plugin_file(path: Path) -> PluginFile:
    """Adds the plugin in the file ``path`` to what this process knows; once more reads it again.

    Raises:
        UserError: the file cannot be read or has neither method config nor augmentation.
    """
    found = read_plugin_file(path)
    found.forget()
    _FILES[found.path] = found
    return found


def forget_plugin_files() -> None:
    """Takes away all files that were added."""
    _FILES.clear()


def plugin_files() -> list[PluginFile]:
    """The files that were added, in that order."""
    return list(_FILES.values())


def plugin_entries(group: str) -> list[Entry]:
    """The Python objects that others add to ``group``, from packages and from files."""
    found = [_installed(entry, provider) for own, entry, provider in _entry_points(tuple(sys.path)) if own == group]
    for file in plugin_files():
        for name, owner in {METHODS: file.classes, AUGMENTATIONS: file.augmentations}.get(group, {}).items():
            place, load = f"{file.module}:{owner}", partial(file.load, owner)
            found.append(Entry(name, Provider.of_file(file), place, load))
    return found


def packages() -> list[Package]:
    """The installed plugins."""
    groups: dict[Provider, set[str]] = {}
    folders: dict[Provider, Path | None] = {}
    for group, entry, provider in _entry_points(tuple(sys.path)):
        groups.setdefault(provider, set()).add(group)
        if provider not in folders:
            spec = _module_spec(re.split(r"[.:]", entry.value)[0])
            inner = spec.submodule_search_locations if spec is not None else None
            folders[provider] = Path(next(iter(inner))) if inner else None
    return [Package(provider, frozenset(groups[provider]), folder) for provider, folder in folders.items()]


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
    return Entry(entry.name, provider, entry.value, entry.load, _fault(entry))


def _fault(entry: EntryPoint) -> str:
    """What can be seen from outside: the module's file is there and is Python."""
    module, _, attribute = entry.value.partition(":")
    if not re.fullmatch(r"[\w.]+", module) or not attribute:
        return f"its entry point '{entry.name} = {entry.value}' names no class; write MODULE:CLASS"
    if _module_spec(module) is None:
        return f"its module '{module}' is not there"
    path = source_file(module)
    if path is None:
        return ""  # not of Python's source: nothing can be seen
    try:
        ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        return f"{path}:{getattr(error, 'lineno', None) or 1}: not valid Python: {getattr(error, 'msg', error)}"
    return ""


def source_file(module: str) -> Path | None:
    """The Python file of ``module``, found without importing it; of a package its ``__init__.py``; None without one."""
    spec = _module_spec(module)
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    path = Path(spec.origin)
    return path if path.suffix == ".py" else None


def _module_spec(name: str) -> ModuleSpec | None:
    """Finds a module without importing it, nor the packages that it is in."""
    top, *below = name.split(".")
    try:
        spec = importlib.util.find_spec(top)  # imports nothing, the name having no dot
    except (ImportError, ValueError):
        return None
    for depth in range(len(below)):
        if spec is None or spec.submodule_search_locations is None:
            return None
        inner = ".".join([top, *below[: depth + 1]])
        spec = PathFinder.find_spec(inner, list(spec.submodule_search_locations))
    return spec
