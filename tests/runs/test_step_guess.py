"""A plan knows a time for every method: weighted by views, from other methods or from one timed step."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ssmar_bench import api
from ssmar_bench.cli.grid_texts import busy_text
from ssmar_bench.core.contract import View, Views
from ssmar_bench.runs import step_guess, step_timing
from ssmar_bench.runs.plan import steps_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Real

BENCHMARK = "micro-motion-12"


@pytest.mark.parametrize(
    ("views", "unlabelled", "count"),
    [
        (Views({"weak": View("weak")}), True, 3),
        (Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("strong")}), True, 7),
        (Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("strong")}), False, 3),
        (Views({"weak": View("weak")}, {"weak": View("weak"), "second": View("weak")}), True, 9),
        (Views({"weak": View("weak", frames=4)}), True, 1.5),
    ],
    ids=["labelled only", "weak to strong", "no unlabelled clip", "two weak views", "half of the frames"],
)
def test_views_are_weighed(views: Views, unlabelled: bool, count: float) -> None:
    assert step_guess.passes(views, 8, unlabelled) == count


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A step takes 0.7 seconds; the networks that were timed."""
    found: list[str] = []

    def time_step(config: api.BenchmarkConfig, _: str) -> float:
        found.append(config.backbone.name)
        return 0.7

    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(step_guess, "time_step", time_step)
    return found


def seconds_a_step(methods: list[str], out: Path) -> dict[str, tuple[float, str]]:
    plan = api.plan(api.Grid(BENCHMARK, methods, [0.5], [0]), api.Execution(out))
    return {
        one.planned_run.spec.method: (round((one.seconds or 0) / steps_of(one.planned_run), 3), one.guess)
        for one in plan
    }


class Waiting(torch.nn.Linear):
    """A network that waits for its turn on a busy machine."""

    def forward(self, clips: torch.Tensor) -> Any:
        time.sleep(2.0)
        return SimpleNamespace(logits=super().forward(clips.flatten(1)[:, :4]))


def test_a_step_on_a_busy_cpu_is_not_taken_for_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_timing, "build_backbone", lambda *_: Waiting(4, 12))
    config = api.resolve(api.Grid(BENCHMARK, ["supervised"], device="cpu")).benchmark_config
    assert step_timing.time_step(config, "cpu") < 2.0


@pytest.mark.parametrize(
    ("device", "load", "said"),
    [
        ("cpu", 0.5, ""),
        ("cpu", 9.2, "This machine is busy (load 9 on 2 cores), so it may take longer."),
        ("cuda", 9.2, ""),
    ],
)
def test_a_plan_says_where_the_machine_is_busy(
    monkeypatch: pytest.MonkeyPatch, device: str, load: float, said: str
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert busy_text(device) == said


def test_one_step_of_each_network_is_timed_once_and_remembered(timed: list[str], tmp_path: Path) -> None:
    found = seconds_a_step(["supervised", "fixmatch", "mixmatch"], tmp_path / "out")
    assert found == {
        "supervised": (0.3, "a timed step"), "fixmatch": (0.7, "a timed step"), "mixmatch": (0.9, "a timed step"),
    }  # fmt: skip
    assert timed == ["micro-tsm"]
    assert seconds_a_step(["uda", "supervised-r3d"], tmp_path / "out")["uda"] == (0.7, "a timed step")
    assert timed == ["micro-tsm", "micro-r3d"]
    (broken, _) = (tmp_path / "cache" / step_guess.FOLDER).glob("*.json")
    broken.write_text("{")
    seconds_a_step(["uda", "supervised-r3d"], tmp_path / "out")
    assert len(timed) == 3


def test_a_step_that_fails_is_of_unknown_time(
    timed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> float:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(step_guess, "time_step", fails)
    (entry,) = api.plan(api.Grid(BENCHMARK, ["fixmatch"], [0.5], [0]), api.Execution(tmp_path))
    assert (entry.seconds, entry.guess) == (None, "")


def test_runs_of_other_methods_tell_more_than_a_timed_step(timed: list[str], tmp_path: Path) -> None:
    Real("supervised", ratio=0.5, seed=1).write(tmp_path)
    found = seconds_a_step(["supervised", "fixmatch"], tmp_path)
    own = found["supervised"]
    assert own[1] == ""
    assert own[0] > 0
    seconds, guess = found["fixmatch"]
    assert guess == "other methods"
    assert seconds == pytest.approx(own[0] * 7 / 3, abs=0.002)
    assert timed == []
