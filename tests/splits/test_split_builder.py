from __future__ import annotations

import json
import math
import time
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import COLUMNS, Index
from ssmar_bench.core.split import Split
from ssmar_bench.splits.labelled_clips import labelled_count
from ssmar_bench.splits.split_builder import build_split, ground_truth

SIZES = {3: 60, 7: 31, 11: 7}  # class id -> training clips
RATIOS = (0.1, 0.25, 0.5, 1.0)


@pytest.fixture
def index(make_index):
    return make_index(SIZES)


@pytest.fixture
def benchmark_config(make_benchmark_config):
    return make_benchmark_config(SIZES)


def parts(split: Split) -> dict[str, set[str]]:
    return {name: set(getattr(split, name)) for name in ("labelled", "unlabelled", "validation", "test")}


def subjects(index: Index, clips: tuple[str, ...]) -> set[str]:
    return set(index.clips.set_index("clip_id").loc[list(clips), "subject"])


@pytest.mark.parametrize(
    ("ratio", "clips", "count"),
    [(0.1, 30, 3), (0.1, 31, 4), (0.1, 1, 1), (0.07, 100, 7), (0.55, 100, 55), (0.29, 100, 29), (0.15, 20, 3)],
)
def test_the_ceiling_is_taken_of_the_typed_decimal(ratio: float, clips: int, count: int) -> None:
    assert labelled_count(ratio, clips) == count


def test_the_ceiling_at_the_ends() -> None:
    assert labelled_count(1e-05, 100_000) == labelled_count(1e-05, 1) == 1
    assert labelled_count(1.0, 17) == labelled_count(1, 17) == labelled_count(0.999, 17) == 17


@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.07, 0.33, 1.0])
@pytest.mark.parametrize("by", ["subject", "clip"])
def test_every_class_has_the_ceiling_of_its_training_clips_labelled(
    index: Index, make_benchmark_config, ratio: float, by: str
) -> None:
    benchmark_config = make_benchmark_config(SIZES, validation_by=by)
    split, label = build_split(index, benchmark_config, ratio, 0), ground_truth(index, benchmark_config).label
    labelled = Counter(label[clip] for clip in split.labelled)
    train = labelled + Counter(label[clip] for clip in split.unlabelled)
    assert set(train) == {0, 1, 2}
    for c, count in train.items():
        assert labelled[c] == math.ceil(Decimal(str(ratio)) * count)


@pytest.mark.parametrize("seed", range(4))
def test_labelled_clips_are_nested(index: Index, benchmark_config, seed: int) -> None:
    nested = [set(build_split(index, benchmark_config, ratio, seed).labelled) for ratio in RATIOS]
    for smaller, larger in pairwise(nested):
        assert smaller < larger


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("by", ["subject", "clip"])
def test_the_parts_are_disjoint_and_leave_nothing_out(
    index: Index, make_benchmark_config, ratio: float, by: str
) -> None:
    found = parts(build_split(index, make_benchmark_config(SIZES, validation_by=by), ratio, 0))
    assert sum(map(len, found.values())) == len(set.union(*found.values()))
    assert set.union(*found.values()) == set(index.clips["clip_id"])
    assert found["test"] == set(index.clips.loc[index.clips["part"] == "val", "clip_id"])


def test_ratio_1_leaves_nothing_unlabelled(index: Index, benchmark_config) -> None:
    assert build_split(index, benchmark_config, 1.0, 0).unlabelled == ()
    assert build_split(index, benchmark_config, 0.9, 0).unlabelled != ()


def test_validation_by_subject_shares_nobody_with_training(index: Index, make_benchmark_config) -> None:
    split = build_split(index, make_benchmark_config(SIZES, validation=0.3, validation_by="subject"), 0.5, 0)
    train = subjects(index, split.labelled + split.unlabelled)
    validation = subjects(index, split.validation)
    assert validation
    assert not validation & train
    assert validation | train == {f"p{i}" for i in range(10)}


def test_validation_by_clip_has_the_wanted_size(index: Index, make_benchmark_config) -> None:
    for share in (0.1, 0.2, 0.5):
        split = build_split(index, make_benchmark_config(SIZES, validation=share, validation_by="clip"), 0.5, 0)
        assert len(split.validation) == math.ceil(share * sum(SIZES.values()))


@pytest.mark.parametrize("share", [0.001, 0.2, 0.999])
def test_validation_by_subject_is_at_least_one_and_leaves_at_least_one(
    make_index, make_benchmark_config, share: float
) -> None:
    index = make_index({3: 12, 7: 12}, subjects=3)
    split = build_split(index, make_benchmark_config({3: 0, 7: 0}, validation=share), 0.5, 0)
    held = subjects(index, split.validation)
    assert len(held) == {0.001: 1, 0.2: 1, 0.999: 2}[share]


def test_the_seed_changes_what_is_labelled_and_nothing_else(index: Index, benchmark_config) -> None:
    zero, one = build_split(index, benchmark_config, 0.25, 0), build_split(index, benchmark_config, 0.25, 1)
    assert set(zero.labelled) != set(one.labelled)
    assert (zero.validation, zero.test) == (one.validation, one.test)
    assert set(zero.labelled + zero.unlabelled) == set(one.labelled + one.unlabelled)
    assert len(zero.labelled) == len(one.labelled)


def test_the_same_question_gets_the_same_answer(index: Index, benchmark_config) -> None:
    """A known fingerprint: another one would give every earlier run other clips."""
    assert build_split(index, benchmark_config, 0.25, 3) == build_split(index, benchmark_config, 0.25, 3)
    assert build_split(index, benchmark_config, 0.25, 3).fingerprint() == "e0398e101d177310"


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(index: Index, benchmark_config, seed: int) -> None:
    shuffled = index.clips.sample(frac=1, random_state=seed)
    expected = build_split(index, benchmark_config, 0.25, 0)
    for clips in (shuffled, shuffled.reset_index(drop=True)):
        again = build_split(replace(index, clips=clips), benchmark_config, 0.25, 0)
        assert again == expected
        assert again.fingerprint() == expected.fingerprint()


def test_the_index_is_left_as_it_was(index: Index, benchmark_config) -> None:
    before = index.clips.copy()
    build_split(index, benchmark_config, 0.25, 0)
    pd.testing.assert_frame_equal(index.clips, before)


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_split_has_no_label_of_an_unlabelled_or_test_clip(index: Index, benchmark_config, ratio: float) -> None:
    split = build_split(index, benchmark_config, ratio, 0)
    assert set(split.labels) == set(split.labelled) | set(split.validation)
    ids = sorted(SIZES)
    of = index.clips.set_index("clip_id")["label"]
    assert all(ids[label] == of[clip] for clip, label in split.labels.items())
    assert split.classes == tuple(f"class {label}" for label in ids)
    assert Split.from_json(json.loads(json.dumps(split.to_json()))) == split


def test_the_truth_knows_everybody(index: Index, benchmark_config) -> None:
    found = ground_truth(index, benchmark_config)
    assert set(found.label) == set(found.subject) == set(index.clips["clip_id"])
    assert (found.label["train-7-0"], found.subject["train-7-0"]) == (1, "p0")


def test_other_classes_and_other_parts_stay_outside(index: Index, benchmark_config) -> None:
    more = index.clips.iloc[:3].assign(
        clip_id=["hidden", "other class", "other part"], label=[-1, 99, 3], part=["train", "val", "test"]
    )
    expected = build_split(index, benchmark_config, 0.25, 0)
    assert (
        build_split(replace(index, clips=pd.concat([index.clips, more], ignore_index=True)), benchmark_config, 0.25, 0)
        == expected
    )


@pytest.mark.parametrize("ratio", [0, -0.1, 1.2, float("nan")])
def test_a_ratio_outside_is_refused(index: Index, benchmark_config, ratio: float) -> None:
    with pytest.raises(UserError, match=r"\(0, 1\]"):
        build_split(index, benchmark_config, ratio, 0)


def test_a_class_without_a_training_clip_is_named(make_index, make_benchmark_config) -> None:
    classes = {3: 20, 7: 0}
    with pytest.raises(UserError, match=r"Class 7 \(class 7\)"):
        build_split(make_index(classes), make_benchmark_config(classes), 0.5, 0)
    with pytest.raises(UserError, match="Class 7"):
        ground_truth(make_index(classes), make_benchmark_config(classes))


def test_a_class_that_validation_took_whole_is_named(make_index, make_benchmark_config) -> None:
    classes = {3: 20, 7: 1}
    index = make_index(classes, subjects=5)
    taken = build_split(index, make_benchmark_config({3: 0}, validation=0.001), 0.5, 0).validation
    subject = subjects(index, taken).pop()
    clips = index.clips.assign(subject=index.clips["subject"].mask(index.clips["label"] == 7, subject))
    with pytest.raises(UserError, match="Class 7"):
        build_split(replace(index, clips=clips), make_benchmark_config(classes, validation=0.001), 0.5, 0)


def test_a_clip_without_a_subject_is_named(index: Index, make_benchmark_config) -> None:
    clips = index.clips.assign(subject=index.clips["subject"].mask(index.clips["clip_id"] == "train-7-4", ""))
    nameless = replace(index, clips=clips)
    with pytest.raises(UserError, match="train-7-4"):
        build_split(nameless, make_benchmark_config(SIZES, validation_by="subject"), 0.5, 0)
    assert build_split(nameless, make_benchmark_config(SIZES, validation_by="clip"), 0.5, 0).labelled


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_part_without_a_clip_is_named(index: Index, make_benchmark_config, part: str) -> None:
    with pytest.raises(UserError, match="elsewhere"):
        build_split(index, make_benchmark_config(SIZES, **{part: ["elsewhere"]}), 0.5, 0)


def test_200_000_clips_take_a_few_seconds(make_benchmark_config) -> None:
    count, draw = 200_000, np.random.default_rng(0)
    subject = draw.integers(0, 900, count)
    columns = {
        "clip_id": [f"clip-{i:06d}" for i in draw.permutation(count)],
        "path": "/v.mp4",
        "start": -1,
        "end": -1,
        "label": draw.choice(list(SIZES), count),
        "subject": [f"p{i}" for i in subject],
        "part": np.where(subject < 600, "train", "val"),
    }
    index = Index("large", pd.DataFrame(columns, columns=list(COLUMNS)), {})
    began = time.process_time()
    split = build_split(index, make_benchmark_config(SIZES), 0.1, 0)
    assert time.process_time() - began < 5
    assert sum(map(len, parts(split).values())) == count


def test_pandas_row_labels_do_not_matter(index: Index, benchmark_config) -> None:
    halves = [part.reset_index(drop=True) for _, part in index.clips.groupby("part")]
    again = build_split(replace(index, clips=pd.concat(halves)), benchmark_config, 0.25, 0)
    assert again == build_split(index, benchmark_config, 0.25, 0)


def test_a_clip_that_is_twice_is_refused(index: Index, benchmark_config) -> None:
    twice = pd.concat([index.clips, index.clips.iloc[:1].assign(part="val")], ignore_index=True)
    with pytest.raises((UserError, ValueError), match=twice["clip_id"].iloc[0]):
        build_split(replace(index, clips=twice), benchmark_config, 0.25, 0)
