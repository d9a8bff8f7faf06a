"""FreeMatch (Wang et al., ICLR 2023): thresholds that follow the model's own confidence, and a fairness term."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.self_adaptive import SelfAdaptiveThreshold
from ssmar_bench.algorithms.shared.weak_to_strong import MovingAverageSelection
from ssmar_bench.core.contract import Context, PseudoLabels


class FreeMatch(MovingAverageSelection):
    """FixMatch with a self-adaptive threshold, plus fairness * (-H(SumNorm(p~ / h~), SumNorm(p / h))).

    p~ and h~ are moving averages of the weak predictions and of the histogram of their labels; p and h are the mean
    and the histogram of the strong predictions of the selected clips.
    """

    class Config(MovingAverageSelection.Config):
        """Hyper-parameters of FreeMatch.

        Attributes:
            fairness: w_f, weight of the fairness term.
        """

        fairness: float = Field(ge=0)

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.threshold = SelfAdaptiveThreshold(context.classes, self.momentum)
        self.register_buffer("histogram", torch.full((context.classes,), 1 / context.classes))

    histogram: Tensor

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Hard labels, selected by the self-adaptive threshold."""
        pseudo: PseudoLabels = self.threshold(index, weak.softmax(1))
        share = functional.one_hot(pseudo.label, len(self.histogram)).float().mean(0)
        self.histogram.lerp_(share, 1 - self.momentum)
        return pseudo

    def unlabelled_terms(self, weak: Tensor, strong: Tensor, pseudo: PseudoLabels) -> Mapping[str, Tensor]:
        """The family's term, and fairness."""
        fairness = self.config.fairness * self.fairness(strong.float().softmax(1), pseudo.weight)
        return {**super().unlabelled_terms(weak, strong, pseudo), "fairness": fairness}

    def fairness(self, strong: Tensor, selected: Tensor) -> Tensor:
        """The fairness of strong predictions (B, C); 0 if no clip is ``selected`` (B,)."""
        count = selected.sum().clamp_min(1)
        labels = functional.one_hot(strong.argmax(1), strong.shape[1]).float()
        mean, share = selected @ strong / count, selected @ labels / count
        expected, found = (
            divided_by_histogram(self.threshold.expected, self.histogram),
            divided_by_histogram(mean, share),
        )
        return (expected * (found + 1e-12).log()).sum() * selected.any()


def divided_by_histogram(probability: Tensor, histogram: Tensor) -> Tensor:
    """SumNorm(probability / histogram), both (C,); a class that the histogram has not seen gets 0."""
    seen = histogram > 0
    ratio = torch.where(seen, probability / torch.where(seen, histogram, 1), 0)
    return ratio / ratio.sum().clamp_min(1e-12)
