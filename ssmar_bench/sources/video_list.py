"""A laboratory's own list of videos: a table with the columns ``file`` and ``label``, and more if wished."""

from __future__ import annotations

import difflib
import posixpath
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
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
"""What a column says -> the names that it may have."""
NEEDED = ("file", "label")
SEPARATORS = (",", ";", "\t")
PARTS = ("train", "test")
"""What the column ``part`` may say of a labelled clip."""
NO_LABELS = frozenset(
    {*("unlabelled", "unlabeled", "no label"), *("nan", "na", "n/a", "#n/a", "<na>", "null"), *("?", "-", "--", "-1")}
)
"""Words that mean that there is no label, and that would be taken for a class."""
PERHAPS_NO_LABELS = frozenset({"none", "unknown"})
"""Words that may be a class, and may mean that there is no label."""
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of the files of spreadsheets."""
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
        notes: what was found and is not used, or may be meant in another way; whole sentences.
    """

    path: Path
    clips: tuple[ListedClip, ...]
    notes: tuple[str, ...]


def composed(name: str) -> str:
    """A file's name in Unicode's composed form, which lists have and file systems of some machines do not."""
    return unicodedata.normalize("NFC", name)


def none_there(names: Sequence[str], folder: Path) -> str:
    """That none of the listed videos is in ``folder``, and which is the first."""
    first = f"'{shortened(names[0])}'"
    if len(names) == 1:
        return f"its video {first} is not in {folder}"
    return f"none of its {len(names)} videos is in {folder}, the first is {first}"


def read_video_list(path: Path, needed: Sequence[str] = NEEDED) -> VideoList:
    """The list in ``path``: separated by commas, semicolons or tabs; UTF-8, with or without a byte order mark.

    Args:
        path: the list.
        needed: the columns of :data:`COLUMNS` that it must have.

    Raises:
        UserError: every line that is wrong, up to a number of them; a list without a header or without clips.
    """
    if not path.is_file():
        there = "this is a folder" if path.is_dir() else "there is no such file"
        raise UserError(f"{path}: {there}; give the list of your videos' labels with --labels")
    _refuse_spreadsheets(path)
    found = rows(path, lambda cells: _places(cells, needed) is not None, SEPARATORS)
    found = found[bool(found) and found[0].text.lower().startswith("sep=") :]  # what Excel writes above a header
    places = _places(found[0].cells, needed) if found else None
    if places is None:
        first = found[0].text if found else ""
        expected = f"a header with the column{'s' * (len(needed) > 1)} {' and '.join(needed)}, each once"
        raise wrong_line(path, found[0].number if found else 1, expected, first)
    header = found[0].cells
    unused = [name for place, name in enumerate(header) if name and place not in places.values()]
    _check_spelling(path, found[0].number, unused, places)
    if "part" in places and not any("".join(row.cells[places["part"] :][:1]) for row in found[1:]):
        del places["part"]  # an empty column says nothing
    faults = _Faults(path)
    clips: dict[tuple[str, int, int], ListedClip] = {}
    spelled: dict[tuple[str, str], ListedClip] = {}
    repeated = 0
    for row in found[1:]:
        try:
            clip = _clip(path, row, places, len(header))
            for what in ("label", "subject"):
                _check_spelled_alike(path, clip, what, spelled)
            known = clips.setdefault(clip.where, clip)
            if known is not clip:
                _check_same(path, known, clip)
                repeated += 1
        except UserError as error:
            faults.add(row.number, str(error))
    faults.tell()
    if not clips:
        raise UserError(f"{path}: this list names no video; expected a file and its label on each line")
    return VideoList(path, tuple(clips.values()), tuple(_notes(path, clips.values(), repeated, unused)))


class _Faults:
    """What is wrong with a list's lines; the same fault of many lines is told once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[str, list[str]] = {}

    def add(self, number: int, sentence: str) -> None:
        """A further fault, which begins with the file and the line ``number``."""
        kind = sentence.removeprefix(f"{self.path}:{number}").partition(", found '")[0]
        self._lines.setdefault(kind, []).append(sentence)

    def tell(self) -> None:
        """Raise all of them as one error, if there are some."""
        if not self._lines:
            return
        told = []
        for first, *others in [*self._lines.values()][:SHOWN]:
            told.append(f"{first} (and the same in {_counted(len(others), 'more line')})" if others else first)
        left = sum(map(len, [*self._lines.values()][SHOWN:]))
        more = f"; and {_counted(left, 'more line')} {'is' if left == 1 else 'are'} wrong" if left else ""
        raise UserError("; ".join(told) + more)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _refuse_spreadsheets(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(4) in SPREADSHEETS:
            raise UserError(
                f"{path}: this is the file of a spreadsheet; save the sheet as CSV (UTF-8) and give that file"
            )


def _notes(path: Path, clips: Iterable[ListedClip], repeated: int, unused: Sequence[str]) -> Iterator[str]:
    if repeated:
        says = "1 line says" if repeated == 1 else f"{repeated} lines say"
        yield f"{path}: {says} what an earlier line says; each clip is used once."
    if unused:
        yield f"{path}: nothing is read from the column{'s' * (len(unused) > 1)} {', '.join(unused)}."
    for word in sorted({clip.label for clip in clips if clip.label.lower() in PERHAPS_NO_LABELS}):
        yield f"{path}: '{word}' is taken for a class; leave the label empty where it means that there is none."


def _places(cells: Cells, needed: Sequence[str]) -> dict[str, int] | None:
    """What each column says -> its place; None for what is no header."""
    found = {name: place for name, words in COLUMNS.items() if (place := column(cells, words)) is not None}
    return found if all(name in found for name in needed) else None


def _check_spelling(path: Path, line: int, names: Sequence[str], there: Container[str]) -> None:
    """A column that is nearly one of ours that is not ``there`` is a slip, not a column of the user's own."""
    lacking = [name for name in COLUMNS if name not in there]
    for name in names:
        near = difflib.get_close_matches(name.lower(), lacking, n=1, cutoff=0.75)
        if near:
            raise UserError(
                f"{path}:{line}: there is no column '{shortened(name)}'; did you mean '{near[0]}'? A list has each of "
                f"{', '.join(COLUMNS)} once"
            )


def _clip(path: Path, row: Row, places: Mapping[str, int], width: int) -> ListedClip:
    if not row.cells:
        raise wrong_line(path, row.number, "quotes that are closed", row.text)
    if len(row.cells) > width:
        raise wrong_line(
            path, row.number, f"{width} cells as in the header, and quotes around a cell with a separator", row.text
        )
    cells = {name: row.cells[place] if place < len(row.cells) else "" for name, place in places.items()}
    if not cells["file"]:
        raise wrong_line(path, row.number, "the name of a video", row.text)
    file = posixpath.normpath(composed(cells["file"].replace("\\", "/")))
    label, part = " ".join(composed(cells.get("label", "")).split()), cells.get("part", "").lower()
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
    return ListedClip(row.number, file, label, " ".join(composed(cells.get("subject", "")).split()), start, end, part)


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


def _check_spelled_alike(path: Path, clip: ListedClip, what: str, spelled: dict[tuple[str, str], ListedClip]) -> None:
    """One class has one spelling, and so has a person."""
    here = getattr(clip, what)
    known = spelled.setdefault((what, here.casefold()), clip)
    if (there := getattr(known, what)) != here:
        raise UserError(
            f"{path}:{clip.line}: the {what} '{here}' is '{there}' in line {known.line}; write it in one way"
        )
