"""Compares a source's folder with what its owners publish, part by part and class by class, and looks at its videos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.short_list import short
from ssmar_bench.sources import known_source, published_facts, survey_source
from ssmar_bench.sources.published_facts import PublishedFacts
from ssmar_bench.sources.videos import ABSENT, EMPTY, faults

if TYPE_CHECKING:  # the types can be named without pandas
    import pandas as pd

    from ssmar_bench.sources.listing import SourceListing

Opener = Callable[[Mapping[str, Sequence[tuple[int, int]]]], Mapping[str, str]]
"""Decodes videos, given by path with the frames of their clips (-1 and -1: all of it); path -> what is wrong, or ""."""


@dataclass(frozen=True)
class PartCount:
    """A part: clips found and published (None where no figure is known), labelled ones, subjects, videos."""

    name: str
    clips: int
    published: int | None
    labelled: int
    subjects: int
    videos: int


@dataclass(frozen=True)
class ClassCount:
    """A class: its name and part of the body, and by part the clips found and those published."""

    label: int
    name: str
    group: str
    clips: Mapping[str, int]
    published: Mapping[str, int]


@short
@dataclass(frozen=True)
class SourceCheck:
    """What a folder holds, for one value of each option.

    Attributes:
        title: the source, its layout, and the options' values.
        parts, classes: the counts.
        exact: whether the published counts of classes were counted (or follow from rounded percentages).
        shared: pairs of parts -> subjects (or source videos) that both hold, where there are some.
        missing: paths of videos that are named and not there.
        lacking: whole folders and archives of them that are not there or damaged, as sentences.
        empty: paths of videos of no bytes.
        unusable: paths of other videos that cannot be read (or decoded, if that was tried) -> the reason.
        twins: pairs of clips that show the same frames under two names, each with its video, part and class.
        notes: defects of this copy, as sentences.
        defects: known defects of the data set, as sentences.
    """

    title: str
    parts: tuple[PartCount, ...]
    classes: tuple[ClassCount, ...]
    exact: bool
    shared: Mapping[tuple[str, str], int]
    missing: tuple[str, ...]
    lacking: tuple[str, ...]
    empty: tuple[str, ...]
    unusable: Mapping[str, str]
    twins: tuple[str, ...]
    notes: tuple[str, ...]
    defects: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every video that is named is there and, as far as was looked, can be used."""
        return not (self.missing or self.lacking or self.empty or self.unusable)


def check_source_folder(
    name: str, root: Path, listener: Listener = ignore_events, opener: Opener | None = None
) -> list[SourceCheck]:
    """Everything of a source's folder, once for every value of its options (UCF101's three splits).

    Args:
        name: the source.
        root: its folder.
        listener: hears how far it is.
        opener: what decodes the videos; None looks at their files alone.

    Raises:
        UserError: the folder is not what the source's owners distribute, or the source is unknown.
    """
    from ssmar_bench.sources.duplicates import same_content

    source = known_source(name)
    facts = published_facts(name)
    found: list[tuple[str, SourceListing, PublishedFacts | None]] = []
    for values in product(*source.options.values()):
        options = dict(zip(source.options, values, strict=True))
        listing = survey_source(name, root, options, listener)
        keys = (listing.layout, *map(str, values))
        release = next((facts.variants[key] for key in keys if facts and key in facts.variants), facts)
        words = [f"layout {listing.layout}" if listing.layout else "", *(f"{k} {v}" for k, v in options.items())]
        found.append((", ".join([source.title.partition(":")[0], *filter(None, words)]), listing, release))
    if all(listing.index.clips.empty for _, listing, _ in found):
        raise UserError(f"{root}: the lists of {name} name no clip")
    videos = _videos([listing for _, listing, _ in found])
    states = faults(videos, listener)
    if opener is not None:
        states |= opener({path: videos[path] for path, reason in states.items() if not reason})
    same = same_content([path for path, reason in states.items() if not reason], listener)
    return [_checked(title, listing, facts, states, same) for title, listing, facts in found]


def _used(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips of a part that anybody uses: HMDB51's splits leave some out."""
    return clips[clips["part"] != "unused"]


def _videos(listings: Sequence[SourceListing]) -> dict[str, list[tuple[int, int]]]:
    """Path of every video that is named -> the frames of its clips."""
    found: dict[str, dict[tuple[int, int], None]] = {}
    for listing in listings:
        clips = listing.index.clips
        for path, start, end in zip(clips["path"], clips["start"], clips["end"], strict=True):
            found.setdefault(str(path), {})[int(start), int(end)] = None
        for lack in listing.missing:
            for path in lack.videos.values():
                found.setdefault(path, {})
    return {path: list(ranges) for path, ranges in found.items()}


def _checked(
    title: str, listing: SourceListing, facts: PublishedFacts | None, states: Mapping[str, str], same: Mapping[str, str]
) -> SourceCheck:
    clips = listing.index.clips
    named = _videos([listing])
    used = {*_used(clips)["path"], *(path for lack in listing.missing for path in lack.videos.values())}
    bad = {path: states[path] for path in named if states[path] and (path in used or states[path] != ABSENT)}
    return SourceCheck(
        title=title,
        parts=_parts(clips, facts),
        classes=_classes(listing, facts),
        exact=facts is None or facts.exact,
        shared=_shared(clips),
        missing=tuple(path for path, reason in bad.items() if reason == ABSENT),
        lacking=tuple(lack.reason for lack in listing.missing if lack.reason),
        empty=tuple(path for path, reason in bad.items() if reason == EMPTY),
        unusable={path: reason for path, reason in bad.items() if reason not in (ABSENT, EMPTY)},
        twins=_twins(_used(clips), same),
        notes=listing.notes,
        defects=facts.defects if facts else (),
    )


def _twins(clips: pd.DataFrame, same: Mapping[str, str]) -> tuple[str, ...]:
    from ssmar_bench.sources.duplicates import twins

    found = twins(clips, same)
    rows = clips[clips["clip_id"].isin({*found, *found.values()})].set_index("clip_id")
    words = {}
    for clip, row in rows.iterrows():
        frames = "" if row["end"] < 0 else f" frames {row['start']} to {row['end']}"
        label = "" if row["label"] < 0 else f", class {row['label']}"
        words[str(clip)] = f"{row['path']}{frames} ({row['part']}{label})"
    return tuple(f"{words[one]} = {words[other]}" for one, other in found.items())


def _parts(clips: pd.DataFrame, facts: PublishedFacts | None) -> tuple[PartCount, ...]:
    published = dict(facts.clips) if facts else {}
    found = {str(part): rows for part, rows in clips.groupby("part")}
    names = [*published, *(part for part in found if part not in published)]
    nothing = clips.iloc[:0]
    counts = []
    for name in names:
        rows = found.get(name, nothing)
        subjects = rows.loc[rows["subject"] != "", "subject"].nunique()
        labelled = int((rows["label"] >= 0).sum())
        counts.append(
            PartCount(name, len(rows), published.get(name), labelled, int(subjects), int(rows["path"].nunique()))
        )
    return tuple(counts)


def _classes(listing: SourceListing, facts: PublishedFacts | None) -> tuple[ClassCount, ...]:
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
    subjects = {
        str(part): set(rows.loc[rows["subject"] != "", "subject"])
        for part, rows in clips.groupby("part", sort=False)
        if part != "unused"
    }
    names = sorted(subjects)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return {pair: both for pair in pairs if (both := len(subjects[pair[0]] & subjects[pair[1]]))}
