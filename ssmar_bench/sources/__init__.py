"""Sources: data sets' own folders, read into an index of one row a clip."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ssmar_bench.core import catalog
from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.sources.published_facts import PublishedFacts, read_facts
from ssmar_bench.sources.source_catalog import SOURCES, Source

if TYPE_CHECKING:  # pandas takes a second to import, and a listing of the sources needs none of it
    from ssmar_bench.core.index import Index
    from ssmar_bench.sources.listing import Missing, SourceListing

__all__ = [
    "KNOWN",
    "MOCK_MARKER",
    "SOURCES",
    "Options",
    "Source",
    "Used",
    "known_source",
    "published_facts",
    "read_source",
    "resolved_options",
    "survey_source",
]

KNOWN = ObjectCatalog("source", SOURCES, catalog.SOURCES)
"""Ours and those of plugins; each of them is a :class:`Source`."""

MOCK_MARKER = "MOCK_DATA.txt"
"""A file in the root of every mock data set (:mod:`ssmar_bench.sources.mock`)."""

Options = Mapping[str, float]


@dataclass(frozen=True)
class Used:
    """Which clips of a source somebody uses: some classes of some official parts; some parts' clips without a label.

    ``names`` are those of the classes, for a source whose classes are found by name.
    """

    parts: Collection[str]
    classes: Collection[int]
    unlabelled: Collection[str] = ()
    names: Mapping[int, str] = field(default_factory=dict)


Reader = Callable[[Path, str, Mapping[str, int], Listener], "SourceListing"]


def known_source(name: str) -> Source:
    """The source of that name.

    Raises:
        UserError: there is none, or it cannot be loaded.
    """
    found = KNOWN.load(name)
    if not isinstance(found, Source):
        raise UserError(f"source '{name}' of {KNOWN.entry(name).provider}: {found!r} is no {Source.__module__}.Source.")
    return found


def published_facts(name: str) -> PublishedFacts | None:
    """What the owners of a source publish about it; None for a source without."""
    file = known_source(name).facts
    return read_facts(file) if file else None


def resolved_options(source: Source, options: Options) -> dict[str, int]:
    """The value of every option of a source, defaults filled in.

    Raises:
        UserError: a option that the source does not have, or a value that it does not know.
    """
    if not (source.facts or source.options):
        return {}  # a synthetic source's options say how it is rendered, and its files what they were rendered with
    for name, value in options.items():
        if name not in source.options:
            raise UserError(f"{source.name} has no option '{name}'{nearest(name, source.options)}")
        if value not in source.options[name]:
            allowed = ", ".join(map(str, source.options[name]))
            raise UserError(f"{source.name}: {name} is {value:g}, expected one of {allowed}")
    return {name: int(options.get(name, values[0])) for name, values in source.options.items()}


def survey_source(
    name: str, root: Path, options: Options | None = None, listener: Listener = ignore_events
) -> SourceListing:
    """What a source's folder ``root`` holds, whole or not.

    Raises:
        UserError: the source or a option is unknown, or the folder is not what its owners distribute or cannot be read.
    """
    source = known_source(name)
    values = resolved_options(source, options or {})
    root = Path(root).absolute()
    if not root.is_dir():
        there = "this is a file" if root.exists() else "there is no such folder"
        raise UserError(f"{root}: {there}; expected the folder of {source.title.partition(':')[0]}")
    module, function = source.reader.split(":")
    reader = cast("Reader", getattr(import_module(module), function))
    try:
        listing = reader(root, name, values, listener)
    except OSError as error:  # no permission, a disk that went away or is full: a reader need not think of it
        raise UserError(f"{error.filename or root}: this cannot be read or unpacked ({error.strerror}).") from None
    if (root / MOCK_MARKER).is_file():
        note = "This folder is a mock data set: nothing that is measured on it says anything about the real data set."
        return replace(listing, index=replace(listing.index, mock=True), notes=(note, *listing.notes))
    return listing


def read_source(
    name: str,
    root: Path,
    options: Options | None = None,
    listener: Listener = ignore_events,
    whole: bool = True,
    used: Used | None = None,
) -> Index:
    """The index of a source's folder ``root``.

    Args:
        name: one of ``SOURCES``.
        root: the folder as its owners distribute it.
        options: what a benchmark config chooses, for instance ``{"split": 2}`` of UCF101's three.
        listener: hears of what takes long (unpacking), and of defects of this copy.
        whole: whether every video that the lists name must be there; without, the index names what is missing, too.
        used: the clips that are used; only their videos must be there. None for all.

    Raises:
        UserError: as :func:`survey_source`, or the copy is not ``whole``.
    """
    listing = survey_source(name, root, options, listener)
    if used is not None and known_source(name).by_name:
        listing = replace(listing, index=_numbered_by(used.names, listing.index))
        _tell_other_classes(root, listing.index, used, listener)
    missing = listing.missing if used is None else _missing_among(listing, used)
    if whole and missing:
        raise UserError(f"{missing[0]} (`ssmar-bench data check {name} --root {root}` names all)")
    for note in listing.notes:
        listener(Event("", "note", note))
    return listing.index


def _numbered_by(names: Mapping[int, str], index: Index) -> Index:
    """The index with the class ids of ``names``; classes of other names get ids behind them."""
    of_name = {name: label for label, name in names.items()}
    further = count(max(names, default=-1) + 1)
    number = {label: of_name[name] if name in of_name else next(further) for label, name in index.classes.items()}
    clips = index.clips.assign(label=index.clips["label"].map(lambda label: number.get(label, label)))
    return replace(index, clips=clips, classes={number[label]: name for label, name in index.classes.items()})


def _tell_other_classes(root: Path, index: Index, used: Used, listener: Listener) -> None:
    """Says how many clips have labels that the benchmark does not know."""
    others = {label: other for label, other in index.classes.items() if label not in used.names}
    clips = int(index.clips["label"].isin(list(others)).sum())
    if clips:
        labels = ", ".join(others.values())
        text = f"{root}: clips with labels that the benchmark does not have ({labels}) are not used: {clips:,}."
        listener(Event("", "note", text))


def _missing_among(listing: SourceListing, used: Used) -> tuple[Missing, ...]:
    from ssmar_bench.core.index import UNKNOWN

    clips = listing.index.clips
    chosen = clips["part"].isin(list(used.parts)) & clips["label"].isin(list(used.classes))
    chosen |= clips["part"].isin(list(used.unlabelled)) & (clips["label"] == UNKNOWN)
    paths = set(clips.loc[chosen, "path"])
    return tuple(lack for missing in listing.missing if (lack := missing.among(paths)) is not None)
