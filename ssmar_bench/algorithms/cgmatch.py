"""CGMatch (CVPR 2025): unsure clips whose former labels agree are learned, too, by a loss that forgives noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.distribution import UniformAlignment
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.pseudo_labels import weighted_cross_entropy
from ssmar_bench.algorithms.shared.schedule import momentum_of_run, ramp
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.algorithms.shared.views import weak_and_strong
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Progress,
    PseudoLabels,
    Views,
)


class CGMatch(Student):
    """L = H(y, p(x)) + weight * mean easy H(y_u, p(A u)) + ambiguous * h(t) mean unsure (G(p(u)) + G(p(A u))).

    Easy clips are as confident as clips are on average. Of the others those are learned whose counts of former labels
    lie as far apart, the first from the second class, as they do on average. G is :func:`generalised_cross_entropy`
    with y_u, and h grows as a square.
    """

    class Config(HyperParameters):
        """Hyper-parameters of CGMatch.

        Attributes:
            weight: of the easy clips' loss.
            ambiguous: of the others', at the end of the run.
            exponent: q of G.
            warm_up: share of the run with labelled clips alone.
            momentum: of all averages.
            memory: their longest memory as a share of the run (``shared.schedule``).
        """

        weight: float = Field(ge=0)
        ambiguous: float = Field(ge=0)
        exponent: float = Field(gt=0, le=1)
        warm_up: Annotated[float, Acts("schedule", other=0.5)] = Field(ge=0, lt=1)
        momentum: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)
        self.alignment = UniformAlignment(context.classes, self.momentum)
        self.register_buffer("counts", torch.zeros(context.n_unlabelled, context.classes))
        self.register_buffer("level", torch.full((), 1 / context.classes))
        self.register_buffer("usual_gap", torch.zeros(()))

    counts: Tensor
    """(N, C) how often each unlabelled clip had each label."""
    level: Tensor
    usual_gap: Tensor

    def resolved(self) -> Mapping[str, float]:
        """The momentum in this run."""
        return {"momentum": self.momentum}

    def views(self) -> Views:
        """Weak labelled; weak and strong unlabelled."""
        return weak_and_strong()

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """All terms, from one forward pass over all views."""
        assert batch.unlabelled is not None
        x, u, start = batch.labelled, batch.unlabelled, self.config.warm_up
        outputs = forward_together(self.network, x.clips["weak"], u.clips["weak"], u.clips["strong"])
        labelled, weak, strong = (output.logits.float() for output in outputs)
        confidence, label = self.alignment(weak.detach().softmax(1)).max(1)
        easy, unsure = self.partition(u.index, label, confidence)
        easy = easy * float(progress.step >= start * progress.steps)
        grown = ramp(progress, 1.0, start) ** 2
        unsure_cost = sum(generalised_cross_entropy(z, label, self.config.exponent) for z in (weak, strong))
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "easy": self.config.weight * weighted_cross_entropy(strong, label, easy),
            "ambiguous": self.config.ambiguous * grown * (unsure * unsure_cost).mean(),
        }
        used = torch.where(easy > 0, easy, grown * unsure)
        return Losses(terms, {"online": PseudoLabels(u.index, label, used, confidence)})

    def partition(self, index: Tensor, label: Tensor, confidence: Tensor) -> tuple[Tensor, Tensor]:
        """Which clips ``index`` are easy and which ambiguous, 1 or 0, after their labels were counted; all (B,)."""
        self.counts.index_put_((index, label), torch.ones_like(confidence), accumulate=True)
        first = self.counts[index].topk(2, dim=1).values
        gap = first[:, 0] - first[:, 1]
        self.level.lerp_(confidence.mean(), 1 - self.momentum)
        self.usual_gap.lerp_(gap.mean(), 1 - self.momentum)
        easy = confidence >= self.level
        return easy.float(), (~easy & (gap >= self.usual_gap)).float()


def generalised_cross_entropy(logits: Tensor, label: Tensor, exponent: float) -> Tensor:
    """(1 - p_label^q) / q of each clip, (B,) (Zhang and Sabuncu, NeurIPS 2018): q = 1 is 1 - p, q to 0 is -log p."""
    log_p = logits.log_softmax(1).gather(1, label[:, None])[:, 0]
    return -torch.expm1(exponent * log_p) / exponent
