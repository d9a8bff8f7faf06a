"""InfoMatch (Han et al., IJCAI 2024): FreeMatch's labels for three views at once, a CutMix and two strong ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.mixing import cutmix_clips, draw_cutmix_boxes
from ssmar_bench.algorithms.shared.pseudo_labels import weighted_cross_entropy
from ssmar_bench.algorithms.shared.schedule import momentum_of_run
from ssmar_bench.algorithms.shared.self_adaptive import SelfAdaptiveThreshold
from ssmar_bench.algorithms.shared.student import TeacherStudent
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    Losses,
    Progress,
    PseudoLabels,
    View,
    Views,
)


class InfoMatch(TeacherStudent):
    """L = H(y, p(x)) + weight * (cutmix * L_cm + strong * (L_s1 + L_s2) + agreement * L_a).

    L_s1 and L_s2 are FreeMatch's loss on two strong views, L_cm on the weak view with a box of another clip's in it,
    which owes each clip's label its share of the frame. L_a is the squared gap between the standardised logits of the
    strong views.
    """

    class Config(TeacherStudent.Config):
        """Hyper-parameters of InfoMatch.

        Attributes:
            momentum: of the threshold's moving averages.
            memory: longest memory of all averages as a share of the run (``shared.schedule``).
            weight: of everything unlabelled.
            cutmix, strong, agreement: of the terms within.
            teacher_momentum: of the averaged weights.
        """

        momentum: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)
        weight: float = Field(ge=0)
        cutmix: float = Field(ge=0)
        strong: float = Field(ge=0)
        agreement: float = Field(ge=0)
        teacher_momentum: Annotated[float, Acts("prediction")] = Field(ge=0, lt=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)
        self.teacher_momentum = momentum_of_run(config.teacher_momentum, config.memory, context.steps)
        self.threshold = SelfAdaptiveThreshold(context.classes, self.momentum)

    def resolved(self) -> Mapping[str, float]:
        """The momenta in this run."""
        return {"momentum": self.momentum, "teacher_momentum": self.teacher_momentum}

    def views(self) -> Views:
        """Weak labelled; weak and two strong unlabelled that share its frames, crop and flip."""
        names = {"weak": "weak", "strong": "strong", "second": "strong"}
        return Views({"weak": View("weak")}, {name: View(aug, space="clip") for name, aug in names.items()})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """All terms, from one forward pass over all views."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        weak = u.clips["weak"]
        other = torch.randperm(len(weak)).to(weak.device)
        mixed, share = cutmix_clips(weak, weak[other], draw_cutmix_boxes(len(weak), *weak.shape[-2:]))
        views = (x.clips["weak"], weak, mixed, u.clips["strong"], u.clips["second"])
        labelled, believed, mixed, first, second = (output.logits for output in forward_together(self.network, *views))

        pseudo: PseudoLabels = self.threshold(u.index, believed.detach().float().softmax(1))
        label, used, weight = pseudo.label, pseudo.weight, self.config.weight
        of_own = weighted_cross_entropy(mixed, label, share * used)
        of_other = weighted_cross_entropy(mixed, label[other], (1 - share) * used[other])
        strong = weighted_cross_entropy(first, label, used) + weighted_cross_entropy(second, label, used)
        gap = functional.mse_loss(standardised_logits(first), standardised_logits(second))
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "cutmix": weight * self.config.cutmix * (of_own + of_other),
            "strong": weight * self.config.strong * strong,
            "agreement": weight * self.config.agreement * gap,
        }
        return Losses(terms, {"online": pseudo})

    def after_step(self, progress: Progress) -> None:
        """The averaged weights follow."""
        self.teacher.update(self.network, self.teacher_momentum)


def standardised_logits(logits: Tensor) -> Tensor:
    """Each row (B, C) minus its mean, over its standard deviation (of C - 1); a row of equal logits gives zeros."""
    classes = logits.shape[1]
    scale = math.sqrt((classes - 1) / classes)  # layer_norm divides by the deviation of C
    return scale * functional.layer_norm(logits.float(), (classes,), eps=1e-12)
