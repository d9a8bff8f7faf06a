"""Where subjects have a source's lists and videos: the same clips, whatever the folders are called."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import read_source, survey_source

Copy = Callable[..., Path]
COLUMNS = ["clip_id", "start", "end", "label", "subject", "part"]
RGB1, RGB2 = "iMiGUE_RGB_Phase1", "iMiGUE_RGB_Phase2"
SKELETONS = "imigue_data_phase1/datasets"
PARTS = ("train", "val", "test")

LAYOUTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "train/ and val/ beside annotations/": (
        "ma52",
        "unzipped",
        {f"raw_videos/{part}": part for part in PARTS},
    ),
    "unzipped into a folder of the archive's name": (
        "ma52",
        "unzipped",
        {f"raw_videos/{part}": f"{part}/{part}" for part in PARTS},
    ),
    "folders in videos/": ("ma52", "code", {f"videos_{part}": f"videos/{part}" for part in PARTS}),
    "capital letters": (
        "ma52",
        "unzipped",
        {**{f"raw_videos/{part}": part.capitalize() for part in PARTS}, "annotations": "Annotations"},
    ),
    "lists in labels/": (
        "ma52",
        "code",
        {f"{part}_list_videos.txt": f"labels/{part}_list_videos.txt" for part in PARTS},
    ),
    "archives in raw_videos/": ("ma52", "zips", {f"{part}.zip": f"raw_videos/{part}.zip" for part in PARTS}),
    "the table in Label/excel/": (
        "imigue",
        "full",
        {"Label/labels_20200831.csv": "Label/excel/labels_20200831.csv"},
    ),
    "the table in label/Excel/": (
        "imigue",
        "full",
        {"Label/labels_20200831.csv": "label/Excel/labels_20200831.csv"},
    ),
    "the table in the root": ("imigue", "full", {"Label/labels_20200831.csv": "labels_20200831.csv"}),
    "interviews of both phases in RGB/": (
        "imigue",
        "full",
        {
            f"{RGB1}/imigue_rgb_train": "RGB",
            f"{RGB2}/imigue_rgb_test": "videos",
            f"{RGB1}/imigue_rgb_validate": "video",
        },
    ),
    "the challenge's folders in the root": (
        "imigue",
        "miga",
        {
            f"{SKELETONS}/imigue_skeleton_train": "imigue_skeleton_train",
            f"{SKELETONS}/imigue_skeleton_validate": "imigue_skeleton_validate",
            f"{RGB1}/imigue_rgb_train": "imigue_rgb_train",
            f"{RGB1}/imigue_rgb_validate": "imigue_rgb_validate",
        },
    ),
    "samples in a folder SMG/": ("smg", "full", {f"Sample{n:04d}": f"SMG/Sample{n:04d}" for n in range(1, 41)}),
    "films apart from their tables": (
        "smg",
        "full",
        {f"Sample{n:04d}/Sample{n:04d}_color.mp4": f"RGB/Sample{n:04d}_color.mp4" for n in range(1, 41)},
    ),
    "datasets/ in the challenge's tables": (
        "smg",
        "miga",
        {"smg_data_phase1/smg_skeleton_train": "smg_data_phase1/datasets/smg_skeleton_train"},
    ),
    "lists in a folder of the archive's name": (
        "ucf101",
        "",
        {"ucfTrainTestlist": "UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist"},
    ),
    "annotations/ and videos/ of UCF101": ("ucf101", "", {"ucfTrainTestlist": "annotations", "UCF-101": "videos"}),
    "UCF-101 in UCF101/": ("ucf101", "", {"UCF-101": "UCF101/UCF-101"}),
    "lists in test_train_splits/": (
        "hmdb51",
        "",
        {"testTrainMulti_7030_splits": "test_train_splits/testTrainMulti_7030_splits"},
    ),
    "annotations/ and videos/ of HMDB51": (
        "hmdb51",
        "",
        {"testTrainMulti_7030_splits": "annotations", "hmdb51_org": "videos"},
    ),
    "HMDB51's own name": ("hmdb51", "", {"hmdb51_org": "HMDB51"}),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_a_layout_that_subjects_have_gives_the_same_clips(
    case: str, copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    source, layout, moves = LAYOUTS[case]
    root = copy(source, layout)
    before = read_source(source, root).clips
    for old, new in moves.items():
        if (root / old).exists():
            (root / "aside").mkdir(exist_ok=True)
            (root / old).rename(root / "aside" / "moved")
            (root / new).parent.mkdir(parents=True, exist_ok=True)
            (root / "aside" / "moved").rename(root / new)
    after = read_source(source, root).clips
    pd.testing.assert_frame_equal(after[COLUMNS], before[COLUMNS])
    assert all(Path(path).is_file() for path in set(after["path"]))
    assert survey_source(source, root).layout in ("", "code", "unzipped", "zips", "full", "miga")


def test_a_folder_that_holds_the_videos_is_taken_before_one_that_does_not(copy: Copy) -> None:
    root = copy("ma52", "unzipped")
    before = read_source("ma52", root).clips
    for part in PARTS:
        (root / "raw_videos" / part).rename(root / part)
        (root / f"videos_{part}").mkdir()
        (root / f"videos_{part}" / "notes.txt").touch()
    after = read_source("ma52", root).clips
    pd.testing.assert_frame_equal(after[COLUMNS], before[COLUMNS])


def test_only_some_classes_of_hmdb51_may_be_unpacked(copy: Copy) -> None:
    root = copy("hmdb51", "")
    shutil.rmtree(root / "hmdb51_org" / "brush_hair")
    with pytest.raises(UserError, match=r"hmdb51_org: 4 of the .* the first is 'brush_hair/"):
        read_source("hmdb51", root)
