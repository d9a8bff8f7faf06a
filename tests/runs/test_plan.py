"""What a grid consists of, and what a plan says of it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssmar_bench import api
from ssmar_bench.core import processes
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import read_method_set
from ssmar_bench.core.processes import default_jobs, default_workers
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import expected_seconds, plan_runs, steps_of
from ssmar_bench.runs.resolve import resolve
from tests.conftest import METHODS, folder_of


def test_a_part_of_the_grid_is_a_balanced_table(tiny: Path, known: Any) -> None:
    table = plan_runs(resolve(Grid(str(tiny), ["supervised", "aplt"], [0.25, 0.5], [0, 1])), known.index)
    assert [(planned_run.spec.seed, planned_run.spec.ratio, planned_run.spec.method) for planned_run in table] == [
        (seed, ratio, method) for seed in (0, 1) for ratio in (0.25, 0.5) for method in ("supervised", "aplt")
    ]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("seeds", ["a"], "whole numbers"),
        ("seeds", [0.5], "whole numbers"),
        ("seeds", 5, "whole numbers"),
        ("ratios", "0.5", "numbers"),
        ("ratios", [None], "numbers"),
    ],
)
def test_ratios_and_seeds_of_a_script_are_numbers(tiny: Path, name: str, given: Any, expected: str) -> None:
    with pytest.raises(UserError) as error:
        Grid(str(tiny), ["supervised"], **{name: given})
    assert str(error.value) == f"Grid({name}={given!r}): expected a list of {expected}."


def test_ratios_and_seeds_may_be_arrays(tiny: Path) -> None:
    grid = Grid(str(tiny), ["supervised"], np.array([0.5]), np.arange(2))  # type: ignore[arg-type]
    assert grid == Grid(str(tiny), ["supervised"], [0.5], [0, 1])
    assert len(resolve(grid).methods) == 1


def test_at_ratio_1_methods_that_need_unlabelled_clips_are_skipped_with_the_reason(known: Any) -> None:
    assert known.planned_runs["supervised", 1.0].skip == ""
    assert known.planned_runs["supervised", 1.0].split.unlabelled == ()
    for method in ("fixmatch", "aplt"):
        reason = f"{method} needs unlabelled clips, and at ratio 1 there are none"
        assert known.planned_runs[method, 1.0].skip == reason
        assert known.planned_runs[method, 1.0].state(Path("nowhere")) == "skipped"


@pytest.mark.slow
def test_at_ratio_1_the_supervised_run_is_trained_and_the_others_leave_no_folder(trained: Any) -> None:
    folders = {path.name for path in (trained.out / "runs").iterdir()}
    assert len(folders) == 4
    assert folder_of(trained.out, "supervised", 100).name in folders
    why = "fixmatch needs unlabelled clips, and at ratio 1 there are none; likewise aplt."
    assert f"    note  2 of 6 runs are skipped: {why}" in trained.output.err.splitlines()


def test_where_a_run_is_executed_is_no_part_of_its_identity(known: Any) -> None:
    spec = known.planned_runs["aplt", 0.5].spec
    assert str(tempfile.gettempdir()) not in json.dumps(spec.to_json())
    assert replace(spec, seed=1).identity() != spec.identity()
    assert spec.folder() == f"tiny-motion_aplt_r50_s0_{spec.identity()}"


def test_every_change_of_what_is_run_changes_the_identity(tiny: Path, known: Any) -> None:
    def identity(**sets: Any) -> str:
        grid = Grid(
            str(tiny), ["aplt"], [0.5], [0], sets={key.replace("__", "."): value for key, value in sets.items()}
        )
        return plan_runs(resolve(grid), known.index)[0].spec.identity()

    changed = [
        identity(),
        identity(train__lr=0.01),
        identity(aplt__weight=2.0),
        identity(clips__flip=False),
        identity(frame_cache__candidates=3),
        identity(backbone__input="rgb"),
    ]
    assert changed[0] == replace(known.planned_runs["aplt", 0.5].spec, pixels="").identity()
    assert changed[0] != known.planned_runs["aplt", 0.5].spec.identity()
    assert len(set(changed)) == len(changed)


def test_where_a_file_of_weights_is_is_no_part_of_the_identity(
    tiny: Path, known: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    paths = [tmp_path / "w.pth", tmp_path / "elsewhere" / "w.pth"]
    for path in paths:
        path.write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    found = []
    for word in ("w.pth", "./w.pth", str(paths[0]), "elsewhere/w.pth"):
        grid = Grid(str(tiny), ["supervised"], [0.5], [0], backbone="tsn:resnet18", sets={"backbone.weights": word})
        found += plan_runs(resolve(grid), known.index)
    assert len({planned_run.spec.folder() for planned_run in found}) == 1
    assert found[0].spec.backbone.weights == "w.pth"
    assert [planned_run.weights for planned_run in found] == [str(path) for path in (*[paths[0]] * 3, paths[1])]
    paths[1].write_bytes(b"other weights")
    assert plan_runs(resolve(grid), known.index)[0].spec.identity() != found[0].spec.identity()
    assert known.planned_runs["supervised", 0.5].weights == ""


def test_a_seed_or_ratio_given_twice_is_one(tiny: Path) -> None:
    grid = Grid(str(tiny), ["supervised"], [0.5, 0.50, 0.25], [0, 1, 0])
    assert (grid.ratios, grid.seeds) == ([0.5, 0.25], [0, 1])


@pytest.mark.slow
def test_a_plan_estimates_from_finished_runs(trained: Any, tiny: Path, tmp_path: Path) -> None:
    execution = api.Execution(trained.out, {}, jobs=1)
    first, second, other = api.plan(api.Grid(str(tiny), ["supervised", "aplt", "supervised-strong"]), execution)
    assert [entry.state for entry in (first, second, other)] == ["done", "done", "missing"]
    assert other.seconds > 0  # guessed by the others, as its views are
    longer = api.plan(api.Grid(str(tiny), METHODS, sets={"train.epochs": 24}), execution)
    assert [entry.state for entry in longer] == ["missing"] * 3
    assert steps_of(longer[0].planned_run) == 24 * 5
    assert longer[1].seconds > 0
    assert first.seconds is not None
    assert longer[0].seconds == pytest.approx(2 * first.seconds)
    assert api.expected_seconds(longer, execution) == (pytest.approx(sum(entry.seconds or 0 for entry in longer)), 0)  # type: ignore[comparison-overlap]
    assert api.expected_seconds([first, other], execution) == (pytest.approx(other.seconds), 0)  # type: ignore[comparison-overlap]
    assert expected_seconds([first, second], execution) == (0, 0)
    two = replace(execution, jobs=2)
    assert api.expected_seconds(longer, two)[0] == pytest.approx(sum(entry.seconds or 0 for entry in longer) / 2)


def test_as_many_runs_side_by_side_as_the_cores_carry() -> None:
    assert default_jobs(1) >= 1
    assert default_jobs(10_000) == 1


@pytest.mark.parametrize(
    ("device", "cores", "jobs", "workers"),
    [("cpu", 16, 1, 0), ("cuda", 16, 4, 3), ("cuda:1", 64, 1, 8), ("cuda", 1, 1, 0), ("cuda", 2, 8, 0)],
)
def test_the_cores_that_a_gpu_leaves_make_its_batches(
    monkeypatch: pytest.MonkeyPatch, device: str, cores: int, jobs: int, workers: int
) -> None:
    monkeypatch.setattr(processes, "cores", lambda: cores)
    assert default_workers(device, jobs) == workers


def test_a_check_needs_no_data(tiny: Path) -> None:
    with pytest.raises(UserError, match="aplt needs a longer run"):
        resolve(Grid(str(tiny), ["aplt"], sets={"train.epochs": 3}))
    with pytest.raises(UserError, match=r"Unknown backbone 'micro-tsn' .*; did you mean 'micro-tsm'"):
        resolve(Grid(str(tiny), ["supervised"], backbone="micro-tsn"))
    resolve(Grid(str(tiny), ["supervised"], backbone="tsm:resnet18", sets={"backbone.weights": "imagenet"}))


def test_a_network_that_a_method_cannot_use_is_reported_before_anything_is_prepared(tiny: Path) -> None:
    resolve(Grid(str(tiny), ["svformer"]))
    with pytest.raises(UserError, match="svformer needs a network that is made of patch tokens, as micro-tsm is not"):
        resolve(Grid(str(tiny), ["supervised", "svformer"], backbone="micro-tsm"))
    with pytest.raises(UserError, match="patches of 16 x 16; 40 is no multiple"):
        resolve(
            Grid(
                str(tiny),
                ["supervised"],
                backbone="timesformer-base",
                sets={"clips.size": 40, "frame_cache.short_side": 40},
            )
        )
    resolve(
        Grid(
            str(tiny),
            ["svformer", "fixmatch"],
            backbone="timesformer-base",
            sets={"clips.size": 32, "frame_cache.short_side": 36},
        )
    )
    with pytest.raises(UserError, match="'timesformer-micro' has no imagenet weights"):
        resolve(Grid(str(tiny), ["svformer"], sets={"backbone.weights": "imagenet"}))
    resolve(Grid("ma-12", ["svformer"]))


@pytest.mark.parametrize(
    ("knob", "value", "fault"),
    [
        ("amplitud", 1.0, "unknown option; did you mean 'amplitude'?"),
        ("train_clips", 48.5, "expected a whole number, not 48.5"),
        ("size", 33, "size is 33, expected an even number"),
    ],
)
def test_a_benchmark_configs_options_are_checked(known: Any, knob: str, value: float, fault: str) -> None:
    source = known.benchmark_config.source.model_copy(update={"options": {knob: value}})
    with pytest.raises(UserError) as error:
        prepare_data.source_root(known.benchmark_config.model_copy(update={"source": source}), {})
    assert fault in str(error.value)


def test_a_folder_of_another_difficulty_does_not_get_the_benchmark_configs_name(known: Any) -> None:
    assert prepare_data.source_root(known.benchmark_config, {"micro-motion": known.root}) == known.root
    source = known.benchmark_config.source
    other = source.model_copy(update={"options": {**source.options, "amplitude": 2.0}})
    with pytest.raises(UserError, match=r"rendered with amplitude=1.0, but tiny-motion says amplitude=2.0"):
        prepare_data.source_root(
            known.benchmark_config.model_copy(update={"source": other}), {"micro-motion": known.root}
        )


def test_a_set_of_methods_is_planned_as_its_rows(tiny: Path) -> None:
    names = [row.method_config.name for row in resolve(Grid(str(tiny), ["table1", "aplt-literal"])).methods]
    assert names == [*read_method_set("table1").methods, "aplt-literal"]


def test_semilearns_reading_of_a_method_can_be_asked_for(tiny: Path) -> None:
    def hyperparameters(**sets: Any) -> dict[str, Any]:
        sets = {f"uda.{key}": value for key, value in sets.items()}
        (row,) = resolve(Grid(str(tiny), ["uda"], sets=sets)).methods
        return row.hyperparameters.model_dump()

    paper, semilearn = hyperparameters(), hyperparameters(as_semilearn=True)
    assert hyperparameters(as_semilearn=False) == paper
    assert semilearn == paper | {"temperature": 1.0, "tsa_by": "confidence"}
    assert hyperparameters(as_semilearn=True, temperature=0.7) == semilearn | {"temperature": 0.7}


@pytest.mark.parametrize(
    ("method", "value", "words"),
    [
        ("uda", "yes", "expected true or false"),
        ("fixmatch", True, "the method config of fixmatch has no section as_semilearn"),
    ],
)
def test_semilearns_reading_where_there_is_none_is_an_error(tiny: Path, method: str, value: Any, words: str) -> None:
    with pytest.raises(UserError, match=words) as error:
        resolve(Grid(str(tiny), [method], sets={f"{method}.as_semilearn": value}))
    assert f"--set {method}.as_semilearn={value}" in str(error.value)
