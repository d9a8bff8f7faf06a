"""Semi-supervised k-means (after Vaze et al., CVPR 2022): labelled points are anchors that never change class."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


def class_sums(features: Tensor, label: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Sums (C, D) of the rows of ``features`` (N, D) by class, and how many there are (C,).

    A product with the one-hot matrix, because it is repeatable and fast on every device.
    """
    member = functional.one_hot(label, classes).to(features.dtype)
    return member.T @ features, member.sum(0)


@dataclass(frozen=True)
class Clusters:
    """Where k-means ended: centres (C, D), label (N,) and Euclidean distance (N,) of each point to its centre."""

    centres: Tensor
    label: Tensor
    distance: Tensor
    iterations: int


def semi_supervised_kmeans(
    anchors: Tensor, anchor_label: Tensor, points: Tensor, classes: int, tolerance: float, iterations: int
) -> Clusters:
    """Clusters ``points`` around centres that start at, and always contain, the labelled anchors.

    1. Every point joins its nearest centre. 2. Every centre becomes the mean of its anchors and its points. Repeated
    until no point moves, until (sum of the centres' shifts)^2 < ``tolerance``, or ``iterations`` times. With an anchor
    in every class the start is fully determined, and no cluster can run empty.

    Args:
        anchors: (M, D) features of labelled clips.
        anchor_label: (M,) their classes; every class 0..C-1 occurs.
        points: (N, D) features of unlabelled clips.
        classes: C.
        tolerance: see above; Vaze et al. use 1e-4.
        iterations: at least 1.
    """
    anchor_sum, anchor_count = class_sums(anchors, anchor_label, classes)
    centres = anchor_sum / anchor_count[:, None]
    label = _nearest(points, centres)
    for done in range(1, iterations + 1):  # noqa: B007
        point_sum, point_count = class_sums(points, label, classes)
        moved = (anchor_sum + point_sum) / (anchor_count + point_count)[:, None]
        shift = (moved - centres).norm(dim=1).sum() ** 2
        centres, before, label = moved, label, _nearest(points, moved)
        if bool(shift < tolerance) or label.equal(before):
            break
    return Clusters(centres, label, (points - centres[label]).norm(dim=1), done)


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    """(N,) index of the nearest centre; |x|^2 is the same for all centres and is left out."""
    return (centres.square().sum(1) - 2 * points @ centres.T).argmin(1)
