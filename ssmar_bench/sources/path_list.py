"""A list of videos to look at: a table with the column ``file``, as labels are listed in, or a path a line."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.text import column, read_lines
from ssmar_bench.sources.video_list import COLUMNS, SEPARATORS, none_there, read_video_list

ENDINGS = (".csv", ".tsv", ".txt")
"""Of the names of files that are lists, in small letters."""


@dataclass(frozen=True)
class PlacedClip:
    """A video or a clip of it.

    Attributes:
        video: the file.
        start, end: first and last frame, 0-based and inclusive; -1 and -1 for the whole file.
        given: the label that a list gives it; "" for none.
        file: the video as the list writes it; "" where no list names it.
    """

    video: Path
    start: int = -1
    end: int = -1
    given: str = ""
    file: str = ""


def is_list(path: Path) -> bool:
    """Whether ``path`` is a file whose name ends as a list's."""
    return path.suffix.lower() in ENDINGS and path.is_file()


def read_path_list(path: Path, root: Path | None = None) -> list[PlacedClip]:
    """What the list in ``path`` names; a video of it need not be there, as long as one is.

    Args:
        path: the list.
        root: where its paths begin; None for the list's own folder.

    Raises:
        UserError: as :func:`~ssmar_bench.sources.video_list.read_video_list`; it names no video, or none that is there.
    """
    root = path.parent if root is None else root
    if not root.is_dir():
        raise UserError(f"{root}: there is no such folder; give the one in which the paths of {path} begin.")
    found = [PlacedClip(_place(root, file), start, end, given, file) for file, start, end, given in _named(path)]
    if not found:
        raise UserError(f"{path}: this list names no video; expected a path on each line.")
    if not any(os.path.lexists(clip.video) for clip in found):
        raise UserError(
            f"{path}: {none_there([str(clip.video) for clip in found], root)}; say with --videos in which folder its "
            "paths begin."
        )
    return found


def _place(root: Path, file: str) -> Path:
    """Where a listed file is: a file system may write its name in Unicode's other form."""
    forms = (root / unicodedata.normalize(form, file) for form in ("NFC", "NFD"))
    return next((place for place in forms if os.path.lexists(place)), root / file)


def _named(path: Path) -> Iterator[tuple[str, int, int, str]]:
    """File, first and last frame and label of every line."""
    lines = [line for _, line in read_lines(path)]
    heads = [] if not lines else [lines[0].split(separator) for separator in SEPARATORS if separator in lines[0]]
    if any(column([word.strip('"') for word in head], COLUMNS["file"]) is not None for head in heads):
        for clip in read_video_list(path, needed=("file",)).clips:
            yield clip.file, clip.start, clip.end, clip.label
        return
    header = bool(lines) and lines[0].strip('"').lower() in COLUMNS["file"]
    for line in lines[header:]:
        yield line.strip('"').replace("\\", "/"), -1, -1, ""
