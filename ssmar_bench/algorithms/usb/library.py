"""Imports semilearn 0.3.2 without the ninety packages it asks for, and calls it without its side effects.

Most of them serve its data sets, loggers and trackers, of which nothing is used here: what is absent is replaced, for
the time of the import, by empty modules. torchaudio always is, because its import fails beside a newer torch.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssmar_bench.core.errors import UserError

VERSION = "0.3.2"
INSTALL = f"pip install --no-deps semilearn=={VERSION}"
_OPTIONAL = ("aim", "progress", "ruamel", "scipy", "skimage", "sklearn", "transformers", "wandb")
_NEVER = ("torchaudio", "torch.utils.tensorboard")


class _StandIn(ModuleType):
    """A module in which every name is an empty class."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # a package: it has modules of its own

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _StandIns(MetaPathFinder, Loader):
    """Finds a stand-in for every module below some names."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """A stand-in for ``fullname``, if it is to be replaced."""
        replaced = any(fullname == name or fullname.startswith(f"{name}.") for name in self.names)
        return ModuleSpec(fullname, self, is_package=True) if replaced else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The stand-in."""
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to execute."""


@contextmanager
def _replaced(names: Sequence[str]) -> Iterator[None]:
    finder = _StandIns(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, _StandIn)]:
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
    for real in ("timm", "torchvision"):  # their own optional imports must not meet a stand-in
        importlib.import_module(real)
    missing = [name for name in _OPTIONAL if name not in sys.modules and importlib.util.find_spec(name) is None]
    with quiet(), _replaced([*missing, *(name for name in _NEVER if name not in sys.modules)]):
        importlib.import_module("semilearn")
        registry = importlib.import_module("semilearn.core.utils").ALGORITHMS
    return {name: registry[name] for name in registry.keys()}  # noqa: SIM118  # not a mapping


@contextmanager
def held(device: torch.device) -> Iterator[None]:
    """Semilearn's code runs inside: its global generators follow torch's and are put back, ``cuda`` means ``device``.

    torch's own generator is set by the engine before every step, so what semilearn draws from NumPy (Beta of mixup)
    depends on the run's seed and the step alone.
    """
    numpy_state, python_state, cuda = np.random.get_state(), random.getstate(), Tensor.cuda  # noqa: NPY002
    seed = int(torch.randint(2**32, ()))
    np.random.seed(seed)  # noqa: NPY002  # the generator that semilearn draws from
    random.seed(seed)
    Tensor.cuda = lambda tensor, *_, **__: tensor.to(device)  # type: ignore[method-assign]
    try:
        with quiet():
            yield
    finally:
        Tensor.cuda = cuda  # type: ignore[method-assign]
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
