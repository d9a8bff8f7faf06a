"""Reads MA-52 exactly as its owners distribute it, and whatever is written in the same layout.

Lists ``{train,val,test}_list_videos.txt`` and ``label_name.txt`` stand in the root or in ``annotations/``, videos in
flat folders ``videos_{train,val,test}/`` or ``raw_videos/{train,val,test}/``. The test list is optional and its
labels are hidden (the column is always 0).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import COLUMNS, Index

PARTS = ("train", "val", "test")
CLASSES = 52
HIDDEN = "test"


def read(root: Path, source: str = "ma52") -> Index:
    """The index of MA-52's folder ``root``: parts ``train``, ``val`` and, where there is a list, ``test``.

    Raises:
        UserError: a folder, list or video is missing, or a line is not what the layout says.
    """
    root = Path(root).absolute()
    if not root.is_dir():
        raise UserError(f"{root}: there is no such folder; give the folder that holds train_list_videos.txt")
    names = _names(_list(root, "label_name.txt"))
    parts = [_part(root, part) for part in PARTS if part != HIDDEN or _find(root, _list_name(part))]
    clips = pd.concat(parts, ignore_index=True)
    return Index(source, clips.sort_values("clip_id", ignore_index=True)[list(COLUMNS)], names)


def _list_name(part: str) -> str:
    return f"{part}_list_videos.txt"


def _find(root: Path, name: str) -> Path | None:
    return next((path for path in (root / name, root / "annotations" / name) if path.is_file()), None)


def _list(root: Path, name: str) -> Path:
    found = _find(root, name)
    if found is None:
        raise UserError(f"{root / name}: there is no such file, neither here nor in annotations/; MA-52 has it")
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The file's lines with their numbers from 1, without line ends; empty lines are passed over."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: this is not a text file in UTF-8") from None
    return ((number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip())


def _label(field: str) -> int:
    """A class id, or -1 for what is none."""
    value = int(field) if field.isascii() and field.isdigit() else -1
    return value if value < CLASSES else -1


def _names(path: Path) -> dict[int, str]:
    names: dict[int, str] = {}
    for number, line in _lines(path):
        field, _, name = line.partition("\t")
        label = _label(field)
        if label < 0 or not name.strip() or label in names:
            raise UserError(f"{path}:{number}: expected '<id 0..51><tab><name>' with a new id, found '{line[:80]}'")
        names[label] = name.strip()
    if len(names) != CLASSES:
        raise UserError(f"{path}: expected the names of {CLASSES} classes, found {len(names)}")
    return names


def _part(root: Path, part: str) -> pd.DataFrame:
    listed = _list(root, _list_name(part))
    files, labels = _entries(listed)
    stems = [file[: -len(".mp4")] for file in files]
    if part != HIDDEN:
        _check_subjects(listed, files)
    folder = _folder(root, part) if files else root
    _check_present(listed, folder, files)
    prefix = f"{folder}{os.sep}"
    return pd.DataFrame(
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


def _entries(path: Path) -> tuple[list[str], list[int]]:
    """File names and labels of a list, in its order."""
    known = {str(label): label for label in range(CLASSES)}
    labels: dict[str, int] = {}
    for number, line in _lines(path):
        fields = line.split()
        file = fields[0]
        if len(fields) != 2 or not file.endswith(".mp4") or "/" in file or "\\" in file:
            raise UserError(f"{path}:{number}: expected '<file>.mp4 <label>', found '{line[:80]}'")
        if fields[1] not in known:
            raise UserError(f"{path}:{number}: expected a label from 0 to {CLASSES - 1}, found '{fields[1][:80]}'")
        if file in labels:
            raise UserError(f"{path}:{number}: expected each file once, found '{file}' again")
        labels[file] = known[fields[1]]
    return list(labels), list(labels.values())


def _check_subjects(listed: Path, files: list[str]) -> None:
    for file in files:
        if file.find("_") < 1:
            raise UserError(f"{listed}: expected clips named '<person>_<segment>_<clip>.mp4', found '{file}'")


def _folder(root: Path, part: str) -> Path:
    for folder in (root / f"videos_{part}", root / "raw_videos" / part):
        if folder.is_dir():
            return folder
    raise UserError(f"{root}: there is neither videos_{part}/ nor raw_videos/{part}/, which the {part} list needs")


def _check_present(listed: Path, folder: Path, files: list[str]) -> None:
    """One look at the folder, not one a clip: lists are long and disks may be far."""
    if not files:
        return
    with os.scandir(folder) as entries:
        there = {entry.name for entry in entries}
    missing = [file for file in files if file not in there]
    if missing:
        raise UserError(
            f"{folder}: {len(missing)} of the {len(files)} videos that {listed.name} names are missing, "
            f"the first is '{missing[0]}'"
        )
