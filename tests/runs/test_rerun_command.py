"""The command that trains a recorded run again has that run's settings."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.benchmark_config import SourceConfig
from ssmar_bench.core.config_layers import parse_set
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.rerun_command import rerun_command
from ssmar_bench.runs.resolve import resolve

RESULTS = Path(__file__).parents[2] / "results"


def committed() -> list[RunSpec]:
    """One run of each method and setting that is in results/."""
    specs = [spec for _, spec in sorted(load_runs(RESULTS).specs.items())]
    return [*{(spec.benchmark, spec.method, str(spec.train)): spec for spec in specs}.values()]


def options(words: str) -> dict[str, Any]:
    head, *rest = shlex.split(words.removeprefix("ssmar-bench "))
    assert head == "run"
    pairs = [*zip(rest[::2], rest[1::2], strict=True)]
    return {**dict(pairs), "--set": dict(parse_set(value) for option, value in pairs if option == "--set")}


def settings(spec: RunSpec) -> dict[str, Any]:
    """Of the run that the command of ``spec`` trains."""
    said = options(rerun_command(spec))
    (row,) = resolve(Grid(said["--benchmark"], [said["--methods"]], sets=said["--set"])).methods
    sections = {name: getattr(row.benchmark_config, name) for name in ("frame_cache", "clips", "backbone", "train")}
    return {**sections, "hyperparameters": row.hyperparameters.model_dump(mode="json")}


def assert_has_the_settings(spec: RunSpec) -> None:
    """A hyper-parameter that came after the record has its default, which is what was done before."""
    for name, value in settings(spec).items():
        recorded = getattr(spec, name)
        known = {key: value[key] for key in recorded} if name == "hyperparameters" else value
        assert known == recorded, name


@pytest.mark.parametrize("spec", committed(), ids=lambda spec: spec.folder())
def test_of_every_record(spec: RunSpec) -> None:
    assert_has_the_settings(spec)
    said = options(rerun_command(spec))
    assert (float(said["--ratios"]), int(said["--seeds"])) == (spec.ratio, spec.seed)


def test_of_a_run_with_settings_of_its_own() -> None:
    spec = next(spec for spec in committed() if spec.method == "aplt")
    changed = replace(
        spec,
        clips=spec.clips.model_copy(update={"mean": (0.4, 0.5, 0.6), "per_frame": True}),
        backbone=spec.backbone.model_copy(update={"name": "tsn:resnet18", "weights": "a file.pth"}),
        hyperparameters={**spec.hyperparameters, "warm_up": "1/3", "unit_clustering": False},
    )
    said = options(rerun_command(changed))["--set"]
    assert {*said} == {
        "clips.mean", "clips.per_frame", "backbone.name", "backbone.weights", "aplt.warm_up", "aplt.unit_clustering",
    }  # fmt: skip
    assert_has_the_settings(changed)


def test_what_only_its_owner_has() -> None:
    spec = replace(committed()[0], benchmark="mine", method="ours", source=SourceConfig(name="ma52"), device="cuda")
    said = options(rerun_command(spec))
    assert (said["--benchmark"], said["--methods"]) == ("BENCHMARK.yaml", "METHOD.yaml")
    assert (said["--data"], said["--device"]) == ("ma52=FOLDER", "cuda")
