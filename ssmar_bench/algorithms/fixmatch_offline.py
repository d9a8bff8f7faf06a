"""FixMatch with its pseudo-labels made offline (APLT paper, Table 4: FixMatch, ASY)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ssmar_bench.algorithms.shared.offline_rounds import check_rounds, numbered_rounds, round_epochs
from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels
from ssmar_bench.algorithms.shared.weak_to_strong import WeakToStrong
from ssmar_bench.core.contract import Acts, Context, Pools, Progress, PseudoLabels, View


class OfflineFixMatch(WeakToStrong):
    """FixMatch in a warm-up; from then on its own labels of the whole pool, renewed in rounds and fixed in between."""

    class Config(WeakToStrong.Config):
        """Hyper-parameters: FixMatch's, and APLT's schedule of rounds.

        Attributes:
            threshold: tau.
            warm_up: share of the epochs before the first round.
            round_every: share of the epochs between two rounds.
        """

        threshold: Threshold
        warm_up: Annotated[Fraction, Acts("schedule")] = Field(gt=0, lt=1)
        round_every: Annotated[Fraction, Acts("schedule")] = Field(gt=0, le=1)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.epochs = context.epochs
        self.register_buffer("pseudo_label", torch.zeros(context.n_unlabelled, dtype=torch.long))
        self.register_buffer("selected", torch.zeros(context.n_unlabelled))
        self.register_buffer("confidence", torch.zeros(context.n_unlabelled))

    pseudo_label: Tensor
    selected: Tensor
    confidence: Tensor

    def learned(self, index: Tensor, weak: Tensor, progress: Progress) -> tuple[str, PseudoLabels]:
        """FixMatch's labels in the warm-up, those of the last round after it.

        The weak views (logits (B, C)) go through the network at all times, so that BatchNorm sees what it sees in
        FixMatch.
        """
        if progress.epoch < self.round_epochs(progress.epochs)[0]:
            return super().learned(index, weak, progress)
        return "offline", self.offline_labels(index)

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """FixMatch's: hard labels with weight 1 or 0, by a fixed threshold."""
        return confident_labels(index, weak, self.config.threshold)

    def offline_labels(self, index: Tensor) -> PseudoLabels:
        """What the last round said of the unlabelled clips ``index`` (B,)."""
        return PseudoLabels(index, self.pseudo_label[index], self.selected[index], self.confidence[index])

    def round_epochs(self, epochs: int) -> list[int]:
        """Epochs (from 0) before which a pseudo-labelling round is run."""
        return round_epochs(epochs, self.config.warm_up, self.config.round_every)

    def resolved(self) -> Mapping[str, float]:
        """Number of epochs before each pseudo-labelling round of this run."""
        return numbered_rounds(self.round_epochs(self.epochs))

    def check(self, epochs: int) -> None:
        """Refuses a run so short that two rounds fall together or one falls outside."""
        check_rounds("fixmatch-offline", epochs, self.round_epochs)

    def epoch_start(self, progress: Progress, pools: Pools) -> None:
        """A round: the classifier labels the whole pool from the deterministic view."""
        if progress.epoch in self.round_epochs(progress.epochs):
            logits = pools.map("unlabelled", View("test"), self.predict)
            found = confident_labels(torch.arange(len(logits)), logits, self.config.threshold)
            self.pseudo_label.copy_(found.label)
            self.selected.copy_(found.weight)
            self.confidence.copy_(found.confidence)
