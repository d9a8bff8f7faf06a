"""Contrastive losses: what belongs together shall be more alike than what does not. All in 32 bits."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """The normalised temperature-scaled cross-entropy of SimCLR (Chen et al. 2020), of pairs (one_i, other_i).

    -log of exp(cos(a, p) / t) over the sum of exp(cos(a, b) / t) over all b but a itself, p being a's partner; the
    mean over all 2N vectors a.

    Args:
        one: (N, D) with N >= 1.
        other: (N, D).
        temperature: t.
    """
    vectors = functional.normalize(torch.cat([one, other]).float(), dim=1)
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    similarity = (inner_products(vectors, vectors) / temperature).masked_fill(itself, -math.inf)
    partner = torch.arange(len(vectors), device=vectors.device).roll(len(one))
    return functional.cross_entropy(similarity, partner)


def info_nce(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """-log of exp(cos(one_i, other_i) / t) over the sum of exp(cos(one_i, other_j) / t) over all j; the mean over i.

    Args:
        one: (N, D).
        other: (N, D).
        temperature: t.
    """
    one, other = functional.normalize(one.float(), dim=1), functional.normalize(other.float(), dim=1)
    similarity = inner_products(one, other) / temperature
    return functional.cross_entropy(similarity, torch.arange(len(one), device=one.device))


def inner_products(one: Tensor, other: Tensor) -> Tensor:
    """The inner product of every row of (N, D) with every row of (M, D), (N, M); autocast would take 16 bits for it."""
    with torch.autocast(one.device.type, enabled=False):
        return one @ other.T
