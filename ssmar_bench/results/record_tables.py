"""The tables of a run's record, read and checked: curves, predictions on the test part, pseudo-labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.printable import odd_sign
from ssmar_bench.results import archive_checks
from ssmar_bench.results.archive import ArchivedFile, ArchivedRecord
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import Metrics, damaged_record, require_file, there

CURVES = {"epoch": int, "series": str, "quantity": str, "value": float}
PREDICTIONS = {"clip": str, "subject": str, "label": int, "prediction": int, "confidence": float}
PSEUDO_LABELS = {"series": str, "clip": str, "label": int, "pseudo_label": int, "confidence": float}


def curves(record: RecordPlace) -> pd.DataFrame:
    """``curves.csv``, columns ``CURVES``; nobody may change what is returned.

    Raises:
        UserError: names the file if it cannot be read.
    """
    path = record / "curves.csv"
    if not path.is_file():
        raise damaged_record(path, "it is missing")
    return _read(path, CURVES)


def predictions(record: RecordPlace) -> pd.DataFrame:
    """``predictions.csv``, columns ``PREDICTIONS``; no rows where there is no such file.

    Raises:
        UserError: names the file if it cannot be read.
    """
    return _read(record / "predictions.csv", PREDICTIONS)


def pseudo_labels(record: RecordPlace) -> pd.DataFrame:
    """``pseudo_labels.csv``, columns ``PSEUDO_LABELS``; no rows where it is absent or empty.

    The label of a clip that was never labelled is :data:`~ssmar_bench.core.index.UNKNOWN`.

    Raises:
        UserError: names the file if it cannot be read.
    """
    return _read(record / "pseudo_labels.csv", PSEUDO_LABELS)


@dataclass(frozen=True)
class Columns:
    """A table of a record as arrays: numbers by column; texts as codes, and what each code stands for."""

    numbers: Mapping[str, npt.NDArray[Any]]
    texts: Mapping[str, tuple[npt.NDArray[Any], Sequence[str]]]

    def groups(self, column: str) -> tuple[tuple[str, ...], npt.NDArray[Any]]:
        """The texts that occur in a column, sorted, and which of them is in each row."""
        codes, texts = self.texts[column]
        used, inverse = np.unique(codes, return_inverse=True)
        names = [str(texts[code]) for code in used]
        order = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names), dtype=np.int64)
        place[order] = np.arange(len(names))
        return tuple(names[i] for i in order), place[inverse]


def columns(record: RecordPlace, table: str) -> Columns:
    """``predictions`` or ``pseudo_labels`` of a record; without a frame where it is archived, which takes longer.

    Raises:
        UserError: names the file if it cannot be read.
    """
    kinds = {"predictions": PREDICTIONS, "pseudo_labels": PSEUDO_LABELS}[table]
    names = [name for name, kind in kinds.items() if kind is not str]
    if isinstance(record, ArchivedRecord) and not record.archive.runs[record.name]["verbatim"]:
        kept = record.archive.table(table)
        rows = slice(*kept.places.get(record.name, (0, 0)))
        texts = {name: (kept.columns[name][rows], kept.texts[name]) for name, kind in kinds.items() if kind is str}
        return Columns({name: kept.columns[name][rows] for name in names}, texts)
    frame = _read(record / f"{table}.csv", kinds)
    found = {name: pd.factorize(frame[name]) for name, kind in kinds.items() if kind is str}
    return Columns(
        {name: frame[name].to_numpy() for name in names}, {name: (c, list(t)) for name, (c, t) in found.items()}
    )


def check(record: RecordPlace, outcome: Metrics) -> None:
    """Make sure that the tables of a record are whole and fit its ``metrics.json``.

    Raises:
        UserError: names the file and what does not fit.
    """
    if isinstance(record, ArchivedRecord) and archive_checks.is_plain(record, outcome):
        return
    _check_curves(record / "curves.csv", curves(record), outcome.epochs)
    path, classes = record / "predictions.csv", len(outcome.classes)
    if path.is_file():
        frame = predictions(record)
        _check_classes(path, frame, ("label", "prediction"), classes)
        counted = {"test clips": (len(frame), outcome.counts.test)}
        counted["subjects"] = (frame.loc[frame["subject"] != "", "subject"].nunique(), outcome.counts.test_subjects)
        for name, (found, expected) in counted.items():
            if found != expected:
                raise damaged_record(path, f"it has {found} {name}, and metrics.json counts {expected}")
        if frame["clip"].duplicated().any():
            raise damaged_record(path, "a clip occurs twice")
    path, frame = record / "pseudo_labels.csv", pseudo_labels(record)
    known = frame[frame["label"] != UNKNOWN] if outcome.counts.never_labelled else frame
    _check_classes(path, known, ("label",), classes)
    _check_classes(path, frame, ("pseudo_label",), classes)


def subjects(record: RecordPlace) -> tuple[tuple[str, int], ...]:
    """How many test clips there are of each subject; () where no predictions are kept."""
    if isinstance(record, ArchivedRecord) and not record.archive.runs[record.name]["verbatim"]:
        return archive_checks.subjects(record)
    counts = predictions(record)["subject"].value_counts().sort_index()
    return tuple((str(name), int(count)) for name, count in counts.items())


def _check_curves(path: RecordPlace, frame: pd.DataFrame, epochs: int) -> None:
    if epochs and frame.empty:
        raise damaged_record(path, "it is empty")
    if frame.duplicated(["epoch", "series", "quantity"]).any():
        raise damaged_record(path, "a quantity occurs twice in one epoch")
    if len(frame) and (frame["epoch"].min() < 1 or frame["epoch"].max() > epochs):
        raise damaged_record(path, f"an epoch is outside 1 to {epochs}")
    shares = frame["quantity"].str.startswith(archive_checks.SHARES) & ~frame["series"].isin(["train", "validation"])
    bounds = [(shares, "share", 0.0, 1.0)]
    for one in metrics.METRICS:
        scored = (frame["series"] == "validation") & (frame["quantity"] == one.key)
        bounds.append((scored, one.key, one.low, one.high))
    for rows, name, low, high in bounds:
        values = frame["value"][rows]
        if len(values) and (values.min() < low or values.max() > high):
            raise damaged_record(path, f"a {name} is outside {low:g} to {high:g}")


def _check_classes(path: RecordPlace, frame: pd.DataFrame, columns: tuple[str, ...], classes: int) -> None:
    for column in columns:
        if len(frame) and (frame[column].min() < 0 or frame[column].max() >= classes):
            raise damaged_record(path, f"a {column} is outside 0 to {classes - 1}")


def _read(path: RecordPlace, kinds: dict[str, type]) -> pd.DataFrame:
    """The columns ``kinds`` of a CSV file; read once as long as the file stays as it is."""
    empty = pd.DataFrame({name: pd.Series(dtype=object if kind is str else kind) for name, kind in kinds.items()})
    if not there(path):
        return empty
    if isinstance(path, ArchivedFile) and path.is_file() and (kept := path.frame()) is not None:
        _check_values(path, kept, kinds)
        return kept[[*kinds]]
    require_file(path)
    if isinstance(path, Path):
        about = path.stat()
        if about.st_size <= 1:
            return empty
        return _parsed(path, tuple(kinds.items()), (about.st_mtime_ns, about.st_size, about.st_ino))
    data = path.read_bytes()
    return _parse(path, BytesIO(data), tuple(kinds.items())) if len(data) > 1 else empty


@lru_cache(maxsize=1024)
def _parsed(path: Path, kinds: tuple[tuple[str, type], ...], _: tuple[int, ...]) -> pd.DataFrame:
    return _parse(path, path, kinds)


def _parse(path: RecordPlace, text: Path | BytesIO, kinds: tuple[tuple[str, type], ...]) -> pd.DataFrame:
    unknown = {name: [""] for name, kind in kinds if kind is float}
    try:
        frame = pd.read_csv(
            text,
            usecols=[name for name, _kind in kinds],
            dtype=dict(kinds),
            encoding="utf-8",
            keep_default_na=False,
            na_values=unknown,
        )
    except (OSError, ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        raise damaged_record(path, f"it cannot be read as CSV ({error})") from error
    _check_values(path, frame, dict(kinds))
    return frame


def _check_values(path: RecordPlace, frame: pd.DataFrame, kinds: Mapping[str, type]) -> None:
    """Numbers are finite and texts printable."""
    for name, kind in kinds.items():
        column = frame[name]
        if kind is float and (np.abs(column.dropna()) > archive_checks.LARGEST).any():
            raise damaged_record(path, f"a {name} is not a finite number")
        sign = next(filter(None, map(odd_sign, column.unique())), "") if kind is str else ""
        if sign:
            raise damaged_record(path, f"expected printable text, found the sign {sign} in a {name}")
