"""Reads iMiGUE exactly as its owners distribute it: long interviews, and lists of labelled frame ranges.

Full release: ``Label/labels_20200831.csv`` (or another of ``TABLES``; with ``video_id, subject_id, class, start_frame,
end_frame``), whose subjects give the official cross-subject parts ``train`` and ``test``. MiGA challenge: a headerless
``0001/0001_label.csv`` a video (``class,first frame,last frame``), with parts ``miga-train``, ``miga-val`` and
``miga-test`` of its own; subjects are known where the user has put the owners' map into the folder
(:mod:`ssmar_bench.sources.subject_map`). Classes are 1..31 and 99; frames count from 0, the last one belongs to the
clip. Videos are where either challenge year put them (``VIDEO_FOLDERS``), one folder ``0001/0001.mp4`` a video.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.folders import first_file, first_folder, likeliest, places
from ssmar_bench.sources.listing import SourceListing, index_frame
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.subject_map import subject_map
from ssmar_bench.sources.text import Cells, Row, column, nothing, rows, whole_number, wrong_line
from ssmar_bench.sources.untrimmed import (
    Range,
    clip_ids,
    lacks_label_file,
    list_ids,
    missing_videos,
    numbered,
    ranges_of,
    repeated_note,
)

FACTS = read_facts("imigue.yaml")
LABELS = "Label/labels_20200831.csv"
TABLES = tuple(
    f"{folder}labels_20200831.csv" for folder in ("Label/", "Label/excel/", "Label/csv/", "Labels/", "annotations/", "")
)
"""Where the table of the full release is; the first one is the usual place."""
VIDEO_FOLDERS = {  # MiGA's part -> where its videos are, by layout
    "miga-train": {"miga": "iMiGUE_RGB_Phase1/imigue_rgb_train", "miga-2025": "imigue_rgb_phase1/train_data"},
    "miga-val": {"miga": "iMiGUE_RGB_Phase1/imigue_rgb_validate", "miga-2025": "imigue_rgb_phase1/validation_data"},
    "miga-test": {"miga": "iMiGUE_RGB_Phase2/imigue_rgb_test", "miga-2025": "imigue_rgb_phase2"},
}
LABEL_FOLDERS = {
    "miga-train": ("imigue_data_phase1/datasets/imigue_skeleton_train", "imigue_data_phase1/imigue_skeleton_train"),
    "miga-val": ("imigue_data_phase1/datasets/imigue_skeleton_validate", "imigue_data_phase1/imigue_skeleton_validate"),
    "miga-test": ("imigue_data_phase2/imigue_skeleton_test", "imigue_data_phase2/datasets/imigue_skeleton_test"),
}
FURTHER_VIDEOS = "videos"
"""Where a user may put videos that the challenge does not hold: ``videos/0218/0218.mp4`` or ``videos/0218.mp4``."""
OTHER_VIDEOS = ("video", "RGB", "iMiGUE_RGB", "imigue_rgb_train", "imigue_rgb_validate", "imigue_rgb_test")
"""Further folders of the same form that subjects have."""
_COLUMNS = ("video_id", "subject_id", "class", "start_frame", "end_frame")


@dataclass(frozen=True)
class _Found:
    """What the label files say: the ranges, and of each video the part, the subject and where it should be.

    ``lacking`` are parts without a folder of videos, with a sentence on it.
    """

    layout: str
    listed: str
    ranges: list[Range]
    parts: Mapping[str, str]
    subjects: Mapping[str, str]
    paths: Mapping[str, Path]
    lacking: Mapping[str, str] = field(default_factory=dict)


def survey(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:  # noqa: ARG001
    """The folder ``root`` of iMiGUE in any of its layouts; no options.

    Raises:
        UserError: a folder or file is missing, or a line is not what the layout says.
    """
    table = first_file(root, TABLES)
    found = _miga(root) if table is None else _full(root, table)
    optional = FACTS.part_videos["none"]
    outside = [video for video, path in found.paths.items() if int(video) in optional and not path.is_file()]
    kept = [one for one in found.ranges if one.video not in outside]
    clips, twice = clip_ids(kept)
    clip_rows = [
        (clip, str(found.paths[v.video]), v.start, v.end, v.label, found.subjects[v.video], found.parts[v.video])
        for clip, v in clips.items()
    ]
    wanted = {video: path for video, path in found.paths.items() if video not in outside}
    missing = missing_videos(root, found.listed, wanted, {v: found.lacking.get(found.parts[v], "") for v in wanted})
    notes = repeated_note(twice)
    if outside:
        lost = f"{len(found.ranges) - len(kept)} clips of the videos {', '.join(outside)} are left out"
        notes += (f"{lost}: no part of the MiGA challenge holds them; who has them puts them into {FURTHER_VIDEOS}/.",)
    rates = {str(path): FACTS.rate for path in found.paths.values()}
    index = Index(source, index_frame(clip_rows), dict(FACTS.names), FACTS.groups, rates)
    return SourceListing(index, found.layout, missing, notes)


def _full(root: Path, path: Path) -> _Found:
    subjects: dict[str, str] = {}
    header, *others = rows(path, lambda cells: _places(cells) is not None, (",", ";", "\t")) or [Row(1, (), "")]
    at = _places(header.cells)
    if at is None:
        raise wrong_line(path, header.number, f"a header with {', '.join(_COLUMNS)}, each once", header.text)
    ranges = [_range(path, row, at, subjects) for row in others]
    if not ranges:
        raise nothing(path, "a header and a line for each clip")
    train = FACTS.part_subjects["train"]
    parts = {video: "train" if int(subject) in train else "test" for video, subject in subjects.items()}
    return _Found("full", path.name, ranges, parts, subjects, _paths(root, subjects))


def _places(header: Cells) -> list[int] | None:
    """The place of each of the columns; None if one is not there."""
    found = [column(header, (name,)) for name in _COLUMNS]
    return None if None in found else [place or 0 for place in found]


def _range(path: Path, row: Row, at: list[int], subjects: dict[str, str]) -> Range:
    """One row of the full release's table; its video's subject is written into ``subjects``."""
    number = row.number
    cells = [row.cells[place] if place < len(row.cells) else "" for place in at]
    cells[0] = cells[0].partition("_")[0]  # some copies name the skeleton file, 0001_2
    fields = [whole_number(cell) for cell in cells]
    if None in fields:
        raise wrong_line(path, number, f"whole numbers for {', '.join(_COLUMNS)}", row.text)
    video, subject, label, start, end = (field or 0 for field in fields)
    name = f"{video:04d}"
    if label not in FACTS.names:
        raise wrong_line(path, number, f"a class of {list_ids(FACTS.names)}", str(label))
    if end < start:
        raise wrong_line(path, number, "a first frame that is not after the last one", row.text)
    if not any(subject in known for known in FACTS.part_subjects.values()):
        raise wrong_line(path, number, "a subject of the official parts, 1..72", str(subject))
    if subjects.setdefault(name, str(subject)) != str(subject):
        raise wrong_line(path, number, f"subject {subjects[name]} for video {name}, as above", str(subject))
    return Range(name, start, end, label)


def _paths(root: Path, videos: Mapping[str, str]) -> dict[str, Path]:
    """Where each of ``videos`` is in the folders of the full release, or is expected to be."""
    known = [name for names in VIDEO_FOLDERS.values() for name in names.values()]
    folders = [*places(root, (*known, FURTHER_VIDEOS, *OTHER_VIDEOS))]
    if not folders:
        first = VIDEO_FOLDERS["miga-train"]["miga"]
        raise UserError(f"{root}: there is neither {first}/ nor {FURTHER_VIDEOS}/, which the videos are expected in")
    found = {}
    for video in sorted(videos):
        paths = [path for folder in folders for path in (folder / video / f"{video}.mp4", folder / f"{video}.mp4")]
        found[video] = likeliest(paths)
    return found


def _miga(root: Path) -> _Found:
    known = subject_map(root)
    ranges: list[Range] = []
    parts: dict[str, str] = {}
    paths: dict[str, Path] = {}
    lacking: dict[str, str] = {}
    layout = ""
    for part, candidates in LABEL_FOLDERS.items():
        here = first_folder(root, (*candidates, Path(candidates[0]).name))
        if here is None:
            if part == "miga-train":
                raise UserError(
                    f"{root}: there is neither {LABELS} nor {candidates[0]}/; expected the folder of iMiGUE"
                )
            continue
        there, found_layout = _videos_of(root, part)
        layout = found_layout or layout
        if not found_layout:
            names = " nor ".join(f"{name}/" for name in VIDEO_FOLDERS[part].values())
            lacking[part] = f"{root}: there is neither {names}, which the videos of {here.name}/ are expected in"
        videos = numbered(here)
        if not videos:
            raise UserError(f"{here}: expected a folder a video, named by four digits, found none")
        for video, folder in videos.items():
            if video in parts:
                raise UserError(f"{folder}: expected each video in one part, found {video} in {parts[video]} too")
            labels = _label_file(part, video, folder, there)
            if labels is not None:
                ranges += ranges_of(video, labels, FACTS.names, hidden=part == "miga-test")
                parts[video], paths[video] = part, there / video / f"{video}.mp4"
    subjects = {video: known.get(video, "") for video in parts}
    return _Found(layout, "the label files", ranges, parts, subjects, paths, lacking)


def _videos_of(root: Path, part: str) -> tuple[Path, str]:
    """The folder with a part's videos, and the layout that it is in; no layout where there is no folder."""
    for layout, name in VIDEO_FOLDERS[part].items():
        there = first_folder(root, (name, PurePosixPath(name).name) if layout == "miga" else (name,))
        if there is not None:
            return there, layout
    return root / VIDEO_FOLDERS[part]["miga"], ""


def _label_file(part: str, video: str, folder: Path, there: Path) -> Path | None:
    """The label file beside the skeleton or beside the video; only the test part may lack it."""
    name = f"{video}_label.csv"
    path = next((path for path in (folder / name, there / video / name) if path.is_file()), None)
    if path is None and part != "miga-test":
        raise lacks_label_file(folder, name)
    return path
