"""Whether two methods differ by more than chance: paired by seed, with subjects resampled rather than clips.

Clips of one subject are not independent, and neither are the answers of two methods to one clip. So every comparison is
of two methods on the same test clips under the same seeds; seeds and subjects are both resampled with replacement (the
pigeonhole bootstrap of Owen, 2007, for crossed random effects, which errs on the safe side). Seeds and subjects are
few, so the standard error that this gives is referred to Student's t, with the degrees of freedom that Satterthwaite
(1946)
gives to a crossed design: about seeds - 1 where seeds scatter most, subjects - 1 where subjects do. Subjects with
    unequally
many clips count as the fewer that would tell as much (Kish, 1965).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import OTHER_CLIPS, damaged_record
from ssmar_bench.results.record_tables import columns
from ssmar_bench.results.records import Runs

Array = NDArray[np.float64]
MIN_SEEDS = 5
"""Fewer common seeds support no claim of significance."""

MIN_SUBJECTS = 8
"""Minimum number of test subjects; below it the bootstrap is anti-conservative."""

LEVEL = 0.05
DRAWS = 2000


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
        UserError: a ``predictions.csv`` that cannot be read, or runs of one method with different test clips.
    """
    seeds, rows, sizes = [], [], []
    subjects: tuple[str, ...] = ()
    for folder, seed in zip(frame["folder"], frame["seed"], strict=True):
        record = runs.record(folder)
        names, right, size = _by_subject(record)
        if not names:
            continue
        seeds.append(int(seed))
        rows.append(right)
        sizes.append(size)
        subjects = subjects or names
        if subjects != names or not np.array_equal(sizes[0], size):
            raise damaged_record(record / "predictions.csv", OTHER_CLIPS)
    answers: Array = np.array(rows, dtype=np.float64).reshape(len(seeds), len(subjects))
    clips: Array = np.array(sizes[0] if sizes else [], dtype=np.float64)
    return CorrectCounts(tuple(seeds), subjects, answers, clips)


def _by_subject(record: RecordPlace) -> tuple[tuple[str, ...], Array, Array]:
    """Subjects, and right answers and clips of each."""
    found = columns(record, "predictions")
    names, rows = found.groups("subject")
    right = found.numbers["label"] == found.numbers["prediction"]
    sums: list[Array] = [np.bincount(rows, own, minlength=len(names)).astype(float) for own in (right, right >= 0)]
    return names, sums[0], sums[1]


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
        p = float(2 * stats.t.sf(abs(mean) / error, _freedom(gain, one.clips))) if error else float(mean == 0)
    return Difference(mean, float(by_seed.std(ddof=1)), error, p, seeds)


def standard_error(gain: Array, clips: Array) -> float:
    """Standard error of ``gain`` (seeds, subjects) per clip, from resampling seeds and subjects."""
    seeds, subjects = gain.shape
    by_seed, by_subject = _drawn(seeds), _drawn(subjects)
    means = np.einsum("bs,sp,bp->b", by_seed, gain, by_subject, optimize=True) / (seeds * (by_subject @ clips))
    count = effective_subjects(clips)  # subjects who are drawn from a few scatter less than those few did
    return float(means.std(ddof=1)) * math.sqrt(count / (count - 1) if count > 1 else 1)


def _freedom(gain: Array, clips: Array) -> float:
    """Satterthwaite's degrees of freedom of the mean of ``gain`` (seeds, subjects), from the crossed mean squares."""
    seeds, subjects = gain.shape
    parts = gain - clips * gain.sum() / (seeds * clips.sum())  # their sum is 0; many clips alone are no deviation
    by_seed, by_subject = parts.mean(1, keepdims=True), parts.mean(0, keepdims=True)
    squares = [
        subjects * float((by_seed**2).sum()),
        seeds * float((by_subject**2).sum()),
        float(((parts - by_seed - by_subject) ** 2).sum()),
    ]
    counts = [seeds - 1, subjects - 1, (seeds - 1) * (subjects - 1)]
    of_seeds, of_people, rest = (square / count for square, count in zip(squares, counts, strict=True))
    total = max(of_seeds + of_people - rest, of_seeds, of_people)  # by chance the rest may be too large
    known = effective_subjects(clips) - 1
    freedom = [seeds - 1, known, (seeds - 1) * known]
    below = sum(part**2 / count for part, count in zip((of_seeds, of_people, rest), freedom, strict=True))
    return total**2 / below if below else float(seeds - 1)


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


def _at(own: CorrectCounts, seeds: Sequence[int]) -> CorrectCounts:
    """``own`` at some of its seeds."""
    return replace(own, seeds=tuple(seeds), right=own.right[[own.seeds.index(seed) for seed in seeds]])


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
    common = set.intersection(*({*own.seeds} for own in found.values())) if found else set()
    found = {row: _at(own, sorted(common)) for row, own in found.items()}
    pairs = list(combinations(found, 2))
    compared = [paired_difference(found[one], found[other]) for one, other in pairs]
    if not pairs or any(pair is None or math.isnan(pair.p) for pair in compared):
        return ColumnLeader(None, frozenset(), tested=False)
    p = dict(zip(pairs, holm([pair.p for pair in compared if pair is not None]), strict=True))
    best = max(found, key=lambda row: float(found[row].right.sum() / len(found[row].seeds)))
    tied = frozenset(
        row for row in found if row != best and p[(best, row) if (best, row) in p else (row, best)] >= LEVEL
    )
    return ColumnLeader(None if tied else best, tied | {best} if tied else frozenset(), tested=True)
