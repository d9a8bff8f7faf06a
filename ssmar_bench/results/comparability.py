"""In which network, initial weights and optimiser the rows of a table differ, and what a table says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.results.record_schema import MethodFacts

OPTIMISER = ("lr", "momentum", "nesterov", "weight_decay", "gradient_clipping")
"""Keys of ``train`` that a method may have of its own; the others are the benchmark's."""

WORDS = {"lr": "rate", "weight_decay": "weight decay", "gradient_clipping": "gradient clipping"}


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


@dataclass(frozen=True)
class Comparability:
    """What a table has to show where its rows are not comparable.

    Attributes:
        columns: heading -> row -> text: network and initial weights, where rows differ in one of them.
        notes: a sentence about optimisers, where rows differ in them.
    """

    columns: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...]


def comparability(rows: Mapping[str, TrainingSetup]) -> Comparability:
    """In what rows, by their names, differ."""
    return Comparability(own_columns(rows), own_optimisers(rows))


def own_columns(rows: Mapping[str, TrainingSetup]) -> dict[str, dict[str, str]]:
    """Heading -> row -> text of the columns that rows need: none where all have one network and one start."""
    texts = {
        "Network": {row: one.network for row, one in rows.items()},
        "Initial weights": {row: one.start for row, one in rows.items()},
    }
    return texts if any(len(set(column.values())) > 1 for column in texts.values()) else {}


def own_optimisers(rows: Mapping[str, TrainingSetup]) -> tuple[str, ...]:
    """A sentence that says which rows have which optimiser, where they differ."""
    differing = [i for i in range(len(OPTIMISER)) if len({one.optimiser[i] for one in rows.values()}) > 1]
    groups: dict[str, list[str]] = {}
    for row, one in rows.items():
        settings = [f"{WORDS.get(OPTIMISER[i], OPTIMISER[i])} {_value(one.optimiser[i])}" for i in differing]
        groups.setdefault(", ".join(settings), []).append(row)
    if len(groups) < 2:
        return ()
    said = "; ".join(f"{', '.join(members)}: {settings}" for settings, members in groups.items())
    return (f"Not all rows have one optimiser. {said}.",)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
