"""Lists and tables of a source, line by line, with errors that name file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ssmar_bench.core.errors import UserError

_WHOLE = re.compile(r"\d{1,9}(\.0+)?")  # no number of these lists needs more than nine digits

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]*)?")


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The file's lines with their numbers from 1, without line ends; empty lines are passed over.

    Raises:
        UserError: it is no text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: this is not a text file in UTF-8") from None
    return ((number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip())


def wrong(path: Path, number: int, expected: str, found: str) -> UserError:
    """The error of a line that is not what the layout says."""
    return UserError(f"{path}:{number}: expected {expected}, found '{found[:80]}'")


def whole(field: str) -> int | None:
    """A whole number of 0 or more as lists write it (``12``, ``0012`` or, by a spreadsheet, ``12.0``), or None."""
    field = field.strip()
    if not field.isascii() or not _WHOLE.fullmatch(field):
        return None
    return int(field.partition(".")[0])


def positive(field: str) -> float | None:
    """A number above 0 (``28``, ``27.97``), or None."""
    field = field.strip()
    value = float(field) if _DECIMAL.fullmatch(field) else 0.0
    return value or None


def label_ranges(path: Path) -> Iterator[tuple[int, int, int, int]]:
    """``(line, class, start, end)`` of a headerless file of ``class,start_frame,end_frame`` lines.

    Raises:
        UserError: a line has other fields, or ends before it begins.
    """
    for number, line in lines(path):
        fields = [whole(field) for field in line.split(",")]
        if len(fields) != 3 or None in fields:
            raise wrong(path, number, "'<class>,<first frame>,<last frame>'", line)
        label, start, end = (int(field or 0) for field in fields)
        if end < start:
            raise wrong(path, number, "a first frame that is not after the last one", line)
        yield number, label, start, end
