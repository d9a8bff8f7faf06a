"""Clips that nobody has ever labelled: in the unlabelled pool at every ratio, and in every digest of a split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import COLUMNS, UNKNOWN, Index
from ssmar_bench.core.split import Split, opaque_id
from ssmar_bench.splits.export import ClipLocation, export_lists
from ssmar_bench.splits.fingerprints import differences
from ssmar_bench.splits.split_builder import BenchmarkClips, build_split, ground_truth
from ssmar_bench.splits.split_set import SplitSet, build_split_set, read_split_set, write_split_set
from ssmar_bench.splits.summary import summarise_split
from tests.splits.conftest import MakeDefinition, MakeIndex

SIZES = {0: 20, 1: 10}
POOL = tuple(f"pool-{i}" for i in range(7))


@pytest.fixture
def index(make_index: MakeIndex) -> Index:
    """Thirty labelled clips, seven that were never labelled, and one without a label in the training part."""
    known = make_index(SIZES)
    rows = [(name, f"/v/{name}.mp4", -1, -1, UNKNOWN, "", "pool") for name in POOL]
    rows.append(("train-hidden", "/v/hidden.mp4", -1, -1, UNKNOWN, "p0", "train"))
    more = pd.DataFrame(rows, columns=list(COLUMNS))
    return replace(known, clips=pd.concat([known.clips, more]).sort_values("clip_id", ignore_index=True))


def split_set(index: Index, make_benchmark_config: MakeDefinition, **parts: object) -> SplitSet:
    return build_split_set(BenchmarkClips.of(index, make_benchmark_config(SIZES, **parts)))


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0])
def test_they_are_unlabelled_at_every_ratio(index: Index, make_benchmark_config: MakeDefinition, ratio: float) -> None:
    benchmark_config = make_benchmark_config(SIZES, unlabelled=["pool"])
    split, without = (
        build_split(index, benchmark_config, ratio, 0),
        build_split(index, make_benchmark_config(SIZES), ratio, 0),
    )
    assert split.never_labelled == POOL
    assert {*split.unlabelled} == {*without.unlabelled, *POOL}
    assert list(split.unlabelled) == sorted(split.unlabelled)
    for part in ("labelled", "validation", "test", "labels"):
        assert getattr(split, part) == getattr(without, part)
    known = ground_truth(index, benchmark_config)
    assert {known.label[clip] for clip in split.unlabelled if clip in POOL} == {UNKNOWN}


def test_a_part_may_give_its_labelled_clips_and_those_without(
    index: Index, make_benchmark_config: MakeDefinition
) -> None:
    split = build_split(index, make_benchmark_config(SIZES, unlabelled=["train"]), 1, 0)
    assert split.never_labelled == ("train-hidden",) == split.unlabelled


def test_without_them_a_split_has_no_word_of_them(index: Index, make_benchmark_config: MakeDefinition) -> None:
    split = build_split(index, make_benchmark_config(SIZES), 0.5, 0)
    assert set(split.to_json()) == {
        "benchmark", "ratio", "seed", "classes", "labelled", "unlabelled", "validation", "test", "labels",
    }  # fmt: skip
    assert Split.from_json(split.to_json()) == split


def test_they_are_in_the_digests(index: Index, make_benchmark_config: MakeDefinition) -> None:
    """Not only as unlabelled clips: the same pool with hidden labels is another split."""
    split = build_split(index, make_benchmark_config(SIZES, unlabelled=["pool"]), 0.5, 0)
    assert Split.from_json(split.to_json()) == split
    assert replace(split, never_labelled=()).fingerprint() != split.fingerprint()
    assert split.fingerprint() != build_split(index, make_benchmark_config(SIZES), 0.5, 0).fingerprint()
    fewer = replace(index, clips=index.clips[index.clips["clip_id"] != "pool-0"])
    one, other = (split_set(each, make_benchmark_config, unlabelled=["pool"]) for each in (index, fewer))
    assert differences(one.fingerprints, other.fingerprints)[0] == "never labelled: 7 clips here, 6 there."


def test_a_training_process_does_not_see_which_they_are(index: Index, make_benchmark_config: MakeDefinition) -> None:
    given = build_split(index, make_benchmark_config(SIZES, unlabelled=["pool"]), 0.5, 0).with_opaque_ids()
    assert given.never_labelled == ()
    assert {opaque_id(clip) for clip in POOL} < {*given.unlabelled}
    assert list(given.unlabelled) == sorted(given.unlabelled)
    assert not {opaque_id(clip) for clip in POOL} & {*given.labels}


def test_a_part_without_any_is_said(index: Index, make_benchmark_config: MakeDefinition) -> None:
    with pytest.raises(UserError, match=r"without a label in the part 'val' \(parts.unlabelled\).*has none there"):
        build_split(index, make_benchmark_config(SIZES, unlabelled=["val"]), 0.5, 0)


def test_a_built_split_keeps_and_shows_them(
    index: Index, make_benchmark_config: MakeDefinition, tmp_path: Path
) -> None:
    built = split_set(index, make_benchmark_config, unlabelled=["pool"])
    again = read_split_set(write_split_set(built, tmp_path))
    assert again.fingerprints == built.fingerprints
    assert {split.never_labelled for split in again.splits.values()} == {POOL}
    summary = summarise_split(again)
    assert summary.parts.loc["all", ("unlabelled", "clips")] == len(POOL)
    assert summary.parts.loc[[0, 1], ("unlabelled", "clips")].isna().all()
    assert summary.parts.loc["all", ("train", "clips")] + summary.parts.loc["all", ("validation", "clips")] == 30
    where = {clip: ClipLocation(f"{clip}.mp4", 0, -1) for clip in index.clips["clip_id"]}
    export_lists(again, where, "mmaction2", tmp_path / "lists")
    cell = next(iter(again.splits))
    assert "pool-0.mp4 -1" in (tmp_path / "lists" / cell / "unlabelled.txt").read_text().splitlines()


def test_without_them_the_published_digests_have_no_word_of_them(
    index: Index, make_benchmark_config: MakeDefinition, tmp_path: Path
) -> None:
    folder = write_split_set(split_set(index, make_benchmark_config), tmp_path)
    assert "unlabelled" not in (folder / "fingerprints.json").read_text()


def test_a_copy_of_a_test_clip_among_them_is_told(index: Index, make_benchmark_config: MakeDefinition) -> None:
    clips = BenchmarkClips.of(index, make_benchmark_config(SIZES, unlabelled=["pool"]))
    summary = summarise_split(build_split_set(clips, twins={"val-0-0": "pool-3"}))
    told = next(text for text in summary.warnings if "same content" in text)
    assert told.startswith("1 clip has the same content in both test and unlabelled: what is measured there")
