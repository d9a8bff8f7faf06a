"""What all methods of a seed have in common: clips, order, views and initial weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.core.contract import Batch
from ssmar_bench.core.run_spec import OWN
from ssmar_bench.training.build_method import build_method
from ssmar_bench.training.run_data import RunData
from tests.conftest import METHODS

STEPS = 13  # more than two passes over either pool


def run_data(prepared: Any, method: str, seed: int = 0) -> RunData:
    planned_run = prepared.planned_runs[method, 0.5]
    spec = replace(planned_run.spec, seed=seed)
    return RunData(
        spec, planned_run.split.with_opaque_ids(), FrameCache.open(prepared.frame_cache), torch.device("cpu")
    )


def batch_of(prepared: Any, method: str, step: int) -> Batch:
    planned_run = prepared.planned_runs[method, 0.5]
    return run_data(prepared, method).batch(step, build_method(planned_run.spec, planned_run.split, 30, {}).views())


def test_all_methods_of_a_seed_see_the_same_labelled_clips_in_the_same_order(prepared: Any) -> None:
    seen = {
        method: np.stack([run_data(prepared, method).slots("labelled", step) for step in range(STEPS)])
        for method in METHODS
    }
    clips = {method: prepared.planned_runs[method, 0.5].split.labelled for method in METHODS}
    for method in METHODS[1:]:
        assert np.array_equal(seen[method], seen[METHODS[0]])
        assert clips[method] == clips[METHODS[0]]


def test_another_seed_has_another_order(prepared: Any) -> None:
    one, other = (run_data(prepared, "fixmatch", seed) for seed in (0, 1))
    for pool in ("labelled", "unlabelled"):
        assert not np.array_equal(one.slots(pool, 0), other.slots(pool, 0))


@pytest.mark.parametrize("step", [0, 7])
def test_a_view_of_one_name_looks_the_same_to_all_methods(prepared: Any, step: int) -> None:
    supervised, fixmatch, aplt = (batch_of(prepared, method, step) for method in METHODS)
    for other in (fixmatch, aplt):
        assert torch.equal(supervised.labelled.clips["weak"], other.labelled.clips["weak"])
        assert torch.equal(supervised.labelled.label, other.labelled.label)
        assert torch.equal(supervised.labelled.index, other.labelled.index)
    assert supervised.unlabelled is None
    assert fixmatch.unlabelled is not None
    assert aplt.unlabelled is not None
    assert torch.equal(fixmatch.unlabelled.index, aplt.unlabelled.index)
    for view in ("weak", "strong"):
        assert torch.equal(fixmatch.unlabelled.clips[view], aplt.unlabelled.clips[view])
    assert not torch.equal(fixmatch.unlabelled.clips["weak"], fixmatch.unlabelled.clips["strong"])


def test_a_batch_carries_the_labels_of_its_clips(prepared: Any) -> None:
    split = prepared.planned_runs["aplt", 0.5].split.in_opaque_order()
    labelled = batch_of(prepared, "aplt", 3).labelled
    assert labelled.label.tolist() == [split.labels[split.labelled[i]] for i in labelled.index.tolist()]


@pytest.mark.parametrize("pool", ["labelled", "unlabelled"])
def test_the_order_covers_the_pool_in_every_pass(prepared: Any, pool: Any) -> None:
    data = run_data(prepared, "fixmatch")
    size = len(data.rows[pool])
    assert size % data.batch_size, "a pass that ends inside a batch is the case to look at"
    slots = np.concatenate([data.slots(pool, step) for step in range(STEPS)])
    passes = [slots[start : start + size] for start in range(0, len(slots) - size + 1, size)]
    assert len(passes) >= 4
    for one in passes:
        assert sorted(one) == list(range(size))
    assert len({tuple(one) for one in passes}) == len(passes), "every pass is shuffled again"


def test_all_methods_of_a_seed_start_from_the_same_weights(prepared: Any) -> None:
    def weights(method: str, seed: int) -> torch.Tensor:
        planned_run = prepared.planned_runs[method, 0.5]
        built: Any = build_method(replace(planned_run.spec, seed=seed), planned_run.split, 30, {})
        return torch.cat([parameter.detach().flatten() for parameter in built.network.parameters()])

    first = weights("supervised", 0)
    for method in METHODS[1:]:
        assert torch.equal(weights(method, 0), first)
    assert not torch.equal(weights("supervised", 1), first)


def test_an_epoch_is_one_pass_over_all_training_clips_whatever_the_ratio(prepared: Any, tmp_path: Any) -> None:
    for (method, ratio), planned_run in prepared.planned_runs.items():
        if not planned_run.skip:
            trainer = prepared.trainer(tmp_path, method, ratio)
            clips = len(planned_run.split.labelled) + len(planned_run.split.unlabelled)
            assert trainer.data.steps_per_epoch == -(-clips // 10)
            assert trainer.steps == 6 * trainer.data.steps_per_epoch


def test_a_run_starts_from_the_file_of_weights_that_its_launch_names(prepared: Any, tmp_path: Path) -> None:
    network = timm.create_model("resnet18", num_classes=0)
    torch.save(network.state_dict(), tmp_path / "w.pth")
    planned_run = prepared.planned_runs["supervised", 0.5]
    spec = replace(planned_run.spec, backbone={"name": "tsn:resnet18", "weights": "w.pth", "input": "rgb"})
    method = build_method(spec, planned_run.split, 1, {OWN: str(tmp_path / "w.pth")})
    first = next(module for module in method.modules() if isinstance(module, torch.nn.Conv2d))
    assert torch.equal(first.weight, network.conv1.weight)  # type: ignore[arg-type]
