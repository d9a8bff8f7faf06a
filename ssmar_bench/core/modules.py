"""Finds a module's source without importing it, nor the packages that it lies in."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path


def _spec(name: str) -> ModuleSpec | None:
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


def module_exists(name: str) -> bool:
    """Whether there is a module ``name``, of whatever kind."""
    return _spec(name) is not None


def source_file(name: str) -> Path | None:
    """The Python file of module ``name`` (``package.module``); of a package its ``__init__.py``; None without one."""
    spec = _spec(name)
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    path = Path(spec.origin)
    return path if path.suffix == ".py" else None


def package_folder(package: str) -> Path | None:
    """The folder of ``package``; None if there is no such package, or it is a module of one file."""
    spec = _spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))
