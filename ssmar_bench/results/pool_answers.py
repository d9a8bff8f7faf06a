"""What methods believed of single unlabelled clips in the end, and which of them they trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.results.answers import Array, half_of_each, runs_of_one_draw
from ssmar_bench.results.records import Runs
from ssmar_bench.results.row_table import RowTable

POOL_STRIPS = 24
"""Unlabelled clips with frames on one page, at most; each benchmark has an equal share."""

SERIES = ("offline", "online", "full_pool")
"""Of these the first that a run has is read: the labels that it trained on, else what its network predicts."""


@dataclass(frozen=True)
class MethodPseudoLabels:
    """The last pseudo-labels of one run.

    Attributes:
        label, seed: which run.
        trains: whether it trains on pseudo-labels; if not, they are what its network predicts in the end.
        pseudo_label: (N,) class of every clip, :data:`~ssmar_bench.core.index.UNKNOWN` where it was given none.
        used: (N,) whether a clip has a weight in the loss.
        confidence: (N,) in [0, 1]; NaN where the method chooses by something else, such as a distance.
    """

    label: str
    seed: int
    trains: bool
    pseudo_label: Array
    used: Array
    confidence: Array


@dataclass(frozen=True)
class PoolAnswers:
    """The unlabelled clips of one ratio and what its methods believed of them.

    Attributes:
        ratio: share of labelled clips.
        clips: N salted ids, sorted.
        labels: (N,) true class; :data:`~ssmar_bench.core.index.UNKNOWN` of clips that nobody labelled.
        methods: one run of each, in table order, all of one draw of labelled clips.
    """

    ratio: float
    clips: tuple[str, ...]
    labels: Array
    methods: tuple[MethodPseudoLabels, ...]


def read_pools(runs: Runs, benchmark: str) -> tuple[PoolAnswers, ...]:
    """One for each ratio at which a run kept pseudo-labels; runs with other unlabelled clips are left out.

    Raises:
        UserError: a damaged record.
    """
    found = []
    for ratio, rows in groupby(runs_of_one_draw(runs, benchmark), key=lambda row: row["ratio"]):
        pool = _pool(runs, float(ratio), list(rows))
        if pool is not None:
            found.append(pool)
    return tuple(found)


def pool_clips_to_show(pools: Sequence[PoolAnswers], most: int) -> list[str]:
    """Ids of at most ``most`` unlabelled clips of which frames are shown, chosen by rules.

    They are in the pool of every ratio. One half are those that were most often trained on with a wrong label (over
    methods and ratios); the others are the first of each class by their ids, which are hashes.
    """
    clips = sorted(set.intersection(*({*pool.clips} for pool in pools))) if pools else []
    if not clips:
        return []
    wrong = np.zeros(len(clips))
    for pool in pools:
        place = {clip: i for i, clip in enumerate(pool.clips)}
        rows = np.array([place[clip] for clip in clips])
        labels = pool.labels[rows]
        for one in pool.methods:
            wrong += one.used[rows] & (labels != UNKNOWN) & (one.pseudo_label[rows] != labels)
    return half_of_each(clips, labels, wrong, most)


def _pool(runs: Runs, ratio: float, rows: list[dict[Any, Any]]) -> PoolAnswers | None:
    pool: PoolAnswers | None = None
    numbers = {row["folder"]: i for i, row in enumerate(rows)}
    methods: dict[int, MethodPseudoLabels] = {}
    for table, member in runs.tables.of("pseudo_labels", numbers):
        for place in np.flatnonzero(member[table.starts] >= 0):
            number = int(member[table.starts[place]])
            clips, labels, one = _read(table, slice(table.starts[place], table.ends[place]), rows[number])
            pool = pool or PoolAnswers(ratio, clips, labels, ())
            if clips == pool.clips:
                methods[number] = one
    if pool is None:
        return None
    return PoolAnswers(ratio, pool.clips, pool.labels, tuple(methods[number] for number in sorted(methods)))


def _read(table: RowTable, rows: slice, run: dict[Any, Any]) -> tuple[tuple[str, ...], Array, MethodPseudoLabels]:
    """Ids of the clips of a run, their labels, and what was believed of them; of a clip given twice the last counts."""
    columns, texts = {name: column[rows] for name, column in table.columns.items()}, table.texts["clip"]
    codes, first = np.unique(columns["clip"], return_index=True)
    order = sorted(range(len(codes)), key=lambda i: texts[codes[i]])
    place = np.empty(len(texts), dtype=np.int64)
    place[codes[order]] = np.arange(len(codes))
    clips = tuple(texts[code] for code in codes[order])
    there = {table.texts["series"][code] for code in np.unique(columns["series"])}
    series = next((name for name in SERIES if name in there), SERIES[-1])
    own = table.where("series", series)[rows]
    to = place[columns["clip"][own]]
    said, used = np.full(len(clips), UNKNOWN), np.zeros(len(clips), dtype=bool)
    confidence = np.full(len(clips), np.nan)
    trains = series != SERIES[-1]
    said[to], used[to] = columns["pseudo_label"][own], trains & (columns["weight"][own] > 0)
    known = columns["confidence"][own]
    confidence[to] = np.where((known >= 0) & (known <= 1), known, np.nan)
    labels = columns["label"][first[order]]
    return clips, labels, MethodPseudoLabels(run["label"], int(run["seed"]), trains, said, used, confidence)
