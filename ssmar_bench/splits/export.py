"""A built split as the plain lists that other code reads: mmaction2 and semilearn."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.files import write_text
from ssmar_bench.core.index import Index
from ssmar_bench.core.writable import new_folder
from ssmar_bench.splits.split_set import SplitSet

HIDDEN = -1
"""Written where a list needs a label and a training process may know none."""


@dataclass(frozen=True)
class ClipLocation:
    """Where a clip lies: path below the source's folder, first frame and number of frames (0, -1: the whole file)."""

    path: str
    start: int
    frames: int

    @property
    def whole(self) -> bool:
        """Whether the clip is a file of its own."""
        return self.frames < 0


def _mmaction2(place: ClipLocation, label: int) -> str:
    """A line of ``VideoDataset``, or of ``RawframeDataset(with_offset=True)`` for a part of a longer video.

    The frames of a video are then expected in a folder of its name without the ending.
    """
    if place.whole:
        return f"{place.path} {label}"
    return f"{PurePosixPath(place.path).with_suffix('')} {place.start} {place.frames} {label}"


def _semilearn(place: ClipLocation, label: int) -> str:
    """A line of the lists that semilearn's iNaturalist reader splits at spaces; its loader gets the first word.

    A part of a longer video is written ``path#first-last``, 0-based and inclusive, for the loader to cut.
    """
    part = "" if place.whole else f"#{place.start}-{place.start + place.frames - 1}"
    return f"{place.path}{part} {label}"


Line = Callable[[ClipLocation, int], str]
FORMATS: dict[str, tuple[Line, dict[str, str]]] = {
    "mmaction2": (_mmaction2, {part: f"{part}.txt" for part in ("labelled", "unlabelled", "validation", "test")}),
    "semilearn": (
        _semilearn,
        {"labelled": "l_train.txt", "unlabelled": "u_train_in.txt", "validation": "val.txt", "test": "test.txt"},
    ),
}
"""Format -> how a clip is written, and the file of each part."""


def clip_locations(index: Index, root: Path) -> dict[str, ClipLocation]:
    """Clip id -> where it lies below ``root``."""
    columns = (index.clips[name].tolist() for name in ("clip_id", "path", "start", "end"))
    return {
        clip: _located(os.path.relpath(path, root), start, end) for clip, path, start, end in zip(*columns, strict=True)
    }


def _located(path: str, start: int, end: int) -> ClipLocation:
    return ClipLocation(path.replace(os.sep, "/"), max(start, 0), end - start + 1 if end >= 0 else -1)


def require_format(form: str) -> str:
    """The format that ``form`` means, whatever its case; a :class:`UserError` if there is none."""
    if (found := meant(form, FORMATS)) not in FORMATS:
        raise UserError(f"--format {form}: unknown{nearest(form, FORMATS)}")
    return found


def export_lists(split_set: SplitSet, where: Mapping[str, ClipLocation], form: str, out: Path) -> list[Path]:
    """Write the lists of every split into ``out/r10_s0/`` and the classes' names into ``out/classes.txt``.

    Labels are class indices 0..C-1. Unlabelled clips get the label -1: no code that reads the lists can learn from
    what it must not know.

    Raises:
        UserError: an unknown format, a clip that the source does not hold or whose path has a space in it, or
            something is in ``out``.
    """
    line, files = FORMATS[require_format(form)]
    with new_folder(out, str(out)) as aside:
        names = [split_set.benchmark_config.classes[label] for label in sorted(split_set.benchmark_config.classes)]
        write_text(aside / "classes.txt", "".join(f"{name}\n" for name in names))
        for cell, lists in _lists(split_set):
            for part, clips in lists.items():
                lines = [line(_place(where, clip), label) for clip, label in clips]
                write_text(aside / cell / files[part], "".join(f"{text}\n" for text in lines))
    return sorted(out.rglob("*.txt"))


def _lists(split_set: SplitSet) -> Iterator[tuple[str, dict[str, list[tuple[str, int]]]]]:
    """Every split's parts as clips with the label that may be shown."""
    index = {label: number for number, label in enumerate(sorted(split_set.benchmark_config.classes))}
    rows = split_set.clips[split_set.clips["role"] == "test"]
    truth = dict(zip(rows["clip_id"].tolist(), rows["label"].map(index).tolist(), strict=True))
    for cell, split in split_set.splits.items():
        shown = {**truth, **split.labels}
        yield (
            cell,
            {
                part: [(clip, shown.get(clip, HIDDEN)) for clip in getattr(split, part)]
                for part in ("labelled", "unlabelled", "validation", "test")
            },
        )


def _place(where: Mapping[str, ClipLocation], clip: str) -> ClipLocation:
    if clip not in where:
        raise UserError(f"The source holds no clip '{clip}' of this split; give the folder that it was built from.")
    place = where[clip]
    if len(place.path.split()) != 1:
        raise UserError(f"'{place.path}' has a space in its name, at which these lists are split; rename the file.")
    return place
