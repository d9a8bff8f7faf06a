"""A laboratory's own videos: what a list, or a folder a class, says of them, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.sources import Used, read_source
from ssmar_bench.sources.listing import SourceListing
from ssmar_bench.sources.own_videos import SOURCE, VideoPlaces, survey_videos

FILES = ("a.mp4", "b c.MOV", "sub/ü.mkv", "d.avi")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"video")
    return folder


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    return touch(tmp_path / "clips", *FILES, "readme.txt", "._a.mp4")


@pytest.fixture
def listed(videos: Path) -> Callable[..., SourceListing]:
    def read(text: str | bytes, *unlabelled: Path) -> SourceListing:
        path = videos.parent / "labels.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return survey_videos(VideoPlaces(videos, path, unlabelled))

    return read


def rows(listing: SourceListing) -> dict[str, tuple[object, ...]]:
    """Clip id -> label's name, subject, part, first and last frame."""
    names = {UNKNOWN: "", **listing.index.classes}
    columns = ("label", "subject", "part", "start", "end")
    found = {}
    for row in listing.index.clips.to_dict("records"):
        label, *others = (row[name] for name in columns)
        found[str(row["clip_id"])] = (names[label], *others)
    return found


TABLE = "file,label\na.mp4,nod\nb c.MOV,shake\nsub/ü.mkv,nod\nd.avi,\n"
MEANT = {
    "a.mp4": ("nod", "", "all", -1, -1),
    "b c.MOV": ("shake", "", "all", -1, -1),
    "sub/ü.mkv": ("nod", "", "all", -1, -1),
    "d.avi": ("", "", "unlabelled", -1, -1),
}


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace("\n", "\r\n"),
        "\ufeff" + TABLE,
        TABLE.replace("file,label", "Path,Class"),
        TABLE.replace("sub/ü", "sub\\u\u0308"),
        TABLE.replace("a.mp4", '"./a.mp4"') + "\n\n",
        TABLE.replace("\n", ",\n"),
        "sep=;\n" + TABLE.replace(",", ";"),
        "\n" + TABLE.replace("\n", "\n\n,,\n"),
        TABLE.replace(",nod", ",\u00a0 nod "),
        TABLE.replace("sub/", "sub//../sub/./"),
        TABLE.replace("label", "label,part,subject").replace("d.avi,", "d.avi,,,"),
        TABLE.encode("utf-16"),
    ],
    ids=[
        *("commas", "semicolons", "tabs", "dos", "bom", "other names", "other spelling", "quotes", "empty cells"),
        *("excel", "empty lines", "blanks", "dots", "empty columns", "utf-16"),
    ],
)
def test_a_list_is_read_whatever_separates_its_cells(text: str | bytes, listed: Callable[..., SourceListing]) -> None:
    found = listed(text)
    assert rows(found) == MEANT
    assert found.index.classes == {0: "nod", 1: "shake"}
    assert not found.missing
    assert not found.notes


def test_a_list_with_everything(listed: Callable[..., SourceListing]) -> None:
    text = "file;label;subject;start;end;part;colour\n"
    text += "a.mp4;nod;anna;0;24;train;red\na.mp4;shake;anna;25,0;50;test\na.mp4;;;60;70\nd.avi;nod;ben;;;train\n"
    found = listed(text)
    assert rows(found) == {
        "a.mp4#0-24": ("nod", "anna", "train", 0, 24),
        "a.mp4#25-50": ("shake", "anna", "test", 25, 50),
        "a.mp4#60-70": ("", "", "unlabelled", 60, 70),
        "d.avi": ("nod", "ben", "train", -1, -1),
    }
    assert any("nothing is read from the column colour" in note for note in found.notes)
    assert any(
        "2 videos have no label and are not used, the first is 'b c.MOV'; to train on" in note for note in found.notes
    )


def test_a_folder_a_class_and_one_without(tmp_path: Path) -> None:
    root = touch(
        tmp_path / "clips", "nod/1.mp4", "nod/deep/2.mp4", "Shake head/1.mp4", "Unlabelled/x.mp4", "beside.mp4"
    )
    found = survey_videos(VideoPlaces(root))
    assert rows(found) == {
        "nod/1.mp4": ("nod", "", "all", -1, -1),
        "nod/deep/2.mp4": ("nod", "", "all", -1, -1),
        "Shake head/1.mp4": ("Shake head", "", "all", -1, -1),
        "Unlabelled/x.mp4": ("", "", "unlabelled", -1, -1),
    }
    (note,) = found.notes
    assert "1 video has no label and is not used, the first is 'beside.mp4'; to train on unlabelled ones" in note


def test_folders_without_labels_are_added(videos: Path, listed: Callable[..., SourceListing], tmp_path: Path) -> None:
    """Those below the videos' own folder, and others, of which two may have one name."""
    one, two = touch(tmp_path / "x" / "more", "1.mp4"), touch(tmp_path / "y" / "more", "1.mp4", "2.mp4")
    found = rows(listed("file,label\na.mp4,nod\nd.avi,shake\n", videos, one, two))
    assert {clip for clip, row in found.items() if row[0]} == {"a.mp4", "d.avi"}
    assert {clip for clip, row in found.items() if row[2] == "unlabelled"} == {
        "b c.MOV", "sub/ü.mkv", "more/1.mp4", "more-2/1.mp4", "more-2/2.mp4",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label\na.mp4,Null\n", "'Null' would be a class of its own; leave the label empty"),
        ("file,label\na.mp4,-1\n", "'-1' would be a class of its own; leave the label empty"),
        ("file,label,subject\na.mp4,nod,Ann\nd.avi,nod,ann\n", ":3: the subject 'ann' is 'Ann' in line 2"),
        ("file,label\na.mp4,nod\nsub/../a.mp4,shake\n", r"label of 'a\.mp4' is 'shake' here and 'nod' in line 2"),
        ("file,label,label\na.mp4,nod,y\n", "the columns file and label, each once"),
        (b"PK\x03\x04\xff", "this is the file of a spreadsheet; save the sheet as CSV"),
        (
            "a.mp4,nod\n",
            r"labels\.csv:1: expected a header with the columns file and label, each once, found 'a\.mp4,nod'",
        ),
        ("", r"labels\.csv:1: expected a header"),
        ("file,label\n", "this list names no video"),
        ("file,lable\na.mp4,nod\n", "labels.csv:1: expected a header"),
        ("file,label,subjct\na.mp4,nod,x\n", "there is no column 'subjct'; did you mean 'subject'"),
        (
            "file,label\na.mp4,nod\nd.avi,nod\na.mp4,shake\n",
            r"labels\.csv:4: the label of 'a\.mp4' is 'shake' here and 'nod' in line 2; keep one of the two",
        ),
        ("file,label\na.mp4,nod\na.mp4,\n", "is empty here and 'nod' in line 2"),
        ("file,label\na.mp4,nod\nd.avi,Nod\n", r":3: the label 'Nod' is 'nod' in line 2; write it in one way"),
        ("file,label\na.mp4,unlabelled\n", ":2: 'unlabelled' would be a class of its own; leave the label empty"),
        (
            "file,label\na.mp4,nod,x\n",
            ":2: expected 2 cells as in the header, and quotes around a cell with a separator",
        ),
        ('file,label\n"a.mp4,nod\n', ":2: expected quotes that are closed"),
        ("file,label\n,nod\n", ":2: expected the name of a video"),
        ("file,label\n../a.mp4,nod\n", ":2: expected a path below"),
        ("file,label\n/etc/a.mp4,nod\n", ":2: expected a path below"),
        ("file,label,start,end\na.mp4,nod,3,\n", "expected the first and the last frame as whole numbers from 0"),
        ("file,label,start,end\na.mp4,nod,1.5,3\n", "whole numbers from 0, or neither, found '1.5, 3'"),
        ("file,label,start,end\na.mp4,nod,9,3\n", "expected a first frame that is not after the last one"),
        ("file,label,part\na.mp4,nod,val\n", r"expected train or test in the column part \(validation is carved"),
        ("file,label,part\na.mp4,nod,\nd.avi,nod,test\n", "expected train or test in the column part"),
        ("file,label,part\na.mp4,,test\n", "expected a label of a clip that is tested on"),
        ("file,label\nclips/a.mp4,nod\n", r":2: its video 'clips/a\.mp4' is not in .*clips; 'a\.mp4' may be meant"),
        ("file,label\na,nod\n", r"'a\.mp4' may be meant; expected paths that begin at the folder of --videos"),
    ],
)
def test_a_wrong_list_is_told_with_its_line(text: str | bytes, said: str, listed: Callable[..., SourceListing]) -> None:
    with pytest.raises(UserError, match=said):
        listed(text)


def test_all_wrong_lines_are_told_at_once(listed: Callable[..., SourceListing]) -> None:
    wrong = "".join(f"a.mp4,class {number}\n" for number in range(9))
    with pytest.raises(UserError) as error:
        listed(f"file,label\n{wrong},nod\n")
    assert re.findall(r"labels\.csv:(\d+)", str(error.value)) == ["3", "4", "5", "6", "7"]
    assert str(error.value).endswith("; and 4 more lines are wrong")


def test_the_same_fault_of_many_lines_is_told_once(listed: Callable[..., SourceListing]) -> None:
    with pytest.raises(UserError) as error:
        listed("file,label,start,end\n" + "".join(f"a.mp4,nod,0.{line},2\n" for line in range(1, 9)))
    assert str(error.value).endswith("whole numbers from 0, or neither, found '0.1, 2' (and the same in 7 more lines)")


@pytest.mark.parametrize("word", ["None", "unknown"])
def test_a_word_that_may_mean_no_label_is_said_to_be_a_class(word: str, listed: Callable[..., SourceListing]) -> None:
    found = listed(f"file,label\na.mp4,{word}\nb c.MOV,nod\nd.avi,nod\nsub/ü.mkv,nod\n")
    assert set(found.index.classes.values()) == {word, "nod"}
    (note,) = found.notes
    assert f"'{word}' is taken for a class; leave the label empty where it means that there is none." in note


def test_a_file_has_one_line_by_whatever_name(videos: Path, listed: Callable[..., SourceListing]) -> None:
    (videos / "link.mp4").symlink_to("a.mp4")
    for other in ("link.mp4", videos / "a.mp4"):
        with pytest.raises(UserError, match=r":3: '.*' is the file of line 2, 'a\.mp4'; keep one of the two lines"):
            listed(f"file,label\na.mp4,nod\n{other},nod\n")


def test_a_listed_video_that_is_missing_is_named(listed: Callable[..., SourceListing]) -> None:
    found = listed("file,label\na.mp4,nod\ngone.mp4,nod\n")
    assert "1 of the 2 videos that labels.csv names is missing, the first is 'gone.mp4'" in str(found.missing[0])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "there is no video in this folder or below it; a video's name ends in .3g2"),
        (("notes.txt",), "there is no video in this folder"),
        (("a.mp4",), "there is no folder of a class with videos in it; give the labels with --labels FILE"),
        (("unlabelled/a.mp4",), "there is no folder of a class"),
        (
            ("x/nod/a.mp4", "x/bow/b.mp4"),
            "there is one folder of a class, 'x', expected two or more; if the classes are bow, nod, give",
        ),
        (
            ("x/a.mp4", "x/b.mp4"),
            "there is one folder of a class, 'x', expected two or more; else give the labels with --labels FILE",
        ),
        (("nod/a.mp4", "Nod/b.mp4"), "the folders Nod/ and nod/ are one class; join them"),
    ],
)
def test_a_folder_that_says_nothing(names: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    with pytest.raises(UserError, match=re.escape(said)):
        survey_videos(VideoPlaces(touch(tmp_path / "clips", *names)))


def test_an_unlabelled_folder_with_nothing_new(videos: Path, listed: Callable[..., SourceListing]) -> None:
    text = "file,label\n" + "".join(f"{name},nod\n" for name in FILES)
    with pytest.raises(UserError, match="every video there has a label or is named already"):
        listed(text, videos)


def test_unlabelled_folders_that_overlap_hold_each_video_once(
    videos: Path, listed: Callable[..., SourceListing], tmp_path: Path
) -> None:
    """The folder of the videos by another name, and a folder that is given twice."""
    (tmp_path / "link").symlink_to("clips")
    found = listed("file,label\na.mp4,nod\nd.avi,shake\n", videos / "sub", tmp_path / "link", videos / "sub")
    assert [row[2] for row in rows(found).values()].count("unlabelled") == 2
    assert not found.notes


def test_classes_are_found_by_their_names(videos: Path) -> None:
    """A list with a class more numbers its classes anew; a benchmark's classes stay what they were."""
    (videos / "labels.csv").write_text(TABLE.replace("shake", "bow"))
    heard: list[Event] = []
    known = {0: "nod", 1: "wave"}
    index = read_source(SOURCE, videos, used=Used(["all"], known, ["unlabelled"], known), listener=heard.append)
    labels = dict(zip(index.clips["clip_id"], index.clips["label"], strict=True))
    assert labels == {"a.mp4": 0, "sub/ü.mkv": 0, "b c.MOV": 2, "d.avi": UNKNOWN}
    assert "clips with labels that the benchmark does not have (bow) are not used: 1." in heard[0].text


def test_a_file_says_where_videos_and_lists_are(videos: Path, tmp_path: Path) -> None:
    touch(tmp_path / "more", "x.mp4")
    (tmp_path / "labels.tsv").write_text(TABLE.replace(",", "\t"))
    own = tmp_path / "mine"
    own.mkdir()
    (own / "videos.yaml").write_text("videos: ../clips\nlabels: ../labels.tsv\nunlabelled: [../more]\n")
    index = read_source(SOURCE, own)
    assert set(index.clips["clip_id"]) == {*MEANT, "more/x.mp4"}
    (own / "videos.yaml").write_text("video: ../clips\n")
    with pytest.raises(UserError, match=r"videos\.yaml:1: .*video"):
        read_source(SOURCE, own)
