"""Reads UCF101 exactly as its owners distribute it, for one of its three official splits (knob ``split``).

``UCF-101/<Class>/v_<Class>_gXX_cYY.avi`` and, from the archive of recognition splits, ``ucfTrainTestlist/`` with
``classInd.txt`` (``<id from 1> <Class>``), ``trainlist0N.txt`` (``<Class>/<file>.avi <id>``) and ``testlist0N.txt``
(the same without the id). A clip's "person" is the source video that it was cut from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.listing import Listing, absent, frame
from ssmar_bench.sources.official.ucf101 import FACTS
from ssmar_bench.sources.text import lines, whole, wrong
from ssmar_bench.sources.trimmed import folder_of, unordered, videos_in

LISTS = ("ucfTrainTestlist", "annotations", ".")
VIDEOS = ("UCF-101", "videos")
_NAME = re.compile(r"([^/\\\s]+)/([^/\\\s]+_(g\d+)_c\d+)\.avi")


def survey(root: Path, source: str, knobs: Mapping[str, int], listener: Listener) -> Listing:  # noqa: ARG001
    """UCF101's folder ``root`` with the parts of the official split ``knobs["split"]``.

    Raises:
        UserError: a folder or list is missing, or a line is not what the layout says.
    """
    lists = folder_of(root, LISTS, "classInd.txt", "UCF101TrainTestSplits-RecognitionTask.zip", "unzip")
    videos = folder_of(root, VIDEOS, "", "UCF101.rar", "unrar x")
    ids = _classes(lists / "classInd.txt")
    rows: dict[str, tuple[str, str, int, int, int, str, str]] = {}
    for part in ("train", "test"):
        path = lists / f"{part}list{knobs['split']:02d}.txt"
        for number, name, label, group in _entries(path, ids, labelled=part == "train"):
            if name in rows:
                raise UserError(f"{path}:{number}: expected each clip once in a split, found '{name}' again")
            video = os.fspath(videos / f"{name}.avi")
            rows[name] = (unordered(name), video, -1, -1, label, f"{name.partition('/')[0]}/{group}", part)
    files = [f"{name}.avi" for name in rows]
    missing = absent(videos, f"{lists.name}'s split {knobs['split']}", files, videos_in(videos))
    index = Index(source, frame(rows.values()), {label: name for name, label in ids.items()})
    return Listing(index, "", missing)


def _classes(path: Path) -> dict[str, int]:
    """Class name -> id."""
    ids: dict[str, int] = {}
    for number, line in lines(path):
        fields = line.split()
        label = whole(fields[0])
        if len(fields) != 2 or label is None or label not in FACTS.names or label in ids.values():
            raise wrong(path, number, f"'<id 1..{len(FACTS.names)}> <class>' with a new id", line)
        ids[fields[1]] = label
    if len(ids) != len(FACTS.names):
        raise UserError(f"{path}: expected {len(FACTS.names)} classes, found {len(ids)}")
    return ids


def _entries(path: Path, ids: Mapping[str, int], labelled: bool) -> list[tuple[int, str, int, str]]:
    """Line, name without ``.avi``, class id and group of every clip of a list."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; expected it among UCF101's recognition splits")
    found = []
    for number, line in lines(path):
        name, _, label = line.strip().partition(" ")
        match = _NAME.fullmatch(name)
        if match is None or bool(label) != labelled:
            form = "'<Class>/v_<Class>_gXX_cYY.avi" + (" <id>'" if labelled else "' and no id")
            raise wrong(path, number, form, line)
        folder, stem, group = match.groups()
        if folder not in ids:
            raise wrong(path, number, "a class of classInd.txt", folder)
        if labelled and whole(label) != ids[folder]:
            raise wrong(path, number, f"the id {ids[folder]} that classInd.txt gives to {folder}", label)
        found.append((number, f"{folder}/{stem}", ids[folder], group))
    return found
