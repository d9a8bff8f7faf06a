"""The logs of a record as text, and whether a text is one that was written so."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pyarrow as pa

from ssmar_bench.results.archive_schema import SCHEMAS


def render_log(frame: pd.DataFrame, log: str) -> bytes:
    """A log as the record of a run holds it; ``runs/record.py`` writes it so."""
    if frame.empty and log == "pseudo_labels":
        return b"\n"
    return frame.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode()


def parse_log(data: bytes, log: str) -> pd.DataFrame | None:
    """What :func:`render_log` made ``data`` from; None where it did not."""
    kinds = {field.name: field.type for field in SCHEMAS[log] if field.name != "folder"}
    dtypes = {
        name: str if pa.types.is_dictionary(kind) else float if pa.types.is_floating(kind) else "int64"
        for name, kind in kinds.items()
    }
    empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in dtypes.items()})
    if data.strip() == b"":
        return empty if render_log(empty, log) == data else None
    try:
        unknown = {name: [""] for name, kind in dtypes.items() if kind is float}
        frame = pd.read_csv(BytesIO(data), dtype=dtypes, keep_default_na=False, na_values=unknown)
        whole = list(frame.columns) == list(kinds) and render_log(frame, log) == data
    except (ValueError, OverflowError):
        return None
    small = all(frame[name].abs().max() < 2**31 for name, kind in dtypes.items() if kind == "int64") or frame.empty
    return frame if whole and small else None
