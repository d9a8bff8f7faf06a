"""The columns of an archive's files."""

from __future__ import annotations

import pyarrow as pa

from ssmar_bench.core import metrics

RUNS = "runs"
JSON_FILES = ("spec.json", "metrics.json", "timings.json", "environment.json", "method.json")
"""Files of a record that an archive keeps as text."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
_INTS, _FLOATS = pa.int32(), pa.float64()

_LOGGED = [
    *((name, _TEXT) for name in ("series", "clip")),
    *((name, _INTS) for name in ("label", "pseudo_label")),
    *((name, _FLOATS) for name in ("weight", "confidence")),
]

SCHEMAS: dict[str, pa.Schema] = {
    RUNS: pa.schema(
        [
            *((name, pa.string()) for name in ("folder", "benchmark", "method", "label", "state", "reason")),
            ("ratio", _FLOATS),
            ("seed", pa.int64()),
            *((name, _FLOATS) for name in ("majority", "train_seconds")),
            *((name, pa.string()) for name in JSON_FILES),
            ("tables", pa.list_(pa.string())),
            ("verbatim", pa.map_(pa.string(), pa.string())),
            ("digests", pa.map_(pa.string(), pa.string())),
        ]
    ),
    "curves": pa.schema(
        [("folder", _TEXT), ("epoch", _INTS), ("series", _TEXT), ("quantity", _TEXT), ("value", _FLOATS)]
    ),
    "predictions": pa.schema(
        [
            *((name, _TEXT) for name in ("folder", "clip", "subject")),
            *((name, _INTS) for name in ("label", "prediction")),
            ("confidence", _FLOATS),
            ("prediction_ema", _INTS),
        ]
    ),
    "pseudo_labels": pa.schema([("folder", _TEXT), *_LOGGED]),
    "pseudo_label_history": pa.schema([("folder", _TEXT), ("epoch", _INTS), *_LOGGED]),
}
"""Every file and its columns; texts that occur again and again are kept once.

``runs``: the JSON files are the record, the columns before them are for readers. ``tables`` names the CSV files of the
record, ``verbatim`` holds those that do not fit into columns, ``digests`` the SHA-256 of every file.
"""

OPTIONAL = ("pseudo_label_history",)
"""Logs without which an archive, or a record, is whole: an older one has none."""


def runs_schema() -> pa.Schema:
    """The columns of ``runs.parquet`` as it is written: also every metric of the test part, for readers."""
    schema = SCHEMAS[RUNS]
    for key in metrics.metric_keys():
        schema = schema.append(pa.field(key, _FLOATS))
    return schema


def log_of(file: str) -> str:
    """The log that a CSV file of a record holds."""
    return file.removesuffix(".csv")
