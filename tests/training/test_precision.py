"""Precision and layout are part of what a run is, and a run that does not say so computes in 32 bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ssmar_bench.core.config_layers import resolve_config
from ssmar_bench.training.precision import lay_out, set_up_precision


@pytest.fixture(autouse=True)
def _flags_as_before() -> Iterator[None]:
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.parametrize(("precision", "rounded"), [("fp32", False), ("tf32", True), ("bf16", True)])
def test_a_gpu_rounds_only_where_a_run_says_so(prepared: Any, precision: str, rounded: bool) -> None:
    train = prepared.benchmark_config.train.model_copy(update={"precision": precision})
    set_up_precision(train)
    assert torch.backends.cuda.matmul.allow_tf32 is rounded
    assert torch.backends.cudnn.allow_tf32 is rounded


def test_the_profile_gpu_makes_runs_of_its_own(prepared: Any) -> None:
    spec = prepared.planned_runs["fixmatch", 0.5].spec
    train = resolve_config("ma-12", "gpu", None, {}).train
    assert (train.precision, train.channels_last) == ("bf16", True)
    assert resolve_config("ma-12", None, None, {}).train.precision == "fp32"
    identities = {
        replace(spec, train=spec.train.model_copy(update=update)).identity()
        for update in (
            {},
            {"precision": "tf32"},
            {"precision": "bf16"},
            {"channels_last": not spec.train.channels_last},
            {"augment_on_device": True},
        )
    }
    assert len(identities) == 5
    assert spec.identity() in identities


def test_channels_last_is_another_layout_of_the_same_numbers(prepared: Any, tmp_path: Path) -> None:
    losses = []
    for channels_last in (False, True):
        trainer = prepared.trainer(tmp_path / str(channels_last), "fixmatch")
        lay_out(trainer.method, trainer.settings.model_copy(update={"channels_last": channels_last}))
        if not channels_last:
            for module in trainer.method.modules():
                if isinstance(module, nn.Conv2d):
                    module.weight.data = module.weight.data.contiguous()
        kernels = [module.weight for module in trainer.method.modules() if isinstance(module, nn.Conv2d)]
        wide = [kernel for kernel in kernels if kernel.shape[1] > 1 and kernel.shape[2] > 1]
        assert wide
        assert all(kernel.is_contiguous(memory_format=torch.channels_last) is channels_last for kernel in wide)
        losses.append([value.detach() for value in trainer.one_step().terms.values()])
    for plain, laid_out in zip(*losses, strict=True):
        assert torch.allclose(plain, laid_out, rtol=1e-4, atol=1e-6)


def test_kernels_of_3d_convolutions_are_laid_out_too(prepared: Any) -> None:
    network = nn.Sequential(nn.Conv3d(3, 4, 3), nn.Linear(2, 2))
    lay_out(network, prepared.benchmark_config.train.model_copy(update={"channels_last": True}))
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
