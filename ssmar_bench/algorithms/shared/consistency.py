"""Losses between a prediction and what another view says of the same clip; all in 32 bits, whatever the precision."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def soft_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """H(target_i, softmax(logits_i)) of each clip, (B,), for distributions ``target`` (B, C)."""
    return functional.cross_entropy(logits.float(), target, reduction="none")


def mean_squared_error(logits: Tensor, target: Tensor) -> Tensor:
    """The mean over clips and classes of (softmax(logits) - target)^2, target (B, C) being probabilities."""
    return (logits.float().softmax(1) - target).square().mean()


def kl_divergence(reference: Tensor, logits: Tensor) -> Tensor:
    """The mean over clips of KL(softmax(reference) || softmax(logits)), both (B, C) logits."""
    p, q = reference.float().log_softmax(1), logits.float().log_softmax(1)
    return functional.kl_div(q, p, reduction="batchmean", log_target=True)


def mean_entropy(logits: Tensor) -> Tensor:
    """The mean over clips of the entropy of softmax(logits), logits (B, C)."""
    log_p = logits.float().log_softmax(1)
    return -(log_p.exp() * log_p).sum(1).mean()
