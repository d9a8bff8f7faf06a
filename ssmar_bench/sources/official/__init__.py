"""What the owners of each source publish about it: classes, counts and known defects; facts, no lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PublishedFacts:
    """A source's published figures.

    Attributes:
        names: class id as the source writes it -> name.
        clips: part -> clips.
        counts: part -> class id -> clips, for the parts whose labels are public.
        exact: whether ``counts`` are counted (True) or derived from published percentages (False).
        subjects: how many subjects or source videos there are (0 where unknown).
        groups: class id -> part of the body, where the source has them.
        defects: known defects of the data set itself, as whole sentences.
    """

    names: Mapping[int, str]
    clips: Mapping[str, int]
    counts: Mapping[str, Mapping[int, int]]
    exact: bool
    subjects: int = 0
    groups: Mapping[int, str] = field(default_factory=dict)
    defects: tuple[str, ...] = ()
