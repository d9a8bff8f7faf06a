"""How much memory a step of training takes, reckoned without training."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from ssmar_bench.backbones.trial import trial
from ssmar_bench.core.contract import method_without_network
from ssmar_bench.core.network_names import beside
from ssmar_bench.runs.resolve import ResolvedMethod
from ssmar_bench.runs.step_guess import LEARNED, passes

COPIES = 4
"""Of the weights: themselves, their gradient, its momentum, and their average."""
SLACK = 1.25
"""What kernels need for a moment, and an allocator's gaps."""


def step_bytes(method: ResolvedMethod) -> int:
    """Bytes that training takes of its device, at most nearly: weights and what a backward pass needs of a step.

    The network is passed through once, with two clips. 0 where that cannot be done: then nobody knows.
    """
    config = method.benchmark_config
    segments, size = config.frame_cache.segments, config.clips.size
    try:
        own = method_without_network(method.algorithm, method.hyperparameters)
        networks = [config.backbone, *(beside(config.backbone, name) for name in own.further_networks())]
        weights, clip = 0, 0.0
        for network in networks:
            with trial(network, segments, len(config.classes), size, clips=2) as (outline, two_clips):
                more = network_bytes(outline, two_clips)
            weights, clip = weights + more[0], clip + more[1]
        clips = config.train.batch * passes(own.views(), segments, True, config.train.unlabelled_per_labelled) / LEARNED
    except Exception:  # noqa: BLE001  # no network must be able to run without memory
        return 0
    return int(SLACK * (COPIES * weights + clips * clip))


def network_bytes(network: nn.Module, clips: Tensor) -> tuple[int, float]:
    """Bytes of a network's weights, and those that it keeps of each of ``clips`` (B, T, 3, H, W) for its backward pass.

    The clips' device may be ``meta``, where nothing is computed.
    """
    own = {_place(tensor): tensor.nbytes for tensor in network.parameters()}
    known = {*own, *map(_place, network.buffers())}
    kept: dict[int, int] = {}
    alive: list[Tensor] = []  # so that no place is given twice

    def keep(tensor: Tensor) -> Tensor:
        if _place(tensor) not in known:
            alive.append(tensor)
            kept[_place(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        network.train()(clips)
    return sum(own.values()), sum(kept.values()) / len(clips)


def _place(tensor: Tensor) -> int:
    """Tensors that share their memory have the same, also where there is none."""
    return int(tensor.untyped_storage()._cdata)
