"""Benchmark config: source, classes, parts, ratios, frame cache, views, network and schedule."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StrictInt, ValidatorFunctionWrapHandler, field_validator, model_validator

from ssmar_bench.core import numbers
from ssmar_bench.core.catalog import ConfigCatalog
from ssmar_bench.core.config_section import Section
from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.printable import Line
from ssmar_bench.core.split_config import SplitConfig
from ssmar_bench.core.yaml_file import validate


class SourceConfig(Section):
    """Which data set, and the options it is rendered with where it is synthetic."""

    name: str
    options: dict[str, int | float] = Field(default_factory=dict)

    def to_config(self) -> dict[str, Any]:
        """As every section's, but always with the options."""
        return self.model_dump(mode="json")


class ClassList(Section):
    """Where a benchmark's classes come from: the rule that gives them, its evidence, how sure we are of the set."""

    rule: str
    evidence: str
    confidence: str


class FrameCacheConfig(Section):
    """How videos are decoded into the frame cache: ``segments`` x ``candidates`` frames a clip, short side in pixels.

    With ``neighbours`` 1 the frame that follows each of them in the video is stored as well, for views of the temporal
    gradient; the frame cache then takes twice the space.

    ``sampling`` says how frames are spread over a clip whose frame rate varies: evenly in ``time``, or by their
    ``number`` as if the rate were constant. Where it is constant, both give the same frames.

    ``encoding`` says how frames are stored: as they are (``raw``), or as ``jpeg``, which takes a quarter of the space,
    more time to read, and changes pixels a little.
    """

    decoder: Literal["pyav", "decord"]
    short_side: int = Field(ge=8, le=2160)
    segments: int = Field(ge=1, le=128)
    candidates: int = Field(ge=1, le=64)
    neighbours: int = Field(default=0, ge=0, le=1)
    sampling: Literal["time", "number"] = "time"
    encoding: Literal["raw", "jpeg"] = "raw"

    @property
    def frames(self) -> int:
        """Frames that are stored of a clip."""
        return self.segments * self.candidates * (1 + self.neighbours)


class ClipConfig(Section):
    """How a view is made from the frame cache's frames.

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


class BackboneConfig(Section):
    """Which network: ``micro-tsm``, ``micro-r3d``, ``r3d18``, ``timesformer-base``, or ``tsn:``, ``tsm:`` NAME of timm.

    torchvision's video networks have its names (``swin3d_t``). ``weights`` is ``none``, ``imagenet`` (``kinetics400``
    for 3D networks, ``pretext`` for the built-in ones),
    ``pretrained`` for what the network has of these, or the path of a file; ``input`` is ``rgb``,
    ``diff`` (frame differences) or ``mean_subtracted`` (frames minus their clip's mean); ``dropout`` is the share of
    features that are dropped before the classifier in training, of a 2D network in each frame by itself.
    """

    name: str
    weights: str
    input: Literal["rgb", "diff", "mean_subtracted"]
    dropout: float = Field(default=0, ge=0, lt=1)

    @field_validator("weights")
    @classmethod
    def _whose_home(cls, weights: str) -> str:
        return str(expand_home(weights)) if weights.startswith("~") and "/" in weights else weights

    def without_folder(self) -> Self:
        """The same with the name alone of a file of weights: where it is is no part of what a run is."""
        return self.model_copy(update={"weights": PurePath(self.weights).name})

    def to_config(self) -> dict[str, Any]:
        """As every section's, :meth:`without_folder`."""
        return super().to_config() | {"weights": PurePath(self.weights).name}


NetworkFamily = Literal["tsm", "3d", "vit"]
"""Kinds of networks: 2D convolutions with temporal shift, 3D convolutions, vision transformers."""


class TrainConfig(Section):
    """The schedule, the same for every method of a benchmark.

    Attributes:
        epochs: an epoch is ceil(training clips / batch) steps, whatever the ratio.
        batch: labelled clips a step.
        unlabelled_per_labelled: unlabelled clips a step for each labelled one (the papers' mu), for methods that use
            any; the number of steps does not depend on it.
        lr: initial learning rate, cosine decay to 0 over all steps.
        ema: momentum of the averaged weights that give the further EMA column.
        precision: ``fp32``, 32 bits throughout; ``tf32``, the same but for what a GPU multiplies, which it rounds to
            TF32; ``bf16``, autocast to bfloat16, and what stays in 32 bits as in ``tf32``.
        threads: CPU threads a run (part of what makes it repeatable).
        gradient_clipping: maximum L2 norm of the gradient over all weights together; 0 for no clipping.
        unlabelled_pool: which clips methods get as unlabelled: those ``without_labelled`` ones, or ``with_labelled``
            ones among them, whose labels they do not get there. Pseudo-labels are scored on the former alone.
        channels_last: whether convolutions work on pixels whose channels lie side by side in memory, which is faster on
            a GPU and rounds otherwise.
        augment_on_device: whether the run's device gives strong views their pixels, and not the processes that load. A
            GPU draws the same and rounds otherwise.
    """

    epochs: int = Field(ge=1, le=100_000)
    batch: int = Field(ge=1, le=65_536)
    lr: float = Field(gt=0)
    momentum: float = Field(ge=0, lt=1)
    nesterov: bool
    weight_decay: float = Field(ge=0)
    ema: float = Field(ge=0, lt=1)
    precision: Literal["fp32", "tf32", "bf16"]
    threads: int = Field(ge=1, le=256)
    gradient_clipping: float = Field(default=0, ge=0)
    unlabelled_pool: Literal["without_labelled", "with_labelled"] = "without_labelled"
    channels_last: bool = False
    augment_on_device: bool = False
    unlabelled_per_labelled: int = Field(default=1, ge=1, le=64)


def _no_truth_value(value: Any) -> Any:
    """``true`` is a number to Python, and a slip to the user."""
    if isinstance(value, bool):
        raise ValueError("expected a number")  # noqa: TRY004 - pydantic reports it with file and line
    return value


def _no_repetition(texts: list[str]) -> None:
    for text in texts:
        if texts.count(text) > 1:
            raise ValueError(f"{text} occurs twice")


class BenchmarkConfig(Section):
    """One file of ``splits/``; its name becomes part of folders' names.

    Attributes:
        variant_of: the benchmark that is meant when nobody says which variant; "" for that one itself.
        class_list: where ``classes`` come from.
        expected_clips: official part -> clips of the classes that the owners' lists hold in it, where that is known;
            whoever has another number of them is reported.
        networks: which network stands for a family of them on this benchmark. A method config that was made for a
            family names it (``backbone.name: 3d``), and is so run on a large network here and on a small one there.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    title: Line
    notes: str = ""
    variant_of: str = ""
    source: SourceConfig
    classes: dict[int, Line] = Field(min_length=2)
    class_list: ClassList | None = None
    expected_clips: dict[str, StrictInt] = Field(default_factory=dict)
    parts: SplitConfig
    ratios: list[Annotated[float, BeforeValidator(_no_truth_value)]] = Field(min_length=1)
    seeds: list[Annotated[StrictInt, Field(ge=0, lt=2**31)]] = Field(min_length=1)
    frame_cache: FrameCacheConfig
    clips: ClipConfig
    backbone: BackboneConfig
    networks: dict[NetworkFamily, str] = Field(default_factory=dict)
    train: TrainConfig
    profiles: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def __repr__(self) -> str:
        ratios = ", ".join(f"{ratio:g}" for ratio in self.ratios)
        return f"<benchmark {self.name}: {len(self.classes)} classes of {self.source.name}, ratios {ratios}>"

    __str__ = __repr__

    @field_validator("classes", mode="wrap")
    @classmethod
    def _each_class_once(cls, given: Any, read_all: ValidatorFunctionWrapHandler) -> dict[int, str]:
        classes: dict[int, str] = read_all(given)
        if len(classes) != len(given):  # YAML tells 5 from "5"
            raise ValueError("a class id occurs twice, as a number and as a text")
        of_name: dict[str, int] = {}
        for label, name in classes.items():
            plain = " ".join(name.split()).casefold()
            if not plain:
                raise ValueError(f"class {label} has no name")
            if of_name.setdefault(plain, label) != label:
                raise ValueError(f"the classes {of_name[plain]} and {label} have the same name, '{name}'")
        return classes

    @field_validator("ratios")
    @classmethod
    def _in_range(cls, ratios: list[float]) -> list[float]:
        for ratio in ratios:
            if not 0 < ratio <= 1:
                raise ValueError(f"a labelled ratio lies in (0, 1], not {ratio}")
        ratios = [numbers.parse_ratio(ratio) for ratio in ratios]
        _no_repetition([f"{ratio:.6g}" for ratio in ratios])  # as fingerprints and folders' names write them
        return ratios

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: list[int]) -> list[int]:
        _no_repetition([str(seed) for seed in seeds])
        return seeds

    @model_validator(mode="after")
    def _one_ratio(self) -> Self:
        if self.parts.labelled_per_class and len(self.ratios) > 1:
            raise ValueError("with parts.labelled_per_class there is one ratio, the one that it amounts to")
        return self


BENCHMARKS = ConfigCatalog("splits", "benchmark")


def read_benchmark_config(name: str) -> BenchmarkConfig:
    """The validated benchmark config of benchmark ``name``."""
    return validate(BenchmarkConfig, BENCHMARKS.document(name))
