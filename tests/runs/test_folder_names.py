"""What departs from a benchmark's defaults is in the folder's name; by whatever name a run is found again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.core.method_facts import method_facts
from ssmar_bench.core.run_names import identity_in
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.rerun_command import departures
from ssmar_bench.runs.resolve import resolve
from tests.conftest import Finished, Trained

Call = Callable[..., Finished]


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        ({}, ""),
        ({"profile": "smoke"}, "smoke"),
        ({"profile": "Smoke", "sets": {"train.epochs": 7}}, "smoke_epochs-7"),
        ({"sets": {"train.epochs": 7}}, "epochs-7"),
        ({"sets": {"train.epochs": 12}}, ""),  # what the benchmark says anyway
        ({"sets": {"aplt.weight": 2.0}}, "weight-2"),
        ({"backbone": "micro-r3d"}, "micro-r3d"),
    ],
)
def test_a_row_knows_what_departs(tiny: Path, asked: dict[str, Any], note: str) -> None:
    (row,) = resolve(Grid(str(tiny), ["aplt"], **asked)).methods
    assert row.note == note


def test_overrides_of_a_method_config_are_the_methods_defaults(tiny: Path) -> None:
    rows = resolve(Grid(str(tiny), ["aplt-per-frame", "supervised-r3d"])).methods
    assert [row.note for row in rows] == ["", ""]


@pytest.mark.parametrize(
    "words",
    [
        ["--profile", "smoke", "--set", "train.lr=0.033"],
        ["--config", "grid.yaml"],
    ],
    ids=["options", "a grid in a file"],
)
def test_the_plan_says_the_folder(
    words: list[str], tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("grid.yaml").write_text("profile: smoke\nset: {train.lr: 0.033}\n", encoding="utf-8")
    ended = call("run", "-b", tiny, "-m", "aplt", "--seeds", "4", "-o", tmp_path, "--plan", "--json", *words)
    (run,) = json.loads(ended.out)["runs"]
    assert run["run"].startswith("tiny-motion_aplt_r50_s4_smoke_lr-0.033_")


@pytest.fixture
def departing(trained: Trained, tiny: Path, tmp_path: Path, call: Call) -> Path:
    """A run of one epoch beside a run of the defaults."""
    out = trained.copy(tmp_path / "out", "supervised")
    ended = call("run", "-b", tiny, "-m", "supervised", "-o", out, "--set", "train.epochs=1", "-q")
    assert ended.status == 0, ended.err
    return out


@pytest.mark.slow
def test_a_departing_run_is_found_by_every_command(departing: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    plain, name = sorted((path.name for path in (departing / "runs").iterdir()), key=lambda name: "epochs" in name)
    short = name.rpartition("_")[0]
    assert short == "tiny-motion_supervised_r50_s0_epochs-1"
    for word, meant in ((short, name), (name, name), (name.upper(), name), (short.removesuffix("_epochs-1"), plain)):
        assert api.load_model(word, departing).run == meant
    assert name in call("runs", "list", "--results", departing).out
    shown = call("runs", "show", short, "--results", departing)
    assert shown.out.splitlines()[0] == name
    assert call("runs", "verify", short, "--results", departing, "-b", tiny).status == 0

    again = ("run", "-b", tiny, "-m", "supervised", "--set", "train.epochs=1", "-o", departing)
    assert f" cached  {short}\n" in call(*again, "--verbose").err
    published = call("results", "publish", departing, "--to", tmp_path / "archive")
    assert published.status == 0, published.err
    assert set(api.results(tmp_path / "archive")["folder"]) == {plain, name}
    assert call("results", "check", tmp_path / "archive").status == 0
    assert call("runs", "rm", short, "--results", departing, "-y").status == 0
    assert [path.name for path in (departing / "runs").iterdir()] == [plain]


@pytest.mark.slow
@pytest.mark.parametrize("note", ["", "_epochs-7", "_of-a-config-of-before"])
def test_a_run_is_not_trained_again_because_its_name_says_something_else(
    note: str, departing: Path, tiny: Path, call: Call
) -> None:
    (folder,) = (departing / "runs").glob("*_epochs-1_*")
    other = folder.with_name(f"tiny-motion_supervised_r50_s0{note}_{identity_in(folder.name)}")
    folder.rename(other)
    ended = call("run", "-b", tiny, "-m", "supervised", "-o", departing, "--set", "train.epochs=1", "-v")
    assert f" cached  tiny-motion_supervised_r50_s0{note}\n" in ended.err
    assert not folder.exists()
    assert other.name in set(api.results(departing)["folder"])
    assert api.load_model(folder.name, departing).run == other.name


@pytest.mark.parametrize("method", ["supervised", "supervised-r3d", "aplt-timesformer"])
def test_the_weights_that_a_network_usually_has_are_no_departure(method: str) -> None:
    (row,) = resolve(Grid("micro-motion-12", [method], [0.5], [0])).methods
    config = row.benchmark_config
    spec = RunSpec(
        benchmark=config.name, source=config.source, split="", ratio=0.5, seed=0, method=method,
        algorithm=row.method_config.algorithm, revision=1, hyperparameters=row.hyperparameters.model_dump(mode="json"),
        frame_cache=config.frame_cache, clips=config.clips, backbone=config.backbone, train=config.train,
    )  # fmt: skip
    assert row.note == ""
    assert departures(spec) == {}
    assert method_facts(spec, method, "")["departures"] == {}
    other = replace(spec, backbone=config.backbone.model_copy(update={"weights": "mine.pth"}))
    assert method_facts(other, method, "")["departures"] == {"backbone.weights": "mine.pth"}
