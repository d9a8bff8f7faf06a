"""Seeds with named axes: a hash of the axis' name, the run's seed and a counter.

No generator's state is ever carried from one step to the next, so resuming needs none and two methods of one seed
see the same order, the same draws and the same initial weights, whatever else they do.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def seed_of(axis: str, *parts: int | str) -> int:
    """A 63-bit seed for ``axis`` (``"order"``, ``"network/student"``) and ``parts`` (seed, step, ...)."""
    text = "/".join([axis, *map(str, parts)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(axis: str, *parts: int | str) -> np.random.Generator:
    """A fresh NumPy generator for ``axis`` and ``parts``."""
    return np.random.Generator(np.random.Philox(key=seed_of(axis, *parts)))


@contextmanager
def global_generators_kept() -> Iterator[None]:
    """Python's and NumPy's global generators are afterwards what they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
