"""Constrained k-means on unit vectors, a batch at a time: every cluster is to get its share of the points.

After Qian et al. (CVPR 2022), in the form of ProtoCon's official code (commit 744877e).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.algorithms.shared.clustering import class_sums
from ssmar_bench.algorithms.shared.contrast import inner_products


class OnlineClusters(nn.Module):
    """Centres of length 1, and for each a dual that grows while the cluster has fewer points than its share.

    Args:
        count: K clusters; their centres begin as random directions.
        width: D of the points.
        dual_rate: by how much a point lowers its cluster's dual.
        ratio: the least number of points of a cluster, in units of an equal share; 1 asks for equal sizes.
    """

    def __init__(self, count: int, width: int, dual_rate: float, ratio: float) -> None:
        super().__init__()
        self.dual_rate, self.ratio = dual_rate, ratio
        self.register_buffer("centres", functional.normalize(torch.randn(count, width), dim=1))
        self.register_buffer("duals", torch.zeros(count))
        self.register_buffer("points", torch.zeros(count))

    centres: Tensor
    duals: Tensor
    points: Tensor
    """(K,) points of each cluster since the epoch began."""

    @torch.no_grad()
    def forward(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Assigns unit vectors (B, D), then moves duals and centres.

        Returns:
            Each one's cluster (B,), that of the largest cosine plus dual, and its cosine (B,) there.
        """
        cosine = inner_products(vectors, self.centres)
        cluster = (cosine + self.duals).argmax(1)
        total, count = class_sums(vectors, cluster, len(self.duals))
        self.duals -= self.dual_rate * (count - self.ratio * len(vectors) / len(self.duals))
        if self.ratio < 1:
            self.duals.clamp_(min=0)
        moved = functional.normalize(self.points[:, None] * self.centres + total, dim=1)
        self.centres.copy_(torch.where(count[:, None] > 0, moved, self.centres))
        self.points += count
        return cluster, cosine.gather(1, cluster[:, None])[:, 0]

    def new_epoch(self) -> None:
        """Forgets how many points there were: the first ones of an epoch replace their centre."""
        self.points.zero_()
