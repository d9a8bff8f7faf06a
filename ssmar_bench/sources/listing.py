"""What a reader found in a source's folder: the index, and what is wrong with this copy without stopping a reader."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ssmar_bench.core.index import COLUMNS, Index


@dataclass(frozen=True)
class Missing:
    """Videos that ``listed`` (a list's file name) names and ``folder`` lacks, out of ``of`` named ones."""

    folder: Path
    listed: str
    names: tuple[str, ...]
    of: int

    def __str__(self) -> str:
        return (
            f"{self.folder}: {len(self.names)} of the {self.of} videos that {self.listed} names are missing, "
            f"the first is '{self.names[0]}'"
        )


@dataclass(frozen=True)
class Listing:
    """A source's folder as it was found.

    Attributes:
        index: every clip that the lists name, also those whose video is missing.
        layout: which of the source's layouts it is.
        missing: the videos that are not there.
        notes: whole sentences on defects of this copy that a reader can live with.
    """

    index: Index
    layout: str
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()


def absent(folder: Path, listed: str, names: Collection[str], there: Collection[str]) -> tuple[Missing, ...]:
    """The ``names`` that are not ``there``, as one :class:`Missing` or none."""
    lacking = tuple(name for name in names if name not in there)
    return (Missing(folder, listed, lacking, len(names)),) if lacking else ()


def frame(rows: Iterable[tuple[str, str, int, int, int, str, str]]) -> pd.DataFrame:
    """Rows in the order of ``COLUMNS`` as an index' frame, sorted by clip id."""
    clips = pd.DataFrame(list(rows), columns=list(COLUMNS))
    clips = clips.astype({"start": "int64", "end": "int64", "label": "int64"})
    return clips.sort_values("clip_id", ignore_index=True)
