"""What the owners of each source publish about it, read from a YAML file: classes, counts and known defects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.yaml_file import load_yaml, validate

PUBLISHED = Path(__file__).parent / "published"
"""The files of the sources that come with the package."""


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
        hidden_counts: as ``counts``, for the parts whose labels are hidden; derived from the owners' totals.
        rate: frames a second of every video (0 where videos differ, or no reader needs it).
        part_subjects: part -> numbers of its subjects, where the parts are by subject.
        part_videos: part -> numbers of its videos, where the lists do not say it.
        variants: a layout, or the value of an option -> the facts of that release.
    """

    names: Mapping[int, str]
    clips: Mapping[str, int]
    counts: Mapping[str, Mapping[int, int]]
    exact: bool
    subjects: int
    groups: Mapping[int, str]
    defects: tuple[str, ...]
    hidden_counts: Mapping[str, Mapping[int, int]]
    rate: float
    part_subjects: Mapping[str, tuple[int, ...]]
    part_videos: Mapping[str, tuple[int, ...]]
    variants: Mapping[str, PublishedFacts] = field(default_factory=dict)


class _Variant(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clips: dict[str, int]
    exact: bool = True


class _FactsFile(_Variant):
    """The file: as :class:`PublishedFacts`, but for ``columns``, which say what a row of ``classes`` holds.

    These are ``name``, perhaps ``group``, and parts, with the clips of the class in each. ``hidden`` are parts.
    """

    subjects: int = 0
    defects: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    rate: float = 0.0
    part_subjects: dict[str, tuple[int, ...]] = {}
    part_videos: dict[str, tuple[int, ...]] = {}
    variants: dict[str | int, _Variant] = {}
    columns: tuple[str, ...]
    classes: dict[int, tuple[str | int, ...]]


@cache
def read_facts(file: str | Path) -> PublishedFacts:
    """The facts in ``file``, a path or the name of one of ours.

    Raises:
        UserError: it cannot be read, or has a wrong value; with its line.
    """
    document = load_yaml(PUBLISHED / file)
    read = validate(_FactsFile, document)
    kinds = [str if name in ("name", "group") else int for name in read.columns]
    for label, row in read.classes.items():
        if [*map(type, row)] != kinds:
            raise UserError(
                f"{document.where(('classes', str(label)))}: expected {', '.join(read.columns)} of class {label}, "
                f"with whole numbers for the parts, found {list(row)}."
            )

    def column(name: str) -> dict[int, Any]:
        if name not in read.columns:
            return {}
        return {label: row[read.columns.index(name)] for label, row in read.classes.items()}

    def counts(parts: Collection[str]) -> dict[str, dict[int, int]]:
        return {part: column(part) for part in read.columns if part in parts}

    facts = PublishedFacts(
        names=column("name"),
        clips=read.clips,
        counts=counts(read.clips.keys() - {*read.hidden}),
        exact=read.exact,
        subjects=read.subjects,
        groups=column("group"),
        defects=read.defects,
        hidden_counts=counts(read.hidden),
        rate=read.rate,
        part_subjects=read.part_subjects,
        part_videos=read.part_videos,
    )
    variants = {
        str(name): replace(facts, clips=one.clips, counts=counts(one.clips), exact=one.exact)
        for name, one in read.variants.items()
    }
    return replace(facts, variants=variants)
