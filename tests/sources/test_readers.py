"""What the readers of iMiGUE, SMG, UCF101 and HMDB51 make of the forms that real copies come in."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event
from ssmar_bench.sources import read_source, survey_source
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.trimmed import hashed_id

Copy = Callable[..., Path]
HEADER = "video_id,subject_id,class,start_frame,end_frame,win_or_lose"


def _imigue(root: Path, lines: list[str], videos: tuple[str, ...] = ("0001", "0002")) -> Path:
    (root / "Label").mkdir()
    (root / "Label" / "labels_20200831.csv").write_bytes("\r\n".join([HEADER, *lines]).encode("utf-8-sig"))
    for video in videos:
        folder = root / "iMiGUE_RGB_Phase1" / "imigue_rgb_train" / video
        folder.mkdir(parents=True)
        (folder / f"{video}.mp4").touch()
    return root


def _rows(root: Path, source: str = "imigue") -> pd.DataFrame:
    return read_source(source, root).clips.set_index("clip_id")


def test_rows_of_imigue(tmp_path: Path) -> None:
    root = _imigue(tmp_path, ["1,2,31,0,24,Win", "1,2,99,25,25,Win", "0002,63,8,100,163,Lose"])
    index = read_source("imigue", root)
    clips = index.clips.set_index("clip_id")
    assert list(clips.index) == ["0001/0-24", "0001/25-25", "0002/100-163"]
    assert clips.loc["0002/100-163"].to_dict() == {
        "path": str(root / "iMiGUE_RGB_Phase1/imigue_rgb_train/0002/0002.mp4"),
        "start": 100, "end": 163, "label": 8, "subject": "63", "part": "test",
    }  # fmt: skip
    assert list(clips["label"]) == [31, 99, 8]
    assert list(clips["part"]) == ["train", "train", "test"]
    assert index.classes[99] == "Illustrative body language"
    assert index.groups[31] == "body"
    assert set(index.rates.values()) == {25.0}


def test_numbers_as_spreadsheets_and_skeleton_files_write_them(tmp_path: Path) -> None:
    clips = _rows(_imigue(tmp_path, ["0001_2,2,31,0.0,24.0,Win", '"2", 63 ,8,1,2,"Lose, in three sets"']))
    assert list(clips.index) == ["0001/0-24", "0002/1-2"]
    assert list(clips["subject"]) == ["2", "63"]


def test_two_classes_on_the_same_frames_are_two_clips_and_a_repeated_line_is_one(tmp_path: Path) -> None:
    lines = ["1,2,31,5,9,Win", "1,2,8,5,9,Win", "1,2,31,5,9,Win", "2,4,8,5,9,Lose"]
    root = _imigue(tmp_path, lines)
    assert _rows(root)["label"].to_dict() == {"0001/5-9": 8, "0001/5-9-2": 31, "0002/5-9": 8}
    assert survey_source("imigue", root).notes == (
        "1 labelled ranges occur twice with the same class; each is one clip.",
    )
    other = tmp_path / "other"
    other.mkdir()
    pd.testing.assert_series_equal(_rows(_imigue(other, lines[::-1]))["label"], _rows(root)["label"])


def test_videos_that_no_challenge_holds_are_left_out_until_they_are_there(tmp_path: Path) -> None:
    root = _imigue(tmp_path, ["1,2,31,5,9,Win", "2,4,8,5,9,Win", "347,4,8,5,9,Lose", "348,4,8,5,9,Lose"])
    assert set(_rows(root).index) == {"0001/5-9", "0002/5-9"}
    (note,) = survey_source("imigue", root).notes
    assert note.startswith("2 clips of the videos 0347, 0348 are left out")
    (root / "videos").mkdir()
    (root / "videos" / "0347.mp4").touch()
    assert set(_rows(root).index) == {"0001/5-9", "0002/5-9", "0347/5-9"}
    (root / "iMiGUE_RGB_Phase1/imigue_rgb_train/0001/0001.mp4").unlink()
    with pytest.raises(UserError, match=r"1 of the 3 videos .* the first is '0001\.mp4'"):
        read_source("imigue", root)


def test_defects_of_a_copy_are_reported_whenever_it_is_read(tmp_path: Path) -> None:
    root = _imigue(tmp_path, ["1,2,31,5,9,Win", "1,2,31,5,9,Win", "348,4,8,5,9,Lose"])
    heard: list[Event] = []
    read_source("imigue", root, listener=heard.append)
    assert [event.kind for event in heard] == ["note", "note"]
    assert tuple(event.text for event in heard) == survey_source("imigue", root).notes


def test_subjects_come_from_the_owners_map_where_the_user_has_it(originals: Copy, copy: Copy) -> None:
    sheet = read_source("imigue", originals("imigue", "miga-2025")).clips
    train = read_facts("imigue.yaml").part_subjects["train"]
    assert set(sheet.loc[sheet["part"] == "miga-train", "subject"]) <= {*map(str, train)}
    assert (sheet["subject"] != "").all()
    root = copy("imigue", "miga")
    assert set(read_source("imigue", root).clips["subject"]) == {""}
    (root / "Link_V2.csv").write_text("Video_id,Link,Sub_id\n1,x,44\n0005,y,2\n")
    clips = read_source("imigue", root).clips
    assert dict(zip(clips["clip_id"].str[:4], clips["subject"], strict=True))["0005"] == "2"
    assert set(clips["subject"]) == {"", "2", "44"}
    assert set(clips["part"]) == {"miga-train", "miga-val"}


@pytest.mark.parametrize(
    ("name", "videos", "tables", "ending", "part"),
    [
        (
            "imigue",
            "iMiGUE_RGB_Phase2/imigue_rgb_test",
            "imigue_data_phase2/imigue_skeleton_test",
            "label",
            "miga-test",
        ),
        ("smg", "SMG_RGB_Phase2/smg_rgb_test", "smg_data_phase2/smg_skeleton_test", "finelabels", "test"),
    ],
)
def test_hidden_labels_stay_hidden(name: str, videos: str, tables: str, ending: str, part: str, copy: Copy) -> None:
    root = copy(name, "miga")
    before = read_source(name, root).clips
    number = min(path.name for path in (root / videos).iterdir())
    (root / tables / number).mkdir(parents=True, exist_ok=True)
    (root / tables / number / f"{number}_{ending}.csv").write_text("0,3,9\n0,12,20\n")
    after = read_source(name, root).clips
    added = after[~after["clip_id"].isin(before["clip_id"])]
    assert sorted(zip(added["start"], added["end"], added["label"], strict=True)) == [(3, 9, -1), (12, 20, -1)]
    assert set(added["part"]) == {part}


def _smg(root: Path, sample: str, labels: str, data: str = "500,28,4500\n") -> None:
    folder = root / f"Sample{sample}"
    folder.mkdir()
    (folder / f"Sample{sample}_color.mp4").touch()
    (folder / f"Sample{sample}_finelabels.csv").write_text(labels)
    (folder / f"Sample{sample}_data.csv").write_text(data)


def test_rows_of_smg(tmp_path: Path) -> None:
    _smg(tmp_path, "0030", "5,10,40\n17,41,90\n")
    _smg(tmp_path, "0031", "9,10,499\r\n", "500,30,4500\r\n")
    _smg(tmp_path, "0036", "12,0,3\n")
    (tmp_path / "Sample0031_notes").mkdir()
    index = read_source("smg", tmp_path)
    clips = index.clips.set_index("clip_id")
    assert clips[["label", "subject", "part"]].to_dict("index") == {
        "0030/10-40": {"label": 5, "subject": "0030", "part": "train"},
        "0030/41-90": {"label": 17, "subject": "0030", "part": "train"},
        "0031/10-499": {"label": 9, "subject": "0031", "part": "val"},
        "0036/0-3": {"label": 12, "subject": "0036", "part": "test"},
    }
    assert clips.loc["0036/0-3", "path"] == str(tmp_path / "Sample0036" / "Sample0036_color.mp4")
    assert index.rates[str(tmp_path / "Sample0031" / "Sample0031_color.mp4")] == 30.0
    assert index.rates[str(tmp_path / "Sample0030" / "Sample0030_color.mp4")] == 28.0


@pytest.mark.parametrize(("written", "rate"), [("27.97", 27.97), (" 30.0 ", 30.0), ("29.", 29.0)])
def test_a_rate_may_have_decimals(tmp_path: Path, written: str, rate: float) -> None:
    _smg(tmp_path, "0001", "5,10,40\n", f"500,{written},4500\n")
    assert set(read_source("smg", tmp_path).rates.values()) == {rate}


def test_a_range_that_outlasts_its_video_is_cut_and_noted(tmp_path: Path) -> None:
    _smg(tmp_path, "0001", "5,10,500\n5,490,900\n5,500,510\n")
    assert list(_rows(tmp_path, "smg").index) == ["0001/10-499", "0001/490-499", "0001/500-510"]
    assert survey_source("smg", tmp_path).notes == (
        "2 ranges end after the last frame that data.csv counts; they are cut there.",
    )


@pytest.mark.parametrize("gone", ["unlinked", "a broken link"])
def test_an_index_may_name_clips_of_a_missing_video(tmp_path: Path, gone: str) -> None:
    for sample in ("0001", "0036"):
        _smg(tmp_path, sample, "5,10,40\n9,50,60\n")
    whole = read_source("smg", tmp_path).clips
    video = tmp_path / "Sample0036" / "Sample0036_color.mp4"
    video.unlink()
    if gone == "a broken link":
        video.symlink_to(tmp_path / "nowhere.mp4")
    with pytest.raises(UserError, match=r"1 of the 2 videos .* the first is 'Sample0036_color\.mp4'"):
        read_source("smg", tmp_path)
    pd.testing.assert_frame_equal(read_source("smg", tmp_path, whole=False).clips, whole)


def test_both_layouts_of_smg_give_the_same_clips(originals: Copy) -> None:
    full, miga = (read_source("smg", originals("smg", layout)).clips for layout in ("full", "miga"))
    columns = ["clip_id", "start", "end", "label", "subject", "part"]
    labelled = full[full["part"] != "test"].reset_index(drop=True)
    pd.testing.assert_frame_equal(labelled[columns], miga[columns])


def test_both_layouts_of_the_miga_challenge_give_the_same_clips(originals: Copy) -> None:
    first, second = (read_source("imigue", originals("imigue", layout)).clips for layout in ("miga", "miga-2025"))
    columns = ["clip_id", "start", "end", "label", "part"]
    pd.testing.assert_frame_equal(first[columns], second[columns])


def test_rows_of_ucf101(copy: Copy) -> None:
    root = copy("ucf101", "")
    for path in (root / "ucfTrainTestlist").iterdir():  # the owners write Windows line ends
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    by_split = [read_source("ucf101", root, {"split": split}).clips.set_index("clip_id") for split in (1, 2, 3)]
    name = "HandstandPushups/v_HandStandPushups_g08_c01"
    clip = hashed_id(name)
    assert by_split[0].loc[clip].to_dict() == {
        "path": str(root / "UCF-101" / f"{name}.avi"),
        "start": -1, "end": -1, "label": 37, "subject": "HandstandPushups/g08", "part": "train",
    }  # fmt: skip
    assert [clips.loc[clip, "part"] for clips in by_split] == ["train", "test", "train"]
    assert all(clips.index.equals(by_split[0].index) for clips in by_split)
    pd.testing.assert_frame_equal(read_source("ucf101", root).clips.set_index("clip_id"), by_split[0])


def test_rows_of_hmdb51(copy: Copy) -> None:
    root = copy("hmdb51", "")
    strange = "#437_How_To_Ride_A_Bike_ride_bike_f_cm_np1_le_med_0"
    (root / "hmdb51_org" / "ride_bike" / f"{strange}.avi").touch()
    with (root / "testTrainMulti_7030_splits" / "ride_bike_test_split2.txt").open("a") as file:
        file.write(f"{strange}.avi 2 \n")
    clips = read_source("hmdb51", root, {"split": 2}).clips.set_index("clip_id")
    assert clips.loc[hashed_id(f"ride_bike/{strange}"), ["label", "subject", "part"]].tolist() == [
        30, "#437_How_To_Ride_A_Bike", "test",
    ]  # fmt: skip
    assert hashed_id(f"ride_bike/{strange}") not in set(read_source("hmdb51", root).clips["clip_id"])
    assert clips.loc[hashed_id("climb_stairs/April_09_climb_stairs_u_nm_np1_ba_goo_0"), "subject"] == "April_09"
    for folder in (root / "hmdb51_org").iterdir():  # as it comes out of the archives of the classes
        folder.rename(root / folder.name)
    clips = read_source("hmdb51", root, {"split": 2}).clips.set_index("clip_id")
    assert clips["path"].iloc[0] == str(root / f"{clips.index[0].partition('-')[2]}.avi")
    unused = Path(clips.loc[clips["part"] == "unused", "path"].iloc[0])
    unused.unlink()
    read_source("hmdb51", root, {"split": 2})


def test_an_archive_is_unpacked_once_and_again_when_it_changed(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    root = copy("ma52", "zips")
    heard: list[str] = []

    def hear(event: Event) -> None:
        if event.kind == "prepare":
            heard.append(event.text)

    first = read_source("ma52", root, listener=hear).clips
    assert set(heard) == {"unpacking train.zip", "unpacking val.zip", "unpacking test.zip"}
    heard.clear()
    pd.testing.assert_frame_equal(read_source("ma52", root, listener=hear).clips, first)
    assert heard == []
    with zipfile.ZipFile(root / "val.zip", "a") as archive:
        archive.writestr("__MACOSX/val/._0003_00_0001.mp4", b"")
        archive.writestr("val/notes.txt", b"")
        archive.writestr("../../escape.mp4", b"")
    read_source("ma52", root, listener=hear)
    assert set(heard) == {"unpacking val.zip"}
    (escaped,) = tmp_path.rglob("escape.mp4")
    assert escaped.parent.parent == tmp_path / "cache" / "unpacked"
    assert not [*(tmp_path / "cache").rglob("notes.txt")]


def test_an_archive_that_does_not_fit_is_refused(copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    root = copy("ma52", "zips")
    with zipfile.ZipFile(root / "train.zip", "a") as archive:
        archive.writestr("train/more.mp4", b"more")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0))
    with pytest.raises(UserError, match=r"train\.zip: unpacked it takes 0\.0 GB, .* SSMAR_BENCH_CACHE"):
        read_source("ma52", root)
    assert not [path for path in (tmp_path / "cache" / "unpacked").iterdir() if path.is_dir()]
