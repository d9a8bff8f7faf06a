"""FullMatch (Chen et al., CVPR 2023): FixMatch that learns from every clip which classes it is not."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.pseudo_labels import Threshold, confident_labels
from ssmar_bench.algorithms.shared.weak_to_strong import WeakToStrong
from ssmar_bench.core.contract import PseudoLabels

NEAR_ONE = 1 - 1e-6
"""Where probabilities end before log(1 - p), of terms that are left out anyway."""


class FullMatch(WeakToStrong):
    """FixMatch's L, + negative * L_n + rivals * L_e.

    k is the same for a batch: the least number, from 2 on, for which the k most probable classes of each strong view
    hold the weak view's label. L_n pushes down the classes outside the weak view's first k, of every clip. L_e asks
    the first k but the label to share evenly what they have, of confident clips.
    """

    class Config(WeakToStrong.Config):
        """Hyper-parameters of FullMatch.

        Attributes:
            threshold: tau.
            negative: weight of L_n.
            rivals: weight of L_e.
            ceiling: classes of a larger probability in the strong view are left out of both.
        """

        threshold: Threshold
        negative: float = Field(ge=0)
        rivals: float = Field(ge=0)
        ceiling: float = Field(ge=0, le=1)

    config: Config
    revision = 1

    def pseudo_labels(self, index: Tensor, weak: Tensor) -> PseudoLabels:
        """Hard labels with weight 1 or 0, by a fixed threshold."""
        return confident_labels(index, weak, self.config.threshold)

    def unlabelled_terms(self, weak: Tensor, strong: Tensor, pseudo: PseudoLabels) -> Mapping[str, Tensor]:
        """FixMatch's term and the two others."""
        strong = strong.float()
        probability = strong.softmax(1)
        first = first_classes(weak, rank_needed(strong, pseudo.label))
        below = probability.detach() <= self.config.ceiling
        rival = first & ~functional.one_hot(pseudo.label, weak.shape[1]).bool()
        of_confident = rival & below & (pseudo.weight > 0)[:, None]
        negative = (~first & below) * -log_without(probability)
        even = evenness(strong.log_softmax(1), probability, rival)
        return {
            **super().unlabelled_terms(weak, strong, pseudo),
            "negative": self.config.negative * negative.sum(1).mean(),
            "rivals": self.config.rivals * (of_confident * even).sum() / of_confident.sum().clamp_min(1),
        }


def rank_needed(strong: Tensor, label: Tensor) -> Tensor:
    """k: the worst rank of a label (B,) among its strong view's logits (B, C), at least 2; a scalar."""
    own = strong.detach().gather(1, label[:, None])
    return (1 + (strong.detach() > own).sum(1)).max().clamp_min(2)


def first_classes(weak: Tensor, k: Tensor) -> Tensor:
    """Which classes are among the first ``k`` of each row of ``weak`` (B, C); (B, C) booleans."""
    order = weak.argsort(dim=1, descending=True, stable=True)
    rank = torch.empty_like(order).scatter_(1, order, torch.arange(weak.shape[1], device=weak.device).expand_as(order))
    return rank < k


def evenness(log_probability: Tensor, probability: Tensor, rival: Tensor) -> Tensor:
    """The binary cross-entropy (B, C) of each probability (B, C) with the mean of its clip's rivals (B, C)."""
    mean = ((probability * rival).sum(1, keepdim=True) + 1e-7) / rival.sum(1, keepdim=True).clamp_min(1)
    return -(mean * log_probability + (1 - mean) * log_without(probability))


def log_without(probability: Tensor) -> Tensor:
    """log(1 - p)."""
    return torch.log1p(-probability.clamp_max(NEAR_ONE))
