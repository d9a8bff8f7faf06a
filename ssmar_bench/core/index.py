"""An index: one row a clip of a source, before any split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

UNKNOWN = -1
"""The class id of a clip without a label here: its owners hide it, or nobody has ever given one."""

COLUMNS = ("clip_id", "path", "start", "end", "label", "subject", "part")


@dataclass(frozen=True)
class Index:
    """What a source holds.

    Attributes:
        source: name of the source (``ma52``).
        clips: a frame of ``COLUMNS``, sorted by ``clip_id``: unique id, path of the video file (absolute), first
            and last source frame (0-based, inclusive; -1 and -1 for a whole file), class id as the source writes it
            (:data:`UNKNOWN` where there is none), subject or interview ("" where unknown), official part (``train``,
            ``val``, ...).
        classes: class id -> name, for every class of the source.
        groups: class id -> part of the body, where the source has them.
        rates: path -> frames a second, where the source says so.
        mock: whether it is a mock data set of the source, on which nothing can be measured.
    """

    source: str
    clips: pd.DataFrame
    classes: dict[int, str]
    groups: Mapping[int, str] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    mock: bool = False

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.clips.columns]
        if missing:
            raise ValueError(f"an index of {self.source} lacks the columns {missing}")
