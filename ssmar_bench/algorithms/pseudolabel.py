"""Pseudo-Label (Lee, ICML workshop 2013): the network's own labels, learned on the same view with a growing weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.batch_norm import frozen_statistics
from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels, weighted_cross_entropy
from ssmar_bench.algorithms.shared.schedule import ramp
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import Acts, Batch, Context, HyperParameters, Losses, Progress, View, Views


class PseudoLabel(Student):
    """L = H(y, p(x)) + weight * ramp(t) * 1[max p(u) >= threshold] H(argmax p(u), p(u)); x and u are weak views."""

    class Config(HyperParameters):
        """Hyper-parameters of Pseudo-Label.

        Attributes:
            threshold: the least probability of a pseudo-label that is used.
            weight: alpha_f, at the end of the ramp.
            ramp_start, ramp_end: T1 and T2 as shares of the run: alpha is 0 before the one, alpha_f after the other.
        """

        threshold: Threshold
        weight: float = Field(ge=0)
        ramp_start: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)
        ramp_end: Annotated[float, Acts("schedule")] = Field(ge=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.steps = context.steps

    def resolved(self) -> Mapping[str, float]:
        """Where the ramp starts and ends in this run."""
        return {f"{name}_step": getattr(self.config, name) * self.steps for name in ("ramp_start", "ramp_end")}

    def views(self) -> Views:
        """Weak views of both pools."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """A labelled pass, and an unlabelled one that leaves BatchNorm's running statistics alone."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        labelled = self.network(x.clips["weak"]).logits
        with frozen_statistics(self.network):
            unlabelled: Tensor = self.network(u.clips["weak"]).logits
        pseudo = confident_labels(u.index, unlabelled, self.config.threshold)
        alpha = self.config.weight * ramp(progress, self.config.ramp_end, self.config.ramp_start)
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "unlabelled": alpha * weighted_cross_entropy(unlabelled, pseudo.label, pseudo.weight),
        }
        return Losses(terms, {"online": pseudo})
