"""Whether two methods differ by more than chance: paired by seed, with subjects resampled rather than clips.

Clips of one subject are not independent, and neither are the answers of two methods to one clip. So every comparison is
of two methods on the same test clips under the same seeds; seeds and subjects are both resampled with replacement (the
pigeonhole bootstrap of Owen, 2007, for crossed random effects, which errs on the safe side). Seeds and subjects are
few, so the standard error that this gives is referred to Student's t, with the degrees of freedom that Satterthwaite
(1946) gives to a crossed design: about seeds - 1 where seeds scatter most, subjects - 1 where subjects do. Subjects
with unequally many clips count as the fewer that would tell as much (Kish, 1965).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ssmar_bench.results.damaged_record import damaged_record
from ssmar_bench.results.record_schema import OTHER_CLIPS
from ssmar_bench.results.records import Runs

Array = NDArray[np.float64]
MIN_SEEDS = 5
"""Fewer common seeds support no claim of significance."""

MIN_SUBJECTS = 8
"""Minimum number of test subjects; below it the bootstrap is anti-conservative."""

LEVEL = 0.05
DRAWS = 2000
AT_ONCE = 4096
"""Pairs that are compared at once."""

TINY = 1e-12
"""A standard error that is rounding alone."""


@dataclass(frozen=True)
class CorrectCounts:
    """Right answers of one method's runs: ``right`` (seeds, subjects), ``clips`` (subjects,)."""

    seeds: tuple[int, ...]
    subjects: tuple[str, ...]
    right: Array
    clips: Array


@dataclass(frozen=True)
class Difference:
    """Accuracy of one method minus another's, in [-1, 1].

    Attributes:
        mean, std: over the common seeds; std (n - 1) is NaN for one seed.
        error: standard error over seeds and subjects; NaN for one seed.
        p: two-sided, before any correction; NaN with fewer than ``MIN_SEEDS`` common seeds or ``MIN_SUBJECTS``
            subjects.
    """

    mean: float
    std: float
    error: float
    p: float
    seeds: int


def correct_counts(runs: Runs, frame: pd.DataFrame) -> CorrectCounts:
    """The right answers of the finished runs of one method, one a seed, by subject; no seed whose run kept none.

    Args:
        runs: all runs.
        frame: the method's rows of ``Runs.runs``.

    Raises:
        UserError: runs of one method have different test clips.
    """
    known = [
        (int(seed), folder, found)
        for folder, seed in zip(frame["folder"], frame["seed"], strict=True)
        if (found := runs.logs.answers(folder)) is not None
    ]
    if not known:
        return CorrectCounts((), (), np.zeros((0, 0)), np.zeros(0))
    first = known[0][2]
    for _, folder, found in known:
        if found.subjects != first.subjects or not np.array_equal(found.clips, first.clips):
            raise damaged_record(runs.record(folder) / "predictions.csv", OTHER_CLIPS)
    right = np.array([found.right for _, _, found in known])
    return CorrectCounts(tuple(seed for seed, _, _ in known), first.subjects, right, first.clips)


def paired_difference(one: CorrectCounts, other: CorrectCounts) -> Difference | None:
    """``one`` minus ``other`` over their common seeds; None without any, or on different test clips."""
    common = sorted({*one.seeds} & {*other.seeds})
    if not common or one.subjects != other.subjects or not np.array_equal(one.clips, other.clips):
        return None
    rows = [[method.seeds.index(seed) for seed in common] for method in (one, other)]
    gain = one.right[rows[0]] - other.right[rows[1]]
    by_seed = gain.sum(1) / one.clips.sum()
    seeds, mean = len(common), float(by_seed.mean())
    if seeds == 1:
        return Difference(mean, math.nan, math.nan, math.nan, 1)
    error = standard_error(gain, one.clips)
    p = math.nan
    if seeds >= MIN_SEEDS and len(one.subjects) >= MIN_SUBJECTS:
        p = float(_p_values(gain, one.clips, np.array(error)))
    return Difference(mean, float(by_seed.std(ddof=1)), error, p, seeds)


def standard_error(gain: Array, clips: Array) -> float:
    """Standard error of ``gain`` (seeds, subjects) per clip, from resampling seeds and subjects."""
    return float(_resampled(gain, clips).std(ddof=1)) * _few_subjects(clips)


def _resampled(right: Array, clips: Array) -> Array:
    """(DRAWS,) ``right`` (seeds, subjects) per clip, each time of other seeds and subjects."""
    seeds, subjects = right.shape
    by_seed, by_subject = _drawn(seeds), _drawn(subjects)
    found: Array = ((by_seed @ right) * by_subject).sum(1) / (seeds * (by_subject @ clips))
    return found


def _few_subjects(clips: Array) -> float:
    """By how much more subjects scatter than those who are drawn from a few."""
    count = effective_subjects(clips)
    return math.sqrt(count / (count - 1) if count > 1 else 1)


def _freedom(gain: Array, clips: Array) -> Array:
    """Satterthwaite's degrees of freedom of the mean of ``gain`` (..., seeds, subjects), from the crossed mean squares.

    One for each pair that is compared, (...).
    """
    seeds, subjects = gain.shape[-2:]
    both = (-2, -1)
    parts = gain - clips * gain.sum(both, keepdims=True) / (seeds * clips.sum())  # many clips alone are no deviation
    by_seed, by_subject = parts.mean(-1, keepdims=True), parts.mean(-2, keepdims=True)
    of_seeds = subjects * (by_seed**2).sum(both) / (seeds - 1)
    of_people = seeds * (by_subject**2).sum(both) / (subjects - 1)
    rest = ((parts - by_seed - by_subject) ** 2).sum(both) / ((seeds - 1) * (subjects - 1))
    total = np.maximum(of_seeds + of_people - rest, np.maximum(of_seeds, of_people))  # the rest may be large by chance
    known = effective_subjects(clips) - 1
    below = of_seeds**2 / (seeds - 1) + of_people**2 / known + rest**2 / ((seeds - 1) * known)
    found: Array = np.divide(total**2, below, out=np.full(np.shape(below), float(seeds - 1)), where=below > 0)
    return found


def effective_subjects(clips: Array) -> float:
    """How many subjects with equally many clips would tell as much as these: fewer, if some have many (Kish, 1965)."""
    return float(clips.sum() ** 2 / (clips**2).sum())


@cache
def _drawn(count: int) -> Array:
    """How often each of ``count`` things is drawn, ``DRAWS`` times; always the same, as equal records ask for."""
    return np.random.default_rng(count).multinomial(count, np.full(count, 1 / count), DRAWS).astype(float)


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; NaN stays NaN and is no member of the family."""
    order = sorted((i for i, value in enumerate(p) if not math.isnan(value)), key=lambda i: p[i])
    adjusted, least = [math.nan] * len(p), 0.0
    for done, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - done) * p[i]))
        adjusted[i] = least
    return adjusted


@dataclass(frozen=True)
class ColumnLeader:
    """Who leads a column: ``leader`` is separable from every other method, or None; ``tied`` with the highest mean."""

    leader: str | None
    tied: frozenset[str]
    tested: bool


def find_leader(found: dict[str, CorrectCounts]) -> ColumnLeader:
    """Compares all methods of a column (row -> right answers); Holm's correction runs over all its pairs.

    All on the seeds that every method has, so that a further good seed helps nobody. Nothing is tested unless these are
    ``MIN_SEEDS``, on the same test clips of ``MIN_SUBJECTS`` subjects.
    """
    rows = list(found)
    common = sorted(set.intersection(*({*own.seeds} for own in found.values()))) if found else []
    first = next(iter(found.values()), None)
    if first is None or len(rows) < 2 or len(common) < MIN_SEEDS or len(first.subjects) < MIN_SUBJECTS:
        return ColumnLeader(None, frozenset(), tested=False)
    if any(own.subjects != first.subjects or not np.array_equal(own.clips, first.clips) for own in found.values()):
        return ColumnLeader(None, frozenset(), tested=False)
    right = np.array([own.right[[own.seeds.index(seed) for seed in common]] for own in found.values()])
    means = right.sum((1, 2)) / (len(common) * first.clips.sum())
    best = int(np.argmax(means))
    p = holm(_pairwise(right, first.clips))
    places = {pair: i for i, pair in enumerate(combinations(range(len(rows)), 2))}
    others = [row for row in range(len(rows)) if row != best]
    tied = frozenset(rows[row] for row in others if p[places[min(row, best), max(row, best)]] >= LEVEL)
    leader = None if tied else rows[best]
    return ColumnLeader(leader, tied | {rows[best]} if tied else frozenset(), tested=True)


def _pairwise(right: Array, clips: Array) -> list[float]:
    """The p-value of every pair of methods, in the order of ``combinations``; ``right`` (methods, seeds, subjects)."""
    covariance = np.cov([_resampled(one, clips) for one in right])
    one, other = np.array(list(combinations(range(len(right)), 2))).T
    variance = covariance[one, one] + covariance[other, other] - 2 * covariance[one, other]
    error = np.sqrt(np.clip(variance, 0, None)) * _few_subjects(clips)
    found: list[float] = []
    for start in range(0, len(one), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        gain = right[one[part]] - right[other[part]]
        found += _p_values(gain, clips, error[part]).tolist()
    return found


def _p_values(gain: Array, clips: Array, error: Array) -> Array:
    """(...) two-sided p-values of ``gain`` (..., seeds, subjects) with standard errors (...)."""
    mean = np.abs(gain.sum((-2, -1)) / (gain.shape[-2] * clips.sum()))
    ratio = np.divide(mean, error, out=np.where(mean == 0, 0.0, np.inf), where=error > TINY)
    found: Array = 2 * special.stdtr(_freedom(gain, clips), -ratio)
    return found
