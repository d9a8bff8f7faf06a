"""A list of videos to look at: a table as for labels, or a path a line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources.path_list import PlacedClip, is_list, read_path_list


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., list[PlacedClip]]:
    for name in ("a, b.mp4", "sub/ü 1.MOV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"video")

    def read(text: str, name: str = "list.txt", **options: Path) -> list[PlacedClip]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_path_list(tmp_path / name, **options)

    return read


@pytest.mark.parametrize(
    "text",
    [
        "a, b.mp4\nsub/ü 1.MOV\n",
        "\ufeffa, b.mp4\r\n\r\nsub\\ü 1.MOV",
        "file\na, b.mp4\nsub/ü 1.MOV\n",
        'Video\n"a, b.mp4"\nsub/ü 1.MOV\n',
        'file,colour\n"a, b.mp4",red\nsub/ü 1.MOV,blue\n',
        "path;colour\na, b.mp4;\nsub/ü 1.MOV;\n",
    ],
    ids=["lines", "dos", "a column", "quotes", "commas", "semicolons"],
)
def test_paths_are_read_however_they_are_listed(
    text: str, listed: Callable[..., list[PlacedClip]], tmp_path: Path
) -> None:
    files = ("a, b.mp4", "sub/ü 1.MOV")
    assert listed(text) == [PlacedClip(tmp_path / file, file=file) for file in files]


def test_a_table_hands_frames_and_labels_on(listed: Callable[..., list[PlacedClip]], tmp_path: Path) -> None:
    found = listed("file;label;start;end\nsub/ü 1.MOV;nod;0;9\nsub/ü 1.MOV;;10;19\n", "labels.csv")
    video = tmp_path / "sub/ü 1.MOV"
    assert found == [
        PlacedClip(video, 0, 9, "nod", "sub/ü 1.MOV"), PlacedClip(video, 10, 19, "", "sub/ü 1.MOV"),
    ]  # fmt: skip


def test_paths_begin_where_it_is_said(listed: Callable[..., list[PlacedClip]], tmp_path: Path) -> None:
    assert listed("ü 1.MOV\ngone.mp4\n", root=tmp_path / "sub")[0].video.is_file()
    with pytest.raises(
        UserError, match=r"its video .* is not in .*; say with --videos in which folder its paths begin"
    ):
        listed("ü 1.MOV\n")
    with pytest.raises(UserError, match="there is no such folder; give the one in which the paths of"):
        listed("ü 1.MOV\n", root=tmp_path / "gone")


def test_a_name_is_found_in_unicodes_other_form(listed: Callable[..., list[PlacedClip]], tmp_path: Path) -> None:
    (tmp_path / "o\u0308.mp4").write_bytes(b"video")
    assert [clip.video.name for clip in listed("ö.mp4\nsub/u\u0308 1.MOV\n")] == ["o\u0308.mp4", "ü 1.MOV"]


@pytest.mark.parametrize("text", ["", "\n\n", "file\n"])
def test_a_list_of_nothing(text: str, listed: Callable[..., list[PlacedClip]]) -> None:
    with pytest.raises(UserError, match=r"list\.txt: this list names no video; expected a path on each line"):
        listed(text)


def test_a_wrong_line_is_told(listed: Callable[..., list[PlacedClip]]) -> None:
    with pytest.raises(UserError, match=r"list\.txt:2: expected the first and the last frame as whole numbers"):
        listed("file,start,end\na.mp4,x,3\n")


@pytest.mark.parametrize(("name", "so"), [("l.CSV", True), ("l.tsv", True), ("l.txt", True), ("l.mp4", False)])
def test_lists_are_known_by_their_names(name: str, so: bool, tmp_path: Path) -> None:
    assert not is_list(tmp_path / name)
    (tmp_path / name).write_text("a.mp4")
    assert is_list(tmp_path / name) is so
