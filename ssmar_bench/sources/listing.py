"""What a reader found in a source's folder: the index, and what is wrong with this copy without stopping a reader."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ssmar_bench.core.index import COLUMNS, Index


@dataclass(frozen=True)
class Missing:
    """Videos that ``listed`` (a list's file name) names and that are not there, out of ``of`` named ones.

    Attributes:
        folder: where they are looked for.
        listed: the list that names them.
        videos: the name of each in its list -> where it should be.
        of: how many the list names.
        reason: why all of them are missing, as a sentence with its place; "" where each is missing by itself.
    """

    folder: Path
    listed: str
    videos: Mapping[str, str]
    of: int
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        name, path = next(iter(self.videos.items()))
        first = f"'{name}', a link to a file that does not exist" if Path(path).is_symlink() else f"'{name}'"
        named = f"{self.of} videos that {self.listed} names {'is' if len(self.videos) == 1 else 'are'} missing"
        return f"{self.folder}: {len(self.videos)} of the {named}, the first is {first}"

    def among(self, paths: Collection[str]) -> Missing | None:
        """Those of the missing videos that are among ``paths``; None if none does."""
        videos = {name: path for name, path in self.videos.items() if path in paths}
        return replace(self, videos=videos) if videos else None


@dataclass(frozen=True)
class SourceListing:
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


def absent_videos(
    folder: Path, listed: str, videos: Mapping[str, str], there: Collection[str], reason: str = ""
) -> tuple[Missing, ...]:
    """Those of ``videos`` (name -> path) whose names are not ``there``, as one :class:`Missing` or none."""
    lacking = {name: path for name, path in videos.items() if name not in there}
    return (Missing(folder, listed, lacking, len(videos), reason),) if lacking else ()


def index_frame(rows: Iterable[tuple[str, str, int, int, int, str, str]]) -> pd.DataFrame:
    """Rows in the order of ``COLUMNS`` as an index' frame, sorted by clip id."""
    clips = pd.DataFrame(list(rows), columns=list(COLUMNS))
    clips = clips.astype({"start": "int64", "end": "int64", "label": "int64"})
    return clips.sort_values("clip_id", ignore_index=True)
