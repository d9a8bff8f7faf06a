"""TCL (Singh et al., CVPR 2021): a clip seen at two frame rates is one action, and so are clips of one pseudo-class.

One network, a 2D one with temporal shift in the paper, sees each unlabelled clip fast and slow. A clip's representation
is the softmax over the classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.algorithms.shared.contrast import nt_xent
from ssmar_bench.algorithms.shared.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    HyperParameters,
    Losses,
    Progress,
    View,
    Views,
)


class TCL(Student):
    """L = H(y, p(x)), then + gamma L_ic + beta L_gc, and at last + gamma_ft L_pl instead of both."""

    class Config(HyperParameters):
        """Hyper-parameters of TCL.

        Attributes:
            slow_frames: frames of the slow pathway; the fast one shows the frame cache's segments.
            temperature: of both contrastive losses.
            instance: gamma, weight of the instance contrastive loss L_ic.
            group: beta, weight of the group contrastive loss L_gc.
            warm_up: share of the epochs with labelled clips alone.
            fine_tuning: share of the epochs, at the end, that learn pseudo-labels.
            threshold: the least probability of a pseudo-label that is used.
            pseudo: gamma_ft, weight of the pseudo-labels' loss L_pl.
            classifier_rate: how many times the learning rate the classifier has.
            bias_rate: how many times their layer's rate biases have, but for BatchNorm's.
        """

        slow_frames: Annotated[int, Acts(other=2)] = Field(ge=1)
        temperature: float = Field(gt=0)
        instance: float = Field(ge=0)
        group: float = Field(ge=0)
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(ge=0, lt=1)
        fine_tuning: Annotated[Fraction, Acts("schedule")] = Field(ge=0, lt=1)
        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        pseudo: float = Field(ge=0)
        classifier_rate: float = Field(gt=0)
        bias_rate: float = Field(gt=0)

    config: Config
    revision = 2

    def views(self) -> Views:
        """Weak ones alone; fast and slow show frames and crops of their own."""
        slow = View("weak", time="slow", frames=self.config.slow_frames)
        return Views(labelled={"weak": View("weak")}, unlabelled={"fast": View("weak", time="fast"), "slow": slow})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """Labelled and unlabelled clips go through the network by themselves, and so do both frame rates."""
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        contrast, fine_tuning = self.phases(progress.epochs)
        terms: dict[str, Tensor] = {}
        pseudo = {}
        if contrast <= progress.epoch < fine_tuning:
            with torch.no_grad():  # the fast pathway teaches, the slow one learns
                fast = self.network(u.clips["fast"]).logits.float().softmax(1)
            slow = self.network(u.clips["slow"]).logits.float().softmax(1)
            terms["unlabelled_instance"] = self.config.instance * nt_xent(fast, slow, self.config.temperature)
            terms["unlabelled_group"] = self.config.group * self.group_loss(fast, slow)
        elif progress.epoch >= fine_tuning:
            logits = self.network(u.clips["fast"]).logits
            pseudo["online"] = confident = confident_labels(u.index, logits, self.config.threshold)
            learned = weighted_cross_entropy(logits, confident.label, confident.weight)
            terms["unlabelled_pseudo"] = self.config.pseudo * learned
        labelled = functional.cross_entropy(self.network(x.clips["weak"]).logits, x.label)
        return Losses({"labelled": labelled, **terms}, pseudo)

    def group_loss(self, fast: Tensor, slow: Tensor) -> Tensor:
        """L_gc: pairs of a class's mean representations in both pathways, each grouped by its own most probable class.

        Args:
            fast: (B, C) probabilities.
            slow: (B, C) probabilities.

        Returns:
            The loss over the classes that both pathways name; 0 if there is none.
        """
        means, named = zip(*map(group_means, (fast, slow)), strict=True)
        both = named[0] & named[1]
        if not both.any():
            return slow.sum() * 0
        return nt_xent(means[0][both], means[1][both], self.config.temperature)

    def learning_rates(self) -> Mapping[str, float]:
        """Those of the official code's ``fc_lr5``."""
        rates = {}
        for name, layer in self.named_modules():
            own = self.config.classifier_rate if layer is self.network.classifier else 1.0
            weighs = isinstance(layer, nn.Linear | nn.modules.conv._ConvNd)
            for key, _ in layer.named_parameters(recurse=False) if weighs else ():
                rates[f"{name}.{key}"] = own * (self.config.bias_rate if key == "bias" else 1.0)
        return {name: rate for name, rate in rates.items() if rate != 1}

    def phases(self, epochs: int) -> tuple[int, int]:
        """The epochs (from 0) before which the contrastive and the fine-tuning phase begin."""
        return round(self.config.warm_up * epochs), round((1 - self.config.fine_tuning) * epochs)

    def check(self, epochs: int) -> None:
        """Refuses a run so short that one of its phases has no epoch."""
        contrast, fine_tuning = self.phases(epochs)
        lengths = contrast, fine_tuning - contrast, epochs - fine_tuning
        wanted = self.config.warm_up > 0, True, self.config.fine_tuning > 0
        if any(length < 1 for length, phase in zip(lengths, wanted, strict=True) if phase):
            raise ValueError(
                f"tcl needs a longer run: of {epochs} epochs its phases would have {', '.join(map(str, lengths))}, and "
                "each must have one; raise train.epochs"
            )


def group_means(probability: Tensor) -> tuple[Tensor, Tensor]:
    """The mean (C, C) of the rows (B, C) that are most probably of each class, and which classes have any (C,)."""
    member = functional.one_hot(probability.argmax(1), probability.shape[1]).to(probability)
    count = member.sum(0)
    with torch.autocast(probability.device.type, enabled=False):  # it would add them up in 16 bits
        return member.T @ probability / count.clamp_min(1)[:, None], count > 0
