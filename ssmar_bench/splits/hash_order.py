"""The order that decides every split: clips and subjects by the hash of their name, and by nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Integers = npt.NDArray[np.int64]


def _keys(axis: str, names: Iterable[str]) -> npt.NDArray[np.uint64]:
    """The BLAKE2b hash of ``axis/name`` for every name as two numbers, (N, 2), which sort as its digits do."""
    start = hashlib.blake2b(f"{axis}/".encode(), digest_size=16)

    def digest(name: str) -> bytes:
        hashed = start.copy()
        hashed.update(name.encode())
        return hashed.digest()

    return np.frombuffer(b"".join(map(digest, names)), ">u8").reshape(-1, 2).astype(np.uint64)


def hash_rank(axis: str, names: Sequence[str], groups: Integers) -> Integers:
    """Each name's place 0, 1, ... in its group in the hash order of ``axis`` (``labelled/0``), (N,).

    Args:
        axis: what is decided; another one gives an order that has nothing to do with this one.
        names: N unique names.
        groups: (N,) the group of every name; its place depends on no name of another group.
    """
    keys = _keys(axis, names)
    order = np.lexsort((keys[:, 1], keys[:, 0], groups))
    ordered = groups[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else order
    sizes = np.diff(np.r_[first, len(order)])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(first, sizes)
    return place


def first_subjects(axis: str, subjects: pd.Series[str], wanted: float) -> list[str]:
    """Subjects in the hash order of ``axis`` until they hold ``wanted`` of the clips; at least one is left over.

    Args:
        axis: what is decided, as in :func:`hash_rank`.
        subjects: the subject of every clip (or the clips themselves, each of which then is its own subject).
        wanted: clips.
    """
    sizes = subjects.value_counts()
    names = np.array(sorted(sizes.index), dtype=object)
    order = np.argsort(hash_rank(axis, list(names), np.zeros(len(names), np.int64)))
    ordered = names[order]
    before = np.r_[0, np.cumsum(sizes.loc[ordered].to_numpy())[:-1]]
    return list(ordered[:-1][before[:-1] < wanted])
