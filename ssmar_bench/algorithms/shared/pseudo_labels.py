"""Pseudo-labels from a classifier's weak view, and the loss that another view owes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ssmar_bench.core.contract import Acts, PseudoLabels

Threshold = Annotated[float, Field(ge=0, le=1), Acts(all=0.0, none=1.0)]
"""The least probability of a pseudo-label that is used, as a hyper-parameter."""


def confident_labels(index: Tensor, weak_logits: Tensor, threshold: float) -> PseudoLabels:
    """Hard labels, used where the largest probability reaches ``threshold`` (FixMatch, Sohn et al. 2020, eq. 4).

    Args:
        index: (B,) rows in the unlabelled pool.
        weak_logits: (B, C) of the weak view; no gradient flows into them.
        threshold: tau in [0, 1].
    """
    confidence, label = weak_logits.detach().float().softmax(1).max(1)
    return PseudoLabels(index, label, (confidence >= threshold).float(), confidence)


def labels_by_class(index: Tensor, probability: Tensor, threshold: Tensor) -> PseudoLabels:
    """Hard labels, used where the largest probability reaches the threshold of its class.

    Args:
        index: (B,) rows in the unlabelled pool.
        probability: (B, C) without gradient.
        threshold: (C,).
    """
    confidence, label = probability.max(1)
    return PseudoLabels(index, label, (confidence >= threshold[label]).float(), confidence)


def weighted_cross_entropy(logits: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """1/B sum_i weight_i H(label_i, softmax(logits_i)), a scalar; clips of weight 0 still count in B.

    Args:
        logits: (B, C), with gradient.
        label: (B,) classes.
        weight: (B,).
    """
    return (weight * functional.cross_entropy(logits, label, reduction="none")).mean()


def all_labels(index: Tensor, probability: Tensor) -> PseudoLabels:
    """The most probable label of every clip with weight 1, where a method uses all predictions as soft targets.

    Args:
        index: (B,) rows in the unlabelled pool.
        probability: (B, C) without gradient.
    """
    confidence, label = probability.max(1)
    return PseudoLabels(index, label, confidence.new_ones(len(index)), confidence)
