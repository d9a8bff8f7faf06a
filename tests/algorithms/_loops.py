"""What several tests of algorithms share: methods from method configs, and the paper's equations as plain loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import method_config
from ssmar_bench.core.contract import Batch, Losses, Method, Progress, View
from ssmar_bench.testing.tiny import Tiny

Vector = Sequence[float]


def values_of(name: str, **changed: Any) -> dict[str, Any]:
    """The method config's hyper-parameters; ``changed`` replaces those that the algorithm has."""
    found, _ = method_config.read_method_config(name)
    values = {key: value.value for key, value in found.hyperparameters.items()}
    return values | {key: value for key, value in changed.items() if key in values}


def method_of(tiny: Tiny, name: str, **changed: Any) -> Method:
    algorithm: type[Method] = ALGORITHMS.load(method_config.read_method_config(name)[0].algorithm)
    return tiny.method(algorithm, values_of(name, **changed))


@torch.no_grad()
def advance(method: Method, tiny: Tiny, epoch: int) -> Method:
    """What is between the epochs 0 and ``epoch``, as the engine does it."""
    method.eval()
    for number in range(epoch + 1):
        method.epoch_start(tiny.progress(number), tiny.pools())
    return method.train()


def walk(method: Method, tiny: Tiny, steps: int, rate: float = 1e-5) -> Iterator[tuple[int, Batch, Losses]]:
    """(step, batch, losses) of a run in evaluation mode, where every clip is alone; an update follows each.

    Torch's generator is seeded with the step before each loss, as the engine does it in its own way.
    """
    method.eval()
    for step in range(steps):
        batch = tiny.batch_of(method.views(), step)
        progress = Progress(step, steps, step * tiny.epochs // steps, tiny.epochs)
        torch.manual_seed(step)
        losses = method.loss(batch, progress)
        yield step, batch, losses
        method.zero_grad()
        torch.stack(list(losses.terms.values())).sum().backward()
        with torch.no_grad():
            for parameter in method.parameters():
                if parameter.grad is not None:
                    parameter.sub_(rate * parameter.grad)
        method.after_step(progress)


@torch.no_grad()
def sharp(method: Any, factor: float = 1500.0) -> Any:
    """The method with a classifier that is sure of itself, now of one class, now of another.

    To an untrained network all of the tiny problem's clips look alike; what they have in common is taken off.
    """
    clips = torch.cat([pool(Tiny(), "unlabelled"), pool(Tiny(), "labelled")])
    networks = [method.network, *([method.teacher.network] if hasattr(method, "teacher") else [])]
    for network in networks:
        common = network.eval()(clips).features.mean(0)
        network.train().classifier.weight.mul_(factor)
        network.classifier.bias.copy_(-network.classifier.weight @ common)
    return method


@torch.no_grad()
def alone(network: Any, clips: Tensor) -> tuple[list[Vector], list[Vector]]:
    """Logits and features of clips that go through the network one by one."""
    outputs = [network(clip[None]) for clip in clips]
    return (
        [output.logits[0].double().tolist() for output in outputs],
        [output.features[0].double().tolist() for output in outputs],
    )


def pool(tiny: Tiny, name: Any, aug: Any = "test", draw: int = 0) -> Tensor:
    return tiny.pools().map(name, View(aug), lambda clips: clips, draw)


# ---- loops


def dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def unit(a: Vector) -> Vector:
    return [x / math.sqrt(dot(a, a)) for x in a]


def distance(a: Vector, b: Vector) -> float:
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))


def mean(rows: Sequence[Vector]) -> Vector:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def softmax(scores: Vector) -> Vector:
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def cross(target: Vector, scores: Vector) -> float:
    """H(target, softmax(scores)) of a distribution."""
    return -sum(t * math.log(p) for t, p in zip(target, softmax(scores), strict=True))


def entropy(label: int, scores: Vector) -> float:
    """H(label, softmax(scores))."""
    return -math.log(softmax(scores)[label])


@dataclass
class Ended:
    centres: list[Vector]
    label: list[int]
    distance: list[float]
    iterations: int


def naive_kmeans(
    anchors: Sequence[Vector], anchor_label: Sequence[int], points: Sequence[Vector], classes: int,
    tolerance: float, iterations: int,
) -> Ended:  # fmt: skip
    """The docstring of ``semi_supervised_kmeans``, step by step."""

    def nearest(point: Vector) -> int:
        return min(range(classes), key=lambda c: distance(point, centres[c]))

    def members(c: int, label: Sequence[int]) -> list[Vector]:
        own = [anchor for anchor, y in zip(anchors, anchor_label, strict=True) if y == c]
        return own + [point for point, y in zip(points, label, strict=True) if y == c]

    centres = [mean(members(c, [-1] * len(points))) for c in range(classes)]
    label = [nearest(point) for point in points]
    done = 0
    while True:
        done += 1
        moved = [mean(members(c, label)) for c in range(classes)]
        shift = sum(distance(a, b) for a, b in zip(moved, centres, strict=True)) ** 2
        centres, before = moved, label
        label = [nearest(point) for point in points]
        if label == before or shift < tolerance or done == iterations:
            break
    return Ended(centres, label, [distance(p, centres[c]) for p, c in zip(points, label, strict=True)], done)


def naive_thresholds(distances: Vector, label: Sequence[int], classes: int) -> list[float]:
    """Eq. 3.4; 0 for a cluster without a point."""
    everybody = sum(distances) / len(distances)
    local = {}
    for c in range(classes):
        own = [d for d, y in zip(distances, label, strict=True) if y == c]
        if own:
            local[c] = sum(own) / len(own)
    return [local[c] / max(local.values()) * everybody if c in local else 0.0 for c in range(classes)]


@dataclass
class Round:
    label: list[int]
    reliable: list[bool]
    prototypes: list[Vector]


def naive_round(network: Any, tiny: Tiny, values: Mapping[str, Any]) -> Round:
    """Section 3.3 of the APLT paper, with the method config's choices where it leaves one."""
    y = tiny.pools().labels.tolist()
    labelled, unlabelled = (alone(network, pool(tiny, name))[1] for name in ("labelled", "unlabelled"))
    anchors, anchor_label = list(labelled), list(y)
    for draw in range(values["augmented_copies"]):
        anchors += alone(network, pool(tiny, "labelled", "strong", draw))[1]
        anchor_label += y

    def scaled(rows: Sequence[Vector]) -> Sequence[Vector]:
        return [unit(row) for row in rows] if values["unit_clustering"] else rows

    ended = naive_kmeans(
        scaled(anchors), anchor_label, scaled(unlabelled), tiny.classes, values["tolerance"], values["iterations"]
    )
    reach = naive_thresholds(ended.distance, ended.label, tiny.classes)
    reliable = [
        d < reach[c] or not values["self_adaptive_threshold"] for d, c in zip(ended.distance, ended.label, strict=True)
    ]
    prototypes = []
    for c in range(tiny.classes):
        rows = [row for row, own in zip(labelled, y, strict=True) if own == c]
        for row, own, kept in zip(unlabelled, ended.label, reliable, strict=True):
            if own == c and (kept or values["prototypes_from"] == "all"):
                rows.append(row)
        prototypes.append(mean(rows if values["similarity"] == "raw" else [unit(row) for row in rows]))
    return Round(ended.label, reliable, prototypes)


def naive_similarity(feature: Vector, prototypes: Sequence[Vector], values: Mapping[str, Any]) -> list[float]:
    """The exponents F . rho_c."""
    if values["similarity"] == "raw":
        return [dot(feature, rho) for rho in prototypes]
    if values["similarity"] == "unit":
        return [dot(unit(feature), rho) for rho in prototypes]
    return [dot(unit(feature), unit(rho)) / values["temperature"] for rho in prototypes]


def naive_fixmatch(network: Any, batch: Batch, threshold: float) -> tuple[float, float]:
    """Eqs. 3.1 and 3.2: the labelled and the unlabelled sum over B."""
    assert batch.unlabelled is not None
    supervised = unsupervised = 0.0
    logits, _ = alone(network, batch.labelled.clips["weak"])
    for score, y in zip(logits, batch.labelled.label.tolist(), strict=True):
        supervised += entropy(y, score) / len(logits)
    weak, _ = alone(network, batch.unlabelled.clips["weak"])
    strong, _ = alone(network, batch.unlabelled.clips["strong"])
    for w, s in zip(weak, strong, strict=True):
        q = softmax(w)
        if max(q) >= threshold:
            unsupervised += entropy(q.index(max(q)), s) / len(weak)
    return supervised, unsupervised


def middle_confidence(network: Any, clips: Tensor) -> float:
    """A threshold between the clips' confidences: half of them pass."""
    found = sorted(max(softmax(score)) for score in alone(network, clips)[0])
    return float(np.mean(found[len(found) // 2 - 1 : len(found) // 2 + 1]))
