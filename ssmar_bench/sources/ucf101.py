"""Reads UCF101 exactly as its owners distribute it, for one of its three official splits (option ``split``).

``UCF-101/<Class>/v_<Class>_gXX_cYY.avi`` and, from the archive of recognition splits, ``ucfTrainTestlist/`` with
``classInd.txt`` (``<id from 1> <Class>``), ``trainlist0N.txt`` (``<Class>/<file>.avi <id>``) and ``testlist0N.txt``
(the same without the id). A clip's "subject" is the source video that it was cut from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.listing import SourceListing, absent_videos, index_frame
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.text import BLANK, Cells, ClassNames, nothing, rows, whole_number, wrong_line
from ssmar_bench.sources.trimmed import Place, hashed_id, videos_in

FACTS = read_facts("ucf101.yaml")
LISTS = Place(
    (
        *("ucfTrainTestlist", "annotations", "."),
        *("UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist", "UCF-101/ucfTrainTestlist", "splits"),
    ),
    ("classInd.txt",),
    "UCF101TrainTestSplits-RecognitionTask.zip",
    "unzip",
    strict=True,
)
VIDEOS = Place(
    ("UCF-101", "videos", "UCF-101/UCF-101", "UCF101", "UCF101/UCF-101", "."),
    tuple(FACTS.names.values()),
    "UCF101.rar",
    "unrar x",
    strict=False,
)
SEPARATORS = (BLANK, ",", ";")
_NAME = re.compile(r"([^/\\\s]+)/([^/\\\s]+_(g\d+)_c\d+)\.avi")


def survey(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:  # noqa: ARG001
    """UCF101's folder ``root`` with the parts of the official split ``options["split"]``.

    Raises:
        UserError: a folder or list is missing, or a line is not what the layout says.
    """
    lists, videos = LISTS.folder(root), VIDEOS.folder(root)
    ids = _classes(lists / "classInd.txt")
    clips: dict[str, tuple[str, str, int, int, int, str, str]] = {}
    for part in ("train", "test"):
        path = lists / f"{part}list{options['split']:02d}.txt"
        for number, name, label, group in _entries(path, ids, labelled=part == "train"):
            if name in clips:
                raise UserError(f"{path}:{number}: expected each clip once in a split, found '{name}' again")
            video = os.fspath(videos / f"{name}.avi")
            clips[name] = (hashed_id(name), video, -1, -1, label, f"{name.partition('/')[0]}/{group}", part)
    files = {f"{name}.avi": os.fspath(videos / f"{name}.avi") for name in clips}
    missing = absent_videos(videos, f"{lists.name}'s split {options['split']}", files, videos_in(videos, ids))
    index = Index(source, index_frame(clips.values()), {label: name for name, label in ids.items()})
    return SourceListing(index, "", missing)


def _is_class(cells: Cells) -> bool:
    return len(cells) == 2 and (whole_number(cells[0]) or 0) in FACTS.names and not {*" ,;/\\"} & {*cells[1]}


def _classes(path: Path) -> dict[str, int]:
    """Class name -> id."""
    found = ClassNames(path)
    for row in rows(path, _is_class, SEPARATORS):
        label = whole_number(row.cells[0]) if _is_class(row.cells) else None
        if label is None or label in found.names:
            raise wrong_line(path, row.number, f"'<id 1..{len(FACTS.names)}> <class>' with a new id", row.text)
        found.add(row, label, row.cells[1])
    if len(found.names) != len(FACTS.names):
        raise UserError(f"{path}: expected {len(FACTS.names)} classes, found {len(found.names)}")
    return {name: label for label, name in found.names.items()}


def _entries(path: Path, ids: Mapping[str, int], labelled: bool) -> list[tuple[int, str, int, str]]:
    """Line, name without ``.avi``, class id and group of every clip of a list."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; expected it among UCF101's recognition splits")

    def fits(cells: Cells) -> bool:
        return len(cells) == 1 + labelled and _NAME.fullmatch(cells[0]) is not None

    form = "'<Class>/v_<Class>_gXX_cYY.avi" + (" <id>'" if labelled else "' and no id")
    found = []
    for row in rows(path, fits, SEPARATORS):
        match = _NAME.fullmatch(row.cells[0]) if fits(row.cells) else None
        if match is None:
            raise wrong_line(path, row.number, form, row.text)
        folder, stem, group = match.groups()
        if folder not in ids:
            raise wrong_line(path, row.number, "a class of classInd.txt", folder)
        if labelled and whole_number(row.cells[1]) != ids[folder]:
            raise wrong_line(
                path, row.number, f"the id {ids[folder]} that classInd.txt gives to {folder}", row.cells[1]
            )
        found.append((row.number, f"{folder}/{stem}", ids[folder], group))
    if not found:
        raise nothing(path, f"{form} on each line")
    return found
