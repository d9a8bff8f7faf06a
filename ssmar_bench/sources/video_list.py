"""A laboratory's own list of videos: a table with the columns ``file`` and ``label``, and more if wished."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.printable import shortened
from ssmar_bench.sources.text import Cells, Row, column, rows, whole_number, wrong_line

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "filename", "path", "video"),
    "label": ("label", "class"),
    "subject": ("subject", "person"),
    "start": ("start",),
    "end": ("end",),
    "part": ("part",),
}
"""What a column says -> the names that it may have; the first two are needed."""
SEPARATORS = (",", ";", "\t")
PARTS = ("train", "test")
"""What the column ``part`` may say of a labelled clip."""
NO_LABELS = frozenset({"unlabelled", "unlabeled", "nan", "n/a", "?"})
"""Words that mean that there is no label, and that would be taken for a class."""
LONGEST_LABEL = 200
SHOWN = 5
"""Faults of a list that one error holds before it counts the others."""


@dataclass(frozen=True)
class ListedClip:
    """A row of a list.

    Attributes:
        line: its number from 1.
        file: the video as the list writes it, in Unicode's composed form and with ``/``.
        label, subject, part: "" where the list is empty there.
        start, end: first and last frame, 0-based and inclusive; -1 and -1 for the whole file.
    """

    line: int
    file: str
    label: str
    subject: str
    start: int
    end: int
    part: str

    @property
    def where(self) -> tuple[str, int, int]:
        """File and frames: what a clip is."""
        return self.file, self.start, self.end


@dataclass(frozen=True)
class VideoList:
    """A list that was read.

    Attributes:
        path: of the list.
        clips: each clip once.
        repeated: rows that say what an earlier one says.
        unused: columns that nothing is read from.
    """

    path: Path
    clips: tuple[ListedClip, ...]
    repeated: int
    unused: tuple[str, ...]


def composed(name: str) -> str:
    """A file's name in Unicode's composed form, which lists have and file systems of some machines do not."""
    return unicodedata.normalize("NFC", name)


def read_video_list(path: Path) -> VideoList:
    """The list in ``path``: separated by commas, semicolons or tabs; UTF-8, with or without a byte order mark.

    Raises:
        UserError: every line that is wrong, up to a number of them; a list without a header or without clips.
    """
    if not path.is_file():
        there = "this is a folder" if path.is_dir() else "there is no such file"
        raise UserError(f"{path}: {there}; give the list of your videos' labels with --labels")
    found = rows(path, lambda cells: _places(cells) is not None, SEPARATORS)
    places = _places(found[0].cells) if found else None
    if places is None:
        first = found[0].text if found else ""
        raise wrong_line(path, found[0].number if found else 1, "a header with the columns file and label", first)
    header = found[0].cells
    unused = [name for place, name in enumerate(header) if name and place not in places.values()]
    _check_spelling(path, found[0].number, unused)
    faults: list[str] = []
    clips: dict[tuple[str, int, int], ListedClip] = {}
    spelled: dict[str, ListedClip] = {}
    repeated = 0
    for row in found[1:]:
        try:
            clip = _clip(path, row, places, len(header))
            _check_spelled_alike(path, clip, spelled)
            known = clips.setdefault(clip.where, clip)
            if known is not clip:
                _check_same(path, known, clip)
                repeated += 1
        except UserError as error:
            faults.append(str(error))
    if faults:
        more = f"; and {len(faults) - SHOWN} more lines are wrong" if len(faults) > SHOWN else ""
        raise UserError("; ".join(faults[:SHOWN]) + more)
    if not clips:
        raise UserError(f"{path}: this list names no video; expected a file and its label on each line")
    return VideoList(path, tuple(clips.values()), repeated, tuple(unused))


def _places(cells: Cells) -> dict[str, int] | None:
    """What each column says -> its place; None for what is no header."""
    found = {name: place for name, words in COLUMNS.items() if (place := column(cells, words)) is not None}
    return found if "file" in found and "label" in found else None


def _check_spelling(path: Path, line: int, names: Sequence[str]) -> None:
    """A column that is nearly one of ours is a slip, not a column of the user's own."""
    for name in names:
        near = difflib.get_close_matches(name.lower(), COLUMNS, n=1, cutoff=0.75)
        if near:
            raise UserError(
                f"{path}:{line}: there is no column '{shortened(name)}'; did you mean '{near[0]}'? A list has each of "
                f"{', '.join(COLUMNS)} once"
            )


def _clip(path: Path, row: Row, places: Mapping[str, int], width: int) -> ListedClip:
    if not row.cells:
        raise wrong_line(path, row.number, "quotes that are closed", row.text)
    if len(row.cells) > width:
        raise wrong_line(path, row.number, f"{width} cells as in the header", row.text)
    cells = {name: row.cells[place] if place < len(row.cells) else "" for name, place in places.items()}
    file = composed(cells["file"].replace("\\", "/"))
    while file.startswith("./"):
        file = file[2:]
    if not file:
        raise wrong_line(path, row.number, "the name of a video", row.text)
    label, part = " ".join(composed(cells["label"]).split()), cells.get("part", "").lower()
    if label.lower() in NO_LABELS:
        raise UserError(
            f"{path}:{row.number}: '{label}' would be a class of its own; leave the label empty if there is none"
        )
    if len(label) > LONGEST_LABEL:
        raise wrong_line(path, row.number, f"a label of at most {LONGEST_LABEL} characters", label)
    if "part" in places and part not in (PARTS if label else ("", *PARTS)):
        expected = "train or test in the column part (validation is carved out of train)"
        raise wrong_line(path, row.number, expected, part)
    if part == "test" and not label:
        raise wrong_line(path, row.number, "a label of a clip that is tested on", row.text)
    start, end = _frames(path, row, cells.get("start", ""), cells.get("end", ""))
    return ListedClip(row.number, file, label, composed(cells.get("subject", "")), start, end, part)


def _frames(path: Path, row: Row, start: str, end: str) -> tuple[int, int]:
    if not start and not end:
        return -1, -1
    first, last = whole_number(start), whole_number(end)
    if first is None or last is None:
        expected = "the first and the last frame as whole numbers from 0, or neither"
        raise wrong_line(path, row.number, expected, f"{start}, {end}")
    if last < first:
        raise wrong_line(path, row.number, "a first frame that is not after the last one", f"{start}, {end}")
    return first, last


def _check_same(path: Path, known: ListedClip, clip: ListedClip) -> None:
    for what in ("label", "subject", "part"):
        here, there = getattr(clip, what), getattr(known, what)
        if here != there:
            said = [f"'{value}'" if value else "empty" for value in (here, there)]
            raise UserError(
                f"{path}:{clip.line}: the {what} of '{shortened(clip.file)}' is {said[0]} here and {said[1]} in line "
                f"{known.line}; keep one of the two"
            )


def _check_spelled_alike(path: Path, clip: ListedClip, spelled: dict[str, ListedClip]) -> None:
    """One class has one spelling."""
    known = spelled.setdefault(clip.label.casefold(), clip)
    if known.label != clip.label:
        raise UserError(
            f"{path}:{clip.line}: the label '{clip.label}' is '{known.label}' in line {known.line}; write a class in "
            "one way"
        )
