"""A built split on the disk, its fingerprints, and what differs between two of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import write_json
from ssmar_bench.core.index import Index
from ssmar_bench.splits import fingerprints as prints
from ssmar_bench.splits import split_set as splits
from ssmar_bench.splits.clip_differences import clip_differences
from ssmar_bench.splits.fingerprints import differences
from ssmar_bench.splits.split_builder import BenchmarkClips, build_split
from ssmar_bench.splits.split_set import SplitSet

SIZES = {3: 40, 7: 30, 11: 20}


@pytest.fixture(scope="module")
def benchmark_config(make_benchmark_config) -> BenchmarkConfig:
    shipped = make_benchmark_config(SIZES, validation_by="clip", validation=0.1)
    return shipped.model_copy(update={"ratios": [0.1, 0.5], "seeds": [0, 1]})


@pytest.fixture(scope="module")
def index(make_index) -> Index:
    return make_index(SIZES, subjects=10, test=8)


def split(index: Index, benchmark_config: BenchmarkConfig, **more: Any) -> SplitSet:
    return splits.build_split_set(BenchmarkClips.of(index, benchmark_config), **more)


@pytest.fixture(scope="module")
def split_set(index: Index, benchmark_config: BenchmarkConfig) -> SplitSet:
    return split(index, benchmark_config)


@pytest.fixture(scope="module")
def whole(split_set: SplitSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The split on the disk; nobody may change it."""
    return splits.write_split_set(split_set, tmp_path_factory.mktemp("built"))


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / whole.name)


def edited(index: Index, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> Index:
    return replace(index, clips=edit(index.clips.copy()))


# ---- the folder


def test_what_was_written_is_read(split_set: SplitSet, folder: Path) -> None:
    again = splits.read_split_set(folder)
    assert again.benchmark_config == split_set.benchmark_config
    assert again.splits == split_set.splits
    assert again.fingerprints == split_set.fingerprints
    pd.testing.assert_frame_equal(again.clips, split_set.clips, check_dtype=False)


def test_splits_are_those_that_runs_are_trained_on(
    split_set: SplitSet, index: Index, benchmark_config: BenchmarkConfig
) -> None:
    assert list(split_set.splits) == ["r10_s0", "r10_s1", "r50_s0", "r50_s1"]
    assert split_set.splits["r50_s1"] == build_split(index, benchmark_config, 0.5, 1)
    assert split_set.fingerprints.splits["r50_s1"] == build_split(index, benchmark_config, 0.5, 1).fingerprint()


def test_no_path_is_in_it(folder: Path) -> None:
    for path in folder.rglob("*.*"):
        assert "/v/" not in path.read_text(), path


def test_fingerprints_name_no_clip(folder: Path, index: Index) -> None:
    text = (folder / "fingerprints.json").read_text()
    assert not [clip for clip in index.clips["clip_id"] if clip in text]
    assert len(text) < 10_000


def test_the_same_index_elsewhere_gives_the_same_files(
    index: Index, benchmark_config: BenchmarkConfig, folder: Path
) -> None:
    moved = edited(index, lambda clips: clips.assign(path="/elsewhere" + clips["path"]).sample(frac=1, random_state=1))
    again = splits.write_split_set(split(moved, benchmark_config), folder.parent / "again")
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    assert names == sorted(path.relative_to(again) for path in again.rglob("*.*"))
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


def test_the_same_split_is_written_again_and_another_is_not(split_set: SplitSet, index: Index, folder: Path) -> None:
    out = folder.parent
    seconds = pd.Series(2.5, index=split_set.clips["clip_id"])
    assert splits.write_split_set(split(index, split_set.benchmark_config, seconds=seconds), out) == folder
    assert set(splits.read_split_set(folder).clips["seconds"]) == {2.5}
    other = split_set.benchmark_config.model_copy(update={"seeds": [0, 2]})
    with pytest.raises(UserError, match="nothing is overwritten"):
        splits.write_split_set(split(index, other), out)
    assert set(splits.read_split_set(folder).clips["seconds"]) == {2.5}
    assert [path.name for path in out.iterdir()] == [folder.name]


def test_a_folder_that_is_no_split_is_not_touched(split_set: SplitSet, tmp_path: Path) -> None:
    (tmp_path / split_set.benchmark_config.name).mkdir()
    (tmp_path / split_set.benchmark_config.name / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="something else is there"):
        splits.write_split_set(split_set, tmp_path)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["mine.txt"]


def test_nothing_half_written_is_left(split_set: SplitSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, value: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(splits, "write_json", full)
    with pytest.raises(UserError, match=r"the split cannot be written \(No space left on device\)"):
        splits.write_split_set(split_set, tmp_path)
    assert list(tmp_path.iterdir()) == []


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no folder": (shutil.rmtree, "fingerprints.json: there is no such file; expected the fingerprints.json"),
    "no fingerprints": (lambda folder: (folder / "fingerprints.json").unlink(), "expected the fingerprints.json"),
    "fingerprints of another kind": (lambda folder: write_json(folder / "fingerprints.json", []), "something else"),
    "fingerprints of another format": (
        lambda folder: write_json(folder / "fingerprints.json", {"format": 2}),
        "have format 2, this version compares 1",
    ),
    "no benchmark config": (lambda folder: (folder / "benchmark.yaml").unlink(), "Unknown benchmark"),
    "no splits": (lambda folder: shutil.rmtree(folder / "splits"), "found no splits/ in it"),
    "a split of another kind": (
        lambda folder: write_json(folder / "splits" / "r10_s0.json", {"labels": {}}),
        "r10_s0.json: expected a split, found something else (KeyError)",
    ),
    "a split cut short": (
        lambda folder: (folder / "splits" / "r10_s0.json").write_text("{"),
        "r10_s0.json: expected a split",
    ),
    "no clips": (lambda folder: (folder / "clips.csv").unlink(), "clips.csv: expected a built split's list of clips"),
    "clips of another kind": (lambda folder: (folder / "clips.csv").write_text("a,b\n1,2\n"), "expected the columns"),
    "a class changed": (
        lambda folder: (folder / "clips.csv").write_text(
            (folder / "clips.csv").read_text().replace(",3,p0", ",7,p0", 1)
        ),
        "its files do not agree with its fingerprints.json",
    ),
    "a clip's label in words": (
        lambda folder: (folder / "clips.csv").write_text(
            (folder / "clips.csv").read_text().replace(",3,p0", ",x,p0", 1)
        ),
        "clips.csv: expected a built split's list of clips",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_damaged_split_is_reported(folder: Path, case: str) -> None:
    damage, words = FAULTS[case]
    damage(folder)
    with pytest.raises(UserError) as error:
        splits.read_split_set(folder)
    assert words in str(error.value)
    assert str(folder) in str(error.value)


def test_a_split_changed_by_hand_is_noticed(folder: Path) -> None:
    path = folder / "splits" / "r10_s0.json"
    data = json.loads(path.read_text())
    data["unlabelled"].append(data["labelled"].pop())
    path.write_text(json.dumps(data))
    with pytest.raises(UserError, match="do not agree"):
        splits.read_split_set(folder)


# ---- fingerprints


def test_known_prints(split_set: SplitSet) -> None:
    """The same on every machine, operating system and Python."""
    cell = split_set.fingerprints.labelled["r10_s0"]
    assert {label: (print_.clips, print_.digest) for label, print_ in cell.items()} == {
        3: (4, "7d5984a88801785c"),
        7: (3, "ca8819683cb66997"),
        11: (2, "5986734feeb7273b"),
    }


def test_like_splits_do_not_differ(split_set: SplitSet, folder: Path) -> None:
    assert differences(split_set.fingerprints, prints.read_fingerprints(folder / "fingerprints.json")) == []


def test_a_clip_less_is_reported_by_class_part_and_ratio(
    split_set: SplitSet, index: Index, benchmark_config: BenchmarkConfig
) -> None:
    gone = next(clip for clip in split_set.splits["r10_s0"].labelled if "-7-" in clip)
    other = split(edited(index, lambda clips: clips[clips["clip_id"] != gone]), benchmark_config)
    found = differences(split_set.fingerprints, other.fingerprints)
    ours, theirs = (
        len([c for c in x.clips.query("role == 'train'")["clip_id"] if "-7-" in c]) for x in (split_set, other)
    )
    assert found[0] == f"train, class 7 (class 7): {ours} clips here, {theirs} there."
    assert any(line.startswith("ratio 10 %, seed 0, labelled, class 7 (class 7): ") for line in found)
    assert not [line for line in found if "class 3" in line and "train," in line]


def test_as_many_but_other_clips_are_reported(
    split_set: SplitSet, index: Index, benchmark_config: BenchmarkConfig
) -> None:
    """Names that differ: as many clips everywhere, and none of class 11 the same."""
    renamed = edited(
        index, lambda clips: clips.assign(clip_id=clips["clip_id"].str.replace("-11-", "-11x", regex=False))
    )
    found = differences(split_set.fingerprints, split(renamed, benchmark_config).fingerprints)
    assert "test, class 11 (class 11): 8 clips on both sides, but not the same ones." in found
    assert not [line for line in found if line.startswith("test, ") and "class 11" not in line]


def test_only_common_cells_are_compared(split_set: SplitSet, index: Index, benchmark_config: BenchmarkConfig) -> None:
    fewer = split(index, benchmark_config.model_copy(update={"ratios": [0.5], "seeds": [1, 5]}))
    assert differences(split_set.fingerprints, fewer.fingerprints) == []
    none = split(index, benchmark_config.model_copy(update={"seeds": [5]}))
    with pytest.raises(UserError, match=r"no ratio and seed in common: here r10_s0, .* there r10_s5, r50_s5"):
        differences(split_set.fingerprints, none.fingerprints)


def test_other_benchmarks_are_not_compared(
    split_set: SplitSet, index: Index, benchmark_config: BenchmarkConfig
) -> None:
    other = split(index, benchmark_config.model_copy(update={"name": "other"}))
    with pytest.raises(UserError, match="of made-up, the other one of other"):
        differences(split_set.fingerprints, other.fingerprints)
    with pytest.raises(UserError, match="of made-up, the other one of other"):
        clip_differences(split_set, other.splits)


def test_other_classes_are_reported(split_set: SplitSet, index: Index, benchmark_config: BenchmarkConfig) -> None:
    renamed = split(index, benchmark_config.model_copy(update={"classes": {3: "class 3", 7: "seven", 11: "class 11"}}))
    assert differences(split_set.fingerprints, renamed.fingerprints)[0] == "class 7: 'class 7' here, 'seven' there."
    fewer = split(index, benchmark_config.model_copy(update={"classes": {3: "class 3", 7: "class 7"}}))
    assert differences(split_set.fingerprints, fewer.fingerprints)[0] == "class 11 (class 11): only here."


def test_other_pixels_are_reported_where_both_are_decoded(split_set: SplitSet) -> None:
    def decoded(frame_cache: str) -> prints.Fingerprints:
        return split_set.fingerprints.model_copy(update={"frame_cache": frame_cache})

    assert differences(split_set.fingerprints, decoded("b" * 16)) == []
    assert differences(decoded("a" * 16), decoded("a" * 16)) == []
    (line,) = differences(decoded("a" * 16), decoded("b" * 16))
    assert line.startswith("decoded frames: other pixels")


# ---- clip by clip


def test_like_manifests_do_not_differ(split_set: SplitSet, folder: Path) -> None:
    assert clip_differences(split_set, splits.read_splits(folder)) == []
    assert clip_differences(split_set, splits.read_splits(folder / "splits" / "r50_s1.json")) == []


def test_clips_that_differ_are_named(split_set: SplitSet) -> None:
    cell = split_set.splits["r10_s0"]
    moved = next(clip for clip in cell.labelled if "-7-" in clip)
    theirs = replace(
        cell,
        labelled=tuple(clip for clip in cell.labelled if clip != moved),
        unlabelled=tuple(sorted([*cell.unlabelled, moved, "a stranger"])),
        labels={clip: label for clip, label in cell.labels.items() if clip != moved},
    )
    assert clip_differences(split_set, {"r10_s0": theirs}) == [
        f"ratio 10 %, seed 0, labelled, class 7 (class 7): here only {moved}.",
        "ratio 10 %, seed 0, unlabelled, no class that is known here: there only a stranger.",
        f"ratio 10 %, seed 0, unlabelled, class 7 (class 7): there only {moved}.",
    ]


def test_many_clips_are_counted(split_set: SplitSet) -> None:
    theirs = replace(split_set.splits["r10_s0"], test=())
    first = sorted(clip for clip in split_set.splits["r10_s0"].test if "-3-" in clip)[:5]
    assert clip_differences(split_set, {"r10_s0": theirs})[0] == (
        f"ratio 10 %, seed 0, test, class 3 (class 3): here only {', '.join(first)} and 3 more."
    )


def test_another_label_is_reported(split_set: SplitSet) -> None:
    cell = split_set.splits["r10_s0"]
    clip = next(clip for clip in cell.validation if "-3-" in clip)
    theirs = replace(cell, labels={**cell.labels, clip: 2})
    assert clip_differences(split_set, {"r10_s0": theirs}) == [
        f"ratio 10 %, seed 0: {clip} is 'class 3' here and 'class 11' there."
    ]


def test_no_cell_in_common_is_reported(split_set: SplitSet) -> None:
    with pytest.raises(UserError, match="no ratio and seed in common: here r10_s0"):
        clip_differences(split_set, {"r10_s9": replace(split_set.splits["r10_s0"], seed=9)})
