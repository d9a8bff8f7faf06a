"""A folder's videos are found by the endings of their names, once each, and what is left aside is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.sources.video_files import is_video_name, video_files


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_videos_are_found_in_every_folder_below_sorted_by_path(tmp_path: Path) -> None:
    wanted = [touch(tmp_path / name) for name in ("b/ü 1.MP4", "a.mov", "b/c/x.mkv", "b/c/=1+1.avi")]
    for name in ("notes.txt", "b/labels.csv", "b/noending", "b/c/mp4"):
        touch(tmp_path / name)
    found = video_files(tmp_path)
    assert found.videos == tuple(sorted(wanted))
    assert found.others == 4


def test_hidden_files_and_folders_are_neither_videos_nor_counted(tmp_path: Path) -> None:
    for name in ("._clip.mp4", ".DS_Store", ".cache/clip.mp4"):
        touch(tmp_path / name)
    assert video_files(tmp_path) == type(video_files(tmp_path))((), 0)
    assert not is_video_name("._clip.mp4")


def test_links_are_followed_and_a_circle_ends(tmp_path: Path) -> None:
    touch(tmp_path / "there" / "a.mp4")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    (tmp_path / "there" / "back").symlink_to(tmp_path / "here")
    assert [path.name for path in video_files(tmp_path / "here").videos] == ["a.mp4"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        video_files(tmp_path / "no")
