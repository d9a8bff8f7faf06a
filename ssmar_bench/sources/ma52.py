"""Reads MA-52 exactly as its owners distribute it, and whatever is written in the same layout.

Lists ``{train,val,test}_list_videos.txt`` and ``label_name.txt`` stand in the root or in ``annotations/``, videos in
flat folders ``videos_{train,val,test}/`` or ``raw_videos/{train,val,test}/``, or still in ``{train,val,test}.zip``.
The test list is optional and its labels are hidden (the column is always 0).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.sources.listing import Listing, Missing, absent
from ssmar_bench.sources.official.ma52 import FACTS
from ssmar_bench.sources.text import lines, wrong
from ssmar_bench.sources.unpack import unpacked

PARTS = ("train", "val", "test")
CLASSES = 52
HIDDEN = "test"


def survey(root: Path, source: str, knobs: Mapping[str, int], listener: Listener) -> Listing:  # noqa: ARG001
    """MA-52's folder ``root``: parts ``train``, ``val`` and, where there is a list, ``test``; no knobs.

    Raises:
        UserError: a folder or list is missing, or a line is not what the layout says.
    """
    names = _names(_list(root, "label_name.txt"))
    tables, layouts = [], []
    missing: list[Missing] = []
    for part in PARTS:
        if part == HIDDEN and not _find(root, _list_name(part)):
            continue
        clips, layout, lacking = _part(root, part, listener)
        tables.append(clips)
        missing += lacking
        layouts.append(layout)
    clips = pd.concat(tables, ignore_index=True).sort_values("clip_id", ignore_index=True)
    index = Index(source, clips[list(COLUMNS)], names, groups=FACTS.groups)
    return Listing(index, layouts[0], tuple(missing), _renamed(source, names))


def _renamed(source: str, names: dict[int, str]) -> tuple[str, ...]:
    """Notes on names that are not those of the official ``label_name.txt``."""
    other = [f"{label} is '{name}'" for label, name in names.items() if name != FACTS.names[label]]
    return (f"label_name.txt of {source} differs from the official one: {', '.join(other)}.",) if other else ()


def _list_name(part: str) -> str:
    return f"{part}_list_videos.txt"


def _find(root: Path, name: str) -> Path | None:
    return next((path for path in (root / name, root / "annotations" / name) if path.is_file()), None)


def _list(root: Path, name: str) -> Path:
    found = _find(root, name)
    if found is None:
        raise UserError(f"{root / name}: there is no such file, neither here nor in annotations/; MA-52 has it")
    return found


def _label(field: str) -> int:
    """A class id, or -1 for what is none."""
    value = int(field) if field.isascii() and field.isdigit() else -1
    return value if value < CLASSES else -1


def _names(path: Path) -> dict[int, str]:
    names: dict[int, str] = {}
    for number, line in lines(path):
        field, _, name = line.partition("\t")
        label = _label(field)
        if label < 0 or not name.strip() or label in names:
            raise wrong(path, number, "'<id 0..51><tab><name>' with a new id", line)
        names[label] = name.strip()
    if len(names) != CLASSES:
        raise UserError(f"{path}: expected the names of {CLASSES} classes, found {len(names)}")
    return names


def _part(root: Path, part: str, listener: Listener) -> tuple[pd.DataFrame, str, tuple[Missing, ...]]:
    """A part's rows, the layout that it is in, and which of its videos are missing."""
    listed = _list(root, _list_name(part))
    files, labels = _entries(listed, people=part != HIDDEN)
    stems = [file[: -len(".mp4")] for file in files]
    folder, layout = _folder(root, part, listener) if files else (root, "")
    prefix = f"{folder}{os.sep}"
    rows = pd.DataFrame(
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
    return rows, layout, _missing(listed, folder, files)


def _entries(path: Path, people: bool) -> tuple[list[str], list[int]]:
    """File names and labels of a list, in its order; the names begin with the person where ``people`` are known."""
    known = {str(label): label for label in range(CLASSES)}
    labels: dict[str, int] = {}
    for number, line in lines(path):
        fields = line.split()
        file = fields[0]
        if len(fields) != 2 or not file.endswith(".mp4") or "/" in file or "\\" in file:
            raise wrong(path, number, "'<file>.mp4 <label>'", line)
        if fields[1] not in known:
            raise wrong(path, number, f"a label from 0 to {CLASSES - 1}", fields[1])
        if file in labels:
            raise UserError(f"{path}:{number}: expected each file once, found '{file}' again")
        if people and file.find("_") < 1:
            raise wrong(path, number, "a clip named '<person>_<segment>_<clip>.mp4'", file)
        labels[file] = known[fields[1]]
    return list(labels), list(labels.values())


def _folder(root: Path, part: str, listener: Listener) -> tuple[Path, str]:
    """Where a part's videos stand, and the layout; an archive is unpacked into the cache."""
    for folder, layout in ((root / f"videos_{part}", "code"), (root / "raw_videos" / part, "unzipped")):
        if folder.is_dir():
            return folder, layout
    for archive in (root / f"{part}.zip", root / "raw_videos" / f"{part}.zip"):
        if archive.is_file():
            return unpacked(archive, ".mp4", listener), "zips"
    raise UserError(
        f"{root}: there is neither videos_{part}/ nor raw_videos/{part}/ nor {part}.zip, which the {part} list needs"
    )


def _missing(listed: Path, folder: Path, files: list[str]) -> tuple[Missing, ...]:
    """One look at the folder, not one a clip: lists are long and disks may be far."""
    if not files:
        return ()
    with os.scandir(folder) as entries:
        return absent(folder, listed.name, files, {entry.name for entry in entries})
