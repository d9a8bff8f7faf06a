"""What ``ssmar-bench data check`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from ssmar_bench.api import SourceCheck
from ssmar_bench.screen import Screen


def print_checks(checks: Sequence[SourceCheck], console: Screen) -> None:
    """Parts and classes against the published figures, then what is missing and what is known to be wrong."""
    for one in checks:
        console.print(_parts(one))
    if checks[0].classes:
        console.print(_classes(checks[0]))
    for one in checks:
        for (first, second), subjects in one.shared.items():
            console.print(f"{one.title}: {subjects} subjects (or source videos) are in both {first} and {second}.")
    sentences = dict.fromkeys(text for one in checks for text in one.notes)
    known = dict.fromkeys(text for one in checks for text in one.defects)
    _list("Of this copy", list(sentences), console)
    _list("Known of this data set", list(known), console)
    _list("Not there", list(dict.fromkeys(text for one in checks for text in one.lacking)), console)
    _list("Missing videos", list(dict.fromkeys(path for one in checks for path in one.missing)), console)
    _list("Empty videos", list(dict.fromkeys(path for one in checks for path in one.empty)), console, most=20)
    unusable = {path: reason for one in checks for path, reason in one.unusable.items()}
    _list("Videos that cannot be used", [f"{path}: {reason}" for path, reason in unusable.items()], console)
    twins = dict.fromkeys(pair for one in checks for pair in one.twins)
    _list("Clips with the same content under two names", list(twins), console)
    console.print(_verdict(checks), soft_wrap=True, markup=False)


def _parts(check: SourceCheck) -> Table:
    table = Table("part", "clips", "published", "with a label", "subjects", "videos", title=check.title)
    for part in check.parts:
        published = "" if part.published is None else str(part.published)
        known = (part.labelled, part.subjects or "unknown", part.videos)
        table.add_row(part.name, str(part.clips), published, *map(str, known))
    return table


def _classes(check: SourceCheck) -> Table:
    """A row a class; ``found`` or ``found / published`` in the column of each part."""
    parts = [part.name for part in check.parts if any(part.name in row.clips for row in check.classes)]
    has_groups = any(row.group for row in check.classes)
    table = Table("id", "class", *(["part of the body"] if has_groups else []), *parts, title="clips / published")
    about = "" if check.exact else "about "
    for row in check.classes:
        cells = []
        for part in parts:
            found, published = row.clips.get(part, 0), row.published.get(part)
            cells.append(f"{found}" if published is None else f"{found} / {about}{published}")
        table.add_row(str(row.label), row.name, *([row.group] if has_groups else []), *cells)
    return table


def _list(title: str, lines: Sequence[str], console: Screen, most: int | None = None) -> None:
    if lines:
        console.print(f"{title} ({len(lines)}):")
    for line in lines[:most]:
        console.print(f"  {line}", soft_wrap=True)
    if most is not None and len(lines) > most:
        console.print(f"  and {len(lines) - most} more")


def _verdict(checks: Sequence[SourceCheck]) -> str:
    known = [part for one in checks for part in one.parts if part.published is not None]
    other = [
        f"{part.name} has {part.clips} clips of {part.published}"
        for part in known
        if part.clips not in (0, part.published)
    ]
    counted = f"the counts differ from the published ones: {', '.join(dict.fromkeys(other))}" if other else (
        "the counts are the published ones" if known else "nobody has published how many clips there are"
    )  # fmt: skip
    empty = [part.name for part in known if not part.clips]  # a challenge keeps the lists of its test to itself
    if empty:
        counted += f"; no clip is listed of the part {', '.join(dict.fromkeys(empty))}"
    if all(one.whole for one in checks):
        return f"Readable, every video is there; {counted}."
    unusable = " or cannot be used" if any(one.unusable for one in checks) else ""
    return f"NOT whole: videos are missing or empty{unusable}; {counted}."
