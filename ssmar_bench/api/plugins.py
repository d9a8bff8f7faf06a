"""Methods, sources, networks and engines that others bring: where they come from, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.clips.augmentation_catalog import AUGMENTATIONS
from ssmar_bench.core import benchmark_config, catalog
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.catalog import BrokenPlugin
from ssmar_bench.core.errors import UserError

__all__ = ["BrokenPlugin", "broken_benchmarks", "broken_methods", "provider", "use_plugin"]


def use_plugin(path: str | Path) -> list[str]:
    """Adds the methods and augmentations of a plugin's file to what this process knows; returns the methods' names.

    Args:
        path: a ``.py`` file with a class and its method config, or with augmentations (docs/add-a-method.md); after a
            change, add it again.

    Raises:
        UserError: the file cannot be read, or has neither.
    """
    return list(catalog.use_plugin_file(Path(path)).method_configs)


def provider(method: str) -> str:
    """The package with its version, or the file, that ``method`` comes from.

    Raises:
        UserError: there is no such method.
    """
    return str(method_configs.METHODS.entry(method).provider)


def broken_methods() -> list[BrokenPlugin]:
    """Methods and augmentations that cannot be used, and packages that bring no method, as seen without any import."""
    found = method_configs.METHODS.broken(known_method)
    found += AUGMENTATIONS.broken(_known_augmentation)
    for package in catalog.packages():
        name = str(package.provider)
        if catalog.METHODS in package.groups and package.folder is None:
            found.append(
                BrokenPlugin("method", "", name, "its package is not there, so it has no folder of method configs")
            )
        elif catalog.METHODS in package.groups and not [*(package.folder or Path()).glob("methods/*.yaml")]:
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
    return benchmark_config.BENCHMARKS.broken(benchmark_config.read_benchmark_config)
