"""Reads MA-52 exactly as its owners distribute it, and whatever is written in the same layout.

Lists ``{train,val,test}_list_videos.txt`` and ``label_name.txt`` are in the root or in ``annotations/`` (``LISTS``),
videos in flat folders ``videos_{train,val,test}/``, ``raw_videos/{train,val,test}/`` or ``{train,val,test}/``
(``FOLDERS``), or still in ``{train,val,test}.zip``. The test list is optional and its labels are hidden (the column is
always 0).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.sources import folders
from ssmar_bench.sources.listing import Missing, SourceListing, absent_videos
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.text import BLANK, Cells, ClassNames, rows, whole_number, wrong_line
from ssmar_bench.sources.unpack import BadArchiveError, unpacked

FACTS = read_facts("ma52.yaml")
PARTS = ("train", "val", "test")
CLASSES = 52
HIDDEN = "test"
LISTS = (".", "annotations", "annotation", "labels", "lists")
FOLDERS = {  # where a part's videos are -> the layout; a program that unpacks may add the archive's name as a folder
    "videos_{0}": "code",
    "raw_videos/{0}": "unzipped",
    "{0}": "unzipped",
    "videos/{0}": "unzipped",
    "videos/videos_{0}": "code",
    "raw_videos/{0}/{0}": "unzipped",
    "{0}/{0}": "unzipped",
}
ARCHIVES = ("{0}.zip", "raw_videos/{0}.zip", "videos/{0}.zip")


def survey(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:  # noqa: ARG001
    """MA-52's folder ``root``: parts ``train``, ``val`` and, where there is a list, ``test``; no options.

    Raises:
        UserError: a list is missing or empty, or a line is not what the layout says.
    """
    names = _names(_list(root, "label_name.txt"))
    tables, layouts = [], []
    missing: list[Missing] = []
    for part in PARTS:
        if part == HIDDEN and not _find(root, _list_name(part)):
            continue
        clips, layout, lacking = _part(root, source, part, listener)
        tables.append(clips)
        missing += lacking
        layouts.append(layout)
    clips = pd.concat(tables, ignore_index=True).sort_values("clip_id", ignore_index=True)
    index = Index(source, clips[list(COLUMNS)], names, groups=FACTS.groups)
    return SourceListing(index, next(filter(None, layouts), ""), tuple(missing), _renamed(source, names))


def _renamed(source: str, names: dict[int, str]) -> tuple[str, ...]:
    """Notes on names that are not those of the official ``label_name.txt``."""
    other = [f"{label} is '{name}'" for label, name in names.items() if name != FACTS.names[label]]
    return (f"label_name.txt of {source} differs from the official one: {', '.join(other)}.",) if other else ()


def _list_name(part: str) -> str:
    return f"{part}_list_videos.txt"


def _find(root: Path, name: str) -> Path | None:
    return folders.first_file(root, (name if place == "." else f"{place}/{name}" for place in LISTS))


def _list(root: Path, name: str) -> Path:
    found = _find(root, name)
    if found is None:
        where = folders.listed(LISTS[1:], "or")
        raise UserError(f"{root / name}: there is no such file, neither here nor in {where}; MA-52 has it")
    return found


def _label(field: str) -> int:
    """A class id, or -1 for what is none."""
    value = whole_number(field)
    return -1 if value is None or value >= CLASSES else value


def _names(path: Path) -> dict[int, str]:
    found = ClassNames(path)
    for row in rows(path, lambda cells: len(cells) == 2 and _label(cells[0]) >= 0, ("\t", ";", ",")):
        label = _label(row.cells[0]) if len(row.cells) == 2 else -1
        if label < 0 or not row.cells[1] or label in found.names:
            raise wrong_line(path, row.number, "'<id 0..51><tab><name>' with a new id", row.text)
        found.add(row, label, row.cells[1])
    if len(found.names) != CLASSES:
        raise UserError(f"{path}: expected the names of {CLASSES} classes, found {len(found.names)}")
    return found.names


def _part(root: Path, source: str, part: str, listener: Listener) -> tuple[pd.DataFrame, str, tuple[Missing, ...]]:
    """A part's rows, the layout that it is in, and which of its videos are missing."""
    listed = _list(root, _list_name(part))
    files, labels = _entries(listed, subjects=part != HIDDEN)
    if not files and part != HIDDEN:
        raise UserError(
            f"{listed}: this list is empty, so the lists of {source} name no clip of the part {part}; get it again"
        )
    stems = [file[: -len(".mp4")] for file in files]
    folder, layout, reason = _folder(root, part, files, listener)
    prefix = f"{folder}{os.sep}"
    clips = pd.DataFrame(
        {
            "clip_id": [f"{part}/{stem}" for stem in stems],
            "path": [prefix + file for file in files],
            "start": pd.Series(-1, index=range(len(files)), dtype="int64"),
            "end": pd.Series(-1, index=range(len(files)), dtype="int64"),
            "label": pd.Series(-1 if part == HIDDEN else labels, index=range(len(files)), dtype="int64"),
            "subject": ["" if part == HIDDEN else stem.split("_", 1)[0] for stem in stems],
            "part": [part] * len(files),
        }
    )
    there = folders.files_in(folder) if files and not reason else set()
    return clips, layout, absent_videos(folder, listed.name, {file: prefix + file for file in files}, there, reason)


def _is_entry(cells: Cells) -> bool:
    return len(cells) == 2 and cells[0].endswith(".mp4") and not {"/", "\\"} & {*cells[0]} and " " not in cells[0]


def _entries(path: Path, subjects: bool) -> tuple[list[str], list[int]]:
    """File names and labels of a list, in its order; the names begin with the subject where ``subjects`` are known."""
    labels: dict[str, int] = {}
    for row in rows(path, _is_entry, (BLANK, ",", ";")):
        if not _is_entry(row.cells):
            raise wrong_line(path, row.number, "'<file>.mp4 <label>'", row.text)
        file, label = row.cells[0], _label(row.cells[1])
        if label < 0:
            raise wrong_line(path, row.number, f"a label from 0 to {CLASSES - 1}", row.cells[1])
        if file in labels:
            raise UserError(f"{path}:{row.number}: expected each file once, found '{file}' again")
        if subjects and file.find("_") < 1:
            raise wrong_line(path, row.number, "a clip named '<subject>_<segment>_<clip>.mp4'", file)
        labels[file] = label
    return list(labels), list(labels.values())


def _folder(root: Path, part: str, files: list[str], listener: Listener) -> tuple[Path, str, str]:
    """Where a part's videos are, the layout, and why they are not there; an archive is unpacked into the cache."""
    known = {place.format(part): layout for place, layout in FOLDERS.items()}
    usual = root / next(iter(known))
    if not files:
        return usual, "", ""
    there = folders.best_folder(root, known, lambda folder: bool(folders.files_in(folder) & {*files}))
    archive = folders.first_file(root, (name.format(part) for name in ARCHIVES))
    if there is not None and (archive is None or folders.files_in(there) & {*files}):
        name = there.relative_to(root).as_posix().lower()
        return there, next(layout for place, layout in known.items() if place == name), ""
    if archive is None:
        first, second, third = list(known)[:3]
        names = f"neither {first}/ nor {second}/ nor {ARCHIVES[0].format(part)}, nor {third}/"
        return usual, "", f"{root}: there is {names}, which the {part} list needs"
    try:
        return unpacked(archive, ".mp4", listener), "zips", ""
    except BadArchiveError as error:  # a damaged archive of a part that nobody uses harms nobody
        return usual, "", str(error)
