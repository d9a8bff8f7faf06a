"""SoftMatch (Chen et al., ICLR 2023): every clip is used, with a weight that falls like a Gaussian below the mean."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from ssmar_bench.algorithms.shared.distribution import UniformAlignment
from ssmar_bench.algorithms.shared.weak_to_strong import MovingAverageSelection
from ssmar_bench.core.contract import Context, PseudoLabels


class SoftMatch(MovingAverageSelection):
    """w = exp(-min(c - mu, 0)^2 / (2 sigma^2 / width^2)) with c = max UA(q), the confidence after uniform alignment.

    mu and sigma^2 are moving averages of the confidences' mean and variance; labels are argmax q.
    """

    class Config(MovingAverageSelection.Config):
        """Hyper-parameters of SoftMatch.

        Attributes:
            width: n_sigma; the weight has fallen to exp(-1/2) at sigma / width below the mean.
            statistics: whether mu and sigma^2 are of the confidences ``before`` or ``after`` alignment.
        """

        width: float = Field(gt=0)
        statistics: Literal["before", "after"]

    config: Config
    revision = 1

    def __init__(self, context: Context, config: Config) -> None:
        super().__init__(context, config)
        self.align = UniformAlignment(context.classes, self.momentum)
        self.register_buffer("mean", torch.full((), 1 / context.classes))
        self.register_buffer("variance", torch.ones(()))

    mean: Tensor
    variance: Tensor

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Hard labels of the predictions as they are, weighted by the aligned confidence."""
        probability = weak.softmax(1)
        raw, label = probability.max(1)
        confidence = self.align(probability).max(1).values
        self.follow(raw if self.config.statistics == "before" else confidence)
        below = (confidence - self.mean).clamp_max(0)
        weight = (-below.square() * self.config.width**2 / (2 * self.variance).clamp_min(1e-12)).exp()
        return PseudoLabels(index, label, weight, confidence)

    def follow(self, confidence: Tensor) -> None:
        """Takes a batch's confidences (B,) into mu and sigma^2; a batch of one has no variance, so 0."""
        self.mean.lerp_(confidence.mean(), 1 - self.momentum)
        self.variance.lerp_(confidence.var(correction=min(1, len(confidence) - 1)), 1 - self.momentum)
