"""Parts of somebody's own clips are chosen from how many there are of each class and subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.index import COLUMNS, UNKNOWN, Index
from ssmar_bench.core.split_config import SplitConfig
from ssmar_bench.splits.own_parts import ChosenParts, choose_parts
from ssmar_bench.splits.split_builder import BenchmarkClips
from tests.splits.conftest import MakeDefinition

Choose = Callable[..., ChosenParts]


def index_of(
    sizes: Mapping[str, int],
    subjects: int = 0,
    known: float = 1,
    part: Callable[[int], str] = lambda _: "all",
    more: int = 0,
) -> Index:
    rows: list[tuple[Any, ...]] = []
    for label, (name, size) in enumerate(sizes.items()):
        for i in range(size):
            subject = f"p{(i + 3 * label) % subjects}" if subjects and i < known * size else ""
            rows.append((f"{name}/{i}", f"/v/{name}/{i}.mp4", -1, -1, label, subject, part(i)))
    rows += [(f"u/{i}", f"/v/u/{i}.mp4", -1, -1, UNKNOWN, "", "unlabelled") for i in range(more)]
    clips = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("clip_id", ignore_index=True)
    return Index("videos", clips, dict(enumerate(sizes)))


@pytest.fixture
def choose(make_benchmark_config: MakeDefinition) -> Choose:
    def build(index: Index, parts: dict[str, Any]) -> BenchmarkClips:
        config = make_benchmark_config(index.classes)
        return BenchmarkClips.of(index, config.model_copy(update={"parts": SplitConfig.model_validate(parts)}))

    def chosen(index: Index) -> ChosenParts:
        return choose_parts(index, partial(build, index), "labels.csv")

    return chosen


def roles(found: ChosenParts) -> dict[str, int]:
    return dict(Counter(found.clips.clips["role"].tolist()))


def test_by_clip_where_no_subject_is_known(choose: Choose) -> None:
    found = choose(index_of({"nod": 15, "shake": 15, "bow": 15, "rest": 15}, more=200))
    assert roles(found) == {"train": 35, "validation": 9, "test": 16, "unlabelled": 200}
    assert found.reason.startswith("by clip, since subjects are not known: the same person may be in training and test")


def test_by_subject_where_all_are_known(choose: Choose) -> None:
    found = choose(index_of({"nod": 20, "shake": 20, "bow": 20}, subjects=8))
    assert found.reason == "by subject: nobody of the 8 is in two parts."
    seen = found.clips.clips.groupby("role")["subject"].agg(set)
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & seen["validation"]
    assert not seen["validation"] & seen["test"]
    assert set(found.clips.clips.loc[found.clips.clips["role"] == "test", "class"]) == {0, 1, 2}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subjects": 8, "known": 0.5}, "30 of 60 clips have no subject"),
        ({"subjects": 8, "known": 0.95}, "3 of 60 clips have no subject"),
        ({"subjects": 3}, "there are only 3 subjects"),
        ({"subjects": 1}, "there is only 1 subject:"),
    ],
)
def test_by_clip_where_subjects_do_not_suffice(choose: Choose, options: dict[str, Any], said: str) -> None:
    found = choose(index_of({"nod": 20, "shake": 20, "bow": 20}, **options))
    assert said in found.reason
    assert roles(found)["test"] == 15


def test_by_clip_where_each_class_has_its_own_subject(choose: Choose) -> None:
    rows = [(f"{label}-{i}", "/v", -1, -1, label, f"p{label}", "all") for label in range(4) for i in range(8)]
    clips = pd.DataFrame(rows, columns=list(COLUMNS))
    found = choose(Index("videos", clips, {label: f"class {label}" for label in range(4)}))
    assert "no division of the 4 subjects leaves every class something to train on" in found.reason


KEPT = "train and test are those of the list, validation is chosen by"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, f"{KEPT} clip; not all subjects are known: the same person may be in training and test"),
        (
            {"subjects": 3},
            f"{KEPT} clip; 3 subjects are in both train and test, so accuracy on new persons may be lower.",
        ),
        ({"subjects": 24}, f"{KEPT} subject."),
    ],
)
def test_the_parts_of_a_list_are_kept(choose: Choose, options: dict[str, Any], said: str) -> None:
    index = index_of({"nod": 12, "shake": 12}, part=lambda i: "test" if i < 3 else "train", **options)
    if options.get("subjects") == 24:
        index.clips["subject"] = index.clips["part"] + index.clips["subject"]
    found = choose(index)
    assert roles(found)["test"] == 6
    assert found.reason.startswith(said)


@pytest.mark.parametrize(
    ("tested", "said"),
    [
        (("nod", "shake"), "the list has all clips of every class in the part test, so there is nothing to train on"),
        (("shake",), "the list has all clips of the class 'shake' in the part test, so there is nothing to train on"),
    ],
)
def test_a_list_that_leaves_nothing_to_train_on(choose: Choose, tested: tuple[str, ...], said: str) -> None:
    index = index_of({"nod": 12, "shake": 12}, part=lambda i: "train" if i else "test")
    of_tested = index.clips["label"].map(index.classes).isin(tested)
    index.clips.loc[of_tested, "part"] = "test"
    with pytest.raises(UserError, match=said):
        choose(index)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_few_clips_of_a_class_suffice(choose: Choose, size: int) -> None:
    found = choose(index_of({"nod": 30, "shake": size, "bow": size}))
    own = found.clips.clips
    for role in ("train", "test"):
        assert set(own.loc[own["role"] == role, "class"]) == {0, 1, 2}
    assert (own["role"] == "validation").any()


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({}, "found no labelled clip, expected two classes or more"),
        ({"nod": 9}, "found one class alone, 'nod'"),
        ({"nod": 2, "shake": 1}, "the class 'nod' has 2 clips; the class 'shake' has 1 clip; a class needs 3 clips"),
        ({"nodding": 9, "shaking": 9, "noding": 1}, r"the class 'noding' has 1 clip \(did you mean 'nodding'\?\)"),
    ],
)
def test_what_is_too_little_is_told_at_once(choose: Choose, sizes: Mapping[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose(index_of(sizes, more=5))
