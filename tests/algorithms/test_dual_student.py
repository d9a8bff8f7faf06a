"""Dual Student against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from _loops import Vector, alone, entropy, method_of, sharp, softmax, walk
from torch import Tensor

from ssmar_bench.algorithms.dual_student import Answers, directions
from ssmar_bench.core.contract import Batch, Progress
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)


def sharp_students(**values: Any) -> Any:
    method = method_of(TINY, "dual-student", **values)
    for network in (method.network, method.second):
        sharp(SimpleNamespace(network=network))
    return method


def head(module: Any, feature: Vector) -> list[float]:
    weights, biases = module.weight.double().tolist(), module.bias.double().tolist()
    return [sum(w * f for w, f in zip(row, feature, strict=True)) + b for row, b in zip(weights, biases, strict=True)]


def squared(p: Vector, q: Vector) -> float:
    return sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) / len(p)


def naive_terms(method: Any, batch: Batch, grown: float, values: dict[str, Any]) -> tuple[dict[str, float], list[bool]]:
    """The terms of a step, and on which unlabelled clips the second student teaches the first."""
    assert batch.unlabelled is not None
    n, clips = len(batch.labelled.label), {}
    for view in ("first", "second"):
        clips[view] = torch.cat([batch.labelled.clips[view], batch.unlabelled.clips[view]])
    said = []
    for network, extra, own, other in (
        (method.network, method.head, "first", "second"),
        (method.second, method.second_head, "second", "first"),
    ):
        logits, features = alone(network, clips[own])
        said.append((logits, [head(extra, f) for f in features], alone(network, clips[other])[0]))

    def stable(student: int, i: int) -> bool:
        here, there = softmax(said[student][0][i]), softmax(said[student][2][i])
        same = here.index(max(here)) == there.index(max(there))
        return same and max(*here, *there) > values["threshold"]

    def error(student: int, i: int) -> float:
        return squared(softmax(said[student][1][i]), softmax(said[student][2][i]))

    terms = dict.fromkeys(("labelled", "residual", "consistency", "stabilisation"), 0.0)
    taught = []
    total = len(said[0][0])
    for me, you in ((0, 1), (1, 0)):
        z, h, _ = said[me]
        for i in range(total):
            if i < n:
                terms["labelled"] += entropy(batch.labelled.label.tolist()[i], z[i]) / n
            terms["residual"] += values["residual"] * squared(z[i], h[i]) / total
            terms["consistency"] += grown * values["consistency"] * error(me, i) / total
            if i >= n:
                learns = stable(you, i) and (not stable(me, i) or error(you, i) <= error(me, i))
                pull = squared(softmax(h[i]), softmax(said[you][0][i]))
                terms["stabilisation"] += grown * values["stabilisation"] * learns * pull / (total - n)
                if me == 0:
                    taught.append(learns)
    return terms, taught


@pytest.mark.parametrize(
    "values",
    [
        {"threshold": 0.9, "consistency": 20.0, "stabilisation": 100.0, "residual": 0.02, "ramp": 0.0},
        {"threshold": 0.7, "consistency": 1.0, "stabilisation": 3.0, "residual": 0.5, "ramp": 0.5},
    ],
)
def test_dual_student_is_its_formulas_over_twelve_updates(values: dict[str, Any]) -> None:
    method = sharp_students(**values)
    seen = set()
    for step, batch, losses in walk(method, TINY, 12, rate=1e-6):
        share = min(1.0, step / 12 / values["ramp"]) if values["ramp"] else 1.0
        expected, taught = naive_terms(method, batch, 2.718281828459045 ** (-5 * (1 - share) ** 2), values)
        assert set(losses.terms) == set(expected)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        assert losses.pseudo["online"].weight.tolist() == [float(on) for on in taught]
        seen.update(taught)
    assert seen == {True, False}


def equal_students(method: Any) -> Any:
    method.second.load_state_dict(method.network.state_dict())
    method.second_head.load_state_dict(method.head.state_dict())
    return method.eval()


def one_view(batch: Batch) -> Batch:
    def twice(pool: Any) -> Any:
        return replace(pool, clips=dict.fromkeys(pool.clips, pool.clips["first"]))

    return Batch(twice(batch.labelled), twice(batch.unlabelled))


def test_equal_students_with_equal_heads_and_views_owe_classification_alone() -> None:
    method = equal_students(sharp_students(threshold=0.0))
    for side, own in ((method.head, method.network), (method.second_head, method.second)):
        side.load_state_dict(own.classifier.state_dict())
    losses = method.loss(one_view(TINY.batch_of(method.views())), Progress(10, 12, 10, 11))
    assert [losses.terms[name].item() for name in ("residual", "consistency", "stabilisation")] == [0, 0, 0]
    assert losses.terms["labelled"] > 0
    assert losses.pseudo["online"].weight.tolist() == [1.0] * TINY.batch, "both teach where they are equally consistent"


def test_a_threshold_of_one_leaves_no_student_stable() -> None:
    method = sharp_students(threshold=1.0)
    losses = method.loss(TINY.batch_of(method.views()), TINY.progress(10))
    assert losses.terms["stabilisation"].item() == 0
    assert not losses.pseudo["online"].weight.any()


def random_answers(seed: int) -> Answers:
    draw = torch.Generator().manual_seed(seed)
    logits = [3 * torch.randn(200, 3, generator=draw) for _ in range(2)]
    return Answers(logits[0], logits[1], logits[0] + torch.randn(200, 3, generator=draw))


def test_one_student_at_most_teaches_but_on_a_tie() -> None:
    one, two = random_answers(1), random_answers(2)
    by_two, by_one = directions(one, two, 0.6)
    assert by_two.any()
    assert by_one.any()
    assert not (by_two & by_one).any()
    neither = ~(by_two | by_one)
    assert (neither == ~(one.stable(0.6) | two.stable(0.6))).all()
    assert all(given.equal(one.stable(0.6)) for given in directions(one, one, 0.6))


def test_one_sure_view_is_enough_and_two_classes_are_none() -> None:
    sure, unsure = torch.tensor([5.0, 0, 0]), torch.tensor([0.1, 0, 0])

    def stable(here: Tensor, there: Tensor) -> bool:
        return bool(Answers(here[None], here[None], there[None]).stable(0.8))

    assert stable(sure, unsure)
    assert stable(unsure, sure)
    assert not stable(unsure, unsure)
    assert not stable(sure, sure.roll(1))


def test_exchanged_students_and_views_owe_exchanged_costs() -> None:
    def exchanged(pool: Any) -> Any:
        return replace(pool, clips={"first": pool.clips["second"], "second": pool.clips["first"]})

    method, other = (sharp_students(threshold=0.5).eval() for _ in range(2))
    for name, twin in (("network", "second"), ("head", "second_head")):
        getattr(other, twin).load_state_dict(getattr(method, name).state_dict())
        getattr(other, name).load_state_dict(getattr(method, twin).state_dict())
    batch = TINY.batch_of(method.views())
    one = method.loss(batch, TINY.progress(10))
    two = other.loss(Batch(exchanged(batch.labelled), exchanged(batch.unlabelled)), TINY.progress(10))
    for name, term in one.terms.items():
        assert two.terms[name].item() == pytest.approx(term.item(), rel=1e-6), name
    first, second = random_answers(1), random_answers(2)
    by_second, by_first = directions(first, second, 0.5)
    assert [each.tolist() for each in directions(second, first, 0.5)] == [by_first.tolist(), by_second.tolist()]


def test_a_student_is_not_pulled_by_what_the_other_learns() -> None:
    """Targets have no gradient: a student's costs reach its own weights alone."""
    one, two = random_answers(1), random_answers(2)
    for each in (one, two):
        each.classes.requires_grad_()
        each.consistency.requires_grad_()
    method = method_of(TINY, "dual-student", threshold=0.0)
    method.costs(one, two, directions(one, two, 0.0)[0], torch.arange(60) % 3, 1.0)["stabilisation"].backward()
    assert one.consistency.grad is not None
    assert one.consistency.grad.any()
    assert [one.classes.grad, two.classes.grad, two.consistency.grad] == [None, None, None]


def test_the_student_predicts_and_the_second_is_recorded_beside_it() -> None:
    method = method_of(TINY, "dual-student").eval()
    clips = TINY.batch_of(method.views()).labelled.clips["first"]
    heads = method.further_predictions(clips)
    assert method.predict(clips).equal(heads["student"])
    assert heads["second_student"].equal(method.second(clips).logits)
    assert not heads["student"].equal(heads["second_student"])
