"""Reads SMG exactly as its owners distribute it: one long video a subject, and a list of labelled frame ranges.

``SampleXXXX/`` with ``SampleXXXX_color.mp4``, ``_finelabels.csv`` (``class 1..17,first frame,last frame``, frames
from 0) and ``_data.csv`` (``frames,frames a second,depth``), all in the root; or, as in the MiGA challenge, labels in
``smg_data_phase1/smg_skeleton_{train,validate}/`` and videos in ``SMG_RGB_Phase1/smg_rgb_{train,validate}/`` (phase 2
for test, whose labels may be missing). Other places that subjects have are in ``WHOLE``, ``TABLES`` and ``VIDEOS``. The
parts go by the number of the sample, which is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.folders import best_folder, first_folder, likeliest
from ssmar_bench.sources.listing import SourceListing, index_frame
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.text import Cells, positive_number, rows, whole_number, wrong_line
from ssmar_bench.sources.untrimmed import (
    Range,
    clip_ids,
    lacks_label_file,
    missing_videos,
    numbered,
    ranges_of,
    repeated_note,
)

FACTS = read_facts("smg.yaml")
SAMPLE = "Sample"
WHOLE = (".", "SMG", "samples", "data", "SMG/samples")
"""Where the samples of the full release are."""
RGB = ("RGB", "SMG_RGB", "videos")
"""Where their videos are, if not beside their tables."""
MIGA = {"train": ("1", "train"), "val": ("1", "validate"), "test": ("2", "test")}
TABLES = ("smg_data_phase{0}/smg_skeleton_{1}", "smg_data_phase{0}/datasets/smg_skeleton_{1}", "smg_skeleton_{1}")
VIDEOS = ("SMG_RGB_Phase{0}/smg_rgb_{1}", "smg_rgb_{1}", "smg_data_phase{0}/smg_rgb_{1}")
"""Places of a part in the MiGA challenge, by its phase and word."""


def survey(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:  # noqa: ARG001
    """SMG's folder ``root`` in either layout; no options.

    Raises:
        UserError: a folder or file is missing, or a line is not what the layout says.
    """
    layout, tables, paths, lacking = _folders(root)
    ranges: list[Range] = []
    rates: dict[str, float] = {}
    cut = 0
    for number, table in tables.items():
        labels = table / f"{SAMPLE}{number}_finelabels.csv"
        hidden = layout == "miga" and _part(number) == "test"  # the challenge keeps them
        if not labels.is_file():
            if hidden:
                continue
            raise lacks_label_file(table, labels.name)
        frames, rate = _data(table / f"{SAMPLE}{number}_data.csv")
        found = ranges_of(number, labels, FACTS.names, hidden)
        ending = [replace(one, end=frames - 1) if one.start < frames <= one.end else one for one in found]
        cut += sum(one != other for one, other in zip(found, ending, strict=True))
        ranges += ending
        rates[str(paths[number])] = rate
    clips, twice = clip_ids(ranges)
    clip_rows = [
        (clip, str(paths[one.video]), one.start, one.end, one.label, one.video, _part(one.video))
        for clip, one in clips.items()
    ]
    missing = missing_videos(root, "the label files", paths, {n: lacking.get(_part(n), "") for n in paths})
    notes = repeated_note(twice)
    if cut:
        notes += (f"{cut} ranges end after the last frame that data.csv counts; they are cut there.",)
    return SourceListing(Index(source, index_frame(clip_rows), dict(FACTS.names), rates=rates), layout, missing, notes)


def _part(number: str) -> str:
    return next(part for part, subjects in FACTS.part_subjects.items() if int(number) in subjects)


def _video(folders: list[Path], number: str) -> Path:
    """Where a sample's video is among ``folders``, or is expected to be."""
    name = f"{SAMPLE}{number}_color.mp4"
    paths = [path for folder in folders for path in (folder / f"{SAMPLE}{number}" / name, folder / name)]
    return likeliest(paths)


def _folders(root: Path) -> tuple[str, dict[str, Path], dict[str, Path], dict[str, str]]:
    """The layout, each sample's folder of tables and its video, and parts that have no folder of videos."""
    release = best_folder(root, WHOLE, lambda folder: bool(numbered(folder, SAMPLE))) or root
    samples = numbered(release, SAMPLE)
    if samples:
        _check_subjects(release, samples, range(1, 41))
        further = [folder for name in RGB if (folder := first_folder(root, (name,)))]
        return "full", samples, {number: _video([release, *further], number) for number in samples}, {}
    tables: dict[str, Path] = {}
    paths: dict[str, Path] = {}
    lacking: dict[str, str] = {}
    for part, phase in MIGA.items():
        names, filmed = ([place.format(*phase) for place in places] for places in (TABLES, VIDEOS))
        here = first_folder(root, names)
        if here is None:
            if part == "train":
                raise UserError(f"{root}: there is neither {SAMPLE}0001/ nor {names[0]}/; expected the folder of SMG")
            continue
        there = first_folder(root, filmed)
        if there is None:
            lacking[part] = f"{root}: there is no {filmed[0]}/, which the videos of {here.name}/ are expected in"
        samples = numbered(here, SAMPLE)
        _check_subjects(here, samples, FACTS.part_subjects[part])
        tables |= samples
        paths |= {number: _video([there or root / filmed[0]], number) for number in samples}
    return "miga", tables, paths, lacking


def _check_subjects(folder: Path, samples: Mapping[str, Path], subjects: Sequence[int]) -> None:
    if not samples:
        raise UserError(f"{folder}: expected folders {SAMPLE}XXXX/, found none")
    for number in samples:
        if int(number) not in subjects:
            raise UserError(
                f"{samples[number]}: expected subjects {subjects[0]} to {subjects[-1]} in {folder.name}/, found "
                f"{number}"
            )


def _are_data(cells: Cells) -> bool:
    return len(cells) in (2, 3) and bool(whole_number(cells[0])) and positive_number(cells[1]) is not None


def _data(path: Path) -> tuple[int, float]:
    """Frames of a sample and its frames a second.

    Raises:
        UserError: the file is missing, or does not hold the one line that the layout says.
    """
    expected = "'<frames>,<frames a second>,<depth>'"
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; expected {expected}")
    found = rows(path, _are_data, (",", ";", "\t"))
    if not found:
        raise UserError(f"{path}: expected {expected}, found an empty file")
    first = found[0]
    for row in found:
        if not _are_data(row.cells):
            raise wrong_line(path, row.number, expected, row.text)
        if row.cells != first.cells:
            raise wrong_line(path, row.number, f"one line, {first.text}", row.text)
    return int(whole_number(first.cells[0]) or 0), float(positive_number(first.cells[1]) or 0)
