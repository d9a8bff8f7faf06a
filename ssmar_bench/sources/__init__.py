"""Sources: data sets' own folders, read into an index of one row a clip."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.index import Index

READERS: dict[str, str] = {
    "ma52": "ssmar_bench.sources.ma52:read",
    "micro-motion": "ssmar_bench.sources.ma52:read",
}
"""Source -> ``module:function`` of ``(root: Path, source: str) -> Index``; the module is imported when it is used."""


def read(source: str, root: Path) -> Index:
    """The index of a source's folder ``root``.

    Raises:
        UserError: the source is unknown, or the folder is not what its owners distribute.
    """
    if source not in READERS:
        raise UserError(f"there is no source '{source}'{nearest(source, READERS)}")
    module, function = READERS[source].split(":")
    return cast("Index", getattr(import_module(module), function)(Path(root), source))
