"""Reads HMDB51 exactly as its owners distribute it, for one of its three official splits (option ``split``).

``hmdb51_org/<class>/<file>.avi`` and ``testTrainMulti_7030_splits/<class>_test_split{1,2,3}.txt`` with lines
``<file>.avi <0|1|2>``: 1 trains, 2 tests, 0 is unused. Ids are the places of the sorted class names, from 0. A clip's
"subject" is the film that it was cut from: its file name before the class.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.listing import SourceListing, absent_videos, index_frame
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.text import BLANK, Cells, rows, whole_number, wrong_line
from ssmar_bench.sources.trimmed import Place, hashed_id, videos_in

FACTS = read_facts("hmdb51.yaml")
LISTS = Place(
    (
        *("testTrainMulti_7030_splits", "annotations"),
        *("test_train_splits/testTrainMulti_7030_splits", "test_train_splits", "splits", "."),
    ),
    tuple(f"{name}_test_split{split}.txt" for name in FACTS.names.values() for split in (1, 2, 3)),
    "test_train_splits.rar",
    "unrar x",
    strict=False,
)
VIDEOS = Place(
    ("hmdb51_org", "videos", ".", "hmdb51_org/hmdb51_org", "hmdb51", "HMDB51"),
    tuple(FACTS.names.values()),
    "hmdb51_org.rar",
    "unrar x",
    strict=True,
)
PARTS = {0: "unused", 1: "train", 2: "test"}
_TAIL = 6  # a file name ends in visible body, camera motion, subjects, view, quality and a number


def survey(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:  # noqa: ARG001
    """HMDB51's folder ``root`` with the parts of the official split ``options["split"]``.

    Raises:
        UserError: a folder or list is missing, or a line is not what the layout says.
    """
    ids = {name: label for label, name in FACTS.names.items()}
    ending = f"_test_split{options['split']}.txt"
    lists, videos = LISTS.folder(root), VIDEOS.folder(root)
    _check_classes(lists, {path.name.removesuffix(ending) for path in lists.glob(f"*{ending}")}, ending)
    clips, used = [], {}
    for name, label in ids.items():
        for file, part in _entries(lists / f"{name}{ending}").items():
            stem = file.removesuffix(".avi")
            video = os.fspath(videos / name / file)
            clips.append((hashed_id(f"{name}/{stem}"), video, -1, -1, label, _film(stem, name), part))
            if part != "unused":
                used[f"{name}/{file}"] = video
    missing = absent_videos(videos, f"{lists.name}'s split {options['split']}", used, videos_in(videos, ids))
    return SourceListing(Index(source, index_frame(clips), dict(FACTS.names)), "", missing)


def _check_classes(lists: Path, found: set[str], ending: str) -> None:
    known = set(FACTS.names.values())
    for name in sorted(known - found):
        raise UserError(
            f"{lists / (name + ending)}: there is no such file; expected one for each of {len(known)} classes"
        )
    for name in sorted(found - known):
        raise UserError(f"{lists / (name + ending)}: HMDB51 has no class '{name}'")


def _is_entry(cells: Cells) -> bool:
    return (
        len(cells) == 2
        and cells[0].endswith(".avi")
        and not {"/", "\\"} & {*cells[0]}
        and whole_number(cells[1]) in PARTS
    )


def _entries(path: Path) -> dict[str, str]:
    """File name -> part."""
    parts: dict[str, str] = {}
    for row in rows(path, _is_entry, (BLANK, ",", ";")):
        if not _is_entry(row.cells):
            raise wrong_line(path, row.number, "'<file>.avi <0|1|2>'", row.text)
        file, code = row.cells
        if file in parts:
            raise UserError(f"{path}:{row.number}: expected each file once, found '{file}' again")
        parts[file] = PARTS[whole_number(code) or 0]
    if not {"train", "test"} <= set(parts.values()):
        raise UserError(f"{path}: expected clips to train (1) and clips to test on (2), found not both")
    return parts


def _film(stem: str, name: str) -> str:
    """``April_09`` of ``April_09_brush_hair_u_nm_np1_ba_goo_0``; a name of another form is a film by itself."""
    head = "_".join(stem.split("_")[:-_TAIL])
    return head.removesuffix(f"_{name}") if head.endswith(f"_{name}") else stem
