"""Dual Student (Ke et al., ICCV 2019): of two students the one that is stable on a clip teaches the other.

There is no average of weights. The two share a network's kind and differ in their initial weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.algorithms.shared.pseudo_labels import Threshold
from ssmar_bench.algorithms.shared.schedule import ramp
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Progress,
    PseudoLabels,
    View,
    Views,
)


@dataclass(frozen=True)
class Answers:
    """What a student says of all clips of a step, logits (N, C).

    Attributes:
        classes: of the class head on the student's own view.
        consistency: of the consistency head there.
        elsewhere: of the class head on the other view, without gradient.
    """

    classes: Tensor
    consistency: Tensor
    elsewhere: Tensor

    def stable(self, threshold: float) -> Tensor:
        """Whether both views have one class, and one of them a probability above ``threshold``; (N,) booleans."""
        here, there = (logits.detach().softmax(1).max(1) for logits in (self.classes, self.elsewhere))
        return (here.indices == there.indices) & (torch.maximum(here.values, there.values) > threshold)

    def inconsistency(self) -> Tensor:
        """The mean over the classes of (p(consistency) - p(elsewhere))^2, (N,), with gradient."""
        return gap(self.consistency, self.elsewhere)


class DualStudent(Student):
    """The sum over both students of H(y, z) + residual |z - h|^2 + r(t) (consistency L_con + stabilisation L_sta).

    z and h are logits of the class and of the consistency head on the student's view. L_con is the gap between p(h)
    and the student's own p(z) on the other view. L_sta is the gap between p(h) and the other student's p(z) on its
    view, on the unlabelled clips on which the other one teaches.
    """

    class Config(HyperParameters):
        """Hyper-parameters of Dual Student.

        Attributes:
            threshold: xi, above which a stable student's probability lies in at least one view.
            consistency: weight of L_con at the end of the ramp.
            stabilisation: weight of L_sta there.
            residual: weight of the mean squared difference between the two heads' logits.
            ramp: length of the ramp exp(-5 (1 - t)^2) as a share of the run.
        """

        threshold: Threshold
        consistency: float = Field(ge=0)
        stabilisation: float = Field(ge=0)
        residual: float = Field(ge=0)
        ramp: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.steps = context.steps
        self.second = context.network("second student")
        shape = self.network.features, context.classes
        self.head = context.module("consistency head", lambda: nn.Linear(*shape))
        self.second_head = context.module("second consistency head", lambda: nn.Linear(*shape))

    def resolved(self) -> Mapping[str, float]:
        """The ramp's length in this run."""
        return {"ramp_steps": self.config.ramp * self.steps}

    def views(self) -> Views:
        """Two weak views of every clip: the student learns ``first``, the second student ``second``."""
        two = {"first": View("weak"), "second": View("weak")}
        return Views(labelled=two, unlabelled=two)

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The costs of both students, each under its own name summed over the two."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        first, second = (torch.cat([x.clips[view], u.clips[view]]) for view in ("first", "second"))
        one = answers(self.network, self.head, first, second)
        two = answers(self.second, self.second_head, second, first)
        by_two, by_one = directions(one, two, self.config.threshold)
        grown = ramp(progress, self.config.ramp, shape="sigmoid")
        costs = [
            self.costs(own, other, taught, x.label, grown)
            for own, other, taught in ((one, two, by_two), (two, one, by_one))
        ]
        confidence, label = two.classes.detach()[len(x.label) :].softmax(1).max(1)
        pseudo = PseudoLabels(u.index, label, by_two[len(x.label) :].float(), confidence)
        return Losses({name: costs[0][name] + costs[1][name] for name in costs[0]}, {"online": pseudo})

    def costs(self, own: Answers, other: Answers, taught: Tensor, label: Tensor, grown: float) -> dict[str, Tensor]:
        """What one student owes, by name.

        Args:
            own: its answers to labelled and, behind them, unlabelled clips (N, C).
            other: the other student's.
            taught: (N,) on which clips the other one teaches it.
            label: (B,) classes of the labelled clips.
            grown: the ramp's factor.
        """
        labelled = len(label)
        from_other = taught * gap(own.consistency, other.classes.detach())
        return {
            "labelled": functional.cross_entropy(own.classes[:labelled], label),
            "residual": self.config.residual * functional.mse_loss(own.classes, own.consistency),
            "consistency": grown * self.config.consistency * own.inconsistency().mean(),
            "stabilisation": grown * self.config.stabilisation * from_other[labelled:].mean(),
        }

    def further_predictions(self, clips: Tensor) -> Mapping[str, Tensor]:
        """The class heads of both students."""
        return {"student": self.network(clips).logits, "second_student": self.second(clips).logits}


def answers(network: Any, head: nn.Module, own: Tensor, other: Tensor) -> Answers:
    """A student's answers where it learns the view ``own`` of clips (N, T, C, H, W); BatchNorm sees both views."""
    output = network(own)
    with torch.no_grad():
        elsewhere = network(other).logits
    return Answers(output.logits.float(), head(output.features).float(), elsewhere.float())


def directions(one: Answers, two: Answers, threshold: float) -> tuple[Tensor, Tensor]:
    """On which clips (N,) the second student teaches the first, and on which the first one the second.

    The stable one teaches; of two stable ones the more consistent, and both where they are equally so.
    """
    stable = [each.stable(threshold) for each in (one, two)]
    error = [each.inconsistency().detach() for each in (one, two)]
    by_two = stable[1] & (~stable[0] | (error[1] <= error[0]))
    by_one = stable[0] & (~stable[1] | (error[0] <= error[1]))
    return by_two, by_one


def gap(logits: Tensor, target: Tensor) -> Tensor:
    """The mean over the classes of (softmax(logits) - softmax(target))^2 of each clip, (N,), from logits (N, C)."""
    return (logits.softmax(1) - target.softmax(1)).square().mean(1)
