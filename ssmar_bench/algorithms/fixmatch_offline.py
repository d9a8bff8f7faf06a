"""FixMatch with its pseudo-labels made offline (APLT paper, Table 4: FixMatch, ASY)."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.parts.forward import together
from ssmar_bench.algorithms.parts.pseudo_labels import confident_labels, weighted_cross_entropy
from ssmar_bench.algorithms.parts.rounds import check_rounds, round_epochs
from ssmar_bench.core.contract import (
    Acts,
    Batch,
    Context,
    HyperParameters,
    Losses,
    Method,
    Pools,
    Progress,
    PseudoLabels,
    View,
    Views,
)


class OfflineFixMatch(Method):
    """FixMatch in a warm-up; from then on its own labels of the whole pool, renewed in rounds and fixed in between."""

    class Config(HyperParameters):
        """Hyper-parameters: FixMatch's, and APLT's schedule of rounds.

        Attributes:
            threshold: tau, the least probability of a pseudo-label that is used.
            weight: of the unlabelled loss.
            warm_up: share of the epochs before the first round.
            round_every: share of the epochs between two rounds.
        """

        threshold: Annotated[float, Acts(all=0.0, none=1.0)] = Field(ge=0, le=1)
        weight: float = Field(ge=0)
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(gt=0, lt=1)
        round_every: Annotated[Fraction, Acts("schedule")] = Field(gt=0, le=1)

    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__()
        self.network = context.network("student")
        self.config = config
        self.register_buffer("pseudo_label", torch.zeros(context.n_unlabelled, dtype=torch.long))
        self.register_buffer("selected", torch.zeros(context.n_unlabelled))
        self.register_buffer("confidence", torch.zeros(context.n_unlabelled))

    pseudo_label: Tensor
    selected: Tensor
    confidence: Tensor

    def views(self) -> Views:
        """FixMatch's."""
        return Views(labelled={"weak": View("weak")}, unlabelled={"weak": View("weak"), "strong": View("strong")})

    def loss(self, batch: Batch, progress: Progress) -> Losses:
        """FixMatch's two terms; after the warm-up the labels are those of the last round.

        The weak views go through the network at all times, so that BatchNorm sees what it sees in FixMatch.
        """
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled
        labelled, weak, strong = together(self.network, x.clips["weak"], u.clips["weak"], u.clips["strong"])
        if progress.epoch < self.round_epochs(progress.epochs)[0]:
            stream, pseudo = "online", confident_labels(u.index, weak.logits, self.config.threshold)
        else:
            stream, pseudo = "offline", self.offline_labels(u.index)
        terms = {
            "labelled_weak": functional.cross_entropy(labelled.logits, x.label),
            "unlabelled": self.config.weight * weighted_cross_entropy(strong.logits, pseudo.label, pseudo.weight),
        }
        return Losses(terms, {stream: pseudo})

    def offline_labels(self, index: Tensor) -> PseudoLabels:
        """What the last round said of the unlabelled clips ``index`` (B,)."""
        return PseudoLabels(index, self.pseudo_label[index], self.selected[index], self.confidence[index])

    def round_epochs(self, epochs: int) -> list[int]:
        """Before which epochs (from 0) the rounds stand."""
        return round_epochs(epochs, self.config.warm_up, self.config.round_every)

    def check(self, epochs: int) -> None:
        """Refuses a run so short that two rounds fall together or one falls outside."""
        check_rounds("fixmatch-offline", epochs, self.round_epochs(epochs))

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """A round: the classifier labels the whole pool from the deterministic view."""
        if progress.epoch in self.round_epochs(progress.epochs):
            logits = pools.map("unlabelled", View("test"), self.predict)
            found = confident_labels(torch.arange(len(logits)), logits, self.config.threshold)
            self.pseudo_label.copy_(found.label)
            self.selected.copy_(found.weight)
            self.confidence.copy_(found.confidence)

    def predict(self, clips: Tensor) -> Tensor:
        """The classifier's logits."""
        logits: Tensor = self.network(clips).logits
        return logits
