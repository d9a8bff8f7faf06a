"""The order of rows: the published comparison's order first, everything else by name after it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

PUBLISHED = (
    *("supervised", "pseudolabel", "mean-teacher", "vat", "mixmatch", "uda", "fixmatch", "flexmatch", "freematch"),
    *("softmatch", "infomatch", "finessl", "tcl", "ltg", "svformer", "aplt"),
)
"""Methods in the order of the APLT paper's Tables 1 and 2; ablations (``aplt-...``) follow their method."""


def table_rank(method: str, order: Sequence[str] = PUBLISHED) -> tuple[int, str]:
    """A sort key: the place of ``method``, or of the longest listed name that it begins with, then its name."""
    listed = [name for name in order if method == name or method.startswith(f"{name}-")]
    place = order.index(max(listed, key=len)) if listed else len(order)
    return place, method


def sort_runs(runs: pd.DataFrame, order: Sequence[str] = PUBLISHED) -> pd.DataFrame:
    """``runs`` (columns method, label) sorted by method, then by label."""
    keys = [(*table_rank(row["method"], order), row["label"]) for row in runs.to_dict("records")]
    return runs.iloc[sorted(range(len(keys)), key=keys.__getitem__)]


def ordered_labels(runs: pd.DataFrame, order: Sequence[str] = PUBLISHED) -> list[str]:
    """The distinct labels of ``runs`` in table order."""
    return list(dict.fromkeys(sort_runs(runs[["method", "label"]].drop_duplicates(), order)["label"]))
