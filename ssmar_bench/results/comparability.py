"""The training setup of a table's row: its network, that network's initial weights, and its optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ssmar_bench.backbones.timm_tags import saw_imagenet_21k
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.benchmark_config import BENCHMARKS, BackboneConfig, TrainConfig
from ssmar_bench.core.config_layers import resolve_config

OPTIMISER = ("lr", "momentum", "nesterov", "weight_decay", "gradient_clipping")
"""Keys of ``train`` that a method may have of its own; the others are the benchmark's."""
STARTS = {"none": "from scratch", "imagenet": "from ImageNet weights", "kinetics400": "from Kinetics-400 weights"}


@dataclass(frozen=True)
class TrainingSetup:
    """What rows of a fair comparison share, or else must say.

    Attributes:
        network: ``micro-tsm``.
        start: ``from scratch``; a row that starts elsewhere is another experiment.
        optimiser: value of each key of ``OPTIMISER``.
    """

    network: str
    start: str
    optimiser: tuple[Any, ...]


def training_setup(backbone: BackboneConfig, train: TrainConfig) -> TrainingSetup:
    """The training setup of a run or benchmark config, from its sections."""
    return TrainingSetup(backbone.name, initial_weights(backbone), tuple(getattr(train, key) for key in OPTIMISER))


def initial_weights(backbone: BackboneConfig) -> str:
    """``weights`` of a section ``backbone`` in words."""
    weights = backbone.weights
    if weights == "imagenet" and saw_imagenet_21k(backbone.name):
        return "from ImageNet-21k weights"
    return STARTS.get(weights, f"from the weights {PurePath(weights).name}")


def planned_setups(benchmark: str, backbone: str | None, methods: Sequence[str]) -> dict[str, TrainingSetup]:
    """The training setup of ``methods`` by their method configs; nothing where none departs from the benchmark's.

    Args:
        benchmark: its name, or the path of its benchmark config; nothing is known of one that is not shipped.
        backbone: the network, where it is not the benchmark's own.
        methods: shipped methods; others are left out.
    """
    known = {
        name: method_configs.read_method_config(name) for name in methods if name in method_configs.METHODS.names()
    }
    shipped = benchmark.endswith(".yaml") or benchmark in BENCHMARKS.names()
    if not shipped or not any(
        key.startswith(("backbone.", "train."))
        for method_config, _ in known.values()
        for key in method_config.overrides
    ):
        return {}
    sets = {} if backbone is None else {"backbone.name": backbone}
    found = {}
    for name, (method_config, source) in known.items():
        benchmark_config = resolve_config(benchmark, None, method_config, sets, source)
        found[name] = training_setup(benchmark_config.backbone, benchmark_config.train)
    return found
