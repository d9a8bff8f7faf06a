"""Reads HMDB51 exactly as its owners distribute it, for one of its three official splits (knob ``split``).

``hmdb51_org/<class>/<file>.avi`` and ``testTrainMulti_7030_splits/<class>_test_split{1,2,3}.txt`` with lines
``<file>.avi <0|1|2>``: 1 trains, 2 tests, 0 is unused. Ids are the places of the sorted class names, from 0. A clip's
"person" is the film that it was cut from: its file name before the class.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.listing import Listing, absent, frame
from ssmar_bench.sources.official.hmdb51 import FACTS
from ssmar_bench.sources.text import lines, wrong
from ssmar_bench.sources.trimmed import folder_of, unordered, videos_in

LISTS = ("testTrainMulti_7030_splits", "annotations")
VIDEOS = ("hmdb51_org", "videos", ".")
PARTS = {"0": "unused", "1": "train", "2": "test"}
_TAIL = 6  # a file name ends in visible body, camera motion, people, view, quality and a number


def survey(root: Path, source: str, knobs: Mapping[str, int], listener: Listener) -> Listing:  # noqa: ARG001
    """HMDB51's folder ``root`` with the parts of the official split ``knobs["split"]``.

    Raises:
        UserError: a folder or list is missing, or a line is not what the layout says.
    """
    lists = folder_of(root, LISTS, "", "test_train_splits.rar", "unrar x")
    videos = folder_of(root, VIDEOS, FACTS.names[0], "hmdb51_org.rar", "unrar x")
    ids = {name: label for label, name in FACTS.names.items()}
    ending = f"_test_split{knobs['split']}.txt"
    _check_classes(lists, {path.name.removesuffix(ending) for path in lists.glob(f"*{ending}")}, ending)
    rows, used = [], []
    for name, label in ids.items():
        for file, part in _entries(lists / f"{name}{ending}").items():
            stem = file.removesuffix(".avi")
            video = os.fspath(videos / name / file)
            rows.append((unordered(f"{name}/{stem}"), video, -1, -1, label, _film(stem, name), part))
            if part != "unused":
                used.append(f"{name}/{file}")
    missing = absent(videos, f"{lists.name}'s split {knobs['split']}", used, videos_in(videos))
    return Listing(Index(source, frame(rows), dict(FACTS.names)), "", missing)


def _check_classes(lists: Path, found: set[str], ending: str) -> None:
    known = set(FACTS.names.values())
    for name in sorted(known - found):
        raise UserError(
            f"{lists / (name + ending)}: there is no such file; expected one for each of {len(known)} classes"
        )
    for name in sorted(found - known):
        raise UserError(f"{lists / (name + ending)}: HMDB51 has no class '{name}'")


def _entries(path: Path) -> dict[str, str]:
    """File name -> part."""
    parts: dict[str, str] = {}
    for number, line in lines(path):
        file, _, code = line.strip().rpartition(" ")
        file = file.strip()
        if not file.endswith(".avi") or "/" in file or "\\" in file or code not in PARTS:
            raise wrong(path, number, "'<file>.avi <0|1|2>'", line)
        if file in parts:
            raise UserError(f"{path}:{number}: expected each file once, found '{file}' again")
        parts[file] = PARTS[code]
    if not {"train", "test"} <= set(parts.values()):
        raise UserError(f"{path}: expected clips to train (1) and clips to test on (2), found not both")
    return parts


def _film(stem: str, name: str) -> str:
    """``April_09`` of ``April_09_brush_hair_u_nm_np1_ba_goo_0``; a name of another form is a film by itself."""
    head = "_".join(stem.split("_")[:-_TAIL])
    return head.removesuffix(f"_{name}") if head.endswith(f"_{name}") else stem
