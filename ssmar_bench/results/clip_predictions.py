"""What methods said of the single test clips of a benchmark, and which of these clips are worth looking at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.results.records import Runs
from ssmar_bench.results.run_logs import RunLogs
from ssmar_bench.results.table_order import sort_runs

Array = npt.NDArray[Any]

STRIPS = 96
"""Clips with frames on one page, at most; each benchmark has an equal share."""


@dataclass(frozen=True)
class MethodAnswers:
    """What one run of a method said.

    Attributes:
        label, ratio, seed: which run.
        prediction: (N,) class of every clip.
        confidence: (N,) in [0, 1].
    """

    label: str
    ratio: float
    seed: int
    prediction: Array
    confidence: Array


@dataclass(frozen=True)
class Answers:
    """The test clips of a benchmark and what its methods said of them.

    Attributes:
        clips: N salted ids, sorted.
        labels: (N,) true class.
        methods: a run of every method and ratio, in table order.
    """

    clips: tuple[str, ...]
    labels: Array
    methods: tuple[MethodAnswers, ...]


def read_answers(runs: Runs, benchmark: str) -> Answers | None:
    """The answers of the runs of a benchmark that have the same test clips as most; None where no run kept any.

    Of every ratio that seed is taken which most methods have, so that they saw the same labelled clips.

    Raises:
        UserError: a damaged record.
    """
    chosen = runs_of_one_draw(runs, benchmark)
    found = dict(_answers(runs.logs, {row["folder"]: i for i, row in enumerate(chosen)}))
    if not found:
        return None
    usual = Counter(one.clips for one in found.values()).most_common(1)[0][0]
    same = [(chosen[i], one) for i, one in sorted(found.items()) if one.clips == usual]
    return Answers(
        usual,
        same[0][1].labels,
        tuple(
            MethodAnswers(row["label"], float(row["ratio"]), int(row["seed"]), one.prediction, one.confidence)
            for row, one in same
        ),
    )


def runs_of_one_draw(runs: Runs, benchmark: str) -> list[dict[Any, Any]]:
    """Rows of ``Runs.runs``: at every ratio one run of each method, of that seed which most methods have."""
    rows = runs.of(benchmark)
    rows = rows[rows["state"] == "done"]
    chosen: list[dict[Any, Any]] = []
    for ratio in sorted(set(rows["ratio"])):
        own = rows[rows["ratio"] == ratio]
        seed = own.groupby("seed")["label"].nunique().idxmax()
        chosen += sort_runs(own[own["seed"] == seed]).drop_duplicates("label").to_dict("records")
    return chosen


@dataclass(frozen=True)
class _RunAnswers:
    """What one run said, in the order of its clips' ids."""

    clips: tuple[str, ...]
    labels: Array
    prediction: Array
    confidence: Array


def _answers(logs: RunLogs, runs: Mapping[str, int]) -> Iterator[tuple[int, _RunAnswers]]:
    """Number of a run and what it said, of the runs that kept predictions."""
    for log, member in logs.of("predictions", runs):
        columns, texts = log.columns, log.texts["clip"]
        rank = np.empty(len(texts), dtype=np.int64)
        rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
        known: dict[bytes, tuple[str, ...]] = {}
        for place in np.flatnonzero(member[log.starts] >= 0):
            rows = slice(log.starts[place], log.ends[place])
            order = np.argsort(rank[columns["clip"][rows]])
            clips = columns["clip"][rows][order]
            ids = known.setdefault(clips.tobytes(), ()) or tuple(texts[code] for code in clips)
            known[clips.tobytes()] = ids
            confidence = np.nan_to_num(columns["confidence"][rows][order]).clip(0, 1)
            label, prediction = (columns[key][rows][order] for key in ("label", "prediction"))
            yield int(member[log.starts[place]]), _RunAnswers(ids, label, prediction, confidence)


def clips_to_show(answers: Answers, most: int) -> list[str]:
    """Ids of at most ``most`` clips of which frames are shown, chosen by rules and not for what they look like.

    One half are those that methods most confidently took for another class (the mean over methods and ratios of the
    confidence in wrong answers); the others are the first of each class by their ids, which are hashes.
    """
    wrong = [np.where(one.prediction != answers.labels, one.confidence, 0.0) for one in answers.methods]
    return half_of_each(answers.clips, answers.labels, np.mean(wrong, axis=0), most)


def half_of_each(clips: Sequence[str], labels: Array, wrong: Array, most: int, first: Array | None = None) -> list[str]:
    """At most ``most`` clips: one half by how wrong methods are, the others the first of each class by their ids.

    Args:
        clips: (N,) ids.
        labels: (N,) true classes.
        wrong: (N,) from 0, for a clip that nobody got wrong, up.
        most: how many.
        first: (N,) of the others, those with larger numbers come first; all alike if None.
    """
    frame = pd.DataFrame({"clip": clips, "label": labels, "wrong": wrong, "first": 0 if first is None else first})
    surest = frame[frame["wrong"] > 0].sort_values(["wrong", "clip"], ascending=[False, True]).head(most // 2)["clip"]
    others = frame[~frame["clip"].isin(surest)]
    turn = others.groupby("label").cumcount()
    order = others.assign(turn=turn).sort_values(["first", "turn", "label"], ascending=[False, True, True])
    spread = order.head(most - len(surest))["clip"]
    return [*surest, *spread]


def strip_file(root: Path, benchmark: str, clip: str) -> Path:
    """Where the small frames of a clip are below a results folder, side by side in one WebP, if they were recorded."""
    return root / "frames" / benchmark / f"{clip}.webp"
