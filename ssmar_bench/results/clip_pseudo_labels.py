"""What methods believed of single unlabelled clips, in the end and of some in every epoch, and what they trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.results.clip_predictions import STRIPS, Answers, Array, clips_to_show, half_of_each, runs_of_one_draw
from ssmar_bench.results.log_rows import LogRows
from ssmar_bench.results.records import Runs

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
class PoolHistory:
    """What the methods of one ratio believed of some of its unlabelled clips in every epoch.

    Attributes:
        clips: K salted ids, sorted.
        labels: (K,) true class; :data:`~ssmar_bench.core.index.UNKNOWN` of clips that nobody labelled.
        methods: label of a method that trains on pseudo-labels -> (K, epochs) classes, UNKNOWN where it gave none in
            an epoch, and (K, epochs) whether it trained on them.
    """

    clips: tuple[str, ...]
    labels: Array
    methods: Mapping[str, tuple[Array, Array]]


@dataclass(frozen=True)
class PoolAnswers:
    """The unlabelled clips of one ratio and what its methods believed of them.

    Attributes:
        ratio: share of labelled clips.
        clips: N salted ids, sorted.
        labels: (N,) true class; :data:`~ssmar_bench.core.index.UNKNOWN` of clips that nobody labelled.
        methods: one run of each, in table order, all of one draw of labelled clips.
        history: of some of the clips; None where no record holds any.
    """

    ratio: float
    clips: tuple[str, ...]
    labels: Array
    methods: tuple[MethodPseudoLabels, ...]
    history: PoolHistory | None = None


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
    methods and ratios); the others are the first of each class by their ids, which are hashes, and before them those
    that were followed through the epochs.
    """
    clips = sorted(set.intersection(*({*pool.clips} for pool in pools))) if pools else []
    if not clips:
        return []
    wrong, followed = np.zeros(len(clips)), np.zeros(len(clips))
    for pool in pools:
        place = {clip: i for i, clip in enumerate(pool.clips)}
        rows = np.array([place[clip] for clip in clips])
        labels = pool.labels[rows]
        for one in pool.methods:
            wrong += one.used[rows] & (labels != UNKNOWN) & (one.pseudo_label[rows] != labels)
        followed += np.isin(clips, pool.history.clips if pool.history else ())
    return half_of_each(clips, labels, wrong, most, followed)


def clips_with_frames(
    answers: Answers | None, pools: Sequence[PoolAnswers], benchmarks: int
) -> tuple[list[str], list[str]]:
    """Ids of the test clips and of the unlabelled clips of which a page of so many ``benchmarks`` shows frames."""
    if answers is None:
        return [], []
    return clips_to_show(answers, STRIPS // benchmarks), pool_clips_to_show(pools, POOL_STRIPS // benchmarks)


def _pool(runs: Runs, ratio: float, rows: list[dict[Any, Any]]) -> PoolAnswers | None:
    numbers = {row["folder"]: i for i, row in enumerate(rows)}
    read: dict[int, tuple[tuple[str, ...], Array, MethodPseudoLabels]] = {}
    for log, member in runs.logs.of("pseudo_labels", numbers):
        for place in np.flatnonzero(member[log.starts] >= 0):
            number = int(member[log.starts[place]])
            read[number] = _read(log, slice(log.starts[place], log.ends[place]), rows[number])
    if not read:
        return None
    usual = _usual({number: clips for number, (clips, _, _) in read.items()})
    methods = {rows[number]["folder"]: read[number][2] for number in usual}
    clips, labels, _ = read[usual[0]]
    return PoolAnswers(ratio, clips, labels, tuple(methods.values()), _history(runs, methods))


def _usual(clips: Mapping[int, tuple[str, ...]]) -> list[int]:
    """The numbers, in order, that have the same clips as most."""
    ordered = dict(sorted(clips.items()))
    most = Counter(ordered.values()).most_common(1)[0][0]
    return [number for number, own in ordered.items() if own == most]


def _history(runs: Runs, methods: Mapping[str, MethodPseudoLabels]) -> PoolHistory | None:
    """Of runs by their folders' names; those that followed other clips than most are left out."""
    numbers = {folder: i for i, folder in enumerate(methods)}
    labels = [one.label for one in methods.values()]
    frames: dict[int, pd.DataFrame] = {}
    for log, member in runs.logs.of("pseudo_label_history", numbers):
        for place in np.flatnonzero(member[log.starts] >= 0):
            frames[int(member[log.starts[place]])] = log.frame(log.names[place])
    if not frames:
        return None
    usual = _usual({number: tuple(sorted({*frame["clip"]})) for number, frame in frames.items()})
    truth = frames[usual[0]].drop_duplicates("clip").set_index("clip")["label"].sort_index()
    return PoolHistory(
        tuple(truth.index), truth.to_numpy(), {labels[number]: _by_epoch(frames[number]) for number in usual}
    )


def _by_epoch(frame: pd.DataFrame) -> tuple[Array, Array]:
    """(K, epochs) pseudo-labels, UNKNOWN where there is none, and whether they have a weight; clips are sorted."""
    epochs = range(1, int(frame["epoch"].max()) + 1)
    rows = frame.drop_duplicates(["clip", "epoch"], keep="last")
    said, weight = (rows.pivot(index="clip", columns="epoch", values=name) for name in ("pseudo_label", "weight"))
    said, weight = said.sort_index().reindex(columns=epochs), weight.sort_index().reindex(columns=epochs)
    return said.fillna(UNKNOWN).to_numpy().astype(np.int64), (weight.fillna(0) > 0).to_numpy()


def _read(log: LogRows, rows: slice, run: dict[Any, Any]) -> tuple[tuple[str, ...], Array, MethodPseudoLabels]:
    """Ids of the clips of a run, their labels, and what was believed of them; of a clip given twice the last counts."""
    columns, texts = {name: column[rows] for name, column in log.columns.items()}, log.texts["clip"]
    codes, first = np.unique(columns["clip"], return_index=True)
    order = sorted(range(len(codes)), key=lambda i: texts[codes[i]])
    place = np.empty(len(texts), dtype=np.int64)
    place[codes[order]] = np.arange(len(codes))
    clips = tuple(texts[code] for code in codes[order])
    there = {log.texts["series"][code] for code in np.unique(columns["series"])}
    series = next((name for name in SERIES if name in there), SERIES[-1])
    own = log.where("series", series)[rows]
    to = place[columns["clip"][own]]
    said, used = np.full(len(clips), UNKNOWN), np.zeros(len(clips), dtype=bool)
    confidence = np.full(len(clips), np.nan)
    trains = series != SERIES[-1]
    said[to], used[to] = columns["pseudo_label"][own], trains & (columns["weight"][own] > 0)
    known = columns["confidence"][own]
    confidence[to] = np.where((known >= 0) & (known <= 1), known, np.nan)
    labels = columns["label"][first[order]]
    return clips, labels, MethodPseudoLabels(run["label"], int(run["seed"]), trains, said, used, confidence)
