"""Compares a source's folder with what its owners publish, part by part and class by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener, silence
from ssmar_bench.sources import known, survey
from ssmar_bench.sources.official import Facts

if TYPE_CHECKING:  # the types can be named without pandas
    import pandas as pd

    from ssmar_bench.sources.listing import Listing


@dataclass(frozen=True)
class PartCount:
    """A part: clips found and published (None where no figure is known), labelled ones, people, videos."""

    name: str
    clips: int
    published: int | None
    labelled: int
    people: int
    videos: int


@dataclass(frozen=True)
class ClassCount:
    """A class: its name and part of the body, and by part the clips found and those published."""

    label: int
    name: str
    group: str
    clips: Mapping[str, int]
    published: Mapping[str, int]


@dataclass(frozen=True)
class Check:
    """What a folder holds, for one value of each knob.

    Attributes:
        title: the source, its layout, and the knobs' values.
        parts, classes: the counts.
        exact: whether the published counts of classes were counted (or follow from rounded percentages).
        shared: pairs of parts -> people (or source videos) that both hold, where there are some.
        missing: paths of videos that are named and not there.
        empty: paths of videos of no bytes.
        notes: defects of this copy, as sentences.
        defects: known defects of the data set, as sentences.
    """

    title: str
    parts: tuple[PartCount, ...]
    classes: tuple[ClassCount, ...]
    exact: bool
    shared: Mapping[tuple[str, str], int]
    missing: tuple[str, ...]
    empty: tuple[str, ...]
    notes: tuple[str, ...]
    defects: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every video that is named is there and holds something."""
        return not self.missing and not self.empty


def check(name: str, root: Path, listener: Listener = silence) -> list[Check]:
    """Everything of a source's folder, once for every value of its knobs (UCF101's three splits).

    Raises:
        UserError: the folder is not what the source's owners distribute, or the source is unknown.
    """
    source = known(name)
    module = import_module(source.facts) if source.facts else None
    checks = []
    for values in product(*source.knobs.values()):
        knobs = dict(zip(source.knobs, values, strict=True))
        listing = survey(name, root, knobs, listener)
        variants = getattr(module, "VARIANTS", {})
        facts = variants.get(listing.layout) or variants.get(knobs.get("split")) or getattr(module, "FACTS", None)
        words = [f"layout {listing.layout}" if listing.layout else "", *(f"{k} {v}" for k, v in knobs.items())]
        checks.append(_checked(", ".join([source.title.partition(":")[0], *filter(None, words)]), listing, facts))
    if not any(part.clips for one in checks for part in one.parts):
        raise UserError(f"{root}: the lists of {name} name no clip")
    return checks


def _checked(title: str, listing: Listing, facts: Facts | None) -> Check:
    clips = listing.index.clips
    return Check(
        title=title,
        parts=_parts(clips, facts),
        classes=_classes(listing, facts),
        exact=facts is None or facts.exact,
        shared=_shared(clips),
        missing=tuple(f"{lack.folder / name}" for lack in listing.missing for name in lack.names),
        empty=_empty(clips),
        notes=listing.notes,
        defects=facts.defects if facts else (),
    )


def _parts(clips: pd.DataFrame, facts: Facts | None) -> tuple[PartCount, ...]:
    published = dict(facts.clips) if facts else {}
    found = {str(part): rows for part, rows in clips.groupby("part")}
    names = [*published, *(part for part in found if part not in published)]
    nothing = clips.iloc[:0]
    counts = []
    for name in names:
        rows = found.get(name, nothing)
        people = rows.loc[rows["subject"] != "", "subject"].nunique()
        labelled = int((rows["label"] >= 0).sum())
        counts.append(
            PartCount(name, len(rows), published.get(name), labelled, int(people), int(rows["path"].nunique()))
        )
    return tuple(counts)


def _classes(listing: Listing, facts: Facts | None) -> tuple[ClassCount, ...]:
    clips = listing.index.clips
    labelled = clips[clips["label"] >= 0]
    found: dict[tuple[int, str], int] = {}
    for label, part in zip(labelled["label"], labelled["part"], strict=True):
        found[int(label), str(part)] = found.get((int(label), str(part)), 0) + 1
    parts = sorted(set(labelled["part"]))
    published = facts.counts if facts else {}
    return tuple(
        ClassCount(
            label,
            name,
            listing.index.groups.get(label, ""),
            {part: found.get((label, part), 0) for part in parts},
            {part: counts[label] for part, counts in published.items()},
        )
        for label, name in sorted(listing.index.classes.items())
    )


def _shared(clips: pd.DataFrame) -> dict[tuple[str, str], int]:
    people = {
        str(part): set(rows.loc[rows["subject"] != "", "subject"])
        for part, rows in clips.groupby("part", sort=False)
        if part != "unused"
    }
    names = sorted(people)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return {pair: both for pair in pairs if (both := len(people[pair[0]] & people[pair[1]]))}


def _empty(clips: pd.DataFrame) -> tuple[str, ...]:
    """Videos of no bytes; one look a video."""
    paths = (Path(path) for path in dict.fromkeys(clips["path"]))
    return tuple(str(path) for path in paths if path.is_file() and path.stat().st_size == 0)
