"""What a row that is not its method's default is called: by its profile, and by what departs from that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.method_facts import method_facts
from ssmar_bench.core.run_spec import ENGINE_REVISION, RunSpec
from ssmar_bench.results.record_schema import MethodFacts
from ssmar_bench.results.variants import label_suffixes, variant
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve

LITTLE = """\
extends: micro-motion-12
name: little
profiles:
  little:
    frame_cache.short_side: 30
    clips.size: 24
    clips.mean: [0.45, 0.45, 0.45]
    clips.std: [0.225, 0.225, 0.225]
    backbone.weights: none
    train.epochs: 20
  long: {train.epochs: 55}
"""
LR = {"train.lr": 0.0123}
MANY = {"train.epochs": 7, "train.momentum": 0.85, "train.weight_decay": 0.003, "clips.cutout": 0.3}


@pytest.fixture
def little(tmp_path: Path) -> str:
    path = tmp_path / "little.yaml"
    path.write_text(LITTLE)
    return str(path)


def recorded(benchmark: str, profile: str | None, sets: Mapping[str, Any]) -> tuple[RunSpec, MethodFacts]:
    """A run's spec and what its record says of its method."""
    (row,) = resolve(Grid(benchmark, ["fixmatch"], [0.5], [0], profile=profile, sets=dict(sets))).methods
    config = row.benchmark_config
    spec = RunSpec(
        benchmark=config.name, source=config.source, split="", ratio=0.5, seed=0, method="fixmatch",
        algorithm="fixmatch", revision=1, hyperparameters=row.hyperparameters.model_dump(mode="json"),
        frame_cache=config.frame_cache, clips=config.clips, backbone=config.backbone, train=config.train,
    )  # fmt: skip
    facts = method_facts(spec, "FixMatch", "", (benchmark, ""))
    return spec, MethodFacts.model_validate_json(json.dumps(facts))


@pytest.mark.parametrize(
    ("profile", "sets", "suffix", "text"),
    [
        (None, {}, "", ""),
        ("little", {}, " [little]", "little"),
        ("little", {"train.epochs": 6}, " [little, train.epochs=6]", "little, train.epochs = 6"),
        ("little", MANY, " [little, 4 own settings]", None),
        ("long", {}, " [long]", "long"),
        ("long", LR, " [long, train.lr=0.0123]", "long, train.lr = 0.0123"),
        (None, LR, " [train.lr=0.0123]", "train.lr = 0.0123"),
        (None, {"train.epochs": 7}, " [train.epochs=7]", "train.epochs = 7"),
        (None, {"train.epochs": 55}, " [long]", "long"),  # the same run, however it was asked for
        (None, MANY, " [4 own settings]", None),
    ],
)
def test_a_row_of_a_profile_is_called_by_it(
    profile: str | None, sets: dict[str, Any], suffix: str, text: str | None, little: str
) -> None:
    spec, facts = recorded(little, profile, sets)
    defaults = {variant(spec)} if facts.is_default() else set()
    assert [*label_suffixes([(variant(spec), spec)], defaults, {variant(spec): facts}).values()] == [suffix]
    assert text is None or facts.departures_text == text


def test_profiles_beside_each_other_and_the_defaults_name_what_they_do_not_give(little: str) -> None:
    asked: list[tuple[str | None, dict[str, Any]]] = [
        (None, {}), ("little", {}), ("little", {"train.epochs": 6}), ("long", {}), ("long", LR)
    ]  # fmt: skip
    rows = [recorded(little, *one) for one in asked]
    facts = {variant(spec): own for spec, own in rows}
    defaults = {name for name, own in facts.items() if own.is_default()}
    found = label_suffixes([(variant(spec), spec) for spec, _ in rows], defaults, facts)
    assert [*found.values()] == ["", " [little]", " [little, train.epochs=6]", " [long]", " [long, train.lr=0.0123]"]
    newer = replace(rows[1][0], engine=99)
    facts[variant(newer)] = facts[variant(rows[1][0])]
    found = label_suffixes([(variant(spec), spec) for spec in (rows[0][0], rows[1][0], newer)], defaults, facts)
    assert [*found.values()] == ["", f" [little, engine={ENGINE_REVISION}]", " [little, engine=99]"]


def test_a_record_that_knows_of_no_profile_counts_its_settings(little: str) -> None:
    spec, facts = recorded(little, "little", {})
    older = facts.model_copy(update={"profile": "", "beyond_profile": {}})
    assert [*label_suffixes([(variant(spec), spec)], set(), {variant(spec): older}).values()] == [" [3 own settings]"]
