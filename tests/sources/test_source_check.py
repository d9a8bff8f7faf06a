"""The comparison of a folder with its owners' figures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import SOURCES, mock, published_facts
from ssmar_bench.sources.source_check import check_source_folder

Copy = Callable[..., Path]


def test_parts_and_classes_stand_beside_the_published_ones(tmp_path: Path) -> None:
    mock.write_mock("smg", tmp_path / "smg", lists_only=True)
    (found,) = check_source_folder("smg", tmp_path / "smg")
    assert found.title == "SMG, layout full"
    assert [(part.name, part.clips, part.published, part.subjects, part.videos) for part in found.parts] == [
        ("train", 2452, 2452, 30, 30),
        ("val", 637, 637, 5, 5),
        ("test", 610, 610, 5, 5),
    ]
    for row in found.classes:
        assert {part: count for part, count in row.published.items() if count} == {
            part: count for part, count in row.clips.items() if count
        }
    assert not found.shared
    assert not found.missing
    assert not found.whole
    assert len(found.empty) == 40


def test_missing_videos_are_named_one_by_one(copy: Copy) -> None:
    root = copy("ma52", "code")
    for part in ("train", "val", "test"):
        for path in (root / f"videos_{part}").iterdir():
            path.write_bytes(b"a video")
    assert check_source_folder("ma52", root)[0].whole
    gone = [*sorted((root / "videos_val").iterdir())[:2], root / "videos_test" / "test0001.mp4"]
    for path in gone:
        path.unlink()
    (found,) = check_source_folder("ma52", root)
    assert set(found.missing) == {str(path) for path in gone}
    assert found.empty == ()
    assert not found.whole


def test_what_is_known_to_be_wrong_is_reported(originals: Copy) -> None:
    (found,) = check_source_folder("ma52", originals("ma52", "code"))
    assert [text for text in found.defects if "ids 3 (turning around) and 4 (rising up) are swapped" in text]
    assert found.shared == {("train", "val"): 12}
    assert [(part.labelled, part.subjects) for part in found.parts if part.name == "test"] == [(0, 0)]
    assert {row.label: row.group for row in found.classes}[51] == "leg-hand"


def test_a_renamed_class_is_noted(copy: Copy) -> None:
    root = copy("ma52", "code")
    names = root / "label_name.txt"
    names.write_bytes(
        names.read_bytes().replace(b"3\tturning around\r\n4\trising up", b"3\trising up\r\n4\tturning around")
    )
    (found,) = check_source_folder("ma52", root)
    assert found.notes[-1].endswith("3 is 'rising up', 4 is 'turning around'.")


def test_every_official_split_is_checked(originals: Copy) -> None:
    found = check_source_folder("ucf101", originals("ucf101", ""))
    assert [one.title for one in found] == ["UCF101, split 1", "UCF101, split 2", "UCF101, split 3"]
    assert [one.parts[1].published for one in found] == [3783, 3734, 3696]
    assert [one.parts[1].clips for one in found] == [101, 101, 101]


def test_the_challenge_is_compared_with_its_own_figures(originals: Copy) -> None:
    (full,) = check_source_folder("imigue", originals("imigue", "full"))
    (miga,) = check_source_folder("imigue", originals("imigue", "miga"))
    assert ([part.published for part in full.parts], full.exact) == ([13936, 4563], False)
    assert ([part.published for part in miga.parts], miga.exact) == ([12893, 777, 4562], True)
    assert [part.clips for part in miga.parts][2] == 0


def test_lists_without_a_clip_are_refused(copy: Copy) -> None:
    root = copy("ma52", "code")
    for part in ("train", "val", "test"):
        (root / f"{part}_list_videos.txt").write_bytes(b"")
    with pytest.raises(UserError, match="the lists of ma52 name no clip"):
        check_source_folder("ma52", root)


def test_who_is_licensed() -> None:
    assert {name for name, source in SOURCES.items() if source.licensed} == {"ma52", "imigue", "smg"}
    assert published_facts("micro-motion") is None
    for source in SOURCES.values():
        assert all(dataclasses.asdict(source)[field] for field in ("title", "reader", "terms", "get"))
