"""A run whose method restarts: what begins anew, and what a run that is stopped around a restart ends as."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.lr_schedule import CosineSchedule, check_restarts
from ssmar_bench.training.train import Trainer

from .test_resume import produced

EPOCHS = 4  # one for each generation of Noisy Student


@pytest.fixture(scope="session")
def trainer(tiny: Path, shared: Path) -> Callable[[Path], Trainer]:
    resolved = resolve(Grid(str(tiny), ["noisy-student"], [0.5], [0], sets={"train.epochs": EPOCHS}))
    index = prepare_data.prepare_source(resolved.benchmark_config, {}, 1, ignore_events)
    (planned_run,) = plan_runs(resolved, index)
    with FileLock(shared / "frame_cache.lock"):
        cache = prepare_data.prepare_frame_cache(resolved.benchmark_config, index, planned_run.split, 1, ignore_events)

    def make(folder: Path) -> Trainer:
        split = planned_run.split.with_opaque_ids()
        return Trainer(planned_run.spec, split, Launch(str(cache)), RunFolder(folder), ignore_events)

    return make


def test_each_part_of_a_schedule_is_a_whole_cosine() -> None:
    plain, parts = CosineSchedule(0.1, 6, 10), CosineSchedule(0.1, 6, 10, [2, 3])
    assert [plain.rate(step) for step in range(60)] == [
        0.1 * 0.5 * (1 + math.cos(math.pi * step / 60)) for step in range(60)
    ]
    assert [parts.rate(step) for step in (0, 20, 30)] == [0.1] * 3
    for first, epochs in ((0, 2), (20, 1), (30, 3)):
        own = CosineSchedule(0.1, epochs, 10)
        assert [parts.rate(first + step) for step in range(10 * epochs)] == [own.rate(s) for s in range(10 * epochs)]
    assert [parts.began(step) for step in (0, 19, 20, 29, 30, 59)] == [0, 0, 20, 20, 30, 30]


@pytest.mark.parametrize("epochs", [[0], [4], [2, 2], [3, 1], [-1]])
def test_restarts_outside_a_run_are_refused(epochs: list[int]) -> None:
    with pytest.raises(ValueError, match="which must rise and lie from 1 to 3"):
        check_restarts(epochs, 4)


def test_they_are_refused_before_anything_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    from ssmar_bench.algorithms.supervised import Supervised

    monkeypatch.setattr(Supervised, "restarts", lambda _, epochs: [epochs])
    with pytest.raises(UserError, match=r"restarts\(\) gives the epochs \[20\], which must rise"):
        resolve(Grid("micro-motion-12", ["supervised"]))


def test_optimiser_averages_and_rate_begin_anew(
    trainer: Callable[[Path], Trainer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(tmp_path)
    step, seen = one.one_step, []

    def look() -> Any:
        live = [p for p in one.method.parameters() if p.requires_grad]
        before = [p.detach().clone() for p in live]
        fresh = not one.optimiser.state and all(a.equal(b) for a, b in zip(one.averaged.shadow, live, strict=True))
        first = fresh and all(a.equal(b) for a, b in zip(before, one.method.initial.parameters(), strict=True))
        losses = step()
        seen.append((one.optimiser.param_groups[0]["lr"], first))
        return losses

    monkeypatch.setattr(one, "one_step", look)
    for _ in range(EPOCHS):
        one.epoch()
    each = one.data.steps_per_epoch
    assert [at for at, (_, first) in enumerate(seen) if first] == [0, each, 2 * each, 3 * each]
    assert [rate for rate, _ in seen] == [one.schedule.rate(at) for at in range(each)] * EPOCHS
    assert one.schedule.rate(each) == one.settings.lr > 5 * one.schedule.rate(each - 1)
    assert int(one.method.state_dict()["generation"]) == 3


@pytest.mark.slow
def test_a_run_that_is_stopped_around_its_restarts_equals_an_uninterrupted_one(
    trainer: Callable[[Path], Trainer], tmp_path: Path
) -> None:
    trainer(tmp_path / "whole").run()
    for _ in range(EPOCHS):
        lost = trainer(tmp_path / "stopped")
        lost.resume()
        lost.epoch()  # through the restart, and never saved
        one = trainer(tmp_path / "stopped")
        one.resume()
        one.epoch()
        one.save()
    trainer(tmp_path / "stopped").run()
    whole, stopped = produced(tmp_path / "whole"), produced(tmp_path / "stopped")
    assert sorted(whole) == sorted(stopped)
    for name, content in whole.items():
        assert stopped[name] == content, name
