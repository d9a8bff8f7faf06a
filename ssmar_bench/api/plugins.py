"""Methods, sources, networks and engines that others bring: where they come from, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import benchmark_config, plugins
from ssmar_bench.core import method_config as recipes
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.plugins import Entry
from ssmar_bench.core.registry import Registry
from ssmar_bench.core.shelf import Shelf, Volume


@dataclass(frozen=True)
class Broken:
    """A name that cannot be used.

    Attributes:
        kind: what it would be: ``method``, ``benchmark`` or ``source``.
        name: as it would be asked for, "" of a package that brings nothing.
        origin: the package with its version, or the file; of a name that is taken twice both.
        reason: why it cannot be used, a sentence.
    """

    kind: str
    name: str
    origin: str
    reason: str


def use_plugin(path: str | Path) -> list[str]:
    """Adds the methods of a plugin's file to what this process knows, and returns their names.

    Args:
        path: a ``.py`` file with a class and its recipe (docs/add-a-method.md); after a change, add it again.

    Raises:
        UserError: the file cannot be read, or has no recipe.
    """
    return list(plugins.use(Path(path)).recipes)


def origin(method: str) -> str:
    """The package with its version, or the file, that ``method`` comes from.

    Raises:
        UserError: there is no such method.
    """
    return str(recipes.RECIPES.volume(method).origin)


def broken_methods() -> list[Broken]:
    """Methods that cannot be run, and packages that bring none, as far as that is seen without importing anything."""
    found = _broken(recipes.RECIPES, known_method)
    for package in plugins.packages():
        name = str(package.origin)
        if plugins.METHODS in package.groups and package.folder is None:
            found.append(Broken("method", "", name, "its package is not there, so it has no folder of recipes"))
        elif plugins.METHODS in package.groups and not [*(package.folder or Path()).glob("methods/*.yaml")]:
            found.append(Broken("method", "", name, f"it has no recipe in {package.folder}/methods"))
    return found


def known_method(name: str) -> None:
    """Reads the recipe of the method ``name`` and looks for its algorithm, which is not imported.

    Raises:
        UserError: what is wrong with either.
    """
    recipe, source = recipes.read(name)
    entry = ALGORITHMS.entry_of(recipe, source)
    if entry.fault:
        raise UserError(f"algorithm '{entry.name}': {entry.fault}.")


def broken_benchmarks() -> list[Broken]:
    """Benchmarks whose definitions cannot be read."""
    return _broken(benchmark_config.BENCHMARKS, benchmark_config.read)


def broken_entries(registry: Registry, load: Callable[[str], object]) -> list[Broken]:
    """Entries of a registry that cannot be loaded."""
    return _faults(registry.kind, registry.entries(), load)


def _broken(shelf: Shelf, read: Callable[[str], object]) -> list[Broken]:
    return _faults(shelf.kind, shelf.volumes(), read)


def _faults(kind: str, known: Sequence[Entry | Volume], read: Callable[[str], object]) -> list[Broken]:
    """What of the ``known`` cannot be read, a name that is taken twice once."""
    found = []
    for name in sorted({one.name for one in known}):
        try:
            read(name)
        except UserError as error:
            origins = [str(one.origin) for one in known if one.name == name]
            found.append(Broken(kind, name, " and ".join(origins), str(error)))
    return found
