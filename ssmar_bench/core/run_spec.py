"""What a run is (hashed) and where it is executed (not hashed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

from pydantic import ConfigDict, ValidationError
from pydantic.dataclasses import dataclass as validated

from ssmar_bench.core.benchmark_config import (
    BackboneConfig,
    ClipConfig,
    FrameCacheConfig,
    SourceConfig,
    TrainConfig,
)
from ssmar_bench.core.config_section import Section
from ssmar_bench.core.identity import digest
from ssmar_bench.core.numbers import parse_ratio
from ssmar_bench.core.printable import shortened

ENGINE_REVISION = 4
"""Raised when the trainer (:mod:`ssmar_bench.training`) computes something else: older results are not of this one.

4: the built-in networks have other strides and widths, and initial weights of their own.
3: temporal shift runs as in TSM's official code: the first channels show the next frame; they showed the one before.
2: clips are trained on in the order of their opaque names; revision 1 took the order of the source's ids.
"""


OWN = ""
"""What stands for the run's own network among its files of weights."""


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class RunSpec:
    """Everything that decides a run's result; sections are validated, and may be given as plain data.

    Attributes:
        benchmark, source, split: benchmark config's name, source with its options, fingerprint of the split.
        ratio, seed: the run's labelled ratio and the run's seed.
        method, algorithm, revision, hyperparameters: method config's name, algorithm and its revision, resolved values
            as plain data, which the algorithm's ``Config`` reads.
        frame_cache, clips, backbone, train: resolved sections of the benchmark config.
        weights: digest of the pretrained weights' file, "" from scratch.
        device: kind of device, ``cpu`` or ``cuda``.
        engine: revision of the trainer, :data:`ENGINE_REVISION`; no word about who executes the run.
        pixels: digest of the decoded clips that it is trained on; "" in a plan before they are decoded, and in records
            of engine 1.
        plugin_file: first 16 digits of the SHA-256 of the plugin's file that holds the algorithm, if one does.
    """

    benchmark: str
    source: SourceConfig
    split: str
    ratio: float
    seed: int
    method: str
    algorithm: str
    revision: int
    hyperparameters: dict[str, Any]
    frame_cache: FrameCacheConfig
    clips: ClipConfig
    backbone: BackboneConfig
    train: TrainConfig
    weights: str = ""
    device: str = "cpu"
    engine: int = ENGINE_REVISION
    pixels: str = ""
    plugin_file: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratio", parse_ratio(self.ratio))  # 1 and 1.0 are one ratio, and must be one text
        object.__setattr__(self, "backbone", self.backbone.without_folder())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave.

        Raises:
            ValueError: names the first key that does not fit.
        """
        try:
            return cls(**data)
        except ValidationError as error:
            fault = error.errors()[0]
            key = shortened(".".join(str(part) for part in fault["loc"]))
            raise ValueError(f"{key}: {'is missing' if fault['type'] == 'missing' else fault['msg']}") from error

    def identity(self) -> str:
        """16 hexadecimal digits over everything above; unknown pixels are no part of it."""
        return self._identity

    @cached_property
    def _identity(self) -> str:
        """Made once: a grid asks for it many times a run."""
        return digest(self.to_json())

    def folder(self, note: str = "") -> str:
        """The run's folder name: readable first, unique last; ``note`` says what departs from the defaults."""
        words = [self.benchmark, self.method, f"r{100 * self.ratio:g}", f"s{self.seed}", note, self.identity()]
        return "_".join(filter(None, words))

    def to_json(self) -> dict[str, Any]:
        """Plain data for :meth:`from_json`; without pixels and the plugin's file where there are none."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values = {name: value for name, value in values.items() if value or name not in ("pixels", "plugin_file")}
        return {name: value.to_config() if isinstance(value, Section) else value for name, value in values.items()}


@dataclass(frozen=True)
class Launch:
    """Where a run is executed.

    Attributes:
        frame_cache: its folder.
        device: as torch calls it.
        plugins: plugin files.
        weights: the initial weights' file, if any.
        workers: processes that make its batches ahead; 0: it makes them itself.
        memory: bytes that it is expected to take of its device; 0: nobody knows.
        further_weights: files that further networks start from, by how the hyper-parameters name them
            (``FILE#DIGEST``).
    """

    frame_cache: str
    device: str = "cpu"
    plugins: tuple[str, ...] = field(default_factory=tuple)
    weights: str = ""
    workers: int = 0
    memory: int = 0
    further_weights: Mapping[str, str] = field(default_factory=dict)

    @property
    def weight_files(self) -> dict[str, str]:
        """All files of initial weights: that of the run's own network by ``OWN``, and ``further_weights``."""
        return {name: path for name, path in {OWN: self.weights, **self.further_weights}.items() if path}
