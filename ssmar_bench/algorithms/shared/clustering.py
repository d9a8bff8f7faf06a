"""k-means: semi-supervised (after Vaze et al., CVPR 2022: labelled points are anchors) or without labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
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


def gap_to_next_centre(points: Tensor, centres: Tensor) -> Tensor:
    """By how much the second nearest of ``centres`` (C, D) is farther than the nearest, (N,), for ``points`` (N, D)."""
    distance = torch.stack([(points - centre).norm(dim=1) for centre in centres], dim=1)
    nearest = distance.topk(2, dim=1, largest=False).values
    return nearest[:, 1] - nearest[:, 0]


def free_kmeans(
    points: Tensor, classes: int, tolerance: float, iterations: int, restarts: int = 10
) -> tuple[Tensor, Tensor]:
    """k-means without any label (Lloyd, k-means++ seeding): centres (C, D) and label (N,) of ``points`` (N, D).

    The best of ``restarts`` starts, by the sum of squared distances; a cluster that runs empty keeps its centre.
    Starts are drawn from a generator of its own, so that equal points give equal clusters.
    """
    draws = torch.Generator().manual_seed(0)
    best, found = None, None
    for _ in range(restarts):
        centres = _spread_out(points, classes, draws)
        for _ in range(iterations):
            total, count = class_sums(points, _nearest(points, centres), classes)
            moved = torch.where(count[:, None] > 0, total / count.clamp_min(1)[:, None], centres)
            shift = (moved - centres).norm(dim=1).sum() ** 2
            centres = moved
            if bool(shift < tolerance):
                break
        label = _nearest(points, centres)
        inertia = (points - centres[label]).square().sum()
        if best is None or bool(inertia < best):
            best, found = inertia, (centres, label)
    assert found is not None
    return found


def hungarian_match(label: Tensor, truth: Tensor, classes: int) -> Tensor:
    """The class (C,) of each cluster under which most points agree with ``truth`` (Hungarian method, one to one).

    Args:
        label: (M,) clusters of the labelled points.
        truth: (M,) their classes.
        classes: C, of clusters and classes alike.
    """
    from scipy.optimize import linear_sum_assignment  # half a second of imports, which only this needs

    agree = functional.one_hot(label, classes).float().T @ functional.one_hot(truth, classes).float()
    _, chosen = linear_sum_assignment(agree.cpu().numpy(), maximize=True)  # rows come back in order
    return torch.as_tensor(chosen, device=label.device)


def _spread_out(points: Tensor, count: int, draws: torch.Generator) -> Tensor:
    """k-means++ (Arthur and Vassilvitskii, 2007): points (C, D), each drawn by its squared distance to those before."""
    weight = torch.ones(len(points))
    chosen: list[Tensor] = []
    for _ in range(count):
        row = torch.multinomial(weight, 1, generator=draws).to(points.device)
        chosen.append(points[row[0]])
        nearest = torch.stack([(points - centre).square().sum(1) for centre in chosen]).amin(0)
        weight = nearest.float().cpu().clamp_min(1e-12)  # drawn on the CPU: the same on every device
    return torch.stack(chosen)


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    """(N,) index of the nearest centre; |x|^2 is the same for all centres and is left out."""
    return (centres.square().sum(1) - 2 * points @ centres.T).argmin(1)
