"""What is told of the files of own videos: those that cannot be used, copies, and clips that overlap."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import COLUMNS, UNKNOWN, Index
from ssmar_bench.sources.own_checks import same_frames, unusable

Row = tuple[str, str, int, int, int]


def index_of(folder: Path, *rows: Row) -> Index:
    """An index of (clip id, file, start, end, label)."""
    full = [(clip, str(folder / file), start, end, label, "", "all") for clip, file, start, end, label in rows]
    return Index("videos", pd.DataFrame(full, columns=list(COLUMNS)), {0: "nod", 1: "shake"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"a": "one", "b": "two", "copy of a": "one", "second copy": "one", "c": "longer"}.items():
        (tmp_path / name).write_text(text * 3000)
    (tmp_path / "empty").write_text("")
    (tmp_path / "link").symlink_to("gone")
    return tmp_path


def whole(file: str, label: int = 0) -> Row:
    return file, file, -1, -1, label


def test_files_that_cannot_be_used(folder: Path) -> None:
    index = index_of(folder, *map(whole, ("a", "empty", "link", "gone")))
    assert unusable(index) == {"empty": "it is empty", "link": "it is a link to a file that does not exist"}


def test_different_videos_need_no_word(folder: Path) -> None:
    assert same_frames(index_of(folder, whole("a"), whole("b", 1), whole("c", UNKNOWN)), "labels.csv") == ()


def test_copies_with_two_labels_are_refused(folder: Path) -> None:
    with pytest.raises(UserError, match="'copy of a' is a copy of 'a', but they are labelled 'shake' and 'nod'; keep"):
        same_frames(index_of(folder, whole("a"), whole("copy of a", 1), whole("second copy")), "labels.csv")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ((0, 0), "1 labelled video is a copy of a labelled one, the first is 'copy of a', a copy of 'a'; one may be"),
        ((0, UNKNOWN), "1 unlabelled video is a copy of a labelled one, the first is 'copy of a', a copy of 'a'; what"),
        ((UNKNOWN, 0), "1 unlabelled video is a copy of a labelled one, the first is 'a', a copy of 'copy of a'; what"),
    ],
)
def test_copies_are_told(labels: tuple[int, int], said: str, folder: Path) -> None:
    (note,) = same_frames(index_of(folder, whole("a", labels[0]), whole("copy of a", labels[1])), "labels.csv")
    assert note.startswith(said)


def test_several_copies_are_counted(folder: Path) -> None:
    (note,) = same_frames(index_of(folder, *map(whole, ("a", "copy of a", "second copy"))), "labels.csv")
    assert note.startswith("2 labelled videos are copies of labelled ones, the first is 'copy of a', a copy of 'a';")


def test_copies_without_labels_do_no_harm(folder: Path) -> None:
    index = index_of(folder, whole("a", UNKNOWN), whole("copy of a", UNKNOWN), whole("b"))
    assert same_frames(index, "labels.csv") == ()


@pytest.mark.parametrize(
    ("frames", "overlapping"),
    [
        (((0, 9), (10, 19)), 0),
        (((0, 9), (9, 19)), 1),
        (((0, 90), (10, 19), (30, 40)), 2),
        (((-1, -1), (10, 19)), 1),
    ],
)
def test_clips_of_one_video_that_overlap_are_counted(
    frames: tuple[tuple[int, int], ...], overlapping: int, folder: Path
) -> None:
    index = index_of(folder, *((f"a#{start}-{end}", "a", start, end, 0) for start, end in frames))
    notes = same_frames(index, "labels.csv")
    assert len(notes) == bool(overlapping)
    assert all(
        note.startswith(f"{overlapping} clip{'s share' if overlapping > 1 else ' shares'} frames") for note in notes
    )
