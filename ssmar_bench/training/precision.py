"""In which precision a run computes, and how its pixels and kernels lie in memory."""

from __future__ import annotations

import torch
from torch import nn

from ssmar_bench.core.benchmark_config import TrainConfig


def set_up_precision(settings: TrainConfig) -> None:
    """Let a GPU round what it multiplies to TF32, or not; a CPU never does."""
    rounded = settings.precision != "fp32"
    torch.backends.cuda.matmul.allow_tf32 = rounded
    torch.backends.cudnn.allow_tf32 = rounded


def autocast(settings: TrainConfig, device: torch.device) -> torch.autocast:
    """The block in which a loss is computed."""
    return torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16")


def lay_out(method: nn.Module, settings: TrainConfig) -> None:
    """Let the kernels of convolutions lie with channels last, if a run says so; what they are given then follows."""
    if not settings.channels_last:
        return
    for module in method.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)
