"""Reads SMG exactly as its owners distribute it: one long video a person, and a list of labelled frame ranges.

``SampleXXXX/`` with ``SampleXXXX_color.mp4``, ``_finelabels.csv`` (``class 1..17,first frame,last frame``, frames
from 0) and ``_data.csv`` (``frames,frames a second,depth``), all in the root; or, as in the MiGA challenge, labels in
``smg_data_phase1/smg_skeleton_{train,validate}/`` and videos in ``SMG_RGB_Phase1/smg_rgb_{train,validate}/`` (phase 2
for test, whose labels may be missing). The parts go by the number of the sample, which is the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener
from ssmar_bench.core.index import Index
from ssmar_bench.sources.listing import Listing, absent, frame
from ssmar_bench.sources.official.smg import FACTS, PEOPLE
from ssmar_bench.sources.text import lines, positive, whole, wrong
from ssmar_bench.sources.untrimmed import Range, clip_ids, first_folder, lacks_label_file, numbered, ranges_of, repeated

SAMPLE = "Sample"
_MIGA = {"train": ("1", "train"), "val": ("1", "validate"), "test": ("2", "test")}


def survey(root: Path, source: str, knobs: Mapping[str, int], listener: Listener) -> Listing:  # noqa: ARG001
    """SMG's folder ``root`` in either layout; no knobs.

    Raises:
        UserError: a folder or file is missing, or a line is not what the layout says.
    """
    layout, tables, videos = _folders(root)
    paths = {number: _video(videos.get(number, root), number) for number in tables}
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
    rows = [
        (clip, str(paths[one.video]), one.start, one.end, one.label, one.video, _part(one.video))
        for clip, one in clips.items()
    ]
    missing = absent(
        root, "the label files", [path.name for path in paths.values()], {p.name for p in paths.values() if p.is_file()}
    )
    notes = repeated(twice)
    if cut:
        notes += (f"{cut} ranges end after the last frame that data.csv counts; they are cut there.",)
    return Listing(Index(source, frame(rows), dict(FACTS.names), rates=rates), layout, missing, notes)


def _part(number: str) -> str:
    return next(part for part, people in PEOPLE.items() if int(number) in people)


def _video(folder: Path, number: str) -> Path:
    return folder / f"{SAMPLE}{number}_color.mp4"


def _folders(root: Path) -> tuple[str, dict[str, Path], dict[str, Path]]:
    """The layout, and for each sample's number the folder of its tables and the one of its video."""
    whole_release = numbered(root, SAMPLE)
    if whole_release:
        _check_people(root, whole_release, range(1, 41))
        return "full", whole_release, whole_release
    tables: dict[str, Path] = {}
    videos: dict[str, Path] = {}
    for part, (phase, word) in _MIGA.items():
        names = (f"smg_data_phase{phase}/smg_skeleton_{word}", f"smg_skeleton_{word}")
        here = first_folder(root, names)
        if here is None:
            if part == "train":
                raise UserError(f"{root}: there is neither {SAMPLE}0001/ nor {names[0]}/; expected the folder of SMG")
            continue
        filmed = (f"SMG_RGB_Phase{phase}/smg_rgb_{word}", f"smg_rgb_{word}")
        there = first_folder(root, filmed)
        if there is None:
            raise UserError(f"{root}: there is no {filmed[0]}/, which the videos of {here.name}/ are expected in")
        samples = numbered(here, SAMPLE)
        _check_people(here, samples, PEOPLE[part])
        tables |= samples
        videos |= numbered(there, SAMPLE)
    return "miga", tables, videos


def _check_people(folder: Path, samples: Mapping[str, Path], people: range) -> None:
    if not samples:
        raise UserError(f"{folder}: expected folders {SAMPLE}XXXX/, found none")
    for number in samples:
        if int(number) not in people:
            raise UserError(
                f"{samples[number]}: expected people {people[0]} to {people[-1]} in {folder.name}/, found {number}"
            )


def _data(path: Path) -> tuple[int, float]:
    """Frames of a sample and its frames a second.

    Raises:
        UserError: the file is missing or its line is not what the layout says.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; expected '<frames>,<frames a second>,<depth>'")
    for number, line in lines(path):
        fields = [*line.split(","), "", ""]
        frames, rate = whole(fields[0]), positive(fields[1])
        if not frames or rate is None:
            raise wrong(path, number, "'<frames>,<frames a second>,<depth>'", line)
        return frames, rate
    raise UserError(f"{path}: expected '<frames>,<frames a second>,<depth>', found an empty file")
