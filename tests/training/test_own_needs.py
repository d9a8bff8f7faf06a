"""Runs of methods with own frames, frame caches, networks and optimisers; and the gradient clipping."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock

from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.run_folder import ENDED, RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.pseudo_label_log import name_of, read_pseudo_label_log
from ssmar_bench.training.train import Trainer

from .test_resume import produced

EPOCHS = 5  # the fewest in which TCL has all its phases


@pytest.fixture(scope="session")
def trainer(tiny: Path, shared: Path) -> Callable[..., Trainer]:
    """Makes a trainer of ``tcl`` or ``ltg`` at 50 % labels, on the frame cache that it needs."""
    grid = Grid(str(tiny), ["tcl", "ltg"], [0.5], [0], sets={"train.epochs": EPOCHS})
    resolved = resolve(grid)
    index = prepare_data.prepare_source(resolved.benchmark_config, {}, os.cpu_count() or 1, ignore_events)
    found = {planned_run.spec.method: planned_run for planned_run in plan_runs(resolved, index)}

    def make(folder: Path, method: str, **train: Any) -> Trainer:
        planned_run = found[method]
        own = resolved.frame_caches[planned_run.spec.frame_cache]
        with FileLock(shared / "frame_cache.lock"):
            frame_cache = prepare_data.prepare_frame_cache(own, index, planned_run.split, 1, ignore_events)
        spec = replace(planned_run.spec, train=planned_run.spec.train.model_copy(update=train))
        return Trainer(
            spec, planned_run.split.with_opaque_ids(), Launch(str(frame_cache)), RunFolder(folder), ignore_events
        )

    return make


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tcl", "ltg"])
def test_a_run_that_is_stopped_equals_an_uninterrupted_one(
    trainer: Callable[..., Trainer], tmp_path: Path, method: str
) -> None:
    trainer(tmp_path / "whole", method).run()
    for _ in range(EPOCHS):
        one = trainer(tmp_path / "stopped", method)
        one.resume()
        one.epoch()
        one.save()
    trainer(tmp_path / "stopped", method).run()
    whole, stopped = produced(tmp_path / "whole"), produced(tmp_path / "stopped")
    assert sorted(whole) == sorted(stopped)
    for name, content in whole.items():
        assert stopped[name] == content, name


def test_a_batch_has_the_clips_that_views_ask_for(trainer: Callable[..., Trainer], tmp_path: Path) -> None:
    tcl = trainer(tmp_path / "tcl", "tcl")
    batch = tcl.data.batch(0, tcl.views)
    assert batch.unlabelled is not None
    assert batch.unlabelled.clips["fast"].shape == batch.unlabelled.clips["slow"].shape == (10, 4, 3, 16, 16)
    ltg = trainer(tmp_path / "ltg", "ltg")
    batch = ltg.data.batch(0, ltg.views)
    assert batch.unlabelled is not None
    still = ((128 / 255) - 0.45) / 0.225
    for name, clips in (batch.labelled.clips | batch.unlabelled.clips).items():
        assert clips.shape == (10, 4, 3, 16, 16)
        if name == "weak_gradient":
            near = (clips - still).abs() < 0.2  # most of a picture stays from frame to frame
            assert 0.5 < near.float().mean() < 1


@pytest.mark.parametrize("longest", [1e-3, 1e6])
def test_a_gradient_is_shortened_to_the_longest_allowed(
    trainer: Callable[..., Trainer], tmp_path: Path, longest: float
) -> None:
    settings = {"weight_decay": 0.0, "momentum": 0.0, "nesterov": False, "lr": 0.5}
    moved = {}
    for name, norm in (("free", 0.0), ("short", longest)):
        one = trainer(tmp_path / name, "ltg", **settings, gradient_clipping=norm)
        before = [parameter.detach().clone() for parameter in one.method.parameters()]
        one.one_step()
        after = list(one.method.parameters())
        moved[name] = torch.cat([(b - a).detach().flatten() for b, a in zip(before, after, strict=True)]) / 0.5
    length = moved["free"].norm().item()
    assert length > 0.01
    if longest > length:
        assert moved["short"].equal(moved["free"])
    else:
        assert moved["short"].norm().item() == pytest.approx(longest, rel=1e-3)
        assert torch.cosine_similarity(moved["short"], moved["free"], dim=0).item() == pytest.approx(1, abs=1e-3)


def test_a_method_s_own_learning_rates_are_the_optimisers(trainer: Callable[..., Trainer], tmp_path: Path) -> None:
    one = trainer(tmp_path / "tcl", "tcl")
    one.one_step()
    classifier = one.method.network.classifier
    for group in one.optimiser.param_groups:
        factor = {id(classifier.weight): 5.0, id(classifier.bias): 10.0}.get(id(group["params"][0]), 1.0)
        assert group["lr"] == factor * one.schedule.rate(0)
        assert group["weight_decay"] == (one.settings.weight_decay if group["params"][0].ndim > 1 else 0.0)
    held = [id(parameter) for group in one.optimiser.param_groups for parameter in group["params"]]
    assert sorted(held) == sorted(id(parameter) for parameter in one.method.parameters() if parameter.requires_grad)


def test_labelled_clips_in_the_pool_are_seen_and_not_logged(trainer: Callable[..., Trainer], tmp_path: Path) -> None:
    """At the end of the pool, without their labels; pseudo-labels are scored on clips that have none alone."""
    usual = trainer(tmp_path / "usual", "tcl")
    one = trainer(tmp_path / "all", "tcl", unlabelled_pool="with_labelled")
    clips, labelled = one.data.unlabelled, len(one.data.rows["labelled"])
    assert len(usual.data.rows["unlabelled"]) == clips
    assert one.data.rows["unlabelled"][:clips].tolist() == usual.data.rows["unlabelled"].tolist()
    assert one.data.rows["unlabelled"][clips:].tolist() == one.data.rows["labelled"].tolist()
    assert one.data.steps_per_epoch == usual.data.steps_per_epoch
    seen = {int(row) for step in range(one.steps) for row in one.data.slots("unlabelled", step)}
    assert seen == set(range(clips + labelled))
    one.epoch()
    (fields,) = read_pseudo_label_log(one.folder.kept(name_of(1))).values()  # the full pool
    assert fields["index"].tolist() == list(range(clips))


def test_more_unlabelled_clips_a_step_change_nothing_else(trainer: Callable[..., Trainer], tmp_path: Path) -> None:
    """As many steps with the same labelled clips; the unlabelled pool is passed through three times as often."""
    usual = trainer(tmp_path / "usual", "tcl")
    one = trainer(tmp_path / "more", "tcl", unlabelled_per_labelled=3)
    assert (one.steps, one.data.steps_per_epoch) == (usual.steps, usual.data.steps_per_epoch)
    batch, plain = one.data.batch(0, one.views), usual.data.batch(0, usual.views)
    assert batch.unlabelled is not None
    assert batch.unlabelled.clips["fast"].shape == (30, 4, 3, 16, 16)
    assert batch.labelled.index.equal(plain.labelled.index)
    assert all(batch.labelled.clips[name].equal(clips) for name, clips in plain.labelled.clips.items())
    seen = [place for step in range(one.steps) for place in one.data.slots("unlabelled", step).tolist()]
    rarely = [place for step in range(3 * one.steps) for place in usual.data.slots("unlabelled", step).tolist()]
    assert seen == rarely
    assert one.spec.identity() != usual.spec.identity()
    assert (
        usual.spec.train.to_config()
        == trainer(tmp_path / "same", "tcl", unlabelled_per_labelled=1).spec.train.to_config()
    )
    one.one_step()


def test_the_clips_that_a_run_has_seen_are_counted_with_them(
    trainer: Callable[..., Trainer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(tmp_path / "more", "tcl", unlabelled_per_labelled=3)
    kept: dict[str, Any] = {}
    monkeypatch.setattr(RunFolder, "keep", lambda _, files, **__: kept.update(files))
    one.finish()
    views = len(one.views.labelled) + 3 * len(one.views.unlabelled)
    assert kept[ENDED]["clips_seen"] == one.steps * 10 * views
