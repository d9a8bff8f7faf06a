"""The synthetic source: its files pass through MA-52's reader, and its options change what they claim."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import read_source
from ssmar_bench.sources.published_facts import read_facts
from ssmar_bench.sources.synthetic import ACTIONS, SyntheticOptions, read_options, write_contact_sheet, write_dataset
from ssmar_bench.sources.synthetic.dataset import SyntheticClip, class_counts, plan_clips, render_clip, train_counts

SMALL = SyntheticOptions(train_clips=48, test_clips=14, train_subjects=6, test_subjects=4, size=32, frames=8, seed=3)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("micro") / "motion"
    seen: list[tuple[int, int]] = []
    write_dataset(SMALL, out, processes=1, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (62, 62)
    return out


def _clip(options: SyntheticOptions, label: int) -> SyntheticClip:
    return next(clip for clip in plan_clips(options) if clip.label == label)


def _moved(options: SyntheticOptions, clip: SyntheticClip) -> float:
    """Mean distance of the frames from their mean."""
    frames = render_clip(options, clip).astype(float)
    return float(np.abs(frames - frames.mean(axis=0)).mean())


def test_it_reads_as_ma52(written: Path) -> None:
    index = read_source("micro-motion", written)
    assert index.clips.groupby("part").size().to_dict() == {"train": 48, "val": 14}
    planned = {f"{clip.part}/{clip.name}": (clip.label, f"{clip.subject + 3:04d}") for clip in plan_clips(SMALL)}
    rows = zip(index.clips["clip_id"], index.clips["label"], index.clips["subject"], strict=True)
    assert {clip_id: (label, subject) for clip_id, label, subject in rows} == planned
    assert list(index.classes.values()) == list(read_facts("ma52.yaml").names.values())
    assert index.classes[9] == "nodding"
    assert read_options(written) == SMALL


def test_lists_are_written_as_ma52_writes_them(written: Path) -> None:
    listed = (written / "train_list_videos.txt").read_bytes()
    assert listed.count(b"\r\n") == listed.count(b"\n") == 47
    assert not listed.endswith(b"\n")
    assert (written / "label_name.txt").read_bytes().startswith(b"0\tshaking body\r\n1\t")
    assert (written / "test_list_videos.txt").read_bytes() == b""


def test_videos_decode_to_what_was_drawn(written: Path) -> None:
    clip = plan_clips(SMALL)[0]
    with av.open(str(written / "videos_train" / f"{clip.name}.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == SMALL.fps
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(stream)])
    drawn = render_clip(SMALL, clip)
    assert frames.shape == drawn.shape == (8, 32, 32, 3)
    assert np.abs(frames.astype(float) - drawn).mean() < 16


@pytest.mark.slow
def test_processes_do_not_matter(written: Path, tmp_path: Path) -> None:
    write_dataset(SMALL, tmp_path / "two", processes=2)
    for part in ("train", "val"):
        for video in (written / f"videos_{part}").iterdir():
            assert video.read_bytes() == (tmp_path / "two" / f"videos_{part}" / video.name).read_bytes()


def test_a_clip_is_its_seed_part_and_number() -> None:
    clip = plan_clips(SMALL)[5]
    assert np.array_equal(render_clip(SMALL, clip), render_clip(SMALL, clip))
    assert np.array_equal(render_clip(SMALL, clip), render_clip(replace(SMALL, train_clips=300, test_clips=99), clip))
    for other in (clip._replace(number=6), clip._replace(part="val"), clip._replace(subject=5 - clip.subject)):
        assert not np.array_equal(render_clip(SMALL, clip), render_clip(SMALL, other))
    assert not np.array_equal(render_clip(SMALL, clip), render_clip(replace(SMALL, seed=4), clip))


@pytest.mark.parametrize("other", [label for label in ACTIONS if label != 9])
def test_amplitude_is_all_that_tells_classes_apart(other: int) -> None:
    clip = _clip(SMALL, 9)
    still = replace(SMALL, amplitude=0.0)
    assert np.array_equal(render_clip(still, clip), render_clip(still, clip._replace(label=other)))
    assert not np.array_equal(render_clip(SMALL, clip), render_clip(SMALL, clip._replace(label=other)))


@pytest.mark.parametrize("label", ACTIONS)
def test_a_larger_amplitude_moves_more(label: int) -> None:
    quiet = replace(SMALL, size=64, frames=24, idle=0.0, noise=0.0, jitter=0.0)
    clip = plan_clips(SMALL)[0]._replace(label=label)
    none, small, large = (_moved(replace(quiet, amplitude=amplitude), clip) for amplitude in (0.0, 0.5, 1.5))
    assert none == 0.0
    assert 0.0 < small < large


@pytest.mark.parametrize("knob", ["idle", "noise", "jitter"])
def test_each_nuisance_has_its_own_option(knob: str) -> None:
    none = replace(SMALL, amplitude=0.0, idle=0.0, noise=0.0, jitter=0.0)
    clip = plan_clips(SMALL)[0]
    one, two = (_moved(replace(none, **{knob: value}), clip) for value in (1.0, 2.0))  # type: ignore[arg-type]
    assert 0.0 < one < two


def test_compression_makes_files_smaller(tmp_path: Path) -> None:
    sizes = []
    for crf in (10, 40):
        write_dataset(replace(SMALL, train_clips=12, test_clips=1, crf=crf), tmp_path / str(crf), processes=1)
        sizes.append(sum(video.stat().st_size for video in (tmp_path / str(crf) / "videos_train").iterdir()))
    assert sizes[1] < 0.7 * sizes[0]


@pytest.mark.parametrize("overlap", [0, 2, 4])
def test_subjects_are_shared_as_asked(overlap: int) -> None:
    clips = plan_clips(replace(SMALL, subject_overlap=overlap))
    train, val = ({clip.subject for clip in clips if clip.part == part} for part in ("train", "val"))
    assert (len(train), len(val), len(train & val)) == (6, 4, overlap)
    assert len({clip.name for clip in clips}) == len(clips)


def test_classes_are_as_imbalanced_as_in_ma52() -> None:
    assert class_counts(sum(train_counts().values())) == train_counts()
    many = class_counts(1000)
    assert sum(many.values()) == 1000
    assert abs(many[9] - 1000 * 1283 / 7028) < 1
    few = class_counts(48)
    assert (sum(few.values()), min(few.values())) == (48, 3)
    assert sum(class_counts(5).values()) == 5


def test_clips_spread_over_subjects() -> None:
    options = SyntheticOptions(train_clips=480, test_clips=100, train_subjects=20, test_subjects=10)
    train = [clip for clip in plan_clips(options) if clip.part == "train"]
    assert set(Counter(clip.subject for clip in train).values()) == {24}
    for label in ACTIONS:
        spread = Counter(clip.subject for clip in train if clip.label == label)
        counts = [spread[subject] for subject in range(20)]
        assert max(counts) - min(counts) <= 1
    assert min(len({clip.label for clip in train if clip.subject == subject}) for subject in range(20)) >= 8


def test_nothing_is_overwritten_and_nothing_is_left_half_written(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="nothing is overwritten"):
        write_dataset(SMALL, written)

    def full(*args: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("ssmar_bench.sources.synthetic.dataset.encode_video", full)
    with pytest.raises(OSError, match="no space"):
        write_dataset(SMALL, tmp_path / "new", processes=1)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    write_dataset(
        replace(SMALL, train_clips=2, test_clips=1, train_subjects=1, test_subjects=1),
        tmp_path / "a" / "b",
        processes=1,
    )
    (tmp_path / "c").mkdir()
    write_dataset(
        replace(SMALL, train_clips=2, test_clips=1, train_subjects=1, test_subjects=1), tmp_path / "c", processes=1
    )
    assert read_options(tmp_path / "c") == read_options(tmp_path / "a" / "b")


@pytest.mark.parametrize(
    ("knob", "value"), [("size", 31), ("size", 8), ("frames", 0), ("crf", 52), ("amplitude", -1.0),
                        ("amplitude", float("nan")), ("subject_overlap", 5), ("train_clips", 0)]
)  # fmt: skip
def test_impossible_options_are_refused(knob: str, value: float) -> None:
    with pytest.raises(UserError, match=knob):
        replace(SMALL, **{knob: value})  # type: ignore[arg-type]
    with pytest.raises(UserError, match="processes"):
        write_dataset(SMALL, Path("nowhere"), processes=0)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"revision": 0, "options": {}}', '{"revision": 1, "options": {"size": 3}}']
)
def test_options_of_something_else_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "micro-motion.json").write_text(text)
    with pytest.raises(UserError, match=r"micro-motion\.json"):
        read_options(tmp_path)


def test_a_sheet_has_a_row_a_class(written: Path, tmp_path: Path) -> None:
    write_contact_sheet(written, tmp_path / "sheet.png", side=32)
    write_contact_sheet(SMALL, tmp_path / "same.png", side=32)
    with Image.open(tmp_path / "sheet.png") as sheet, Image.open(tmp_path / "same.png") as same:
        assert sheet.height == 12 * (32 + 4)
        assert sheet.tobytes() == same.tobytes()
