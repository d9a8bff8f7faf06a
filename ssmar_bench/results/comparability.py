"""On what footing a row of a table stands: its network, that network's initial weights, and its optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ssmar_bench.backbones.timm_tags import saw_imagenet_21k
from ssmar_bench.core import method_config as recipes
from ssmar_bench.core.benchmark_config import BENCHMARKS, Training
from ssmar_bench.core.config_layers import settle

OPTIMISER = ("lr", "momentum", "nesterov", "weight_decay", "gradient_norm")
"""Keys of ``train`` that a method may have of its own; the others are the benchmark's."""
STARTS = {"none": "from scratch", "imagenet": "from ImageNet weights", "kinetics400": "from Kinetics-400 weights"}


@dataclass(frozen=True)
class Footing:
    """What rows of a fair comparison share, or else must say.

    Attributes:
        network: ``micro-tsm``.
        start: ``from scratch``; a row that starts elsewhere is another experiment.
        optimiser: value of each key of ``OPTIMISER``.
    """

    network: str
    start: str
    optimiser: tuple[Any, ...]


def footing(backbone: Mapping[str, Any], train: Mapping[str, Any]) -> Footing:
    """The footing of a run or of a definition, from its sections; a neutral value may be left out of them."""
    optimiser = tuple(train.get(key, Training.model_fields[key].get_default()) for key in OPTIMISER)
    return Footing(str(backbone["name"]), start(backbone), optimiser)


def start(backbone: Mapping[str, Any]) -> str:
    """``weights`` of a section ``backbone`` in words."""
    weights = str(backbone["weights"])
    if weights == "imagenet" and saw_imagenet_21k(str(backbone["name"])):
        return "from ImageNet-21k weights"
    return STARTS.get(weights, f"from the weights {PurePath(weights).name}")


def planned(benchmark: str, backbone: str | None, methods: Sequence[str]) -> dict[str, Footing]:
    """The footing that recipes give ``methods`` on a benchmark; nothing where no recipe departs from the benchmark's.

    Args:
        benchmark: its name, or the path of its definition; nothing is known of one that is not shipped.
        backbone: the network, where it is not the benchmark's own.
        methods: shipped methods; others are left out.
    """
    known = {name: recipes.read(name) for name in methods if name in recipes.RECIPES.names()}
    shipped = benchmark.endswith(".yaml") or benchmark in BENCHMARKS.names()
    if not shipped or not any(
        key.startswith(("backbone.", "train.")) for recipe, _ in known.values() for key in recipe.overrides
    ):
        return {}
    sets = {} if backbone is None else {"backbone.name": backbone}
    found = {}
    for name, (recipe, source) in known.items():
        definition = settle(benchmark, None, recipe, sets, source)
        found[name] = footing(definition.backbone.told(), definition.train.told())
    return found
