"""The logs of one run's record, read and checked closely: curves, predictions on the test part, pseudo-labels.

Those of many runs are read by :mod:`ssmar_bench.results.run_logs`, which comes here for what is odd.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import numpy as np
import pandas as pd

from ssmar_bench.core import metrics
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.printable import odd_sign
from ssmar_bench.results import log_checks
from ssmar_bench.results.archive import ArchivedFile
from ssmar_bench.results.damaged_record import damaged_record
from ssmar_bench.results.record_place import RecordPlace
from ssmar_bench.results.record_schema import Metrics, require_file, there

CURVES = {"epoch": int, "series": str, "quantity": str, "value": float}
PREDICTIONS = {"clip": str, "subject": str, "label": int, "prediction": int, "confidence": float}
PSEUDO_LABELS = {
    "series": str, "clip": str, "label": int, "pseudo_label": int, "weight": float, "confidence": float
}  # fmt: skip
HISTORY = {"epoch": int, **PSEUDO_LABELS}
"""The label of a clip that was never labelled is :data:`~ssmar_bench.core.index.UNKNOWN`."""

KINDS = {
    "curves": CURVES, "predictions": PREDICTIONS, "pseudo_labels": PSEUDO_LABELS, "pseudo_label_history": HISTORY
}  # fmt: skip
"""The logs of a record, and what is read of them."""


def curves(record: RecordPlace) -> pd.DataFrame:
    """``curves.csv``, columns ``CURVES``.

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


def read_log(record: RecordPlace, log: str) -> pd.DataFrame:
    """A log of a record by its name, a key of ``KINDS``.

    Raises:
        UserError: names the file if it cannot be read.
    """
    return curves(record) if log == "curves" else _read(record / f"{log}.csv", KINDS[log])


def check(record: RecordPlace, outcome: Metrics) -> None:
    """Make sure that the logs of a record are whole and fit its ``metrics.json``.

    Raises:
        UserError: names the file and what does not fit.
    """
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
    for log in ("pseudo_labels", "pseudo_label_history"):
        path, frame = record / f"{log}.csv", read_log(record, log)
        known = frame[frame["label"] != UNKNOWN] if outcome.counts.never_labelled else frame
        _check_classes(path, known, ("label",), classes)
        _check_classes(path, frame, ("pseudo_label",), classes)
        if "epoch" in frame:
            _check_epochs(path, frame, outcome.epochs)


def _check_curves(path: RecordPlace, frame: pd.DataFrame, epochs: int) -> None:
    if epochs and frame.empty:
        raise damaged_record(path, "it is empty")
    if frame.duplicated(["epoch", "series", "quantity"]).any():
        raise damaged_record(path, "a quantity occurs twice in one epoch")
    _check_epochs(path, frame, epochs)
    shares = frame["quantity"].str.startswith(log_checks.SHARES) & ~frame["series"].isin(["train", "validation"])
    bounds = [(shares, "share", 0.0, 1.0)]
    for one in metrics.METRICS:
        scored = (frame["series"] == "validation") & (frame["quantity"] == one.key)
        bounds.append((scored, one.key, one.low, one.high))
    for rows, name, low, high in bounds:
        values = frame["value"][rows]
        if len(values) and (values.min() < low or values.max() > high):
            raise damaged_record(path, f"a {name} is outside {low:g} to {high:g}")


def _check_epochs(path: RecordPlace, frame: pd.DataFrame, epochs: int) -> None:
    if len(frame) and (frame["epoch"].min() < 1 or frame["epoch"].max() > epochs):
        raise damaged_record(path, f"an epoch is outside 1 to {epochs}")


def _check_classes(path: RecordPlace, frame: pd.DataFrame, columns: tuple[str, ...], classes: int) -> None:
    for column in columns:
        if len(frame) and (frame[column].min() < 0 or frame[column].max() >= classes):
            raise damaged_record(path, f"a {column} is outside 0 to {classes - 1}")


def _read(path: RecordPlace, kinds: dict[str, type]) -> pd.DataFrame:
    """The columns ``kinds`` of a CSV file."""
    empty = pd.DataFrame({name: pd.Series(dtype=object if kind is str else kind) for name, kind in kinds.items()})
    if not there(path):
        return empty
    if isinstance(path, ArchivedFile) and path.is_file() and (kept := path.frame()) is not None:
        _check_values(path, kept, kinds)
        return kept[[*kinds]]
    require_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise damaged_record(path, f"it cannot be read ({error.strerror})") from error
    return _parse(path, data, kinds) if len(data) > 1 else empty


def _parse(path: RecordPlace, data: bytes, kinds: Mapping[str, type]) -> pd.DataFrame:
    unknown = {name: [""] for name, kind in kinds.items() if kind is float}
    try:
        frame = pd.read_csv(
            BytesIO(data),
            usecols=[*kinds],
            dtype=dict(kinds),
            encoding="utf-8",
            keep_default_na=False,
            na_values=unknown,
        )
    except (OSError, ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        raise damaged_record(path, f"it cannot be read as CSV ({error})") from error
    _check_values(path, frame, kinds)
    return frame


def _check_values(path: RecordPlace, frame: pd.DataFrame, kinds: Mapping[str, type]) -> None:
    """Numbers are finite and texts printable."""
    for name, kind in kinds.items():
        column = frame[name]
        if kind is float and (np.abs(column.dropna()) > log_checks.LARGEST).any():
            raise damaged_record(path, f"a {name} is not a finite number")
        sign = next(filter(None, map(odd_sign, column.unique())), "") if kind is str else ""
        if sign:
            raise damaged_record(path, f"expected printable text, found the sign {sign} in a {name}")
