"""A manifest: which clips are labelled, unlabelled, validated and tested on, for a ratio and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ssmar_bench.core.identity import digest


@dataclass(frozen=True)
class Manifest:
    """What a training process may know of a split.

    Attributes:
        benchmark, ratio, seed: what it was built for.
        classes: names, in the order of class indices 0..C-1.
        labelled, unlabelled, validation, test: clip ids, sorted.
        labels: class index of every labelled and validation clip. Those of unlabelled and test clips stand in the
            :class:`Truth` alone, which no training process reads.
    """

    benchmark: str
    ratio: float
    seed: int
    classes: tuple[str, ...]
    labelled: tuple[str, ...]
    unlabelled: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    labels: dict[str, int]

    def fingerprint(self) -> str:
        """16 hexadecimal digits over ids and labels: equal on every machine that trains on the same clips."""
        return digest(self.to_json() | {"ratio": f"{self.ratio:.6g}"})

    def to_json(self) -> dict[str, Any]:
        """Plain data for :meth:`from_json`."""
        return dict(vars(self))  # asdict would copy a million ids one by one

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Manifest:
        """The manifest that :meth:`to_json` wrote."""
        clips = {part: tuple(data[part]) for part in ("classes", "labelled", "unlabelled", "validation", "test")}
        return cls(**{**data, **clips})


@dataclass(frozen=True)
class Truth:
    """What only the recorder reads, after a run.

    Attributes:
        label, subject: class index and person of every clip of a benchmark.
        counterfeit: whether these clips are a counterfeit's.
    """

    label: dict[str, int]
    subject: dict[str, str]
    counterfeit: bool = False
