"""Lists and tables of a source, row by row, with errors that name file and line.

Owners write blanks, commas or tabs between the cells of a row; spreadsheets and programs of other countries write
others, quote cells, fill rows with empty cells and give whole numbers decimals. What such a file means is certain, so
it is read; every other row is refused.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError

BLANK = " "
"""As a separator: the last run of blanks and tabs of a line, so that a file's name may have blanks in it."""

_WHOLE = re.compile(r"\d{1,9}(\.0+|,00?)?")  # no number of these lists needs more than nine digits
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]*|,[0-9]{1,2})?")
_LINE_END = re.compile(r"\r\n|\n|\r")  # str.splitlines ends lines at ten further characters
_BLANK = re.compile("[\t\xa0\u2000-\u200a\u202f\u3000]")  # those that programs write into names: "5 PM" has one
_WORDS = 80

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row of a list: the number of its line from 1, its cells without blanks around them, and the line itself."""

    number: int
    cells: Cells
    text: str


def read_lines(path: Path) -> list[tuple[int, str]]:
    """The file's lines with their numbers from 1, without blanks and separators at the end; empty lines are left out.

    Raises:
        UserError: it is no text in UTF-8 (or in UTF-16 with a byte order mark), or has characters that cannot be shown.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        text = _wide(path, error)
    found = []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        kept = line.strip().rstrip(",; \t")
        if not _BLANK.sub(" ", kept).isprintable():
            raise wrong_line(path, number, "characters that can be shown", kept)
        if kept:
            found.append((number, kept))
    return found


def _wide(path: Path, error: UnicodeDecodeError) -> str:
    """The text of a file that is no UTF-8: in UTF-16, as some spreadsheets write "Unicode text", if it says so."""
    if error.object.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        with contextlib.suppress(UnicodeDecodeError):
            return path.read_text(encoding="utf-16")
    line = error.object[: error.start].count(b"\n") + 1
    raise UserError(f"{path}: this is not a text file in UTF-8 (line {line}); save it as UTF-8") from None


def rows(path: Path, fits: Callable[[Cells], bool], separators: Sequence[str]) -> list[Row]:
    """The file's rows, cut at the one of ``separators`` that makes most of them ``fit``; rows of empty cells left out.

    Rows that do not fit are among them: the reader says what is wrong with the first one.

    Raises:
        UserError: as :func:`read_lines`.
    """
    found = read_lines(path)
    best: list[Row] = []
    most = -1
    for separator in separators:
        cut = [Row(number, _cells(line, separator), line) for number, line in found]
        cut = [row for row in cut if any(row.cells) or not row.cells]
        fitting = sum(fits(row.cells) for row in cut)
        if fitting == len(cut):
            return cut
        if fitting > most:
            best, most = cut, fitting
    return best


def _cells(line: str, separator: str) -> Cells:
    """The cells of a line; none where its quotes are not closed."""
    if separator == BLANK:
        return tuple(cell.strip('"') for cell in line.rsplit(maxsplit=1))
    try:
        return tuple(
            cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True, strict=True))
        )
    except csv.Error:
        return ()


def column(header: Sequence[str], names: Sequence[str]) -> int | None:
    """The place of the first of ``names`` in a header, in any case; None where there is none, or two of that name."""
    known = [word.strip().lower() for word in header]
    return next((known.index(name) for name in names if known.count(name) == 1), None)


def wrong_line(path: Path, number: int, expected: str, found: str) -> UserError:
    """The error of a line that is not what the layout says."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in found[:_WORDS])
    return UserError(f"{path}:{number}: expected {expected}, found '{shown}'")


def nothing(path: Path, expected: str) -> UserError:
    """The error of a list that names nothing: half a download, or an editor's slip."""
    return UserError(f"{path}: this list is empty, found no clip in it; expected {expected}, so get the file again")


def whole_number(field: str) -> int | None:
    """A whole number of 0 or more as lists write it (``12``, ``0012``, a spreadsheet's ``12.0`` or ``12,0``), or None.

    ``12,000`` is none: it may be twelve or twelve thousand.
    """
    field = field.strip()
    if not field.isascii() or not _WHOLE.fullmatch(field):
        return None
    return int(re.split("[.,]", field)[0])


def positive_number(field: str) -> float | None:
    """A number above 0 (``28``, ``27.97``, ``27,97``), or None."""
    field = field.strip()
    value = float(field.replace(",", ".")) if _DECIMAL.fullmatch(field) else 0.0
    return value or None


def label_ranges(path: Path) -> list[tuple[int, int, int, int]]:
    """``(line, class, start, end)`` of a headerless file of ``class,start_frame,end_frame`` rows.

    Raises:
        UserError: a row has other cells, or ends before it begins.
    """
    found = []
    for row in rows(path, lambda cells: len(cells) == 3 and None not in map(whole_number, cells), (",", ";", "\t")):
        fields = [whole_number(cell) for cell in row.cells]
        if len(fields) != 3 or None in fields:
            raise wrong_line(path, row.number, "'<class>,<first frame>,<last frame>'", row.text)
        label, start, end = (int(field or 0) for field in fields)
        if end < start:
            raise wrong_line(path, row.number, "a first frame that is not after the last one", row.text)
        found.append((row.number, label, start, end))
    return found


class ClassNames:
    """The classes of a list as they are read: every id once, and every name once whatever its case and blanks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: dict[int, str] = {}
        self._lines: dict[str, int] = {}

    def add(self, row: Row, label: int, name: str) -> None:
        """A further class.

        Raises:
            UserError: another class has the name.
        """
        plain = " ".join(name.split()).casefold()
        if plain in self._lines:
            there = f"the class name '{name}' is in line {self._lines[plain]} already"
            raise UserError(f"{self.path}:{row.number}: {there}; expected a name of its own for each class")
        self._lines[plain] = row.number
        self.names[label] = name
