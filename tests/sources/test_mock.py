"""Mock data sets: read back by the readers of the real sources, with the real counts where there are only lists."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import MOCK_MARKER, mock, published_facts, read_source, survey_source
from ssmar_bench.sources.mock.plan import MockVideo
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.synthetic import ACTIONS, ActionInterval, encode_video
from tests.sources.conftest import LAYOUTS

MA_12 = {5, 7, 8, 9, 10, 17, 21, 22, 23, 31, 48, 49}
SMG_5 = {3, 5, 8, 9, 12}
IMIGUE_11 = {2, 8, 11, 17, 20, 22, 23, 24, 26, 29, 31}
PARTS = {
    "ma52": {"train", "val", "test"},
    "imigue": {"train", "test"},
    "smg": {"train", "val", "test"},
    "ucf101": {"train", "test"},
    "hmdb51": {"train", "test", "unused"},
}


@pytest.mark.parametrize("name", ["ma52", "imigue", "smg", "ucf101", "hmdb51"])
def test_the_place_of_a_clip_does_not_tell_its_class(name: str, originals: Callable[[str, str], Path]) -> None:
    """Methods see an unlabelled clip's place in the order of ids."""
    label = read_source(name, originals(name, dict(reversed(LAYOUTS))[name])).clips["label"].to_numpy()
    label = label[label >= 0]  # MA-52 has a part without
    chance = sum((label == one).mean() ** 2 for one in set(label))
    assert (label[1:] == label[:-1]).mean() < chance + 0.2


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_every_layout_is_read_as_what_it_is(
    name: str, layout: str, originals: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    listing = survey_source(name, originals(name, layout))
    clips, published = listing.index.clips, published_facts(name)
    assert published is not None
    assert (listing.layout, listing.missing) == (layout, ())
    assert listing.notes[0].startswith("This folder is a mock data set")
    challenge = {"miga-train", "miga-val"} if name == "imigue" else {"train", "val"}
    assert set(clips["part"]) == (challenge if layout.startswith("miga") else PARTS[name])
    assert clips["clip_id"].is_unique
    assert clips["clip_id"].is_monotonic_increasing
    assert listing.index.classes == published.names
    hidden = clips["part"] == "test" if name == "ma52" else clips["part"] == ""
    assert (clips.loc[hidden, "label"] == -1).all()
    assert set(clips.loc[~hidden, "label"]) == {
        label for label in published.names if any(counts.get(label, 1) for counts in published.counts.values() or [{}])
    }
    untrimmed = name in ("imigue", "smg")
    assert ((clips["start"] >= 0) == untrimmed).all()
    assert ((clips["end"] >= clips["start"]) & ((clips["end"] >= 0) == untrimmed)).all()
    assert all(Path(path).is_file() for path in set(clips["path"]))
    assert (clips["path"].nunique() < len(clips)) == untrimmed
    assert set(listing.index.rates) == (set(clips["path"]) if untrimmed else set())


def _frequent(name: str, most: int, folder: Path, but: int | None = None) -> set[int]:
    mock.write_mock(name, folder, lists_only=True)
    labels = read_source(name, folder).clips["label"]
    return set(labels[(labels >= 0) & (labels != but)].value_counts().head(most).index)


def test_ma_12_has_its_clips_on_lists_with_the_real_counts(tmp_path: Path) -> None:
    assert _frequent("ma52", 12, tmp_path / "ma52") == MA_12
    clips = read_source("ma52", tmp_path / "ma52").clips
    assert clips.groupby("part").size().to_dict() == {"train": 11250, "val": 5586, "test": 5586}
    assert clips[clips["label"].isin(MA_12)].groupby("part").size().to_dict() == {"train": 7028, "val": 3503}
    subjects = clips[clips["part"] != "test"].groupby("part")["subject"].agg(set)
    assert subjects["train"] == subjects["val"]
    assert len(subjects["train"]) == 186


def test_smg_5_is_what_the_real_counts_give(tmp_path: Path) -> None:
    assert _frequent("smg", 5, tmp_path / "smg") == SMG_5
    clips = read_source("smg", tmp_path / "smg").clips
    assert clips.groupby("part").size().to_dict() == {"train": 2452, "val": 637, "test": 610}
    assert clips.groupby("part")["subject"].nunique().to_dict() == {"train": 30, "val": 5, "test": 5}


def test_imigue_11_is_what_the_published_percentages_give(tmp_path: Path) -> None:
    assert _frequent("imigue", 11, tmp_path / "imigue", but=99) == IMIGUE_11
    clips = read_source("imigue", tmp_path / "imigue").clips
    assert len(clips) == pytest.approx(18499, abs=1)
    assert clips.groupby("part")["subject"].nunique().to_dict() == {"train": 37, "test": 35}
    assert clips.groupby("part")["path"].nunique().to_dict() == {"train": 255, "test": 104}


def test_the_miga_release_has_its_counts(tmp_path: Path) -> None:
    mock.write_mock("imigue", tmp_path / "miga", layout="miga", lists_only=True)
    clips = read_source("imigue", tmp_path / "miga").clips
    assert clips.groupby("part").size().to_dict() == {"miga-train": 12893, "miga-val": 777}
    for part, counts in read_facts("imigue.yaml").variants["miga"].counts.items():
        found = clips.loc[clips["part"] == part, "label"].value_counts().to_dict()
        assert found == {label: count for label, count in counts.items() if count}


@pytest.mark.slow
def test_the_three_splits_of_ucf101_have_their_sizes(tmp_path: Path) -> None:
    mock.write_mock("ucf101", tmp_path / "ucf", lists_only=True)
    sizes, tested = [], []
    for split in (1, 2, 3):
        clips = read_source("ucf101", tmp_path / "ucf", {"split": split}).clips
        sizes.append(clips.groupby("part").size().to_dict())
        groups = clips.groupby("part")["subject"].agg(set)
        assert not groups["train"] & groups["test"]
        tested.append(groups["test"])
    assert sizes == [{"train": 9537, "test": 3783}, {"train": 9586, "test": 3734}, {"train": 9624, "test": 3696}]
    assert not tested[0] & tested[1]


@pytest.mark.slow
def test_the_three_splits_of_hmdb51_train_on_70_and_test_on_30(tmp_path: Path) -> None:
    mock.write_mock("hmdb51", tmp_path / "hmdb", lists_only=True)
    for split in (1, 2, 3):
        clips = read_source("hmdb51", tmp_path / "hmdb", {"split": split}).clips
        assert len(clips) == 6766
        counts = clips.groupby(["label", "part"]).size().unstack()
        assert set(counts["train"]) == {70}
        assert set(counts["test"]) == {30}


def _decoded(path: Path) -> tuple[np.ndarray, str]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)])
        return pictures.astype(float), stream.codec_context.name


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".avi", "mpeg4")])
def test_a_video_shows_its_deeds_when_they_are_done(tmp_path: Path, suffix: str, codec: str) -> None:
    intervals = (ActionInterval(1, 30, 49), ActionInterval(2, 80, 99))
    video = MockVideo(f"a{suffix}", 3, intervals, 120, 25)
    motions = {1: 17, 2: 8}
    encode_video(mock.render_frames(video, motions), tmp_path / f"a{suffix}", video.rate, mock.CRF)
    pictures, found = _decoded(tmp_path / f"a{suffix}")
    assert found == codec
    assert pictures.shape == (120, mock.SIZE, mock.SIZE, 3)
    still = mock.render_frames(MockVideo(f"a{suffix}", 3, (), 120, 25), motions).astype(float)
    other = np.abs(mock.render_frames(video, motions) - still).mean(axis=(1, 2, 3))
    during = [place for interval in intervals for place in range(interval.start, interval.end + 1)]
    assert other[during].mean() > 1
    assert np.delete(other, during).max() == 0


def test_a_folder_of_videos_is_complete(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    mock.write_mock("smg", tmp_path / "smg", clips=10, listener=lambda event: heard.append((event.done, event.total)))
    assert heard[-1] == (10, 10)
    index = read_source("smg", tmp_path / "smg")
    path, rows = next(iter(index.clips.groupby("path")))
    pictures, _ = _decoded(Path(str(path)))
    assert len(pictures) > rows["end"].max()
    assert (tmp_path / "smg" / "Sample0001" / "Sample0001_data.csv").read_text().split(",")[0] == str(len(pictures))
    assert (tmp_path / "smg" / MOCK_MARKER).is_file()


def test_the_most_frequent_classes_move_differently() -> None:
    for name, frequent in (("ma52", MA_12), ("imigue", IMIGUE_11), ("smg", SMG_5)):
        motions = mock._plan(name, None, 60).motions
        assert len({motions[label] for label in frequent}) == len(frequent)
    assert all(mock._plan("ma52", None, 60).motions[label] == label for label in ACTIONS)


def test_lists_are_written_as_their_owners_write_them(originals: Callable[[str, str], Path]) -> None:
    ma52 = originals("ma52", "unzipped")
    assert (ma52 / "annotations" / "train_list_videos.txt").read_bytes().endswith(b"\r\n")
    assert not (ma52 / "annotations" / "test_list_videos.txt").read_bytes().endswith(b"\n")
    assert b"test0000.mp4 0\r\ntest0001.mp4 0" in (ma52 / "annotations" / "test_list_videos.txt").read_bytes()
    with zipfile.ZipFile(originals("ma52", "zips") / "test.zip") as archive:
        assert "test/test0000.mp4" in archive.namelist()
    labels = originals("imigue", "full") / "Label" / "labels_20200831.csv"
    assert labels.read_text().startswith("video_id,subject_id,class,start_frame,end_frame,win_or_lose\n")
    ucf = originals("ucf101", "") / "ucfTrainTestlist"
    assert "HandstandPushups/v_HandStandPushups_g01_c01.avi\n" in (ucf / "testlist01.txt").read_text()
    assert "YoYo/v_YoYo_g08_c01.avi 101\n" in (ucf / "trainlist01.txt").read_text()


def test_the_same_mock_data_set_is_written_again(originals: Callable[[str, str], Path], tmp_path: Path) -> None:
    mock.write_mock("smg", tmp_path / "again", lists_only=True, clips=60)
    for path in originals("smg", "full").rglob("*.csv"):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(originals("smg", "full"))).read_bytes()


def test_what_has_no_mock_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ma52 has no layout 'zip'; did you mean 'zips'"):
        mock.write_mock("ma52", tmp_path / "new", layout="zip")
    with pytest.raises(UserError, match="ucf101 has no layout 'full'"):
        mock.write_mock("ucf101", tmp_path / "new", layout="full")
    with pytest.raises(UserError, match="micro-motion is synthetic itself"):
        mock.write_mock("micro-motion", tmp_path / "new")
    with pytest.raises(UserError, match="did you mean 'ma52'"):
        mock.write_mock("ma5", tmp_path / "new")
    with pytest.raises(UserError, match="clips is -1"):
        mock.write_mock("smg", tmp_path / "new", clips=-1)
    (tmp_path / "taken").write_text("something")
    with pytest.raises(UserError, match="nothing is overwritten"):
        mock.write_mock("smg", tmp_path, lists_only=True)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_nothing_is_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(mock, "encode_video", full)
    with pytest.raises(OSError, match="no space"):
        mock.write_mock("smg", tmp_path / "new", clips=10)
    assert list(tmp_path.iterdir()) == []
