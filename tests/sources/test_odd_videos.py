"""Files in place of videos that cannot be used, each kind in every source; and files that are the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import Used, duplicates, read_source, survey_source, videos
from ssmar_bench.sources.source_check import check_source_folder

Copy = Callable[..., Path]
SOURCES = ["ma52", "imigue", "smg", "ucf101", "hmdb51"]


def _filled(root: Path) -> list[Path]:
    """Gives every video bytes of its own."""
    for path in (path for path in root.rglob("*") if path.suffix in (".mp4", ".avi")):
        path.write_text(f"a video called {path}")
    return root_videos(root)


def root_videos(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in (".mp4", ".avi"))


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link_to_a_folder(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _link_to_an_empty_file(path: Path) -> None:
    path.unlink()
    path.with_name("nothing").touch()
    path.symlink_to(path.with_name("nothing"))


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "gone": (Path.unlink, "it does not exist"),
    "a dangling link": (_dangling, "it is a link to a file that does not exist"),
    "a link to itself": (_circle, "it cannot be read"),
    "a folder": (_folder, "it is a folder"),
    "a link to a folder": (_link_to_a_folder, "it is a folder"),
    "a pipe": (_pipe, "it is no regular file"),
    "empty": (_empty, "it is empty"),
    "a link to an empty file": (_link_to_an_empty_file, "it is empty"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_odd_file_is_named_with_its_reason(source: str, copy: Copy) -> None:
    root = copy(source, "")
    _filled(root)
    paths = [path for part in ("train", "test", "val") for path in _clips(source, root, part)[:4]]
    assert all(one.whole for one in check_source_folder(source, root))
    for (spoil, _), path in zip(KINDS.values(), paths, strict=False):
        spoil(path)
    expected = {str(path): reason for (_, reason), path in zip(KINDS.values(), paths, strict=False)}
    assert len(expected) == len(KINDS)
    found = check_source_folder(source, root)
    told: dict[str, str] = {}
    for one in found:
        told |= dict.fromkeys(one.missing, "it does not exist") | dict.fromkeys(one.empty, "it is empty")
        told |= one.unusable
    assert set(told) == set(expected)
    for name, reason in expected.items():
        assert told[name].startswith(reason)
    assert not all(one.whole for one in found)


@pytest.mark.parametrize("kind", ["gone", "a dangling link", "a link to itself", "a folder", "a link to a folder"])
@pytest.mark.parametrize("source", SOURCES)
def test_what_is_no_file_is_missing_to_whoever_uses_it(source: str, kind: str, copy: Copy) -> None:
    root = copy(source, "")
    clips = read_source(source, root).clips
    path = Path(clips.loc[clips["part"] == "train", "path"].iloc[0])
    KINDS[kind][0](path)
    with pytest.raises(UserError, match=f"1 of the .* videos .* the first is '.*{path.name}'"):
        read_source(source, root)


def test_a_file_that_may_not_be_read_is_named(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy("smg", "")
    denied, *_ = _filled(root)
    opened = Path.open

    def refusing(path: Path, *words: Any, **options: Any) -> object:
        if path == denied:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *words, **options)

    monkeypatch.setattr(Path, "open", refusing)
    assert videos.fault(denied) == "it cannot be read (Permission denied)"
    (found,) = check_source_folder("smg", root)
    assert found.unusable == {str(denied): "it cannot be read (Permission denied)"}
    assert not found.whole


@pytest.mark.parametrize(
    ("source", "layout", "folder", "lost", "kept"),
    [
        ("ma52", "code", "videos_test", "test", ("train", "val")),
        ("ma52", "unzipped", "raw_videos/test", "test", ("train", "val")),
        ("ma52", "code", "videos_val", "val", ("train",)),
        ("imigue", "miga", "iMiGUE_RGB_Phase1/imigue_rgb_validate", "miga-val", ("miga-train",)),
        ("smg", "miga", "SMG_RGB_Phase1/smg_rgb_validate", "val", ("train",)),
    ],
)
def test_only_the_videos_of_parts_that_are_used_must_be_there(
    source: str, layout: str, folder: str, lost: str, kept: tuple[str, ...], copy: Copy
) -> None:
    root = copy(source, layout)
    everything = read_source(source, root)
    (root / folder).rename(root.parent / "elsewhere")
    for part in kept:
        assert len(read_source(source, root, used=Used([part], everything.classes)).clips) == len(everything.clips)
    hidden = {*everything.classes, -1}
    for used in (Used([*kept, lost], hidden), None):
        with pytest.raises(UserError, match=f"there is n.*{Path(folder).name}"):
            read_source(source, root, used=used)
    (found,) = check_source_folder(source, root)
    assert not found.whole
    assert len(found.missing) == everything.clips.loc[everything.clips["part"] == lost, "path"].nunique()
    (reason,) = found.lacking
    assert Path(folder).name in reason


@pytest.mark.parametrize("source", SOURCES)
def test_only_the_videos_of_classes_that_are_used_must_be_there(source: str, copy: Copy) -> None:
    root = copy(source, "")
    index = read_source(source, root)
    clips = index.clips[index.clips["part"] == "train"]
    of_path = clips.groupby("path")["label"].agg(set)
    path = of_path.index[0]
    Path(path).unlink()
    others = set(index.classes) - of_path[path]
    read_source(source, root, used=Used(["train"], others))
    with pytest.raises(UserError, match="1 of the"):
        read_source(source, root, used=Used(["train"], of_path[path]))


def test_a_damaged_archive_of_a_part_that_nobody_uses(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    root = copy("ma52", "zips")
    (root / "test.zip").write_bytes(b"<html>")
    read_source("ma52", root, used=Used(["train", "val"], range(52)))
    with pytest.raises(UserError, match=r"test\.zip: this zip archive is damaged"):
        read_source("ma52", root)


def _clips(source: str, root: Path, part: str) -> list[Path]:
    clips = survey_source(source, root).index.clips
    return [Path(path) for path in dict.fromkeys(clips.loc[clips["part"] == part, "path"])]


@pytest.mark.parametrize(
    ("source", "parts"),
    [("ma52", ("train", "val")), ("ma52", ("train", "test")), ("ucf101", ("train", "test")), ("ma52", ("val", "val"))],
)
def test_the_same_file_under_two_names_is_named(source: str, parts: tuple[str, str], copy: Copy) -> None:
    root = copy(source, "")
    _filled(root)
    assert not check_source_folder(source, root)[0].twins
    one, other = _clips(source, root, parts[0])[2], _clips(source, root, parts[1])[5]
    other.write_bytes(one.read_bytes())
    (pair,) = check_source_folder(source, root)[0].twins
    assert str(one) in pair
    assert str(other) in pair
    assert f"({parts[0]}" in pair
    assert f"({parts[1]}" in pair
    assert check_source_folder(source, root)[0].whole


@pytest.mark.parametrize("linked", [Path.symlink_to, Path.hardlink_to])
def test_a_link_to_another_clip_is_the_same_content(linked: Callable[[Path, Path], None], copy: Copy) -> None:
    root = copy("ma52", "")
    _filled(root)
    one, other = _clips("ma52", root, "train")[0], _clips("ma52", root, "val")[0]
    other.unlink()
    linked(other, one)
    assert len(check_source_folder("ma52", root)[0].twins) == 1


def test_a_copied_long_video_shows_the_same_frames_only_where_ranges_overlap(copy: Copy) -> None:
    root = copy("smg", "")
    _filled(root)
    one, other = _clips("smg", root, "train")[0], _clips("smg", root, "val")[0]
    other.write_bytes(one.read_bytes())
    for path, text in ((one, "5,10,40\n9,50,60\n9,50,60\n3,55,70\n"), (other, "5,40,45\n8,70,90\n9,91,99\n")):
        Path(str(path).replace("_color.mp4", "_finelabels.csv")).write_text(text)
        Path(str(path).replace("_color.mp4", "_data.csv")).write_text("500,28,4500\n")
    pairs = check_source_folder("smg", root)[0].twins
    assert [pair.partition(" = ")[0].partition(" frames ")[2] for pair in pairs] == [
        "40 to 45 (val, class 5)",
        "70 to 90 (val, class 8)",
    ]


def test_only_files_of_one_size_are_read(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy("ma52", "")
    paths = root_videos(root)
    for number, path in enumerate(paths):
        path.write_bytes(b"x" * (number + 1))
    paths[7].write_bytes(b"xxyy")
    monkeypatch.setattr(duplicates, "HEAD", 2)  # the first bytes are compared before all of them
    read_ones: list[str] = []
    digest = duplicates._digest

    def heard_digest(path: str) -> str:
        read_ones.append(path)
        return digest(path)

    monkeypatch.setattr(duplicates, "_digest", heard_digest)
    heard: list[tuple[int, int]] = []
    assert duplicates.same_content(map(str, paths), lambda event: heard.append((event.done, event.total))) == {}
    assert read_ones == [str(paths[3]), str(paths[7])]
    assert heard == [(1, 2), (2, 2)]
