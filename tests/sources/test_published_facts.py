"""The facts of the sources, which are YAML files: whole, consistent, and checked when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.sources import SOURCES, published_facts
from ssmar_bench.sources.published_facts import PUBLISHED, PublishedFacts, read_facts

WITH_OWNERS = ["ma52", "imigue", "smg", "ucf101", "hmdb51"]
FILE = """\
clips: {train: 3, test: 2}
hidden: [test]
columns: [name, train, test]
classes:
  0: [nodding, 2, 1]
  1: [shaking head, 1, 1]
"""


def facts_of(name: str) -> PublishedFacts:
    found = published_facts(name)
    assert found is not None
    return found


def test_every_file_is_of_a_source_that_has_owners() -> None:
    assert [name for name, source in SOURCES.items() if source.facts] == WITH_OWNERS
    assert {path.name for path in PUBLISHED.iterdir()} == {SOURCES[name].facts for name in WITH_OWNERS}


@pytest.mark.parametrize("name", WITH_OWNERS)
def test_counts_add_up_in_every_release(name: str) -> None:
    facts = facts_of(name)
    for release in (facts, *facts.variants.values()):
        for part, counts in release.counts.items():
            rounding = 0 if release.exact else 1  # iMiGUE's percentages
            assert abs(sum(counts.values()) - release.clips[part]) <= rounding
            assert list(counts) == list(facts.names)
        assert bool(release.counts) == (name != "ucf101")
    for part, counts in facts.hidden_counts.items():
        assert sum(counts.values()) == facts.clips[part]
        assert part not in facts.counts
    assert set(facts.groups) in (set(), set(facts.names))


def test_known_figures() -> None:
    ma52, imigue, ucf101 = facts_of("ma52"), facts_of("imigue"), facts_of("ucf101")
    assert (len(ma52.names), ma52.names[9], ma52.groups[9], ma52.counts["train"][9]) == (52, "nodding", "head", 1283)
    assert ma52.hidden_counts["test"][31] == 198
    assert (sum(imigue.clips.values()), sum(imigue.counts["test"].values())) == (18499, 4563)
    assert (imigue.exact, imigue.variants["miga"].exact) == (False, True)
    assert {*imigue.names} == {*imigue.groups} == {*range(1, 32), 99}
    assert [one.clips["train"] for one in ucf101.variants.values()] == [9537, 9586, 9624]
    assert sum(ucf101.clips.values()) == 13320
    assert facts_of("hmdb51").names[50] == "wave"


def test_the_official_subjects() -> None:
    parts = facts_of("imigue").part_subjects
    assert (len(parts["train"]), len(parts["test"])) == (37, 35)
    assert sorted(parts["train"] + parts["test"]) == list(range(1, 73))
    assert [n for subjects in facts_of("smg").part_subjects.values() for n in subjects] == list(range(1, 41))


def test_the_test_counts_of_imigue_follow_from_its_totals() -> None:
    """Total minus MiGA's train and validation, brought to the size of the test part by largest remainder."""
    facts = facts_of("imigue")
    of_miga = facts.variants["miga"].counts
    totals = {label: facts.counts["train"][label] + facts.counts["test"][label] for label in facts.names}
    rest = {label: totals[label] - of_miga["miga-train"][label] - of_miga["miga-val"][label] for label in totals}
    exact = {label: count * facts.clips["test"] / sum(rest.values()) for label, count in rest.items()}
    test = {label: int(count) for label, count in exact.items()}
    for label in sorted(exact, key=lambda k: (test[k] - exact[k], k))[: facts.clips["test"] - sum(test.values())]:
        test[label] += 1
    assert facts.counts["test"] == test


def test_a_plugins_file_is_read_from_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(FILE)
    facts = read_facts(tmp_path / "mine.yaml")
    assert facts.counts == {"train": {0: 2, 1: 1}}
    assert facts.hidden_counts == {"test": {0: 1, 1: 1}}
    assert (facts.names, facts.groups, facts.variants) == ({0: "nodding", 1: "shaking head"}, {}, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("train: 3", "train: many", r"mine.yaml:1: clips.train: input should be a valid integer"),
        ("hidden", "secret", r"mine.yaml:2: secret: unknown key"),
        ("1, 1]", "1]", r"mine.yaml:6: expected name, train, test of class 1, .* found \['shaking head', 1\]"),
        (
            "head, 1",
            "head, one",
            r"mine.yaml:6: .* whole numbers for the parts, found \['shaking head', 'one', 1\]",
        ),
        ("[name, train", "[title, train", r"mine.yaml:5: expected title, train, test of class 0"),
    ],
)
def test_a_wrong_value_is_reported_where_it_is(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in FILE
    (tmp_path / "mine.yaml").write_text(FILE.replace(old, new))
    with pytest.raises(UserError, match=said):
        read_facts(tmp_path / "mine.yaml")
