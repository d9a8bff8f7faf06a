"""What a run is (hashed) and where it is executed (not hashed)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ssmar_bench.core.identity import digest

ENGINE_REVISION = 1
"""Raised when the training engine computes something else: results of another revision are not this engine's."""


@dataclass(frozen=True)
class RunSpec:
    """Everything that decides a run's result.

    Attributes:
        benchmark, source, manifest: definition's name, source with its knobs, fingerprint of the manifest.
        ratio, seed: the cell's labelled ratio and the run's seed.
        method, algorithm, revision, hyperparameters: recipe's name, algorithm and its revision, resolved values.
        store, clips, backbone, train: resolved sections of the definition.
        weights: digest of the pretrained weights' file, "" from scratch.
        device: kind of device, ``cpu`` or ``cuda``.
        engine: revision of the training engine.
    """

    benchmark: str
    source: dict[str, Any]
    manifest: str
    ratio: float
    seed: int
    method: str
    algorithm: str
    revision: int
    hyperparameters: dict[str, Any]
    store: dict[str, Any]
    clips: dict[str, Any]
    backbone: dict[str, Any]
    train: dict[str, Any]
    weights: str = ""
    device: str = "cpu"
    engine: int = ENGINE_REVISION

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", float(self.ratio))  # 1 and 1.0 are one ratio, and must be one text

    def identity(self) -> str:
        """16 hexadecimal digits over everything above."""
        return digest(asdict(self))

    def folder(self) -> str:
        """The run's folder name: readable first, unique last."""
        return f"{self.benchmark}_{self.method}_r{100 * self.ratio:g}_s{self.seed}_{self.identity()}"

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``RunSpec(**data)``."""
        return asdict(self)


@dataclass(frozen=True)
class Launch:
    """Where a run is executed: the decoded store's folder, device, plugin files, the initial weights' file if any."""

    store: str
    device: str = "cpu"
    plugins: tuple[str, ...] = field(default_factory=tuple)
    weights: str = ""
