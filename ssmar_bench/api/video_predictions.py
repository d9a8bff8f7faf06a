"""What a trained model says of videos: a row a video, as a data frame, CSV or plain data."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.files import write_text
from ssmar_bench.core.printable import visible
from ssmar_bench.core.writable import require_writable
from ssmar_bench.reports.table_formats import csv_text
from ssmar_bench.sources.path_list import PlacedClip, is_list, read_path_list
from ssmar_bench.sources.video_files import ENDINGS, video_files

Paths = Path | str | Iterable[Path | str]
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Prediction:
    """What a model says of a video.

    Attributes:
        video: the file.
        ranked: (class name, probability in [0, 1]) of every class, the most probable first; none of a video that
            cannot be used.
        problem: why it cannot be used, without naming it; "" if it can.
        start, end: first and last frame of the clip that a list names, from 0; -1 and -1 where it names none.
        given: the label that a list gives it; "" for none.
        file: the video as the list writes it, or from the folder that was given; "" of a file that was given itself.
        role: for what the run had this very clip: ``labelled``, ``unlabelled``, ``validation`` or ``test``; "" of any
            other, and where the run was not one on a user's own videos.
    """

    video: Path
    ranked: tuple[tuple[str, float], ...]
    problem: str = ""
    start: int = -1
    end: int = -1
    given: str = ""
    file: str = ""
    role: str = ""

    @property
    def label(self) -> str:
        """The name of the most probable class; "" of a video that cannot be used."""
        return self.ranked[0][0] if self.ranked else ""

    def __repr__(self) -> str:
        return f"<prediction of {self.video}: {self}>"

    def __str__(self) -> str:
        return self.problem or ", ".join(f"{name} {100 * probability:.1f} %" for name, probability in self.ranked[:3])


def find_videos(paths: Paths, listener: Listener, root: Path | str | None = None) -> list[PlacedClip]:
    """The clips of ``paths``, each once, in their order; of a folder the videos in it and below it, by their endings.

    What lies beside them in a folder is told to ``listener`` as a note.

    Args:
        paths: videos, folders of them, and lists (``.csv``, ``.tsv``, ``.txt``).
        listener: hears the notes.
        root: where the paths of a list begin; None for the list's own folder.

    Raises:
        UserError: there is no file at all, a folder without a video or that cannot be read, or a list that is wrong.
    """
    found: dict[tuple[str, int, int], PlacedClip] = {}
    given = [Path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    if root is not None and not any(map(is_list, given)):
        raise UserError("--videos is where the paths of a list begin; give a list, or leave it out.")
    for path in given:
        for clip in _clips_of(path, listener, root):
            place = os.path.abspath(clip.video)  # noqa: PTH100 - a link is a name of its own
            found.setdefault((place, clip.start, clip.end), clip)
    if not found:
        raise UserError("There is no video to predict; give files or folders of videos.")
    return list(found.values())


def _clips_of(path: Path, listener: Listener, root: Path | str | None) -> Sequence[PlacedClip]:
    if path.is_dir():
        return [PlacedClip(video, file=_from_folder(video, path)) for video in _of_folder(path, listener)]
    return read_path_list(path, None if root is None else Path(root)) if is_list(path) else [PlacedClip(path)]


def _from_folder(video: Path, folder: Path) -> str:
    """A video's path as a list of labels has it: from the folder, in Unicode's composed form and with ``/``."""
    return unicodedata.normalize("NFC", video.relative_to(folder).as_posix())


def _of_folder(folder: Path, listener: Listener) -> Sequence[Path]:
    try:
        files = video_files(folder)
    except OSError as error:
        raise UserError(f"{folder}: this folder cannot be read ({error.strerror}); give another one.") from error
    if not files.videos:
        endings = ", ".join(sorted(ENDINGS))
        raise UserError(f"{folder}: there is no video in this folder or below it; a video's name ends in {endings}.")
    if files.others:
        these = "file is" if files.others == 1 else "files are"
        text = f"{folder}: {files.others} other {these} left aside, by the ending of the name no video"
        listener(Event("", "note", text))
    return files.videos


def frame_of(predictions: Iterable[Prediction], top: int) -> pd.DataFrame:
    """A row each: ``video``, ``label``, ``probability``, ``problem``; ``label_2``, ``probability_2`` to ``top``.

    Behind ``video`` stand ``file``, ``start`` and ``end``, ``given`` and ``role``, where a prediction has them:
    ``file`` is the video as a list of labels writes it, so that both can be joined.
    """
    found = list(predictions)
    rows = []
    for prediction in found:
        ranked = [*prediction.ranked[:top], *[("", math.nan)] * (top - len(prediction.ranked))]
        row: dict[str, Any] = {**_more(prediction, found), "label": ranked[0][0], "probability": ranked[0][1]}
        row["problem"] = prediction.problem
        for place, (name, probability) in enumerate(ranked[1:], start=2):
            row[f"label_{place}"], row[f"probability_{place}"] = name, probability
        rows.append(row)
    frame = pd.DataFrame(rows)
    videos = pd.Series([str(one.video) for one in found], dtype=object)  # bytes that are no text are no ``str`` column
    frame.insert(0, "video", videos)
    return frame


def _more(one: Prediction, among: Sequence[Prediction]) -> dict[str, Any]:
    """What a list or folder says of a video, as far as it says it of any."""
    file = {"file": one.file} if any(other.file for other in among) else {}
    frames = {"start": one.start, "end": one.end} if any(other.end >= 0 for other in among) else {}
    given = {"given": one.given} if any(other.given for other in among) else {}
    return file | frames | given | ({"role": one.role} if any(other.role for other in among) else {})


def plain_rows(predictions: Iterable[Prediction], top: int) -> list[dict[str, Any]]:
    """The same as plain data, for JSON: ``ranked`` holds the ``top`` classes."""
    found = list(predictions)
    return [
        {
            "video": str(one.video),
            **_more(one, found),
            "label": one.label or None,
            "probability": one.ranked[0][1] if one.ranked else None,
            "problem": one.problem or None,
            "ranked": [{"label": name, "probability": probability} for name, probability in one.ranked[:top]],
        }
        for one in found
    ]


def predictions_csv(frame: pd.DataFrame) -> str:
    """A frame of :func:`frame_of` as CSV; no name in it is taken for a formula, and a path stays a path."""
    paths = {name: [_plain_path(path) for path in frame[name]] for name in ("video", "file") if name in frame}
    return csv_text(frame.assign(**paths))


def _plain_path(path: str) -> str:
    return visible(f"./{path}" if path.startswith(FORMULA) else path)


def require_new_file(path: Path, said: str) -> None:
    """Try whether a file can be written where none is.

    Raises:
        UserError: something is there, or its folder cannot be written.
    """
    if os.path.lexists(path):
        raise UserError(f"{said}: this exists already; give another name, nothing is overwritten.")
    require_writable(path.absolute().parent, said)


def write_new_file(path: Path, text: str, said: str) -> None:
    """Write ``text`` to a file that is not there yet, whole or not at all.

    Raises:
        UserError: as :func:`require_new_file`, or the disk is full.
    """
    require_new_file(path, said)
    try:
        write_text(path, text)
    except OSError as error:
        raise UserError(f"{said} cannot be written ({error.strerror or error}); give another file.") from error
