"""Folders that are wrong, each in one way: one sentence that names the place and what was expected there."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import read_source

Damage = Callable[[Path], object]
Copy = Callable[[str, str], Path]


def line(path: str, number: int, text: str) -> Damage:
    """Writes ``text`` over a line."""

    def damage(root: Path) -> None:
        lines = (root / path).read_text().splitlines()
        lines[number - 1] = text
        (root / path).write_text("\n".join(lines))

    return damage


def further(path: str, text: str) -> Damage:
    """Adds a line at the end."""

    def damage(root: Path) -> None:
        content = (root / path).read_text()
        (root / path).write_text(content + ("" if content.endswith("\n") else "\n") + text)

    return damage


def again(path: str, number: int) -> Damage:
    """Repeats a line at the end."""

    def damage(root: Path) -> None:
        further(path, (root / path).read_text().splitlines()[number - 1])(root)

    return damage


def gone(path: str) -> Damage:
    """Removes a file."""
    return lambda root: (root / path).unlink()


def moved(path: str, to: str) -> Damage:
    """Renames a file or folder."""

    def damage(root: Path) -> None:
        (root / to).parent.mkdir(parents=True, exist_ok=True)
        (root / path).rename(root / to)

    return damage


def copied(path: str, to: str) -> Damage:
    """Copies a folder."""
    return lambda root: shutil.copytree(root / path, root / to)


def filled(path: str, content: bytes) -> Damage:
    """Writes other content."""
    return lambda root: (root / path).write_bytes(content)


def cut(path: str) -> Damage:
    """Keeps the first half of a file."""

    def damage(root: Path) -> None:
        content = (root / path).read_bytes()
        (root / path).write_bytes(content[: len(content) // 2])

    return damage


def spoilt(path: str) -> Damage:
    """Changes what an archive has packed, and leaves its table of contents."""

    def damage(root: Path) -> None:
        content = bytearray((root / path).read_bytes())
        content[60:-600] = bytes(byte ^ 0x55 for byte in content[60:-600])
        (root / path).write_bytes(content)

    return damage


def corrupted(root: Path) -> None:
    """Changes a byte of a packed file, so that its checksum is wrong."""
    with zipfile.ZipFile(root / "val.zip", "w") as archive:
        archive.writestr("val/0003_00_0000.mp4", b"a video of some bytes")
    content = (root / "val.zip").read_bytes()
    (root / "val.zip").write_bytes(content.replace(b"a video", b"A video"))


def twice(root: Path) -> None:
    """Packs two files of one name."""
    with zipfile.ZipFile(root / "val.zip", "w") as archive:
        archive.writestr("one/a.mp4", b"")
        archive.writestr("two/a.mp4", b"")


TRAIN, NAMES = "train_list_videos.txt", "label_name.txt"
FULL = "Label/labels_20200831.csv"
MIGA = "imigue_data_phase1/datasets/imigue_skeleton_train"
SKELETONS = "imigue_data_phase1/datasets"
FIRST = f"{MIGA}/0005/0005_label.csv"
SMG, DATA = "Sample0001/Sample0001_finelabels.csv", "Sample0001/Sample0001_data.csv"
SMG_MIGA = "smg_data_phase1/smg_skeleton_train"
UCF, HMDB = "ucfTrainTestlist", "testTrainMulti_7030_splits"
HAIR = f"{HMDB}/brush_hair_test_split1.txt"
APPLY = "ApplyEyeMakeup/v_ApplyEyeMakeup_g"

CASES: dict[str, tuple[str, str, Damage, str]] = {
    # MA-52
    "no list": ("ma52", "code", gone(TRAIN), "train_list_videos.txt: there is no such file, neither here nor in annot"),
    "no names": ("ma52", "unzipped", gone(f"annotations/{NAMES}"), "label_name.txt: there is no such file"),
    "no video folder": (
        "ma52",
        "code",
        moved("videos_val", "valid"),
        "neither videos_val/ nor raw_videos/val/ nor val.z",
    ),
    "missing video": ("ma52", "code", gone("videos_test/test0003.mp4"), "videos_test: 1 of the .* is 'test0003.mp4'"),
    "a field too few": (
        "ma52",
        "code",
        line(TRAIN, 2, "0003_00_0001.mp4"),
        f"{TRAIN}:2: expected '<file>.mp4 <label>'",
    ),
    "a class too high": (
        "ma52",
        "code",
        line(TRAIN, 3, "0003_0_1.mp4 52"),
        f"{TRAIN}:3: expected a label from 0 to 51",
    ),
    "a name for a class": ("ma52", "code", line(TRAIN, 1, "0003_0_1.mp4 nodding"), f"{TRAIN}:1: .* found 'nodding'"),
    "a path in a list": (
        "ma52",
        "code",
        line(TRAIN, 1, "../0003_0_1.mp4 9"),
        f"{TRAIN}:1: expected '<file>.mp4 <label>'",
    ),
    "no subject": (
        "ma52",
        "code",
        line(TRAIN, 4, "clip.mp4 9"),
        f"{TRAIN}:4: expected a clip named '<subject>_<segment>",
    ),
    "a file twice": ("ma52", "code", again(TRAIN, 1), f"{TRAIN}:.*: expected each file once"),
    "no text": ("ma52", "code", filled(TRAIN, b"\xff\xfe\x00"), f"{TRAIN}: this is not a text file in UTF-8"),
    "a class less": (
        "ma52",
        "code",
        filled(NAMES, b"0\tone\r\n"),
        f"{NAMES}: expected the names of 52 classes, found 1",
    ),
    "spaces for a tab": ("ma52", "code", line(NAMES, 5, "4 rising up"), f"{NAMES}:5: expected '<id 0..51><tab><name>'"),
    "half an archive": ("ma52", "zips", cut("val.zip"), "val.zip: this zip archive is damaged .*download it again"),
    "a changed archive": ("ma52", "zips", corrupted, "val.zip: this zip archive is damaged .*Bad CRC-32"),
    "no archive": (
        "ma52",
        "zips",
        filled("val.zip", b"<html>please log in</html>"),
        "val.zip: this zip archive is damag",
    ),
    "two of a name": ("ma52", "zips", twice, "val.zip: expected each file once, found 'a.mp4' in two of its folders"),
    # iMiGUE
    "another data set": (
        "imigue",
        "full",
        moved(FULL, "labels.csv"),
        "neither Label/labels_20200831.csv nor imigue_data",
    ),
    "no column": (
        "imigue",
        "full",
        line(FULL, 1, "video_id,class,start_frame,end_frame"),
        f"{FULL}:1: expected a header",
    ),
    "no whole number": (
        "imigue",
        "full",
        line(FULL, 2, "1,2,31,many,9,Win"),
        f"{FULL}:2: expected whole numbers for vid",
    ),
    "a cell too few": ("imigue", "full", line(FULL, 2, "1,2,31"), f"{FULL}:2: expected whole numbers"),
    "a class of none": (
        "imigue",
        "full",
        line(FULL, 2, "1,2,32,5,9,Win"),
        f"{FULL}:2: expected a class of 1..31 and 99",
    ),
    "before its start": (
        "imigue",
        "full",
        line(FULL, 2, "1,2,31,9,5,Win"),
        f"{FULL}:2: expected a first frame that is n",
    ),
    "an unknown subject": ("imigue", "full", line(FULL, 2, "1,73,31,5,9,Win"), f"{FULL}:2: .* official parts, 1..72"),
    "two subjects": (
        "imigue",
        "full",
        further(FULL, "1,62,31,5,9,Win"),
        f"{FULL}:.*: expected subject .* for video 0001",
    ),
    "only a header": ("imigue", "full", filled(FULL, b"video_id,subject_id,class,start_frame,end_frame\n"), "no clip"),
    "no interviews": (
        "imigue",
        "full",
        moved("iMiGUE_RGB_Phase1", "rgb/1"),
        "of the 12 videos that labels_20200831.csv names are missing, the first is '0",
    ),
    "class 0": ("imigue", "miga", line(FIRST, 1, "0,5,9"), f"{FIRST}:1: expected a class of 1..31 and 99, found '0'"),
    "a header": (
        "imigue",
        "miga",
        line(FIRST, 1, "class,start,end"),
        f"{FIRST}:1: expected '<class>,<first frame>,<last",
    ),
    "negative": (
        "imigue",
        "miga",
        line(FIRST, 2, "31,-4,9"),
        f"{FIRST}:2: expected '<class>,<first frame>,<last frame>'",
    ),
    "a frame of no video": (
        "imigue",
        "miga",
        line(FIRST, 2, "31,4,99999999999999999999"),
        f"{FIRST}:2: expected '<class>,<first frame>,<last frame>'",
    ),
    "no labels": ("imigue", "miga", gone(FIRST), f"{FIRST}: there is no such file; expected the labels of the video"),
    "no RGB": (
        "imigue",
        "miga",
        moved("iMiGUE_RGB_Phase1/imigue_rgb_train", "x/y"),
        "neither iMiGUE_RGB_Phase1/imigue_r",
    ),
    "a video in two parts": (
        "imigue",
        "miga",
        copied(f"{MIGA}/0005", f"{SKELETONS}/imigue_skeleton_validate/0005"),
        "imigue_skeleton_validate/0005: expected each video in one part, found 0005 in miga-train too",
    ),
    "no spreadsheet": (
        "imigue",
        "miga-2025",
        filled("Link_V2.xlsx", b"<html>"),
        "Link_V2.xlsx: this is no spreadsheet",
    ),
    "half a spreadsheet": ("imigue", "miga-2025", cut("Link_V2.xlsx"), "Link_V2.xlsx: this is no spreadsheet, or a d"),
    "a spoilt spreadsheet": ("imigue", "miga-2025", spoilt("Link_V2.xlsx"), "Link_V2.xlsx: this is no spreadsheet, or"),
    "no map": (
        "imigue",
        "miga",
        filled("Link_V2.csv", b"video,who\n1,2\n"),
        "Link_V2.csv:1: expected a header with Video",
    ),
    "a map of two subjects": (
        "imigue",
        "miga",
        filled("Link_V2.csv", b"Video_id,Link,Sub_id\n5,x,2\n5,x,4\n"),
        "Link_V2.csv:3: expected subject 2 for video 0005",
    ),
    "a map of words": (
        "imigue",
        "miga",
        filled("Link_V2.csv", b"Video_id,Sub_id\n5,Bo\n"),
        "Link_V2.csv:2: expected a num",
    ),
    # SMG
    "no labels of the user": ("smg", "full", gone(SMG), f"{SMG}: there is no such file; expected the labels"),
    "18 of 17": ("smg", "full", line(SMG, 1, "18,5,9"), f"{SMG}:1: expected a class of 1..17, found '18'"),
    "semicolons": ("smg", "full", line(SMG, 1, "5;5;9"), f"{SMG}:1: expected '<class>,<first frame>,<last frame>'"),
    "no rate": ("smg", "full", gone(DATA), f"{DATA}: there is no such file; expected '<frames>,<frames a second>,<de"),
    "a rate of 0": (
        "smg",
        "full",
        filled(DATA, b"500,0,4500\n"),
        f"{DATA}:1: expected '<frames>,<frames a second>,<depth>'",
    ),
    "a rate in words": (
        "smg",
        "full",
        filled(DATA, b"500,fast,4500\n"),
        f"{DATA}:1: expected '<frames>,<frames a second>,<depth>'",
    ),
    "an empty table": ("smg", "full", filled(DATA, b""), f"{DATA}: .* found an empty file"),
    "a missing interview": ("smg", "full", gone("Sample0002/Sample0002_color.mp4"), "first is 'Sample0002_color.mp4'"),
    "subject 41": ("smg", "full", moved("Sample0001", "Sample0041"), "Sample0041: expected subjects 1 to 40"),
    "a subject elsewhere": (
        "smg",
        "miga",
        moved(f"{SMG_MIGA}/Sample0001", f"{SMG_MIGA}/Sample0031"),
        "Sample0031: expected subjects 1 to 30 in smg_skeleton_train/, found 0031",
    ),
    "no SMG": (
        "smg",
        "miga",
        moved("smg_data_phase1", "other"),
        "neither Sample0001/ nor smg_data_phase1/smg_skeleton_t",
    ),
    "no SMG videos": ("smg", "miga", moved("SMG_RGB_Phase1", "rgb"), "there is no SMG_RGB_Phase1/smg_rgb_train/"),
    # UCF101
    "no class list": (
        "ucf101",
        "",
        gone(f"{UCF}/classInd.txt"),
        "no ucfTrainTestlist/classInd.txt; expected what `unzip",
    ),
    "not unpacked": (
        "ucf101",
        "",
        moved("UCF-101", "UCF101.rar"),
        "there is no UCF-101/; expected what `unrar x UCF101.rar`",
    ),
    "a list less": (
        "ucf101",
        "",
        gone(f"{UCF}/testlist01.txt"),
        "testlist01.txt: there is no such file; expected it amo",
    ),
    "100 classes": (
        "ucf101",
        "",
        filled(f"{UCF}/classInd.txt", b"1 ApplyEyeMakeup\n"),
        "expected 101 classes, found 1",
    ),
    "class 102": (
        "ucf101",
        "",
        line(f"{UCF}/classInd.txt", 101, "102 YoYo"),
        "classInd.txt:101: expected '<id 1..101> <",
    ),
    "another id": (
        "ucf101",
        "",
        line(f"{UCF}/trainlist01.txt", 1, f"{APPLY}08_c01.avi 2"),
        "trainlist01.txt:1: .* the id 1",
    ),
    "no id": (
        "ucf101",
        "",
        line(f"{UCF}/trainlist01.txt", 1, f"{APPLY}08_c01.avi"),
        "trainlist01.txt:1: expected '<Class",
    ),
    "an id to guess": (
        "ucf101",
        "",
        line(f"{UCF}/testlist01.txt", 1, f"{APPLY}01_c01.avi 1"),
        "testlist01.txt:1: .*no id",
    ),
    "on both sides": (
        "ucf101",
        "",
        further(f"{UCF}/testlist01.txt", f"{APPLY}08_c01.avi"),
        "each clip once in a split",
    ),
    "an unknown class": (
        "ucf101",
        "",
        line(f"{UCF}/testlist01.txt", 1, "Yo/v_Yo_g01_c01.avi"),
        "testlist01.txt:1: .* class of classInd",
    ),
    # HMDB51
    "a file less": (
        "hmdb51",
        "",
        gone(HAIR),
        "brush_hair_test_split1.txt: there is no such file; expected one for each",
    ),
    "a class more": ("hmdb51", "", moved(f"{HMDB}/wave_test_split2.txt", f"{HMDB}/x_test_split1.txt"), "no class 'x'"),
    "a code of 3": (
        "hmdb51",
        "",
        line(HAIR, 1, "a_brush_hair_u_nm_np1_ba_goo_0.avi 3"),
        "split1.txt:1: .*<file>.avi <0",
    ),
    "nothing to test on": ("hmdb51", "", filled(HAIR, b"a.avi 1\n"), "brush_hair_test_split1.txt: .* clips to test on"),
    "a clip twice": ("hmdb51", "", again(HAIR, 1), "brush_hair_test_split1.txt:6: expected each file once"),
    "no videos": (
        "hmdb51",
        "",
        moved("hmdb51_org", "hmdb"),
        "there is no hmdb51_org/brush_hair; expected what `unrar x",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_root_gets_one_clear_sentence(
    case: str, copy: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    name, layout, damage, expected = CASES[case]
    root = copy(name, layout)
    read_source(name, root)
    damage(root)
    with pytest.raises(UserError) as caught:
        read_source(name, root)
    said = str(caught.value)
    assert re.search(expected, said), said
    assert str(root) in said
    assert "\n" not in said
    assert not [*(tmp_path / "cache").glob("**/*.partial")]


@pytest.mark.parametrize("name", ["ma52", "imigue", "smg", "ucf101", "hmdb51"])
def test_a_folder_of_something_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "holiday.mp4").touch()
    with pytest.raises(UserError, match=re.escape(str(tmp_path))):
        read_source(name, tmp_path)
    with pytest.raises(UserError, match=r"nowhere: there is no such folder; expected the folder of"):
        read_source(name, tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"holiday\.mp4: this is a file; expected the folder of"):
        read_source(name, tmp_path / "holiday.mp4")


@pytest.mark.parametrize(("name", "call"), [("ma52", "read_text"), ("hmdb51", "glob"), ("smg", "iterdir")])
def test_a_folder_that_may_not_be_read(name: str, call: str, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy(name, "")

    def denied(path: Path, *words: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, call, denied)
    with pytest.raises(UserError, match=rf"{re.escape(str(root))}.*: this cannot be read or unpacked \(Permission"):
        read_source(name, root)


def test_a_disk_that_is_full_while_unpacking(copy: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    root = copy("ma52", "zips")

    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(UserError, match=r"cannot be read or unpacked \(No space left on device\)"):
        read_source("ma52", root)
    assert not [path for path in (tmp_path / "cache" / "unpacked").iterdir() if path.is_dir()]


def test_archives_that_only_rar_unpacks_are_named_with_the_command(copy: Copy) -> None:
    root = copy("hmdb51", "")
    (root / "hmdb51_org").rename(root / "elsewhere")
    (root / "hmdb51_org.rar").touch()
    with pytest.raises(UserError, match=r"but hmdb51_org\.rar; run `unrar x hmdb51_org\.rar` in this folder"):
        read_source("hmdb51", root)


def test_unknown_options_are_refused(copy: Copy) -> None:
    root = copy("ucf101", "")
    with pytest.raises(UserError, match="ucf101 has no option 'spilt'; did you mean 'split'"):
        read_source("ucf101", root, {"spilt": 1})
    with pytest.raises(UserError, match="ucf101: split is 4, expected one of 1, 2, 3"):
        read_source("ucf101", root, {"split": 4})
    with pytest.raises(UserError, match="ma52 has no option 'split'"):
        read_source("ma52", root, {"split": 1})
