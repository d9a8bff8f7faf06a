"""Methods, sources, networks and engines that others bring: where they come from, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.clips.augmentations import AUGMENTATIONS
from ssmar_bench.core import benchmark_config, plugins
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.plugins import Entry
from ssmar_bench.core.registry import Registry
from ssmar_bench.core.shelf import ConfigCatalog, ConfigFile


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


def use_plugin(path: str | Path) -> list[str]:
    """Adds the methods and augmentations of a plugin's file to what this process knows; returns the methods' names.

    Args:
        path: a ``.py`` file with a class and its method config, or with augmentations (docs/add-a-method.md); after a
            change, add it again.

    Raises:
        UserError: the file cannot be read, or has neither.
    """
    return list(plugins.use(Path(path)).method_configs)


def provider(method: str) -> str:
    """The package with its version, or the file, that ``method`` comes from.

    Raises:
        UserError: there is no such method.
    """
    return str(method_configs.METHODS.config_file(method).provider)


def broken_methods() -> list[BrokenPlugin]:
    """Methods and augmentations that cannot be used, and packages that bring no method, as seen without any import."""
    found = _broken(method_configs.METHODS, known_method)
    found += broken_entries(AUGMENTATIONS, _known_augmentation)
    for package in plugins.packages():
        name = str(package.provider)
        if plugins.METHODS in package.groups and package.folder is None:
            found.append(
                BrokenPlugin("method", "", name, "its package is not there, so it has no folder of method configs")
            )
        elif plugins.METHODS in package.groups and not [*(package.folder or Path()).glob("methods/*.yaml")]:
            found.append(BrokenPlugin("method", "", name, f"it has no method config in {package.folder}/methods"))
    return found


def known_method(name: str) -> None:
    """Reads the method config of the method ``name`` and looks for its algorithm, which is not imported.

    Raises:
        UserError: what is wrong with either.
    """
    method_config, source = method_configs.read_method_config(name)
    entry = ALGORITHMS.entry_of(method_config, source)
    if entry.fault:
        raise UserError(f"algorithm '{entry.name}': {entry.fault}.")


def _known_augmentation(name: str) -> None:
    """Looks for the augmentation ``name``, which is not imported."""
    entry = AUGMENTATIONS.entry(name)
    if entry.fault:
        raise UserError(f"{entry.fault}.")


def broken_benchmarks() -> list[BrokenPlugin]:
    """Benchmarks whose benchmark configs cannot be read."""
    return _broken(benchmark_config.BENCHMARKS, benchmark_config.read_benchmark_config)


def broken_entries(registry: Registry, load: Callable[[str], object]) -> list[BrokenPlugin]:
    """Entries of a registry that cannot be loaded."""
    return _faults(registry.kind, registry.entries(), load)


def _broken(catalog: ConfigCatalog, read: Callable[[str], object]) -> list[BrokenPlugin]:
    return _faults(catalog.kind, catalog.files(), read)


def _faults(kind: str, known: Sequence[Entry | ConfigFile], read: Callable[[str], object]) -> list[BrokenPlugin]:
    """What of the ``known`` cannot be read, a name that is taken twice once."""
    found = []
    for name in sorted({one.name for one in known}):
        try:
            read(name)
        except UserError as error:
            origins = [str(one.provider) for one in known if one.name == name]
            found.append(BrokenPlugin(kind, name, " and ".join(origins), str(error)))
    return found
