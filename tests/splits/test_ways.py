"""Test parts of our own, labelling by subject, and labelled clips of every class."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import Index
from ssmar_bench.core.split import Split
from ssmar_bench.core.split_config import CarvedTest
from ssmar_bench.splits.split_builder import BenchmarkClips, build_split, ground_truth

SIZES = {3: 60, 7: 31, 11: 12}
RATIOS = (0.1, 0.25, 0.5, 0.9)
few = settings(max_examples=15, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module")
def index(make_index) -> Index:
    return make_index(SIZES)


@pytest.fixture(scope="module")
def carve(make_benchmark_config):
    def make(validation: float = 0.1, validation_by: str = "clip", **carved: Any) -> BenchmarkConfig:
        """Everything is trained on but a test part of our own."""
        return make_benchmark_config(
            SIZES,
            train=["train", "val"],
            test=[],
            carved_test=CarvedTest(**carved),
            validation=validation,
            validation_by=validation_by,
        )

    return make


@pytest.fixture(scope="module")
def per_class(make_benchmark_config):
    def make(count: int, ratio: float) -> BenchmarkConfig:
        return make_benchmark_config(SIZES, labelled_per_class=count, validation_by="clip").model_copy(
            update={"ratios": [ratio]}
        )

    return make


def subjects(index: Index, clips: tuple[str, ...]) -> set[str]:
    return set(index.clips.set_index("clip_id").loc[list(clips), "subject"])


def train_of(split: Split) -> set[str]:
    return {*split.labelled, *split.unlabelled}


def grown(index: Index, name: str, label: int, part: str = "train", subject: str = "p0") -> Index:
    row = index.clips.iloc[:1].assign(clip_id=name, label=label, part=part, subject=subject)
    return replace(index, clips=pd.concat([index.clips, row], ignore_index=True))


# ---- a test part of our own


@pytest.mark.parametrize("count", [1, 5, 11])
def test_a_carved_test_has_so_many_clips_of_every_class(index: Index, carve, count: int) -> None:
    split, label = (
        build_split(index, carve(clips_per_class=count), 0.5, 0),
        ground_truth(index, carve(clips_per_class=count)),
    )
    assert Counter(label.label[clip] for clip in split.test) == {0: count, 1: count, 2: count}
    everything = {*split.labelled, *split.unlabelled, *split.validation, *split.test}
    assert everything == set(index.clips["clip_id"])


def test_the_carved_test_takes_clips_of_all_parts(index: Index, carve) -> None:
    official = index.clips.set_index("clip_id").loc[
        list(build_split(index, carve(clips_per_class=9), 0.5, 0).test), "part"
    ]
    assert set(official) == {"train", "val"}


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_subjects_of_the_carved_test_are_nowhere_else(index: Index, carve, share: float) -> None:
    split = build_split(index, carve(subjects=share, validation_by="subject"), 0.5, 0)
    test = subjects(index, split.test)
    assert test
    assert not test & subjects(index, split.labelled + split.unlabelled + split.validation)
    largest = index.clips["subject"].value_counts().max()
    assert share * len(index.clips) <= len(split.test) < share * len(index.clips) + largest


def test_the_carved_test_is_the_same_for_every_seed_and_ratio(index: Index, carve) -> None:
    for benchmark_config in (carve(clips_per_class=5), carve(subjects=0.3)):
        tests = {build_split(index, benchmark_config, ratio, seed).test for ratio in (0.1, 0.5) for seed in range(3)}
        assert len(tests) == 1


@pytest.mark.parametrize("count", [14, 1000])
def test_a_class_that_the_carved_test_would_take_whole_is_named(index: Index, carve, count: int) -> None:
    with pytest.raises(
        UserError, match=rf"tests on {count} clips of every class, and class 11 \(class 11\) has only 14"
    ):
        build_split(index, carve(clips_per_class=count), 0.5, 0)
    assert Counter(ground_truth(index, carve(clips_per_class=13)).label.values())[2] == 14


def test_subjects_cannot_be_carved_where_they_are_unknown(index: Index, carve) -> None:
    nameless = replace(index, clips=index.clips.assign(subject=""))
    with pytest.raises(UserError, match="define clips_per_class for this source"):
        build_split(nameless, carve(subjects=0.3), 0.5, 0)
    assert build_split(nameless, carve(clips_per_class=3), 0.5, 0).test


@few
@given(count=st.integers(1, 8), name=st.integers(0, 10_000), label=st.sampled_from(list(SIZES)))
def test_one_more_clip_moves_at_most_one_other_out_of_the_carved_test(index, carve, count, name, label) -> None:
    benchmark_config = carve(clips_per_class=count)
    before = build_split(index, benchmark_config, 0.5, 0)
    after = build_split(grown(index, f"new-{name}", label), benchmark_config, 0.5, 0)
    left = set(before.test) - set(after.test)
    assert len(left) <= 1
    assert set(after.test) - set(before.test) <= {f"new-{name}"}
    assert all(f"-{label}-" in clip for clip in left)


# ---- labelled by subject


@pytest.fixture(scope="module")
def by_subject(make_benchmark_config) -> BenchmarkConfig:
    return make_benchmark_config(SIZES, labelled_by="subject", validation=0.1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ratio", RATIOS)
def test_nobody_is_labelled_and_unlabelled(index: Index, by_subject, ratio: float, seed: int) -> None:
    split = build_split(index, by_subject, ratio, seed)
    labelled, unlabelled = subjects(index, split.labelled), subjects(index, split.unlabelled)
    assert labelled
    assert unlabelled
    assert not labelled & unlabelled
    assert set(split.labels.values()) == {0, 1, 2}
    largest = index.clips["subject"].value_counts().max()
    assert len(split.labelled) >= min(ratio * len(train_of(split)), len(train_of(split)) - largest)


@few
@given(seed=st.integers(0, 50), people_=st.integers(3, 12))
def test_subjects_are_nested(make_index, by_subject, seed: int, people_: int) -> None:
    index = make_index(SIZES, subjects=people_)
    nested = [set(build_split(index, by_subject, ratio, seed).labelled) for ratio in (*RATIOS, 1.0)]
    for smaller, larger in pairwise(nested):
        assert smaller <= larger
    assert nested[-2] < nested[-1]


def test_labelling_goes_on_until_every_class_is_labelled(make_index, by_subject) -> None:
    index = make_index({3: 90, 7: 90, 11: 2}, subjects=10)
    for seed in range(8):
        split = build_split(index, by_subject, 0.1, seed)
        assert {split.labels[clip] for clip in split.labelled} == {0, 1, 2}


def test_a_class_that_no_ratio_labels_by_subject_is_named(make_index, by_subject) -> None:
    index = make_index({3: 40, 7: 40, 11: 40}, subjects=4)
    benchmark_config = by_subject.model_copy(
        update={"parts": by_subject.parts.model_copy(update={"validation": 0.001})}
    )
    people_ = subjects(index, build_split(index, benchmark_config, 1.0, 0).labelled)
    raised = []
    for subject in people_:
        only = index.clips["subject"].where(index.clips["label"] != 11, subject)
        one = replace(index, clips=index.clips.assign(subject=only.where(index.clips["part"] == "train", "q0")))
        try:
            labelled = build_split(one, benchmark_config, 0.1, 0).labelled
            assert any("-11-" in clip for clip in labelled)
        except UserError as error:
            raised.append(str(error))
    (message,) = raised  # one of them comes last
    assert "labels class 11 (class 11) of made-up by subject with seed 0" in message


def test_labelling_by_subject_needs_subjects(index: Index, make_benchmark_config) -> None:
    nameless = replace(index, clips=index.clips.assign(subject=""))
    benchmark_config = make_benchmark_config(SIZES, labelled_by="subject", validation_by="clip")
    with pytest.raises(UserError, match=r"which parts\.labelled_by needs; define labelled_by: clip"):
        build_split(nameless, benchmark_config, 0.5, 0)
    assert not build_split(nameless, benchmark_config, 1.0, 0).unlabelled


@few
@given(seed=st.integers(0, 20), name=st.integers(0, 1000), ratio=st.sampled_from(RATIOS))
def test_a_new_subject_moves_at_most_one_other_across_the_border(index, by_subject, seed, name, ratio) -> None:
    """Whoever comes before the border stays before it, but perhaps the last of them."""
    benchmark_config = by_subject.model_copy(update={"parts": by_subject.parts.model_copy(update={"validation": 1e-6})})
    before = build_split(index, benchmark_config, ratio, seed)
    subject = f"p{name + 10}"
    again = build_split(grown(index, "new", 3, subject=subject), benchmark_config, ratio, seed)
    if set(before.validation) != set(again.validation):
        return  # the new one is validated on
    moved = (subjects(index, before.labelled) ^ (subjects(grown(index, "new", 3, subject=subject), again.labelled))) - {
        subject
    }
    assert len(moved) <= 1


# ---- labelled clips of every class


def train_clips(index: Index, benchmark_config: BenchmarkConfig) -> int:
    return int((BenchmarkClips.of(index, benchmark_config).clips["role"] == "train").sum())


@pytest.mark.parametrize("count", [1, 4])
def test_every_class_has_so_many_labelled_clips(index: Index, per_class, count: int) -> None:
    true = float(f"{3 * count / train_clips(index, per_class(count, 0.5)):.4g}")
    split = build_split(index, per_class(count, true), true, 0)
    assert Counter(split.labels[clip] for clip in split.labelled) == {0: count, 1: count, 2: count}


def test_clips_of_every_class_are_nested_with_each_other_and_with_ratios(
    index: Index, per_class, make_benchmark_config
) -> None:
    train = train_clips(index, per_class(1, 0.5))
    sets = []
    for count in (1, 2, 5):
        ratio = float(f"{3 * count / train:.4g}")
        sets.append(set(build_split(index, per_class(count, ratio), ratio, 4).labelled))
    for smaller, larger in pairwise(sets):
        assert smaller < larger
    assert sets[0] <= set(build_split(index, make_benchmark_config(SIZES, validation_by="clip"), 0.1, 4).labelled)


def test_a_ratio_that_is_not_the_true_one_is_refused_with_the_true_one(index: Index, per_class) -> None:
    train = train_clips(index, per_class(2, 0.5))
    with pytest.raises(
        UserError, match=rf"2 labelled clips of each of the 3 classes .* write ratios: \[{6 / train:.4g}\]"
    ):
        build_split(index, per_class(2, 0.5), 0.5, 0)


def test_more_clips_than_a_class_has_are_refused(index: Index, per_class) -> None:
    with pytest.raises(UserError, match=r"labels 40 clips of every class, and class 7 \(class 7\) has only 2\d"):
        build_split(index, per_class(40, 0.5), 0.5, 0)


# ---- properties of all of them


@few
@given(way=st.sampled_from(["clips", "subjects", "by subject"]), seed=st.integers(0, 1000))
def test_the_order_of_rows_decides_nothing(index, carve, by_subject, way: str, seed: int) -> None:
    benchmark_config = {"clips": carve(clips_per_class=4), "subjects": carve(subjects=0.3), "by subject": by_subject}[
        way
    ]
    rows = np.random.default_rng(seed).permutation(len(index.clips))
    shuffled = replace(index, clips=index.clips.iloc[rows])
    assert (
        build_split(shuffled, benchmark_config, 0.25, 1).fingerprint()
        == build_split(index, benchmark_config, 0.25, 1).fingerprint()
    )


def test_known_fingerprints(index: Index, carve, by_subject, per_class) -> None:
    """The same on every machine, operating system and Python: each of these was computed once and written down."""
    found = {
        "clips": build_split(index, carve(clips_per_class=4), 0.25, 1).fingerprint(),
        "subjects": build_split(index, carve(subjects=0.3), 0.25, 1).fingerprint(),
        "by subject": build_split(index, by_subject, 0.25, 1).fingerprint(),
        "per class": build_split(index, per_class(2, 0.07317), 0.07317, 1).fingerprint(),
    }
    assert found == {
        "clips": "8bd97687c0ee62e7",
        "subjects": "916b172b775b9650",
        "by subject": "b3341b8e8107ca1c",
        "per class": "db6848350c79ce05",
    }
