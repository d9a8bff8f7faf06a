"""Who is seen in which video of iMiGUE: the map that comes with the data, as a spreadsheet or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.text import lines, whole, wrong

MAPS = ("Link_V2.xlsx", "Link_V2.csv", "Label/Link_V2.xlsx", "Label/Link_V2.csv")
_VIDEO, _PERSON = ("video_id", "video"), ("sub_id", "subject_id", "subject")


def subject_map(root: Path) -> dict[str, str]:
    """Video (four digits) -> person, from the first of ``MAPS`` that the user has put into ``root``; {} without one.

    Raises:
        UserError: it is unreadable, lacks a column, or names two people for a video.
    """
    path = next((root / name for name in MAPS if (root / name).is_file()), None)
    if path is None:
        return {}
    rows = _sheet(path) if path.suffix == ".xlsx" else _table(path)
    return _people(path, rows)


def column(header: Sequence[str], names: Iterable[str]) -> int | None:
    """The place of the first of ``names`` in a header, in any case."""
    known = [word.strip().lower() for word in header]
    return next((known.index(name) for name in names if name in known), None)


def _people(path: Path, rows: Iterator[tuple[int, list[str]]]) -> dict[str, str]:
    number, header = next(rows, (1, []))
    video, person = column(header, _VIDEO), column(header, _PERSON)
    if video is None or person is None:
        raise wrong(path, number, "a header with Video_id and Sub_id", ",".join(header))
    people: dict[str, str] = {}
    for number, row in rows:
        fields = [whole(row[place]) if place < len(row) else None for place in (video, person)]
        if None in fields:
            raise wrong(path, number, "a number of a video and one of a person", ",".join(row))
        name = f"{fields[0]:04d}"
        if people.setdefault(name, str(fields[1])) != str(fields[1]):
            raise wrong(path, number, f"person {people[name]} for video {name}, as above", str(fields[1]))
    return people


def _table(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines(path):
        yield number, next(csv.reader([line]))


def _sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    except Exception:  # noqa: BLE001 - a damaged archive or page fails in the ways of zlib, XML and openpyxl
        raise UserError(f"{path}: this is no spreadsheet, or a damaged one; expected the owners' map") from None
    for number, row in enumerate(rows, start=1):
        if any(cell is not None for cell in row):
            yield number, ["" if cell is None else str(cell) for cell in row]
