"""Noisy Student against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import Vector, advance, alone, cross, method_of, pool, sharp, softmax, values_of

from ssmar_bench.algorithms.noisy_student import NoisyStudent, balanced_weights
from ssmar_bench.algorithms.shared.consistency import soft_cross_entropy
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.contract import Progress, method_without_network
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.network_names import beside
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6, unlabelled=30)
ROUNDS = [3, 6, 8]
"""Quarters of the tiny problem's eleven epochs."""


def naive_labels(network: Any, values: dict[str, Any]) -> tuple[list[Vector], list[float]]:
    """Soft labels of the pool and their weights, class by class."""
    logits, _ = alone(network, pool(TINY, "unlabelled"))
    soft = [softmax([z / values["temperature"] for z in row]) for row in logits]
    members: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for i, q in enumerate(soft):
        if max(q) >= values["threshold"]:
            members[q.index(max(q))].append(i)
    counts = sorted(len(own) for own in members.values() if own)
    n = counts[(len(counts) - 1) // 2] if counts else 0
    weight = [0.0] * len(soft)
    for own in members.values():
        for i in sorted(own, key=lambda i: -max(soft[i]))[:n]:
            weight[i] = n / min(len(own), n)
    return soft, [w * len(soft) / max(1.0, sum(weight)) for w in weight]


def smooth(label: int, share: float) -> list[float]:
    return [share / 3 + (1 - share) * (c == label) for c in range(3)]


def test_noisy_student_is_its_formulas_over_twelve_updates() -> None:
    values = values_of("noisy-student", threshold=0.5, temperature=1.3, smoothing=0.2)
    method: Any = sharp(method_of(TINY, "noisy-student", **values)).eval()
    initial = {key: value.clone() for key, value in method.initial.state_dict().items()}
    soft: list[Vector] = []
    weight: list[float] = []
    kinds, rounds = set(), 0
    for step in range(12):
        epoch = step * 11 // 12
        if step and epoch in ROUNDS:
            soft, weight = naive_labels(method.network, values)
            rounds += 1
        with torch.no_grad():
            method.epoch_start(TINY.progress(epoch), TINY.pools())
        if step and epoch in ROUNDS:
            assert all(value.equal(initial[key]) for key, value in method.network.state_dict().items())
            sharp(method).eval()  # a student that is unsure of everything would be a teacher of one class
        batch = TINY.batch_of(method.views(), step)
        losses = method.loss(batch, Progress(step, 12, epoch, 11))
        labelled, strong = (
            alone(method.network, side.clips["strong"])[0] for side in (batch.labelled, batch.unlabelled)
        )
        pairs = zip(batch.labelled.label.tolist(), labelled, strict=True)
        expected = {"labelled": sum(cross(smooth(y, 0.2), z) for y, z in pairs) / 6}
        if rounds:
            seen = batch.unlabelled.index.tolist()
            expected["unlabelled"] = sum(
                weight[i] * cross(soft[i], z) for i, z in zip(seen, strong, strict=True)
            ) / len(seen)
            assert losses.pseudo["offline"].weight.tolist() == pytest.approx([weight[i] for i in seen], rel=1e-5)
            assert losses.pseudo["offline"].label.tolist() == [soft[i].index(max(soft[i])) for i in seen]
            kinds |= {round(weight[i], 3) for i in seen}
        assert set(losses.terms) == set(expected)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        method.zero_grad()
        torch.stack(list(losses.terms.values())).sum().backward()
        with torch.no_grad():
            for parameter in method.parameters():
                if parameter.grad is not None:
                    parameter.sub_(1e-5 * parameter.grad)
    assert rounds == 3
    assert len(kinds) > 2


# ---- the weights


def weights(label: list[int], confidence: list[float], threshold: float = 0.0, classes: int = 3) -> list[float]:
    sure = torch.tensor(confidence)
    return balanced_weights(torch.tensor(label), sure, sure >= threshold, classes).tolist()


def test_every_class_with_a_kept_clip_has_the_same_sum() -> None:
    draw = torch.Generator().manual_seed(0)
    label = torch.tensor([0] * 20 + [1] * 7 + [2] * 3 + [3])
    confidence = torch.rand(31, generator=draw)
    kept = (confidence >= 0.1) & (label != 3)
    found = balanced_weights(label, confidence, kept, 5)
    number = sorted(int((kept & (label == c)).sum()) for c in range(3))[1]
    sums = [found[label == c].sum().item() for c in range(4)]
    assert sums == pytest.approx([number] * 3 + [0])
    assert not found[~kept].any()
    first = found[:20] > 0
    assert confidence[:20][first].min() > confidence[:20][kept[:20] & ~first].max(), "the most confident of a large one"


def test_balanced_labels_have_the_weight_one() -> None:
    assert weights([0, 1, 2] * 4, [0.1 * i for i in range(12)]) == [1.0] * 12


def test_where_nothing_is_kept_nothing_weighs() -> None:
    assert weights([0, 1, 2], [0.1] * 3, threshold=0.5) == [0.0] * 3
    method: Any = advance(method_of(TINY, "noisy-student", threshold=1.0), TINY, 10)
    assert not method.weight.any()


# ---- labels, generations and networks


def test_a_small_temperature_makes_hard_labels() -> None:
    method: Any = advance(sharp(method_of(TINY, "noisy-student", temperature=1e-6)), TINY, 3)
    assert torch.isin(method.soft_label, torch.tensor([0.0, 1.0])).all()


def test_a_student_that_agrees_with_its_teacher_owes_the_entropy_and_is_not_moved() -> None:
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    q = logits.detach().softmax(1)
    loss = soft_cross_entropy(logits, q)
    entropy = [-sum(p * math.log(p) for p in row) for row in q.tolist()]
    assert loss.tolist() == pytest.approx(entropy, rel=1e-5)
    (pull,) = torch.autograd.grad(loss.sum(), logits)
    assert pull.abs().max() < 1e-6


def test_labels_stay_between_rounds() -> None:
    method: Any = method_of(TINY, "noisy-student")
    seen = []
    with torch.no_grad():
        for epoch in range(11):
            method.eval().epoch_start(TINY.progress(epoch), TINY.pools())
            method.network.classifier.bias.add_(epoch * torch.tensor([0.1, 0.2, -0.4]))
            seen.append((method.soft_label.clone(), int(method.generation)))
    for epoch in range(1, 11):
        assert seen[epoch][0].equal(seen[epoch - 1][0]) == (epoch not in ROUNDS)
    assert [generation for _, generation in seen] == [sum(epoch >= first for first in ROUNDS) for epoch in range(11)]


def test_the_unlabelled_share_of_a_step_is_the_weight_of_its_loss() -> None:
    more = Tiny(batch=6, unlabelled=30, unlabelled_per_labelled=3)
    method: Any = advance(method_of(more, "noisy-student"), more, 3).eval()
    batch = more.batch_of(method.views())
    found = method.loss(batch, more.progress(3)).terms["unlabelled"].item()
    z = method.network(batch.unlabelled.clips["strong"]).logits
    each = method.weight[batch.unlabelled.index] * soft_cross_entropy(z, method.soft_label[batch.unlabelled.index])
    assert found == pytest.approx(3 * each.mean().item(), rel=1e-5)


def test_larger_students_follow_a_teacher_of_the_runs_network() -> None:
    method: Any = method_of(TINY, "noisy-student-larger").eval()
    sizes = [sum(p.numel() for p in network.parameters()) for network in (method.network, method.successor)]
    assert sizes[1] > 2 * sizes[0]
    assert method.further_networks() == ("larger",)
    batch, clips = TINY.batch_of(method.views()), pool(TINY, "unlabelled")
    assert method.predict(clips).equal(method.network(clips).logits)
    teachers = method.network(clips).logits.softmax(1)
    advance(method, TINY, 3).eval()
    torch.testing.assert_close(method.soft_label, teachers)
    assert method.predict(clips).equal(method.successor(clips).logits)
    torch.stack(list(method.loss(batch, TINY.progress(3)).terms.values())).sum().backward()
    assert not any(p.grad is not None for p in method.network.parameters())
    assert any(p.grad is not None and p.grad.any() for p in method.successor.parameters())


def test_larger_is_the_next_of_the_family() -> None:
    def larger(name: str) -> str:
        return beside(BackboneConfig(name=name, weights="none", input="rgb"), "larger").name

    assert [larger("micro-tsm"), larger("tsm:resnet18")] == ["micro-tsm-wide", "tsm:resnet50"]
    with pytest.raises(UserError, match="known as larger than micro-tsm-wide; name the second network"):
        larger("micro-tsm-wide")


def test_generations_are_equal_parts_of_a_run() -> None:
    method = method_without_network(NoisyStudent, NoisyStudent.Config.model_validate(values_of("noisy-student")))
    assert [method.restarts(epochs) for epochs in (20, 55, 6)] == [[5, 10, 15], [14, 28, 41], [2, 3, 4]]
    method.check(4)
    with pytest.raises(ValueError, match="noisy-student needs a longer run: in 3 epochs"):
        method.check(3)
    assert method_of(TINY, "noisy-student").resolved() == {"round_1": 3, "round_2": 6, "round_3": 8}
