"""A source that grows by a clip: almost everything stays where it was."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from ssmar_bench.splits.split_builder import build_split, ground_truth

few = settings(max_examples=40, deadline=None, derandomize=True, database=None)


@few
@given(
    sizes=st.lists(st.integers(2, 25), min_size=2, max_size=3),
    ratio=st.sampled_from([0.1, 0.25, 0.5, 0.9]),
    seed=st.integers(0, 5),
    name=st.integers(0, 10_000),
    chosen=st.integers(0, 2),
)
def test_one_more_clip_moves_at_most_one_other_of_its_class(
    make_index, make_benchmark_config, sizes: list[int], ratio: float, seed: int, name: int, chosen: int
) -> None:
    classes = {10 + i: size for i, size in enumerate(sizes)}
    index, label = make_index(classes, subjects=2), 10 + chosen % len(sizes)
    benchmark_config = make_benchmark_config(classes, validation=1e-6)  # one subject is validated on, whatever is added
    before = build_split(index, benchmark_config, ratio, seed)
    subject = ground_truth(index, benchmark_config).subject[before.labelled[0]]
    row = index.clips.iloc[:1].assign(clip_id=f"new-{name}", label=label, subject=subject, part="train")
    after = build_split(
        replace(index, clips=pd.concat([index.clips, row], ignore_index=True)), benchmark_config, ratio, seed
    )
    assert (after.validation, after.test) == (before.validation, before.test)
    assert set(after.labelled + after.unlabelled) == {*before.labelled, *before.unlabelled, f"new-{name}"}
    moved = set(before.labelled) ^ (set(after.labelled) - {f"new-{name}"})
    assert len(moved) <= 1
    assert all(clip.split("-")[1] == str(label) for clip in moved)


@few
@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9),
        min_size=4,
        max_size=40,
        unique=True,
    ),
    ratios=st.lists(st.decimals("0.001", 1, places=3), min_size=2, max_size=5, unique=True),
    seed=st.integers(0, 2**31),
)
def test_smaller_ratios_lie_inside_larger_ones(make_index, make_benchmark_config, names, ratios, seed: int) -> None:
    """Whatever the clips are called, and whatever the ratios; each has the ceiling of its class labelled."""
    index = make_index({3: len(names), 7: len(names)}, subjects=2)
    training = index.clips["part"] == "train"
    index.clips.loc[training, "clip_id"] = [f"{label}/{name}" for label in (3, 7) for name in names]
    benchmark_config = make_benchmark_config({3: 0, 7: 0}, validation=1e-6, validation_by="clip")
    sets = []
    for ratio in sorted(map(float, ratios)):
        split = build_split(index, benchmark_config, ratio, seed)
        sets.append(set(split.labelled))
        for label in (0, 1):
            held = [clip for clip in split.labelled if split.labels[clip] == label]
            there = len(names) - sum(split.labels[clip] == label for clip in split.validation)
            assert len(held) == math.ceil(Fraction(str(ratio)) * there)
    for smaller, larger in pairwise(sets):
        assert smaller <= larger


@few
@given(share=st.sampled_from([0.1, 0.2, 0.5]), name=st.integers(0, 10_000), label=st.sampled_from([3, 7]))
def test_one_more_clip_moves_at_most_one_other_into_or_out_of_validation(
    make_index, make_benchmark_config, share: float, name: int, label: int
) -> None:
    classes = {3: 20, 7: 13}
    index, benchmark_config = (
        make_index(classes),
        make_benchmark_config(classes, validation=share, validation_by="clip"),
    )
    row = index.clips.iloc[:1].assign(clip_id=f"new-{name}", label=label, part="train")
    before = build_split(index, benchmark_config, 0.5, 0)
    after = build_split(
        replace(index, clips=pd.concat([index.clips, row], ignore_index=True)), benchmark_config, 0.5, 0
    )
    assert len(set(before.validation) ^ (set(after.validation) - {f"new-{name}"})) <= 1


@few
@given(removed=st.integers(0, 29), seed=st.integers(0, 5))
def test_the_order_of_the_others_stays(make_index, make_benchmark_config, removed: int, seed: int) -> None:
    """A clip's rank depends on its own id alone: taking one away lets the rest keep their order."""
    index, benchmark_config = (
        make_index({3: 30, 7: 5}, subjects=2),
        make_benchmark_config({3: 0, 7: 0}, validation=1e-6),
    )
    gone = f"train-3-{removed}"
    fewer = replace(index, clips=index.clips[index.clips["clip_id"] != gone])
    for ratio in (0.2, 0.4, 0.8):
        whole, part = (set(build_split(clips, benchmark_config, ratio, seed).labelled) for clips in (index, fewer))
        moved = (whole - {gone}) ^ part
        assert len(moved) <= 1
        assert all(clip.startswith("train-3-") for clip in moved)
