"""Clips, subjects and seconds of a built split, and what its reader is warned of."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.core.index import Index
from ssmar_bench.splits.split_builder import BenchmarkClips
from ssmar_bench.splits.split_set import SplitSet, build_split_set
from ssmar_bench.splits.summary import summarise_split

SIZES = {3: 40, 7: 20}


@pytest.fixture(scope="module")
def split(make_index, make_benchmark_config):
    def make(
        clips: dict[str, Any] | None = None, seconds: float | None = None, ratio: float = 0.25, **parts: Any
    ) -> SplitSet:
        """A split of 10 subjects to train and 10 to test on; ``clips`` replaces columns of the index."""
        index: Index = make_index(SIZES, subjects=10, test=12)
        index = replace(index, clips=index.clips.assign(**{"path": index.clips["clip_id"], **(clips or {})}))
        benchmark_config = make_benchmark_config(SIZES, **{"validation": 0.2, **parts}).model_copy(
            update={"ratios": [ratio]}
        )
        length = None if seconds is None else pd.Series(seconds, index=index.clips["clip_id"])
        return build_split_set(BenchmarkClips.of(index, benchmark_config), length)

    return make


def test_clips_subjects_and_seconds_are_counted(split) -> None:
    split_set = split(seconds=2.0)
    table = summarise_split(split_set).parts
    clips = split_set.clips
    for role in ("train", "validation", "test"):
        of_role = clips[clips["role"] == role]
        for label in SIZES:
            rows = of_role[of_role["label"] == label]
            found = tuple(table.loc[label, (role, name)] for name in ("clips", "subjects", "seconds"))
            assert found == (len(rows), rows["subject"].nunique(), 2.0 * len(rows))
        found = tuple(table.loc["all", (role, name)] for name in ("clips", "subjects", "seconds"))
        assert found == (len(of_role), of_role["subject"].nunique(), 2.0 * len(of_role))
    assert table.loc["all"].xs("clips", level=1).sum() == len(clips)


def test_what_is_unknown_is_not_counted(split) -> None:
    split_set = split({"subject": ""}, validation_by="clip")
    table = summarise_split(split_set).parts
    for role in ("train", "validation", "test"):
        assert math.isnan(table.loc["all", (role, "subjects")])  # type: ignore[arg-type]
        assert math.isnan(table.loc["all", (role, "seconds")])  # type: ignore[arg-type]
        assert table.loc["all", (role, "clips")] > 0  # type: ignore[arg-type]


def test_labelled_clips_are_counted_by_class(split) -> None:
    split_set = split()
    found = summarise_split(split_set).labelled
    assert list(found.columns) == ["r25_s0", "r25_s1", "r25_s2"]
    for cell, own in split_set.splits.items():
        assert found[cell]["all"] == len(own.labelled) == found[cell].drop("all").sum()


def test_a_split_by_subject_needs_no_warning(split) -> None:
    assert summarise_split(split()).warnings == []


def test_subjects_on_both_sides_are_warned_of(split) -> None:
    one = summarise_split(split({"subject": "p1"}, validation_by="clip")).warnings
    assert [line[:56] for line in one] == [
        "1 subject or source video in both train and test: test a",
        "1 subject or source video in both train and validation: ",
        "1 subject or source video in both validation and test: c",
    ]
    assert summarise_split(split({"subject": ""}, validation_by="clip")).warnings == []


def test_videos_on_both_sides_are_warned_of(split) -> None:
    found = summarise_split(split({"path": "/v/one.mp4", "start": 0, "end": 9})).warnings
    assert found[0].startswith("1 untrimmed video with clips in both train and test: they share")
    assert len(found) == 3


def test_a_class_that_is_not_tested_is_warned_of(make_index, make_benchmark_config) -> None:
    index = make_index(SIZES, test=2)
    index = replace(index, clips=index.clips.assign(path=index.clips["clip_id"]))
    fewer = replace(index, clips=index.clips[~((index.clips["label"] == 7) & (index.clips["part"] == "val"))])
    split_set = build_split_set(BenchmarkClips.of(fewer, make_benchmark_config(SIZES)))
    assert summarise_split(split_set).parts.loc[7, "test"].to_dict() == {"clips": 0, "subjects": 0, "seconds": 0}
    found = summarise_split(split_set).warnings
    assert found == ["No test clip shows class 7 (class 7): its recognition is not measured there."]


def test_subjects_who_hold_another_share_are_warned_of(split) -> None:
    assert summarise_split(split(labelled_by="subject")).warnings == []  # 2 of 8 subjects
    split_set = split(labelled_by="subject", ratio=0.1)
    found = [
        line
        for line in summarise_split(split_set).warnings
        if line.startswith("Whole subjects are labelled: at ratio 0.1")
    ]
    for split in split_set.splits.values():
        true = len(split.labelled) / (len(split.labelled) + len(split.unlabelled))
        assert (abs(true - 0.1) > 0.01) == any(f"seed {split.seed} they hold {true:.1%}" in line for line in found)
    assert found


def test_clips_with_the_same_content_are_named_by_the_roles_that_they_have(split) -> None:
    split_set = split()
    ids = {role: split_set.clips.loc[split_set.clips["role"] == role, "clip_id"].tolist() for role in ("train", "test")}
    held = split_set.clips.loc[split_set.clips["role"] == "validation", "clip_id"].tolist()
    twins = {
        **dict(zip(ids["test"][:7], ids["train"], strict=False)),
        held[0]: ids["train"][8],
        held[1]: ids["test"][9],
        ids["train"][11]: ids["train"][10],
        ids["train"][12]: ids["train"][10],
    }
    clips = split_set.clips.assign(twin=split_set.clips["clip_id"].map(twins).fillna(""))
    label = dict(zip(clips["clip_id"], clips["label"], strict=True))
    found = [text for text in summarise_split(replace(split_set, clips=clips)).warnings if "the same content" in text]
    begin = [text.partition(":")[0].partition(", ")[0] for text in found]
    assert begin == [
        "2 clips have the same content twice in train",
        "1 clip has the same content in both train and validation",
        "7 clips have the same content in both train and test",
        "1 clip has the same content in both validation and test",
    ]
    assert f"{ids['train'][4]} = {ids['test'][4]} and 2 more (column twin of clips.csv)." in found[2]
    assert ids["test"][5] not in found[2]
    clashing = sum(label[one] != label[other] for one, other in list(twins.items())[:7])
    assert (f"{clashing} of them with another class" in found[2]) == bool(clashing)
    assert not [text for text in summarise_split(split_set).warnings if "the same content" in text]
