"""The training setup of a table's row: its network, that network's initial weights, and its optimiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.record_schema import MethodFacts

OPTIMISER = ("lr", "momentum", "nesterov", "weight_decay", "gradient_clipping")
"""Keys of ``train`` that a method may have of its own; the others are the benchmark's."""


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


def training_setup(spec: RunSpec, facts: MethodFacts) -> TrainingSetup:
    """The training setup of a run."""
    optimiser = tuple(getattr(spec.train, key) for key in OPTIMISER)
    return TrainingSetup(spec.backbone.name, facts.initial_weights, optimiser)
