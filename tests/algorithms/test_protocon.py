"""ProtoCon against a second implementation, written from the formulas with plain loops, and what follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from _loops import Vector, alone, cross, dot, entropy, method_of, pool, sharp, softmax, unit, values_of
from torch import Tensor
from torch.nn import functional

from ssmar_bench.algorithms.shared.online_clusters import OnlineClusters
from ssmar_bench.core.contract import Batch, Progress
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)
STEPS, EPOCHS = 12, 4


def projections(method: Any, clips: Tensor) -> list[Vector]:
    """Each clip by itself, through both layers of the projector, to length 1."""
    first, _, last = method.projector
    found = []
    for feature in alone(method.network, clips)[1]:
        hidden = [dot(row, feature) + b for row, b in zip(first.weight.tolist(), first.bias.tolist(), strict=True)]
        hidden = [h if h > 0 else 0.1 * h for h in hidden]
        out = [dot(row, hidden) + b for row, b in zip(last.weight.tolist(), last.bias.tolist(), strict=True)]
        found.append(unit(out))
    return found


@dataclass
class Naive:
    """All that ProtoCon remembers, and a step's terms."""

    values: dict[str, Any]
    centres: list[Vector]
    duals: list[float] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    labels: list[list[float]] = field(default_factory=list)
    prototypes: list[Vector] = field(default_factory=list)
    mean_prediction: list[float] = field(default_factory=lambda: [1 / 3] * 3)
    mean_target: list[float] = field(default_factory=list)
    cluster: dict[int, tuple[int, float, int]] = field(default_factory=dict)
    of_class: dict[int, list[Vector]] = field(default_factory=lambda: {c: [] for c in CLASSES})

    def __post_init__(self) -> None:
        count = len(self.centres)
        self.duals, self.points = [0.0] * count, [0] * count
        self.labels = [[1 / 3] * 3 for _ in range(count)]
        self.mean_target = [0.0] * self.values["projection"]

    def start(self, method: Any) -> None:
        vectors = projections(method, pool(TINY, "labelled"))
        for y, q in zip(TINY.pools().labels.tolist(), vectors, strict=True):
            self.of_class[y].append(q)
        self.build_prototypes([[0.0] * len(self.mean_target) for _ in CLASSES])

    def build_prototypes(self, former: list[Vector]) -> None:
        sums = [[sum(column) for column in zip(*self.of_class[c], strict=True)] for c in CLASSES]
        self.prototypes = [unit(total) if total else old for total, old in zip(sums, former, strict=True)]
        self.of_class = {c: [] for c in CLASSES}

    def end_epoch(self) -> None:
        self.build_prototypes(self.prototypes)
        self.points = [0] * len(self.points)
        for k in range(len(self.labels)):
            weight = [
                sum(max(cosine, 0.0) for own, cosine, y in self.cluster.values() if own == k and y == c)
                for c in CLASSES
            ]
            if sum(weight):
                self.labels[k] = [w / sum(weight) for w in weight]

    def assign(self, vectors: list[Vector]) -> list[tuple[int, float]]:
        count, found = len(self.centres), []
        for q in vectors:
            scores = [dot(q, centre) + d for centre, d in zip(self.centres, self.duals, strict=True)]
            k = scores.index(max(scores))
            found.append((k, dot(q, self.centres[k])))
        for k in range(count):
            own = [q for q, (at, _) in zip(vectors, found, strict=True) if at == k]
            share = self.values["ratio"] * len(vectors) / count
            self.duals[k] = max(0.0, self.duals[k] - self.values["dual_rate"] * (len(own) - share))
            if own:
                old = [self.points[k] * value for value in self.centres[k]]
                self.centres[k] = unit([sum(column) for column in zip(old, *own, strict=True)])
            self.points[k] += len(own)
        return found

    def terms(self, method: Any, batch: Batch, mixed: bool) -> tuple[dict[str, float], list[bool]]:
        assert batch.unlabelled is not None
        v, u, n = self.values, batch.unlabelled.clips, len(batch.unlabelled.index)
        labelled, y_x = alone(method.network, batch.labelled.clips["weak"])[0], batch.labelled.label.tolist()
        weak, strong = (alone(method.network, u[name])[0] for name in ("weak", "strong"))
        q_x = projections(method, batch.labelled.clips["weak"])
        q_w, q_s = (projections(method, u[name]) for name in ("weak", "strong"))

        assigned = self.assign(q_w)
        refined = []
        for z, (k, _) in zip(weak, assigned, strict=True):
            p = softmax([s - v["debiasing"] * math.log(m) for s, m in zip(z, self.mean_prediction, strict=True)])
            if mixed:
                p = [v["own_share"] * a + (1 - v["own_share"]) * b for a, b in zip(p, self.labels[k], strict=True)]
            refined.append(p)
        reliable = [max(p) >= v["threshold"] for p in refined]
        now = [sum(column) / n for column in zip(*map(softmax, weak), strict=True)]
        m = v["momentum"]
        self.mean_prediction = [m * old + (1 - m) * new for old, new in zip(self.mean_prediction, now, strict=True)]

        def prototype_scores(q: Vector) -> list[float]:
            return [dot(q, rho) / v["temperature"] for rho in self.prototypes]

        found = dict.fromkeys(("labelled", "labelled_prototypes", "unlabelled", "prototypes", "self_supervised"), 0.0)
        for z, q, y in zip(labelled, q_x, y_x, strict=True):
            found["labelled"] += entropy(y, z) / len(y_x)
            found["labelled_prototypes"] += v["prototypes"] * entropy(y, prototype_scores(q)) / len(y_x)
        targets = [
            softmax([(a - b) / v["target_temperature"] for a, b in zip(q, self.mean_target, strict=True)]) for q in q_w
        ]
        for i in range(n):
            adjusted = [
                s + v["debiasing"] * math.log(mean) for s, mean in zip(strong[i], self.mean_prediction, strict=True)
            ]
            if reliable[i]:
                found["unlabelled"] += v["weight"] * cross(refined[i], adjusted) / n
                found["prototypes"] += v["prototypes"] * cross(refined[i], prototype_scores(q_s[i])) / n
            else:
                scores = [a / v["temperature"] for a in q_s[i]]
                found["self_supervised"] += v["self_supervised"] * cross(targets[i], scores) / n
        centre = [sum(column) / n for column in zip(*targets, strict=True)]
        c = v["centre_momentum"]
        self.mean_target = [c * old + (1 - c) * new for old, new in zip(self.mean_target, centre, strict=True)]

        for q, y in zip(q_x, y_x, strict=True):
            self.of_class[y].append(q)
        for i, at in enumerate(batch.unlabelled.index.tolist()):
            y = refined[i].index(max(refined[i]))
            self.cluster[at] = (*assigned[i], y)
            if reliable[i]:
                self.of_class[y].append(q_w[i])
        return found, reliable


def test_protocon_is_its_formulas_over_twelve_updates() -> None:
    values = values_of("protocon") | {
        "threshold": 0.8, "weight": 0.7, "prototypes": 1.3, "self_supervised": 0.6, "warm_up": "1/4", "momentum": 0.5,
        "memory": None, "projection": 8, "dual_rate": 0.3, "debiasing": 0.3, "clips_per_cluster": 2,
    }  # fmt: skip
    method: Any = sharp(method_of(TINY, "protocon", **values)).eval()
    assert method.resolved()["clusters"] == 6
    naive = Naive(values, method.clusters.centres.tolist())
    seen = set()
    for step in range(STEPS):
        epoch = step * EPOCHS // STEPS
        progress = Progress(step, STEPS, epoch, EPOCHS)
        if step % (STEPS // EPOCHS) == 0:
            with torch.no_grad():
                method.epoch_start(progress, TINY.pools())
            naive.end_epoch() if epoch else naive.start(method)
            torch.testing.assert_close(method.cluster_label, torch.tensor(naive.labels), rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(method.prototypes, torch.tensor(naive.prototypes), rtol=1e-5, atol=1e-5)
        batch = TINY.batch_of(method.views(), step)
        losses = method.loss(batch, progress)
        expected, reliable = naive.terms(method, batch, epoch >= 1)
        assert set(losses.terms) == set(expected)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        assert losses.pseudo["online"].weight.tolist() == [float(on) for on in reliable]
        seen.update(reliable)
        method.zero_grad()
        torch.stack(list(losses.terms.values())).sum().backward()
        with torch.no_grad():
            for parameter in method.parameters():
                parameter.sub_(1e-5 * parameter.grad)
    assert seen == {True, False}
    assert any(max(label) < 1 for label in naive.labels), "no cluster has members of two classes"


# ---- constrained k-means


def unit_vectors(count: int, width: int, seed: int = 0) -> Tensor:
    return functional.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_duals_fall_by_the_same_sum_whatever_is_assigned() -> None:
    """-eta (1 - r) a step, with the official eta = 20 for a batch of 448 and r = 0.9."""
    torch.manual_seed(0)
    clusters = OnlineClusters(250, 8, 20 / 448, 0.9)
    clusters.duals.fill_(100.0)  # far from where they are clipped
    for seed in range(2):
        before = clusters.duals.double().sum().item()
        clusters(unit_vectors(448, 8, seed))
        assert clusters.duals.double().sum().item() - before == pytest.approx(-2.0, abs=2e-3)


def test_duals_are_clipped_but_for_equal_sizes() -> None:
    torch.manual_seed(0)
    vectors = unit_vectors(1, 4).repeat(20, 1)
    for ratio, least in ((0.9, 0.0), (1.0, -0.5 * (20 - 10))):
        clusters = OnlineClusters(2, 4, 0.5, ratio)
        clusters(vectors)
        assert clusters.duals.min().item() == pytest.approx(least)


def test_equal_points_are_spread_over_the_clusters() -> None:
    """Without duals all would be in one cluster for ever."""
    torch.manual_seed(0)
    clusters = OnlineClusters(4, 4, 0.05, 0.9)
    vectors = unit_vectors(1, 4).repeat(20, 1)
    used = {int(clusters(vectors)[0][0]) for _ in range(40)}
    assert used == {0, 1, 2, 3}


def test_every_clip_of_an_epoch_is_counted_once() -> None:
    torch.manual_seed(0)
    clusters = OnlineClusters(5, 4, 0.01, 0.9)
    for start in range(0, 60, 20):
        clusters(unit_vectors(60, 4)[start : start + 20])
    assert clusters.points.sum().item() == 60
    torch.testing.assert_close(clusters.centres.norm(dim=1), torch.ones(5))
    clusters.new_epoch()
    assert not clusters.points.any()
    vectors = unit_vectors(7, 4, 3)
    found, _ = clusters(vectors)
    for k in found.unique().tolist():
        mean = functional.normalize(vectors[found == k].sum(0), dim=0)
        torch.testing.assert_close(clusters.centres[k], mean)  # the first points of an epoch replace their centre


# ---- what follows from the formulas


def test_debiasing_divides_by_a_power_of_the_mean_prediction() -> None:
    method: Any = method_of(TINY, "protocon")
    weak, cluster = torch.randn(6, 3), torch.zeros(6, dtype=torch.long)
    progress = TINY.progress(0)
    torch.testing.assert_close(method.refined(weak, cluster, progress), weak.softmax(1), rtol=0, atol=1e-6)
    method.mean_prediction.copy_(torch.tensor([0.7, 0.2, 0.1]))
    expected = weak.softmax(1) * method.mean_prediction**-0.5
    expected /= expected.sum(1, keepdim=True)
    torch.testing.assert_close(method.refined(weak, cluster, progress), expected, rtol=0, atol=1e-6)


def test_without_its_own_parts_it_is_fixmatch() -> None:
    """Where predictions are so sharp that P is a hard label."""
    off = {"own_share": 1.0, "debiasing": 0.0, "prototypes": 0.0, "self_supervised": 0.0, "threshold": 0.5}
    method = sharp(method_of(TINY, "protocon", **off), 1e7).eval()
    fixmatch: Any = method_of(TINY, "fixmatch", threshold=0.5).eval()
    fixmatch.network.load_state_dict(method.network.state_dict())
    batch = TINY.batch_of(method.views())
    ours, theirs = (each.loss(batch, TINY.progress(5)).terms for each in (method, fixmatch))
    assert theirs["unlabelled"] > 0
    assert ours["unlabelled"].item() == pytest.approx(theirs["unlabelled"].item(), rel=1e-5)
    assert ours["labelled"].item() == pytest.approx(theirs["labelled_weak"].item(), rel=1e-6)
    assert [ours[name].item() for name in ("labelled_prototypes", "prototypes", "self_supervised")] == [0, 0, 0]


def test_prototypes_and_centres_have_length_one() -> None:
    method: Any = method_of(TINY, "protocon").eval()
    with torch.no_grad():
        for epoch in range(3):
            method.epoch_start(TINY.progress(epoch), TINY.pools())
            method.loss(TINY.batch_of(method.views(), epoch), TINY.progress(epoch))
    torch.testing.assert_close(method.prototypes.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(method.clusters.centres.norm(dim=1), torch.ones(6))


def test_a_clusters_label_is_its_members_and_an_empty_ones_is_kept() -> None:
    method: Any = method_of(TINY, "protocon")
    index = torch.arange(5)
    cluster, label = torch.tensor([0, 0, 0, 1, 1]), torch.tensor([0, 0, 2, 1, 1])
    method.remember(index, cluster, torch.tensor([0.5, 0.25, 0.25, 0.9, -0.8]), label)
    found = method.labels_of_clusters()
    assert found[0].tolist() == pytest.approx([0.75, 0.0, 0.25])
    assert found[1].tolist() == pytest.approx([0.0, 1.0, 0.0])
    assert found[2].tolist() == pytest.approx([1 / 3] * 3), "clips that were never seen are in no cluster"
    method.pseudo_label.fill_(-1)
    assert method.labels_of_clusters().equal(method.cluster_label)


def test_the_classifier_predicts_and_the_prototypes_are_recorded_beside_it() -> None:
    method: Any = method_of(TINY, "protocon").eval()
    with torch.no_grad():
        method.epoch_start(TINY.progress(0), TINY.pools())
        clips = TINY.batch_of(method.views()).labelled.clips["weak"]
        heads = method.further_predictions(clips)
        assert method.predict(clips).equal(heads["classifier"])
    expected = [[dot(q, rho) / 0.1 for rho in method.prototypes.tolist()] for q in projections(method, clips)]
    torch.testing.assert_close(heads["prototypes"].double(), torch.tensor(expected).double(), rtol=1e-4, atol=1e-4)
