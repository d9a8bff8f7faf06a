"""The reader of MA-52's layout: what it reads, and what it says when something is not as the owners distribute it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import read_source

TRAIN = ["0003_00_0001.mp4 9", "0003_01_0000.mp4 51", "0011_06_0123.mp4 0"]
VAL = ["0003_00_0007.mp4 10"]
TEST = ["test0000.mp4 0", "test0001.mp4 0"]


def _listing(path: Path, lines: list[str], last: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\r\n".join(lines) + last).encode())


def _videos(folder: Path, lines: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for line in lines:
        (folder / line.split()[0]).touch()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _listing(tmp_path / "label_name.txt", [f"{i}\tname {i}" for i in range(52)], "\r\n")
    for part, lines in (("train", TRAIN), ("val", VAL), ("test", TEST)):
        _listing(tmp_path / f"{part}_list_videos.txt", lines, "\r\n" if part == "train" else "")
        _videos(tmp_path / f"videos_{part}", lines)
    return tmp_path


def test_rows_of_the_official_layout(root: Path) -> None:
    index = read_source("ma52", root)
    clips = index.clips.set_index("clip_id")
    assert list(clips.index) == [
        "test/test0000", "test/test0001", "train/0003_00_0001", "train/0003_01_0000", "train/0011_06_0123",
        "val/0003_00_0007",
    ]  # fmt: skip
    assert clips.loc["train/0011_06_0123"].to_dict() == {
        "path": str(root / "videos_train" / "0011_06_0123.mp4"),
        "start": -1, "end": -1, "label": 0, "subject": "0011", "part": "train",
    }  # fmt: skip
    assert index.source == "ma52"
    assert index.classes == {i: f"name {i}" for i in range(52)}
    assert str(clips["label"].dtype) == "int64"


def test_hidden_labels_stay_hidden(root: Path) -> None:
    clips = read_source("ma52", root).clips
    hidden = clips[clips["part"] == "test"]
    assert set(hidden["label"]) == {-1}
    assert set(hidden["subject"]) == {""}


@pytest.mark.parametrize("test_list", ["empty", "absent"])
def test_a_release_without_test_clips(root: Path, test_list: str) -> None:
    (root / "test_list_videos.txt").unlink()
    if test_list == "empty":
        (root / "test_list_videos.txt").touch()
    for video in (root / "videos_test").iterdir():
        video.unlink()
    (root / "videos_test").rmdir()
    clips = read_source("ma52", root).clips
    assert set(clips["part"]) == {"train", "val"}
    assert str(clips["label"].dtype) == "int64"


def test_the_layout_as_unzipped(root: Path) -> None:
    (root / "annotations").mkdir()
    (root / "raw_videos").mkdir()
    for part in ("train", "val", "test"):
        (root / f"{part}_list_videos.txt").rename(root / "annotations" / f"{part}_list_videos.txt")
        (root / f"videos_{part}").rename(root / "raw_videos" / part)
    (root / "label_name.txt").rename(root / "annotations" / "label_name.txt")
    clips = read_source("ma52", root).clips
    assert len(clips) == 6
    assert clips["path"].iloc[-1] == str(root / "raw_videos" / "val" / "0003_00_0007.mp4")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0003_00_0002.mp4", "expected '<file>.mp4 <label>'"),
        ("0003_00_0002.mp4 9 9", "expected '<file>.mp4 <label>'"),
        ("0003_00_0002.avi 9", "expected '<file>.mp4 <label>'"),
        ("../0003_00_0002.mp4 9", "expected '<file>.mp4 <label>'"),
        ("0003_00_0002.mp4 52", "expected a label from 0 to 51, found '52'"),
        ("0003_00_0002.mp4 -1", "expected a label from 0 to 51, found '-1'"),
        ("0003_00_0002.mp4 nodding", "expected a label from 0 to 51, found 'nodding'"),
        ("0003_00_0001.mp4 9", "expected each file once"),
    ],
)
def test_a_malformed_line_is_named(root: Path, line: str, expected: str) -> None:
    _listing(root / "train_list_videos.txt", [*TRAIN, line])
    with pytest.raises(UserError) as caught:
        read_source("ma52", root)
    assert f"{root / 'train_list_videos.txt'}:4: " in str(caught.value)
    assert expected in str(caught.value)


def test_a_name_without_its_subject_is_refused(root: Path) -> None:
    _listing(root / "train_list_videos.txt", [*TRAIN, "clip7.mp4 9"])
    with pytest.raises(UserError, match=r"<subject>_<segment>_<clip>\.mp4', found 'clip7\.mp4'"):
        read_source("ma52", root)


@pytest.mark.parametrize("name", ["train_list_videos.txt", "val_list_videos.txt", "label_name.txt"])
def test_a_missing_list_is_named(root: Path, name: str) -> None:
    (root / name).unlink()
    with pytest.raises(UserError, match=name):
        read_source("ma52", root)


@pytest.mark.parametrize("lines", [["9 nodding"], ["0\tone", "0\ttwo"], ["52\tother"], ["0\t"], ["0\tonly one"]])
def test_malformed_class_names(root: Path, lines: list[str]) -> None:
    _listing(root / "label_name.txt", lines)
    with pytest.raises(UserError, match=r"label_name\.txt"):
        read_source("ma52", root)


def test_missing_videos_are_counted(root: Path) -> None:
    for name in ("0003_01_0000.mp4", "0011_06_0123.mp4"):
        (root / "videos_train" / name).unlink()
    with pytest.raises(UserError, match=r"2 of the 3 videos .* the first is '0003_01_0000\.mp4'"):
        read_source("ma52", root)


def test_missing_folders(root: Path) -> None:
    (root / "videos_val" / "0003_00_0007.mp4").unlink()
    (root / "videos_val").rmdir()
    with pytest.raises(UserError, match=r"neither videos_val/ nor raw_videos/val/ nor val\.zip"):
        read_source("ma52", root)
    with pytest.raises(UserError, match="there is no such folder"):
        read_source("ma52", root / "nowhere")


def test_a_list_that_is_no_text(root: Path) -> None:
    (root / "val_list_videos.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text file"):
        read_source("ma52", root)


def test_an_unknown_source_gets_a_suggestion(root: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'ma52'"):
        read_source("ma53", root)


@pytest.mark.parametrize("source", ["ma52", "micro-motion"])
def test_the_reader_answers_with_its_name(root: Path, source: str) -> None:
    assert read_source(source, root).source == source
