"""A plan says whether loading or the device will be the limit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from ssmar_bench.cli.grid_texts import data_texts
from ssmar_bench.clips.augmentations import Strong
from ssmar_bench.core.contract import View, Views
from ssmar_bench.runs import step_data as measuring
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan, steps_of
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.runs.step_data import StepData, making_seconds, step_data
from ssmar_bench.runs.step_guess import TIMED


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (StepData("aplt", 0.25, 0, None), "the training process will make them; what else a step takes is not known"),
        (StepData("aplt", 0.25, 0, 0.5), "the training process will make them: 50 % of a step (500 ms)."),
        (StepData("aplt", 0.25, 2, 0.02), "2 workers will make them; a step takes 20 ms: loading will be the limit"),
        (StepData("aplt", 0.25, 2, 0.2), "2 workers will make them; a step takes 200 ms: the device will be the limit"),
        (StepData("aplt", 0.25, 1, 0.2), "1 worker will make them; a step takes 200 ms: loading will be the limit"),
    ],
)
def test_what_is_said(data: StepData, told: str) -> None:
    (sentence,) = data_texts([StepData("supervised", 0.1, data.workers, data.step), data])
    assert sentence.startswith("A step's clips take 250 ms of a core (aplt), and ")
    assert told in sentence


def test_nothing_is_said_where_nothing_is_trained(tiny: Path, tmp_path: Path) -> None:
    resolved = resolve(Grid(str(tiny), ["supervised"], [0.5], [0]))
    execution = Execution(tmp_path, overwrite="only-cache")
    assert step_data(resolved, execution, plan(resolved, execution)) == []
    assert data_texts([]) == []


def test_each_method_is_measured_with_its_own_views(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []

    def taken(_: object, views: Views) -> float:
        asked.append({view.aug for view in views})
        return float(len(asked))

    monkeypatch.setattr(measuring, "making_seconds", taken)
    resolved = resolve(Grid(str(tiny), ["supervised", "fixmatch"], [0.5], [0]))
    execution = Execution(tmp_path, workers=3)
    found = step_data(resolved, execution, plan(resolved, execution))
    assert found == [StepData("supervised", 1, 3, None), StepData("fixmatch", 2, 3, None)]
    assert asked == [{"weak"}, {"weak", "strong"}]


def test_a_step_that_was_timed_without_clips_is_no_step_of_a_run(tiny: Path, tmp_path: Path) -> None:
    resolved = resolve(Grid(str(tiny), ["supervised"], [0.5], [0]))
    execution = Execution(tmp_path)
    planned = [replace(entry, seconds=60.0, guess=TIMED) for entry in plan(resolved, execution)]
    assert [one.step for one in step_data(resolved, execution, planned)] == [None]
    known = [replace(entry, guess="") for entry in planned]
    assert [one.step for one in step_data(resolved, execution, known)] == [60.0 / steps_of(known[0].planned_run)]


def test_what_a_device_does_is_no_time_of_loading(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def pixels(_: Strong, clip: Tensor, *__: object) -> Tensor:
        made.append(clip)
        return clip

    monkeypatch.setattr(Strong, "pixels", pixels)
    for on_device in (False, True):
        grid = Grid(str(tiny), ["fixmatch"], sets={"train.augment_on_device": on_device})
        made.clear()
        making_seconds(resolve(grid).methods[0].benchmark_config, Views({"x": View("weak")}, {"y": View("strong")}))
        assert bool(made) is not on_device


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_views_are_made_as_in_a_run(tiny: Path, encoding: str) -> None:
    (method,) = resolve(Grid(str(tiny), ["fixmatch"], sets={"frame_cache.encoding": encoding})).methods
    assert making_seconds(method.benchmark_config, Views({"x": View("weak")}, {"y": View("strong")})) > 0
