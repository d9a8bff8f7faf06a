"""The shipped benchmark configs on lists with the real number of clips of every class."""

from __future__ import annotations

from collections import Counter

import pytest

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.benchmark_config import BENCHMARKS, BenchmarkConfig
from ssmar_bench.core.index import Index
from ssmar_bench.splits.labelled_clips import labelled_count
from ssmar_bench.splits.split_builder import BenchmarkClips
from ssmar_bench.splits.split_set import build_split_set
from ssmar_bench.splits.summary import summarise_split
from tests.splits import _counts

OF_PAPER = [name for name in BENCHMARKS.names() if not name.startswith("micro-motion")]
MA_12 = [5, 7, 8, 9, 10, 17, 21, 22, 23, 31, 48, 49]
SMG_5 = [3, 5, 8, 9, 12]
FINGERPRINTS = {
    "ma-12": "3c4deb177a87ffa1",
    "ma-12-balanced-test": "98ef553e63dfdda5",
    "ma-12-cross-subject": "641b20c0d38ba29d",
    "smg-5": "c77ca0bfb70907f3",
    "smg-5-official": "ce6af1b61354ee36",
    "imigue-11": "0333f84fac4c8ade",
    "imigue-11-illustrative": "0d9bbc7769ec0bda",
}
"""Of the splits at the first ratio and seed 0, computed by Python 3.11, 3.12 and 3.13 with pandas 2.2 and 3.1."""
IMIGUE_11 = [2, 8, 11, 17, 20, 22, 23, 24, 26, 29, 31]


@pytest.fixture(scope="module")
def sources() -> dict[str, Index]:
    return {name: _counts.index(name) for name in _counts.PARTS}


def split(sources: dict[str, Index], name: str) -> tuple[BenchmarkClips, BenchmarkConfig]:
    benchmark_config = benchmark_configs.read_benchmark_config(name)
    return BenchmarkClips.of(sources[benchmark_config.source.name], benchmark_config), benchmark_config


def sizes(benchmark: BenchmarkClips) -> dict[str, int]:
    found = benchmark.clips["role"].value_counts().to_dict()
    return {"train and validation": found["train"] + found["validation"], "test": found["test"]}


def subjects(benchmark: BenchmarkClips, *roles: str) -> set[str]:
    return set(benchmark.clips.loc[benchmark.clips["role"].isin(roles), "subject"])


def test_the_counts_are_those_of_the_lists(sources: dict[str, Index]) -> None:
    assert sources["ma52"].clips["part"].value_counts().to_dict() == {"train": 11250, "val": 5586}
    assert sources["smg"].clips["part"].value_counts().to_dict() == {"train": 2452, "val": 637, "test": 610}
    assert (sources["imigue"].clips["part"] == "train").sum() == 13670


@pytest.mark.parametrize("part", [None, 0, 1])
def test_ma_12_is_the_12_most_frequent_by_every_count(part: int | None) -> None:
    assert (
        sorted(benchmark_configs.read_benchmark_config("ma-12").classes)
        == MA_12
        == _counts.most_frequent("ma52", 12, part)
    )
    assert sorted(label for label, sizes in _counts.MA52.items() if sum(sizes) >= 500) == MA_12


def test_smg_5_is_the_5_most_frequent() -> None:
    assert sorted(benchmark_configs.read_benchmark_config("smg-5").classes) == SMG_5 == _counts.most_frequent("smg", 5)
    assert sorted(label for label, sizes in _counts.SMG.items() if sum(sizes) >= 150) == SMG_5


def test_imigue_11_is_the_11_most_frequent_without_the_illustrative() -> None:
    assert (
        sorted(benchmark_configs.read_benchmark_config("imigue-11").classes)
        == IMIGUE_11
        == _counts.most_frequent("imigue", 11, but=(99,))
    )
    assert _counts.most_frequent("imigue", 11, part=0, but=(99,)) == IMIGUE_11


def test_imigue_11_illustrative_is_the_11_most_frequent_of_what_was_released() -> None:
    found = sorted(benchmark_configs.read_benchmark_config("imigue-11-illustrative").classes)
    assert found == _counts.most_frequent("imigue", 11, part=0)
    assert set(found) == {*IMIGUE_11, 99} - {26}
    assert sorted(label for label, sizes in _counts.IMIGUE.items() if sizes[0] >= 300) == found


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("ma-12", 7028, 3503),
        ("ma-12-balanced-test", 9331, 1200),
        ("smg-5", 2889, 250),
        ("smg-5-official", 2611, 528),
        ("imigue-11", 8368, 2662),
    ],
)
def test_how_many_clips_there_are(sources: dict[str, Index], name: str, train: int, test: int) -> None:
    assert sizes(split(sources, name)[0]) == {"train and validation": train, "test": test}


def test_a_balanced_test_has_as_many_clips_of_every_class(sources: dict[str, Index]) -> None:
    for name, count in (("smg-5", 50), ("ma-12-balanced-test", 100)):
        benchmark, benchmark_config = split(sources, name)
        found = Counter(benchmark.clips.loc[benchmark.clips["role"] == "test", "label"])
        assert found == dict.fromkeys(benchmark_config.classes, count)


def test_who_is_on_both_sides(sources: dict[str, Index]) -> None:
    shared = {"ma-12": 186, "ma-12-cross-subject": 0, "smg-5-official": 0, "imigue-11": 0}
    for name, count in shared.items():
        benchmark, _ = split(sources, name)
        both = subjects(benchmark, "train", "validation") & subjects(benchmark, "test")
        assert len(both) == count, name
        assert not subjects(benchmark, "train") & subjects(benchmark, "validation"), name
    assert subjects(split(sources, "smg-5")[0], "train") & subjects(split(sources, "smg-5")[0], "test")


def test_the_cross_subject_test_has_a_third_of_the_clips(sources: dict[str, Index]) -> None:
    found = sizes(split(sources, "ma-12-cross-subject")[0])
    assert sum(found.values()) == 10531
    assert 0.333 <= found["test"] / 10531 < 0.345  # one subject more than needed at most


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_every_machine_and_python_gives_one_fingerprint(sources: dict[str, Index], name: str) -> None:
    benchmark, benchmark_config = split(sources, name)
    assert benchmark.split(benchmark_config.ratios[0], 0).fingerprint() == FINGERPRINTS[name]


def test_labelled_clips_of_the_papers_ratios(sources: dict[str, Index]) -> None:
    benchmark, benchmark_config = split(sources, "ma-12")
    assert benchmark_config.ratios == [0.1, 0.25, 0.4, 0.5]
    split_set = build_split_set(benchmark)
    train = Counter(benchmark.clips.loc[benchmark.clips["role"] == "train", "label"])
    for ratio in benchmark_config.ratios:
        expected = {label: labelled_count(ratio, train[label]) for label in MA_12}
        column = summarise_split(split_set).labelled[f"r{100 * ratio:g}_s0"]
        assert column.drop("all").to_dict() == expected
        assert column["all"] == sum(expected.values())
    assert benchmark_configs.read_benchmark_config("smg-5").ratios == [0.2]
    assert benchmark_configs.read_benchmark_config("imigue-11").ratios == [0.3]


@pytest.mark.parametrize("name", OF_PAPER)
def test_every_benchmark_config_says_where_its_classes_come_from(name: str) -> None:
    benchmark_config = benchmark_configs.read_benchmark_config(name)
    assert benchmark_config.class_list is not None
    assert all(vars(benchmark_config.class_list).values())
    assert benchmark_config.notes
    default = (
        benchmark_configs.read_benchmark_config(benchmark_config.variant_of)
        if benchmark_config.variant_of
        else benchmark_config
    )
    assert default.source == benchmark_config.source
    assert not default.variant_of


@pytest.mark.parametrize("name", OF_PAPER)
def test_the_papers_schedule(name: str) -> None:
    benchmark_config = benchmark_configs.read_benchmark_config(name)
    train = benchmark_config.train
    assert (train.epochs, train.lr, train.momentum, train.weight_decay) == (55, 0.002, 0.9, 0.0005)
    assert (benchmark_config.frame_cache.segments, benchmark_config.clips.size) == (8, 224)
    assert benchmark_config.backbone.name == "tsn:resnet18"
    assert benchmark_config.profiles["resnet50"] == {"backbone.name": "tsn:resnet50", "networks.tsm": "tsm:resnet50"}


@pytest.mark.parametrize(("name", "classes", "first"), [("ucf101", 101, 1), ("hmdb51", 51, 0)])
def test_traditional_actions_have_all_classes(name: str, classes: int, first: int) -> None:
    benchmark_config = benchmark_configs.read_benchmark_config(name)
    assert list(benchmark_config.classes) == list(range(first, first + classes))
    names = list(benchmark_config.classes.values())
    assert len(set(names)) == classes
    assert sorted(names, key=str.lower) == names or name == "ucf101"
    assert benchmark_config.source.options == {"split": 1}


@pytest.mark.parametrize("name", ["ma-12", "ma-12-cross-subject", "smg-5", "smg-5-official"])
def test_a_copy_that_lacks_clips_is_noticed(sources: dict[str, Index], name: str) -> None:
    benchmark, benchmark_config = split(sources, name)
    assert not [text for text in summarise_split(build_split_set(benchmark)).warnings if "owners' lists" in text]
    index = sources[benchmark_config.source.name]
    chosen = index.clips["label"].isin(list(benchmark_config.classes)) & (index.clips["part"] == "val")
    fewer = Index(index.source, index.clips.drop(index.clips.index[chosen][0]), index.classes)
    found = [
        text
        for text in summarise_split(build_split_set(BenchmarkClips.of(fewer, benchmark_config))).warnings
        if "owners' lists" in text
    ]
    assert len(found) == 1
    assert "in the part 'val', this copy" in found[0]
