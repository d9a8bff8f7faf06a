"""A benchmark's definition: source, classes, parts, ratios, store, views, network and schedule."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ssmar_bench.core.shelf import Shelf
from ssmar_bench.core.yaml_file import validate


class Section(BaseModel):
    """Base of every section: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(Section):
    """Which data set, and the knobs it is rendered with where it is synthetic."""

    name: str
    knobs: dict[str, int | float] = Field(default_factory=dict)


class Parts(Section):
    """The source's official parts that are trained and tested on, and the validation part carved out of the former."""

    train: list[str] = Field(min_length=1)
    test: list[str] = Field(min_length=1)
    validation: float = Field(gt=0, lt=1)
    validation_by: Literal["person", "clip"]


class StoreRecipe(Section):
    """How videos are decoded into the store: ``segments`` x ``candidates`` frames a clip, short side in pixels."""

    decoder: Literal["pyav"]
    short_side: int = Field(ge=8, le=2160)
    segments: int = Field(ge=1, le=128)
    candidates: int = Field(ge=1, le=64)


class ClipRecipe(Section):
    """How a view is made from the store's frames (facts: methods 7.2).

    Attributes:
        size: side of the square crop in pixels.
        flip: whether weak and strong views are mirrored at random.
        strong_ops: RandAugment operations a strong view, drawn with replacement.
        cutout: largest side of Cutout's square, as a fraction of the crop.
        per_frame: draw strong operations for each frame by itself (an ablation; the default is once a clip).
        mean, std: normalisation of the three channels in [0, 1].
    """

    size: int = Field(ge=8, le=1024)
    flip: bool
    strong_ops: int = Field(ge=0, le=10)
    cutout: float = Field(ge=0, le=1)
    per_frame: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class BackboneRecipe(Section):
    """Which network: a built-in name or ``tsn:NAME`` / ``tsm:NAME`` of a timm 2D network.

    ``weights`` is ``none``, ``imagenet`` or the path of a file; ``input`` is ``rgb``, ``diff`` (frame differences) or
    ``centred`` (frames minus their clip's mean).
    """

    name: str
    weights: str
    input: Literal["rgb", "diff", "centred"]


class Training(Section):
    """The schedule, the same for every method of a benchmark.

    Attributes:
        epochs: an epoch is ceil(training clips / batch) steps, whatever the ratio.
        batch: labelled clips a step; as many unlabelled ones.
        lr: initial learning rate, cosine decay to 0 over all steps.
        ema: momentum of the averaged weights that give the further EMA column.
        threads: CPU threads a run (part of what makes it repeatable).
    """

    epochs: int = Field(ge=1, le=100_000)
    batch: int = Field(ge=1, le=65_536)
    lr: float = Field(gt=0)
    momentum: float = Field(ge=0, lt=1)
    nesterov: bool
    weight_decay: float = Field(ge=0)
    ema: float = Field(ge=0, lt=1)
    precision: Literal["fp32", "bf16"]
    threads: int = Field(ge=1, le=256)


class Definition(Section):
    """One file of ``splits/``; its name becomes part of folders' names."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    title: str
    notes: str = ""
    source: Source
    classes: dict[int, str] = Field(min_length=2)
    parts: Parts
    ratios: list[float] = Field(min_length=1)
    seeds: list[int] = Field(min_length=1)
    store: StoreRecipe
    clips: ClipRecipe
    backbone: BackboneRecipe
    train: Training
    profiles: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @field_validator("ratios")
    @classmethod
    def _in_range(cls, ratios: list[float]) -> list[float]:
        for ratio in ratios:
            if not 0 < ratio <= 1:
                raise ValueError(f"a labelled ratio lies in (0, 1], not {ratio}")
        return ratios


BENCHMARKS = Shelf("splits", "benchmark")


def read(name: str) -> Definition:
    """The validated definition of benchmark ``name``."""
    return validate(Definition, BENCHMARKS.document(name))
