"""The contract between an algorithm and the trainer.

Clips are normalised floats of shape (B, T, C, H, W). An algorithm says which views it wants, returns its losses and
predicts; the trainer owns data, devices, optimiser, schedule, precision, evaluation, checkpoints and logging. Views and
batches are in ``core.batch``, and are imported from here as the rest is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from ssmar_bench.core.batch import Batch, Labelled, Unlabelled, View, Views

__all__ = [
    "Acts",
    "Batch",
    "Context",
    "HyperParameters",
    "Labelled",
    "Losses",
    "Method",
    "Network",
    "Output",
    "Pools",
    "Progress",
    "PseudoLabels",
    "Unlabelled",
    "View",
    "Views",
    "method_without_network",
]


class HyperParameters(BaseModel):
    """Base of an algorithm's typed configuration: frozen, without defaults, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Acts:
    """Where a hyper-parameter acts; the conformance kit tries whether it does.

    It annotates a field of a ``Config``: ``temperature: Annotated[float, Acts(when={"similarity": "cosine"})]``. A
    field without it acts on the loss.

    Attributes:
        on: where another value is first seen: in the ``loss`` of some step of a short run; in what an offline ``round``
            (:meth:`Method.epoch_start`, :meth:`Method.train_end`) leaves behind; in the ``prediction`` alone, after a
            training that it left as it was; in the ``schedule``: with the same weights the loss differs at one point
            of the run and is the same at another; or ``nowhere``, for an argument of another library that it ignores.
        when: values that other hyper-parameters must have for it to act.
        other: a value to compare with, where its type and bounds do not suggest one.
        all: the value with which every unlabelled clip is selected, for a threshold or a filter.
        none: the value with which no unlabelled clip is selected.
    """

    on: Literal["loss", "round", "prediction", "schedule", "nowhere"] = "loss"
    when: Mapping[str, Any] = field(default_factory=dict)
    other: Any = None
    all: Any = None
    none: Any = None


@dataclass(frozen=True)
class Progress:
    """Where training is: ``step`` of ``steps`` and ``epoch`` of ``epochs``, both from 0."""

    step: int
    steps: int
    epoch: int
    epochs: int


@dataclass(frozen=True)
class PseudoLabels:
    """What a method believes of some unlabelled clips; all tensors (N,) and without gradient.

    Attributes:
        index: rows in the unlabelled pool.
        label: pseudo-labels.
        weight: weight in the loss; 0 means the clip was not used.
        confidence: the method's own confidence, larger is surer.
    """

    index: Tensor
    label: Tensor
    weight: Tensor
    confidence: Tensor


@dataclass(frozen=True)
class Losses:
    """What a step owes.

    Attributes:
        terms: name -> weighted scalar with gradient; the trainer adds them up. Terms of labelled clips alone have names
            that begin with ``labelled``.
        pseudo: series (``online``, ``offline``) -> the pseudo-labels behind the unlabelled terms.
    """

    terms: Mapping[str, Tensor]
    pseudo: Mapping[str, PseudoLabels] = field(default_factory=dict)


@dataclass(frozen=True)
class Output:
    """A network's answer.

    Attributes:
        logits: (B, C).
        features: (B, D), the pooled clip features before dropout and classifier.
        frames: (B, T, D), the features of each frame, whose mean over T is ``features``; (B, 1, D) of a network that
            does not tell the frames apart in its features.
        maps: feature maps (B, C, T, H, W) of the network's stages, each with its own sizes, if they were asked for.
    """

    logits: Tensor
    features: Tensor
    frames: Tensor
    maps: tuple[Tensor, ...] = ()


class Network(Protocol):
    """A backbone with a linear classifier; an ``nn.Module``.

    Attributes:
        features: D, the length of a clip's features.
        stages: of how many stages it can tell the feature maps; 0 for a network that cannot.
        grid: rows and columns of a frame's patch tokens; None for a network that is not made of such tokens.
        classifier: features (B, D) to logits (B, C).
    """

    features: int
    stages: int
    grid: tuple[int, int] | None
    classifier: nn.Linear

    def __call__(self, clips: Tensor, maps: bool = False, places: Sequence[int] | None = None) -> Output:
        """The answer to clips (B, T, C, H, W).

        Args:
            clips: what it looks at.
            maps: whether the stages' feature maps are asked for.
            places: T rising numbers, from 0: which frames of a whole clip these are, where they are a part of it that
                is local in time. A network with embeddings of time gives each frame that of its place; to the others it
                is all the same.
        """
        ...


@dataclass(frozen=True)
class Context:
    """What a method is built from.

    Attributes:
        classes: C.
        n_labelled, n_unlabelled: clips in each pool.
        steps, epochs: the length of the run.
        unlabelled_per_labelled: unlabelled clips of a step for each labelled one.
        class_names: C names, as the split has them.
        network: role -> a new :class:`Network`, whose initial weights depend on the run's seed and on the role alone.
            Every method starts from ``network("student")``. ``network(role, NAME)`` is another network, of those that
            :meth:`Method.further_networks` names.
        module: (role, make) -> what ``make()`` returns, a module that a method has besides networks (a head), with
            initial weights that depend on the same.
    """

    classes: int
    n_labelled: int
    n_unlabelled: int
    steps: int
    epochs: int
    network: Callable[..., Any]
    module: Callable[[str, Callable[[], Any]], Any]
    unlabelled_per_labelled: int = 1
    class_names: Sequence[str] = ()


class Pools(Protocol):
    """Whole pools, for what a method does between epochs."""

    labels: Tensor
    """(N_l,) classes of the labelled pool."""

    def map(
        self,
        pool: Literal["labelled", "unlabelled"],
        view: View,
        function: Callable[[Tensor], Tensor],
        draw: int = 0,
    ) -> Tensor:
        """``function`` of every clip of a pool, in pool order, without gradient and in evaluation mode.

        Args:
            pool: which.
            view: how its clips are looked at.
            function: clips (B, T, C, H, W) -> (B, ...).
            draw: numbers independent draws of a random view; the same number gives the same draws within an epoch.

        Returns:
            (N, ...) for the pool's N clips.
        """
        ...


class Method(nn.Module, ABC):
    """An algorithm under its hyper-parameters.

    What it must remember (thresholds, prototypes, teachers) is a parameter or a buffer, so that saving, resuming and
    moving it need no code. It calls no ``backward``, ``item``, device or printing.

    Its hyper-parameters are its ``config``. A plan asks :meth:`views` and :meth:`check` before anything is built
    (:func:`method_without_network`): they read ``config`` alone.
    """

    Config: ClassVar[type[HyperParameters]]
    revision: ClassVar[int]
    """Raised when the mathematics changes: results of another revision are not this algorithm's."""
    needs_unlabelled: ClassVar[bool] = True
    """Whether the algorithm has nothing to do at labelled ratio 1."""
    needs_stages: ClassVar[bool] = False
    """Whether it asks its networks for the feature maps of their stages (:attr:`Network.stages`)."""
    needs_tokens: ClassVar[bool] = False
    """Whether its networks must be made of patch tokens (:attr:`Network.grid`)."""

    @abstractmethod
    def views(self) -> Views:
        """The views that :meth:`loss` reads; asked once, before training."""

    @abstractmethod
    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The losses of one step.

        Args:
            batch: the clips of the step under :meth:`views`; not to be changed in place.
            progress: where training is.
        """

    @abstractmethod
    def predict(self, clips: Tensor) -> Tensor:
        """Logits (B, C) of test views (B, T, C, H, W), each clip by itself, in evaluation mode and without gradient."""

    def further_predictions(self, clips: Tensor) -> Mapping[str, Tensor]:  # noqa: ARG002
        """Logits (B, C) of each head that could predict, by its name; none by default.

        A method with several heads gives all of them here, the one that :meth:`predict` asks too, under the conditions
        of :meth:`predict`. They are scored on validation after every epoch and on test at the end. A head that cannot
        predict yet is left out; after :meth:`train_end` each is there.
        """
        return {}

    def further_networks(self) -> Sequence[str]:
        """Names of networks besides the run's, each as ``--backbone`` takes it, or ``smaller``, ``larger`` or ``same``.

        ``smaller`` and ``larger`` are the next lighter and heavier ones of the family of the run's
        (``core.network_names``), ``same`` is the run's. ``NAME@WEIGHTS`` starts from weights of its own, said as in
        ``backbone.weights``; of a file a classifier of as many classes, too. A name with a file is the value of a
        hyper-parameter, so that its digest is part of the run. Asked before anything is built, as :meth:`views` is.
        """
        return ()

    def learning_rates(self) -> Mapping[str, float]:
        """Parameter name -> by what the run's learning rate is multiplied for it, where that is not 1; asked once."""
        return {}

    def restarts(self, epochs: int) -> Sequence[int]:  # noqa: ARG002
        """Epochs (from 0, rising) of ``epochs`` before which the run restarts; none by default.

        Right after :meth:`epoch_start` of such an epoch optimiser and averaged weights are made new, and the learning
        rate decays from its initial value to 0 once more, until the next restart or the end. What the method itself
        starts again with (weights, labels) it sets in :meth:`epoch_start`. Asked before anything is built, as
        :meth:`views` is.
        """
        return ()

    def resolved(self) -> Mapping[str, float]:
        """What depends on the run's length, as this run has it (momenta, ramps in steps); for its record."""
        return {}

    def check(self, epochs: int) -> None:
        """Raise ``ValueError`` with a sentence if the hyper-parameters cannot work in a run of ``epochs``."""

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """Called before every epoch, in evaluation mode and without gradient: the place of an offline round."""

    def after_step(self, progress: Progress) -> None:
        """Called after every optimiser step."""

    def train_end(self, progress: Progress, pools: Pools) -> None:
        """Called once after the last epoch, in evaluation mode and without gradient, before anything is scored."""


def method_without_network(algorithm: type[Method], config: HyperParameters) -> Method:
    """A method with its hyper-parameters and nothing else, to be asked for its views and checks; it cannot be run."""
    method = algorithm.__new__(algorithm)
    object.__setattr__(method, "config", config)
    return method
