"""Imports semilearn 0.3.2 without the ninety packages it asks for, and calls it without its side effects.

They serve its data sets, networks, loggers and trackers, of which nothing is used here.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.seeds import global_generators_kept

VERSION = "0.3.2"
INSTALL = f"pip install --no-deps semilearn=={VERSION}"
_PACKAGES = ("semilearn", "semilearn.nets")
"""Packages of semilearn whose ``__init__`` imports its data sets, networks and trainer, and is passed over."""
_UNUSED = ("semilearn.datasets", "aim", "wandb", "torch.utils.tensorboard")
"""Modules of data sets and loggers that the algorithms import, and nothing of which is called here."""


class _Unused(ModuleType):
    """A module in which every name is ``object``."""

    def __getattr__(self, name: str) -> type[object]:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


@contextmanager
def _only_algorithms() -> Iterator[None]:
    """Inside, semilearn's algorithms can be imported without what they do not use."""
    (folder,) = find_spec("semilearn").submodule_search_locations  # type: ignore[union-attr,misc]
    placed = {name: _Unused(name) for name in (*_PACKAGES, *_UNUSED) if name not in sys.modules}
    for name in placed.keys() & {*_PACKAGES}:  # the modules in them are found, and are the real ones
        placed[name].__path__ = [str(Path(folder, *name.split(".")[1:]))]
    sys.modules.update(placed)
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]  # nobody else shall take them for the real ones


@contextmanager
def quiet() -> Iterator[None]:
    """What semilearn prints and warns of (old interfaces of torch and timm) is not heard."""
    with warnings.catch_warnings(), Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        warnings.simplefilter("ignore")
        yield


def _installed() -> str | None:
    try:
        return version("semilearn")
    except PackageNotFoundError:
        return None


@cache
def algorithms() -> dict[str, Any]:
    """Semilearn's algorithms by their names.

    Raises:
        UserError: semilearn is absent, or of another version than the one that was studied.
    """
    found = _installed()
    if found != VERSION:
        state = "is not installed" if found is None else f"{found} is installed, which is not the version it needs"
        raise UserError(f"A usb-* method runs the code of semilearn {VERSION}, but semilearn {state}; run\n  {INSTALL}")
    with quiet(), _only_algorithms():
        importlib.import_module("semilearn.core")  # imports every algorithm
        registry = importlib.import_module("semilearn.core.utils").ALGORITHMS
    return {name: registry[name] for name in registry.keys()}  # noqa: SIM118  # not a mapping


@contextmanager
def held(device: torch.device) -> Iterator[None]:
    """Semilearn's code runs inside: its global generators follow torch's and are put back, ``cuda`` means ``device``.

    torch's own generator is set by the trainer before every step, so what semilearn draws from NumPy (Beta of mixup)
    depends on the run's seed and the step alone.
    """
    seed, cuda = int(torch.randint(2**32, ())), Tensor.cuda
    with global_generators_kept(), quiet():
        np.random.seed(seed)  # noqa: NPY002  # the generator that semilearn draws from
        random.seed(seed)
        Tensor.cuda = lambda tensor, *_, **__: tensor.to(device)  # type: ignore[method-assign]
        try:
            yield
        finally:
            Tensor.cuda = cuda  # type: ignore[method-assign]
