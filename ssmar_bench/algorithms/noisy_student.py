"""Noisy Student (Xie et al., CVPR 2020): a teacher labels the pool once, a new student learns it with noise, and so on.

A student starts anew, and is the next teacher. Labels are made between two of them alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.consistency import soft_cross_entropy
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.offline_rounds import check_rounds, numbered_rounds, round_epochs
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Pools,
    Progress,
    PseudoLabels,
    View,
    Views,
)


class NoisyStudent(Student):
    """L = H(y, p(A x)), and of a student + rho mean_i b_i H(q_i, p(A u_i)); y is smoothed.

    q_i is the former generation's softmax(z / temperature) of the whole clip without noise, b_i its weight
    (:func:`balanced_weights`), with a mean of 1 over the pool, and rho how many unlabelled clips a step has for each
    labelled one. The run is cut into equal parts, one for each generation. Each student starts from the initial weights
    of its network, with a new optimiser and schedule.
    """

    class Config(HyperParameters):
        """Hyper-parameters of Noisy Student.

        Attributes:
            students: generations after the first teacher, which learns labelled clips alone.
            student: the students' network, as ``--backbone`` takes it, or ``larger``; or ``same``.
            temperature: of the labels; below 1 they are harder.
            threshold: the least largest probability of a clip that is learned.
            smoothing: share of y that is spread over all classes.
        """

        students: Annotated[int, Acts("schedule")] = Field(ge=1)
        student: Annotated[str, Acts(other="micro-tsm-narrow")]
        temperature: Annotated[float, Acts("round")] = Field(gt=0)
        threshold: Annotated[float, Acts("round", all=0.0, none=1.0)] = Field(ge=0, le=1)
        smoothing: float = Field(ge=0, lt=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.epochs = context.epochs
        own = ("student",) if config.student == "same" else ("larger student", config.student)
        self.initial = context.network(*own).requires_grad_(False)
        if config.student != "same":
            self.successor = context.network(*own)
        self.register_buffer("generation", torch.zeros((), dtype=torch.long))
        self.register_buffer("soft_label", torch.zeros(context.n_unlabelled, context.classes))
        self.register_buffer("weight", torch.zeros(context.n_unlabelled))

    generation: Tensor
    """0 while the first teacher learns."""
    soft_label: Tensor
    """(N, C) distributions."""
    weight: Tensor
    """(N,)"""

    @property
    def student(self) -> Any:
        """The network of all generations but the first."""
        return self.network if self.config.student == "same" else self.successor

    def further_networks(self) -> Sequence[str]:
        """The students', where it is another one."""
        return () if self.config.student == "same" else (self.config.student,)

    def restarts(self, epochs: int) -> list[int]:
        """Epochs (from 0) before which a student starts."""
        part = Fraction(1, self.config.students + 1)
        return round_epochs(epochs, part, part)

    def resolved(self) -> Mapping[str, float]:
        """Number of epochs before each student of this run."""
        return numbered_rounds(self.restarts(self.epochs))

    def check(self, epochs: int) -> None:
        """Every generation needs an epoch."""
        check_rounds("noisy-student", epochs, self.restarts)

    def views(self) -> Views:
        """Strong labelled and unlabelled clips."""
        return Views(labelled={"strong": View("strong")}, unlabelled={"strong": View("strong")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The first teacher's loss, or a student's, from one forward pass over both pools."""
        x, u = batch.labelled, batch.unlabelled
        assert u is not None
        if progress.epoch < self.restarts(progress.epochs)[0]:
            return Losses({"labelled": self.labelled_loss(self.network(x.clips["strong"]).logits, x.label)})
        labelled, strong = forward_together(self.student, x.clips["strong"], u.clips["strong"])
        target, weight = self.soft_label[u.index], self.weight[u.index]
        share = len(u.index) / len(x.label)
        terms = {
            "labelled": self.labelled_loss(labelled.logits, x.label),
            "unlabelled": share * (weight * soft_cross_entropy(strong.logits, target)).mean(),
        }
        confidence, label = target.max(1)
        return Losses(terms, {"offline": PseudoLabels(u.index, label, weight, confidence)})

    def labelled_loss(self, logits: Tensor, label: Tensor) -> Tensor:
        """The mean cross-entropy, a scalar, of logits (B, C) with smoothed classes (B,)."""
        return functional.cross_entropy(logits, label, label_smoothing=self.config.smoothing)

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """Between two generations: the one labels the pool, the next begins."""
        if progress.epoch in self.restarts(progress.epochs):
            logits = pools.map("unlabelled", View("test"), self.predict).float()
            self.soft_label.copy_((logits / self.config.temperature).softmax(1))
            self.weight.copy_(self.weights_of_labels())
            self.generation += 1
            self.student.load_state_dict(self.initial.state_dict())

    def weights_of_labels(self) -> Tensor:
        """(N,) of a mean of 1, or all 0 where no clip is kept."""
        confidence, label = self.soft_label.max(1)
        kept = confidence >= self.config.threshold
        weight = balanced_weights(label, confidence, kept, self.soft_label.shape[1])
        return weight * len(weight) / weight.sum().clamp_min(1)

    def predict(self, clips: Tensor) -> Tensor:
        """The logits of the generation that learns."""
        logits: Tensor = (self.student if bool(self.generation) else self.network)(clips).logits
        return logits


def balanced_weights(label: Tensor, confidence: Tensor, kept: Tensor, classes: int) -> Tensor:
    """Weights (N,) with the same sum for each class: n, the median number of ``kept`` clips of a class that has any.

    Of a class with more than n the n most confident ones have the weight 1, of any other all n / its number; that is
    how often they would be repeated on average.

    Args:
        label: (N,) classes.
        confidence: (N,).
        kept: (N,) booleans.
        classes: C.
    """
    member = functional.one_hot(label, classes) * kept[:, None]
    number = member.sum(0)
    median = torch.where(number > 0, number.float(), torch.nan).nanmedian().nan_to_num(0.0)
    order = confidence.argsort(descending=True, stable=True)
    rank = torch.empty_like(label)
    rank[order] = member[order].cumsum(0).gather(1, label[order, None])[:, 0]
    repeated = median / number.clamp_min(1).minimum(median.long().clamp_min(1))
    return repeated[label] * (kept & (rank <= median))
