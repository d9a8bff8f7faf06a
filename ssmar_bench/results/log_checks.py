"""Facts of every run in a log at once, by which a record is known to be whole without a look at its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from ssmar_bench.core import metrics
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.printable import odd_sign
from ssmar_bench.results.log_rows import Array, LogRows
from ssmar_bench.results.record_schema import Metrics

SHARES = ("accuracy", "coverage")
"""How the names of quantities of pseudo-labels in [0, 1] begin."""

LARGEST = 1e300
"""Values beyond it have no mean and no percentage."""


@dataclass(frozen=True)
class SubjectCounts:
    """Right answers of one run: names of subjects, sorted, and right answers and clips of each."""

    subjects: tuple[str, ...]
    right: Array
    clips: Array


@dataclass(frozen=True)
class LogFacts:
    """What is known of the rows of one run.

    Attributes:
        plain: whether there is nothing odd in them, whatever the rest of the record says.
        low, high: of epochs, or of labels and of what clips were given; labels that nobody knows do not count.
        unknown: whether there are labels that nobody knows.
        rows: how many.
        last_epoch: of a history.
        answers: of predictions.
    """

    plain: bool
    low: int
    high: int
    unknown: bool = False
    rows: int = 0
    last_epoch: int = 0
    answers: SubjectCounts | None = None


def is_whole(facts: Mapping[str, LogFacts | None], outcome: Metrics) -> bool:
    """Whether the logs of a record fit its ``metrics.json``; False: look at the record itself.

    Args:
        facts: name of every log -> facts; None for a log without rows.
        outcome: the metrics.
    """
    curves, predictions, pseudo = facts["curves"], facts["predictions"], facts["pseudo_labels"]
    classes = len(outcome.classes)
    if curves is None or not (curves.plain and curves.low >= 1 and curves.high <= outcome.epochs):
        return False
    if predictions is not None:
        subjects = sum(name != "" for name in predictions.answers.subjects) if predictions.answers else 0
        counted = (predictions.rows, subjects) == (outcome.counts.test, outcome.counts.test_subjects)
        if not counted or predictions.unknown or not _within(predictions, classes):
            return False
    history = facts["pseudo_label_history"]
    if history is not None and history.last_epoch > outcome.epochs:
        return False
    return all(
        _within(one, classes) and (not one.unknown or outcome.counts.never_labelled > 0)
        for one in (pseudo, history)
        if one is not None
    )


def _within(facts: LogFacts, classes: int) -> bool:
    return facts.plain and facts.low >= 0 and facts.high < classes


_KNOWN: WeakKeyDictionary[LogRows, dict[str, LogFacts]] = WeakKeyDictionary()


def log_facts(log: LogRows) -> dict[str, LogFacts]:
    """Run -> facts; computed once for a log."""
    if log not in _KNOWN:
        _KNOWN[log] = {} if not log.names else _of_curves(log) if "value" in log.columns else _of_classes(log)
    return _KNOWN[log]


def _any(log: LogRows, rows: Array) -> Array:
    """For each run whether one of its rows is true."""
    found: Array = np.bincount(log.runs[rows], minlength=len(log.names)) > 0
    return found


def _twice(log: LogRows, keys: Array) -> Array:
    """For each run whether one of its keys occurs twice; every key is at least 0."""
    size = int(keys.max()) + 1
    whole = np.sort(log.runs.astype(np.int64) * size + keys)
    again = whole[1:][whole[1:] == whole[:-1]] // size
    return np.asarray(np.bincount(again, minlength=len(log.names)) > 0)


def _printable(log: LogRows) -> bool:
    return not any(odd_sign(str(text)) for texts in log.texts.values() for text in texts)


def _of_curves(log: LogRows) -> dict[str, LogFacts]:
    epoch, value, quantity = (log.columns[name] for name in ("epoch", "value", "quantity"))
    shares = np.array([text.startswith(SHARES) for text in log.texts["quantity"]])[quantity]
    scored = log.where("series", "validation")
    outside = shares & ~scored & ~log.where("series", "train") & ((value < 0) | (value > 1))
    for metric in metrics.METRICS:
        own = scored & log.where("quantity", metric.key)
        outside |= own & ((value < metric.low) | (value > metric.high))
    kinds = len(log.texts["quantity"])
    keys = (epoch.astype(np.int64) * len(log.texts["series"]) + log.columns["series"]) * kinds + quantity
    wrong = _any(log, outside | (np.abs(value) > LARGEST)) | _twice(log, keys - keys.min())
    plain = ~wrong & _printable(log)
    low, high = np.minimum.reduceat(epoch, log.starts), np.maximum.reduceat(epoch, log.starts)
    return {run: LogFacts(bool(plain[i]), int(low[i]), int(high[i])) for i, run in enumerate(log.names)}


def _of_classes(log: LogRows) -> dict[str, LogFacts]:
    """Of predictions, of pseudo-labels, or of their history."""
    label, given = (log.columns[name] for name in ("label", "prediction" if _answers(log) else "pseudo_label"))
    wrong = _any(log, np.abs(log.columns["confidence"]) > LARGEST)
    if "weight" in log.columns:
        wrong |= _any(log, np.abs(log.columns["weight"]) > LARGEST)
    unknown = label == UNKNOWN
    known = np.where(unknown, given, label)
    low = np.minimum(np.minimum.reduceat(known, log.starts), np.minimum.reduceat(given, log.starts))
    high = np.maximum(np.maximum.reduceat(known, log.starts), np.maximum.reduceat(given, log.starts))
    hidden = _any(log, unknown)
    answers: list[SubjectCounts] | list[None] = [None] * len(log.names)
    if _answers(log):
        wrong |= _twice(log, log.columns["clip"])
        answers = _by_subject(log, label == given)
    latest = np.zeros(len(log.names), dtype=int)
    if "epoch" in log.columns:
        wrong |= np.minimum.reduceat(log.columns["epoch"], log.starts) < 1
        latest = np.maximum.reduceat(log.columns["epoch"], log.starts)
    plain = ~wrong & _printable(log)
    sizes = log.ends - log.starts
    return {
        run: LogFacts(
            bool(plain[i]), int(low[i]), int(high[i]), bool(hidden[i]), int(sizes[i]), int(latest[i]), answers[i]
        )
        for i, run in enumerate(log.names)
    }


def _answers(log: LogRows) -> bool:
    return "subject" in log.columns


def _by_subject(log: LogRows, right: Array) -> list[SubjectCounts]:
    texts = log.texts["subject"]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts), dtype=np.int64)
    place[order] = np.arange(len(texts))
    keys = log.runs.astype(np.int64) * len(texts) + place[log.columns["subject"]]
    pairs, inverse, clips = np.unique(keys, return_inverse=True, return_counts=True)
    hits = np.bincount(inverse, right, minlength=len(pairs))
    ends = np.searchsorted(pairs // len(texts), np.arange(len(log.names) + 1))
    known: dict[bytes, tuple[str, ...]] = {}
    found = []
    for first, last in pairwise(ends):
        codes = pairs[first:last] % len(texts)
        names = known.setdefault(codes.tobytes(), ())
        if not names:
            names = known[codes.tobytes()] = tuple(texts[order[code]] for code in codes)
        found.append(SubjectCounts(names, hits[first:last], clips[first:last].astype(float)))
    return found
