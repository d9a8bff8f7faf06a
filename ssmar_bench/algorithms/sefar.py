"""SeFAR (Huang et al., AAAI 2025): elements of other temporal density; a steady teacher's labels weigh more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.elements import ElementNetwork, element_places, fine_frames_reversed
from ssmar_bench.algorithms.shared.forward import forward_together
from ssmar_bench.algorithms.shared.mixing import draw_held, draw_share, token_mix
from ssmar_bench.algorithms.shared.pseudo_labels import weighted_cross_entropy
from ssmar_bench.algorithms.shared.schedule import momentum_of_run
from ssmar_bench.algorithms.shared.strong_clip import channel_dropout
from ssmar_bench.algorithms.shared.teacher import Teacher
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Method,
    Progress,
    PseudoLabels,
    View,
    Views,
)


class SeFAR(Method):
    """L = H(y, p(x)) + r(e) (weight mean_i w_i H(y_i, p(s_i)) + mix_weight mean_i M_i mean_c (z_c(mix_i) - t_ic)^2).

    The teacher sees the weak clip once, under several draws of its dropout: P_i is the mean of its probabilities, y_i
    the class of the largest, and w_i grows with that probability and falls with its deviation (:func:`trust`). s_i is
    a strong clip of other frames, with its fine elements reversed and without some of its colour channels. mix_i has
    the tokens of s_i in a tube of each element, and those of another such clip j outside. With l, the tubes' share,
    t_i = l P_i + (1 - l) P_j and M_i = l w_i + (1 - l) w_j. In the warm-up there is the first term alone; at its end
    the teacher begins, as the student. r(e) = sin(pi/2 times the share of the epochs after it that e ends).
    """

    class Config(HyperParameters):
        """Hyper-parameters of SeFAR.

        Attributes:
            warm_up: share of the epochs with labelled clips alone.
            weight: gamma_1, of the loss on strong clips.
            mix_weight: gamma_2, of the loss on mixed clips.
            passes: draws of the teacher's dropout.
            steadiness: how fast a label's weight falls with its deviation over them.
            perturbation: of strong clips' fine elements: ``reverse`` or ``none``.
            beta: of the Beta distribution from which the tubes' share is drawn, once a batch.
            channel_dropout: probability that a strong clip loses a colour channel.
            momentum: of the teacher.
            memory: the teacher's longest memory as a share of the run (``shared.schedule``).
            width: of everything behind the elements' features.
            dropout: before the classifier.
        """

        warm_up: Annotated[Fraction, Acts("schedule")] = Field(ge=0, lt=1)
        weight: float = Field(ge=0)
        mix_weight: float = Field(ge=0)
        passes: int = Field(ge=2)
        steadiness: float = Field(gt=0)
        perturbation: Literal["reverse", "none"]
        beta: float = Field(gt=0)
        channel_dropout: float = Field(ge=0, lt=1)
        momentum: float = Field(ge=0, lt=1)
        memory: float | None = Field(gt=0, le=1)
        width: int = Field(ge=1)
        dropout: float = Field(gt=0, lt=1)

    config: Config
    revision = 1
    needs_tokens = True

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.config = config

        def network() -> ElementNetwork:
            student, drop = context.network("student"), config.dropout
            made: ElementNetwork = context.module(
                "elements", lambda: ElementNetwork(student, config.width, context.classes, drop)
            )
            return made

        self.student, self.teacher = network(), Teacher(network(), always_evaluates=True)
        self.momentum = momentum_of_run(config.momentum, config.memory, context.steps)
        self.warm_up = round(config.warm_up * context.epochs)

    def resolved(self) -> Mapping[str, float]:
        """Momentum and the warm-up's length in this run."""
        return {"momentum": self.momentum, "warm_up_epochs": self.warm_up}

    def check(self, epochs: int) -> None:
        """A run must go on after its warm-up."""
        if round(self.config.warm_up * epochs) >= epochs:
            raise ValueError(f"sefar would spend all {epochs} epochs on its warm-up; raise train.epochs")

    def views(self) -> Views:
        """Weak labelled; weak and strong unlabelled, each with its own frames, crop and flip."""
        return Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("strong", time="second")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """The three terms, from one pass of the student over each element of all clips."""
        x, u = batch.labelled, batch.unlabelled
        assert u is not None
        if progress.epoch < self.warm_up:
            return Losses({"labelled": functional.cross_entropy(self.student(x.clips["weak"]).logits, x.label)})
        target, pseudo = self.labels(u.index, u.clips["weak"])

        strong = u.clips["strong"]
        if self.config.perturbation == "reverse":
            strong = fine_frames_reversed(strong)
        other = torch.randperm(len(strong)).to(strong.device)
        tubes, share = self.draw_tubes(strong.shape[1])
        thinned = channel_dropout(strong, self.config.channel_dropout)
        views = (x.clips["weak"], thinned, token_mix(thinned, strong[other], tubes))
        labelled, plain, mixed = (output.logits.float() for output in forward_together(self.student, *views))

        share, weight, grown = share.to(target), pseudo.weight, self.ramp(progress)
        gap = (mixed - torch.lerp(target[other], target, share)).square().mean(1)
        terms = {
            "labelled": functional.cross_entropy(labelled, x.label),
            "unlabelled": grown * self.config.weight * weighted_cross_entropy(plain, pseudo.label, weight),
            "mixed": grown * self.config.mix_weight * (torch.lerp(weight[other], weight, share) * gap).mean(),
        }
        return Losses(terms, {"online": pseudo})

    @torch.no_grad()
    def labels(self, index: Tensor, weak: Tensor) -> tuple[Tensor, PseudoLabels]:
        """P (B, C) of the weak clips (B, T, C, H, W), rows ``index`` (B,) of the pool, and what is made of it."""
        drawn = self.teacher.network.dropped_out(self.teacher(weak).features, self.config.passes).float().softmax(2)
        target = drawn.mean(0)
        confidence, label = target.max(1)
        spread = drawn.std(0).gather(1, label[:, None])[:, 0]
        return target, PseudoLabels(index, label, trust(confidence, spread, self.config.steadiness), confidence)

    def draw_tubes(self, frames: int) -> tuple[Tensor, Tensor]:
        """Masks (T, rows, columns) over the tokens of ``frames`` frames, one for each element, and their share ()."""
        grid = self.student.network.grid
        share, tubes = draw_share(self.config.beta), torch.zeros(frames, *grid, dtype=torch.bool)
        for places in element_places(frames):
            tubes[list(places)] = draw_held(grid, share)
        return tubes, share

    def ramp(self, progress: Progress) -> float:
        """r(e): 1 in the last epoch."""
        return math.sin(math.pi / 2 * (progress.epoch + 1 - self.warm_up) / (progress.epochs - self.warm_up))

    def after_step(self, progress: Progress) -> None:
        """The teacher follows; in the warm-up it is the student."""
        self.teacher.update(self.student, 0.0 if progress.epoch < self.warm_up else self.momentum)

    def predict(self, clips: Tensor) -> Tensor:
        """The student's logits."""
        logits: Tensor = self.student(clips).logits
        return logits


def trust(confidence: Tensor, spread: Tensor, steadiness: float) -> Tensor:
    """The weight 2 sigmoid(e^p - e) * 2 (sigmoid(1 / (steadiness s)) - 1/2), (B,): 1 for p = 1 and s = 0.

    Args:
        confidence: p (B,), the label's mean probability.
        spread: s (B,), its standard deviation over the draws.
        steadiness: 20 in the paper's code.
    """
    steady = torch.sigmoid(1 / (steadiness * spread + 1e-9)) - 0.5
    return 2 * torch.sigmoid(confidence.exp() - math.e) * 2 * steady
