"""Facts of every run of an archive at once, by which a record is known to be whole without reading its tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssmar_bench.core import metrics
from ssmar_bench.core.printable import odd_sign
from ssmar_bench.results.archive import ArchivedRecord, ArchiveTable
from ssmar_bench.results.record_schema import Metrics

Array = npt.NDArray[Any]
SHARES = ("accuracy", "coverage")
"""How the names of quantities of pseudo-labels in [0, 1] begin."""

LARGEST = 1e300
"""Values beyond it have no mean and no percentage."""


def is_plain(record: ArchivedRecord, outcome: Metrics) -> bool:
    """Whether the tables of a record are whole and fit its ``metrics.json``; False: look at the record itself."""
    archive, run = record.archive, record.name
    if archive.runs[run]["verbatim"]:
        return False
    facts = {name: _facts(archive.table(name), name) for name in ("curves", "predictions", "pseudo_labels")}
    classes = len(outcome.classes)
    curves, predictions, pseudo = (facts[name].get(run) for name in facts)
    if curves is None or not (curves["plain"] and curves["low"] >= 1 and curves["high"] <= outcome.epochs):
        return False
    counted = (outcome.counts.test, outcome.counts.test_subjects)
    if predictions is not None and not (
        predictions["plain"]
        and predictions["low"] >= 0
        and predictions["high"] < classes
        and (predictions["rows"], predictions["subjects"]) == counted
    ):
        return False
    if predictions is None and (record / "predictions.csv").is_file():
        return False
    return pseudo is None or bool(pseudo["plain"] and pseudo["low"] >= 0 and pseudo["high"] < classes)


def subjects(record: ArchivedRecord) -> tuple[tuple[str, int], ...]:
    """How many test clips there are of each subject."""
    found = _facts(record.archive.table("predictions"), "predictions").get(record.name)
    return () if found is None else found["by_subject"]


def _facts(table: ArchiveTable, name: str) -> dict[str, dict[str, Any]]:
    """Run -> what was found in its rows; computed once for a table."""
    if table.facts is None:
        table.facts = _of_curves(table) if name == "curves" else _of_classes(table)
    return table.facts


def _starts(table: ArchiveTable) -> tuple[list[str], Array, Array]:
    """Runs in order, their first rows, and the run of each row."""
    names = list(table.places)
    starts = np.array([start for start, _ in table.places.values()], dtype=int)
    sizes = np.array([end - start for start, end in table.places.values()], dtype=int)
    return names, starts, np.repeat(np.arange(len(names)), sizes)


def _printable(table: ArchiveTable) -> bool:
    return not any(odd_sign(str(text)) for texts in table.texts.values() for text in texts)


def _any(rows: Array, runs: Array, count: int) -> Array:
    """For each run whether one of its rows is true."""
    found: Array = np.bincount(runs[rows], minlength=count) > 0
    return found


def _twice(keys: Array, runs: Array, count: int) -> Array:
    """For each run whether one of its keys occurs twice; every key is at least 0."""
    whole = np.sort(runs.astype(np.int64) * (int(keys.max()) + 1) + keys)
    again = whole[1:][whole[1:] == whole[:-1]] // (int(keys.max()) + 1)
    return np.asarray(np.bincount(again, minlength=count) > 0)


def _large(table: ArchiveTable, name: str, runs: Array, count: int) -> Array:
    return _any(np.abs(table.columns[name]) > LARGEST, runs, count)


def _of_curves(table: ArchiveTable) -> dict[str, dict[str, Any]]:
    names, starts, runs = _starts(table)
    if not names:
        return {}
    columns, count = table.columns, len(names)
    value, epoch = columns["value"], columns["epoch"]
    shares = np.array([str(text).startswith(SHARES) for text in table.texts["quantity"]])
    trained = np.array([str(text) in ("train", "validation") for text in table.texts["series"]])
    outside = shares[columns["quantity"]] & ~trained[columns["series"]] & ((value < 0) | (value > 1))
    scored = np.array([str(text) == "validation" for text in table.texts["series"]])[columns["series"]]
    for metric in metrics.METRICS:
        own = np.array([str(text) == metric.key for text in table.texts["quantity"]])[columns["quantity"]]
        outside |= scored & own & ((value < metric.low) | (value > metric.high))
    kinds = len(table.texts["series"]) * len(table.texts["quantity"])
    keys = epoch.astype(np.int64) * kinds + columns["series"] * len(table.texts["quantity"]) + columns["quantity"]
    low, high = np.minimum.reduceat(epoch, starts), np.maximum.reduceat(epoch, starts)
    wrong = _any(outside, runs, count) | _large(table, "value", runs, count)
    wrong |= _twice(keys - keys.min(), runs, count)
    plain = ~wrong & _printable(table)
    return {run: {"plain": bool(plain[i]), "low": int(low[i]), "high": int(high[i])} for i, run in enumerate(names)}


def _of_classes(table: ArchiveTable) -> dict[str, dict[str, Any]]:
    """Of predictions, or of pseudo-labels."""
    names, starts, runs = _starts(table)
    if not names:
        return {}
    columns, count = table.columns, len(names)
    given = columns["prediction" if "prediction" in columns else "pseudo_label"]
    low = np.minimum(np.minimum.reduceat(columns["label"], starts), np.minimum.reduceat(given, starts))
    high = np.maximum(np.maximum.reduceat(columns["label"], starts), np.maximum.reduceat(given, starts))
    wrong = _large(table, "confidence", runs, count)
    found: list[dict[str, Any]] = [{} for _ in names]
    if "subject" in columns:
        wrong |= _twice(columns["clip"], runs, count)
        texts = [str(text) for text in table.texts["subject"]]
        pairs, counts = np.unique(runs.astype(np.int64) * len(texts) + columns["subject"], return_counts=True)
        ends = np.searchsorted(pairs // len(texts), np.arange(count + 1))
        seen: dict[bytes, tuple[tuple[str, int], ...]] = {}
        for i in range(count):
            codes, sizes = pairs[ends[i] : ends[i + 1]] % len(texts), counts[ends[i] : ends[i + 1]]
            key = codes.tobytes() + sizes.tobytes()
            if key not in seen:
                seen[key] = tuple(sorted((texts[code], int(size)) for code, size in zip(codes, sizes, strict=True)))
            found[i] = {"by_subject": seen[key], "subjects": len(codes)}
        if "" in texts:  # a subject that is not known
            wrong |= True
    plain = ~wrong & _printable(table)
    sizes = np.bincount(runs, minlength=count)
    return {
        run: {"plain": bool(plain[i]), "low": int(low[i]), "high": int(high[i]), "rows": int(sizes[i]), **found[i]}
        for i, run in enumerate(names)
    }
