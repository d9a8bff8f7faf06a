"""UDA, FlexMatch, FreeMatch and SoftMatch against plain loops, over several updates, in evaluation mode."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import alone, cross, entropy, method_of, sharp, softmax, walk

from ssmar_bench.core.contract import Progress
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
STEPS = 5


def logits_of(method: Any, batch: Any) -> tuple[Any, Any, Any]:
    clips = (batch.labelled.clips["weak"], batch.unlabelled.clips["weak"], batch.unlabelled.clips["strong"])
    return tuple(alone(method.network, view)[0] for view in clips)


def labelled(batch: Any, scores: Any) -> float:
    losses = [entropy(y, z) for y, z in zip(batch.labelled.label.tolist(), scores, strict=True)]
    return sum(losses) / len(losses)


def argmax(values: Any) -> int:
    return max(range(len(values)), key=lambda c: values[c])


# ---- UDA


@pytest.mark.parametrize(("temperature", "threshold", "weight"), [(0.4, 0.6, 1.0), (1.0, 0.0, 2.5)])
def test_uda_is_its_equations(temperature: float, threshold: float, weight: float) -> None:
    method = sharp(method_of(TINY, "uda", temperature=temperature, threshold=threshold, weight=weight))
    used = 0
    for _, batch, losses in walk(method, TINY, STEPS):
        x, weak, strong = logits_of(method, batch)
        total = 0.0
        for w, s in zip(weak, strong, strict=True):
            if max(softmax(w)) >= threshold:
                used += 1
                total += cross(softmax([z / temperature for z in w]), s)
        assert losses.terms["labelled_weak"].item() == pytest.approx(labelled(batch, x), rel=1e-5)
        assert losses.terms["unlabelled"].item() == pytest.approx(weight * total / 6, rel=1e-5, abs=1e-9)
    assert 0 < used <= 6 * STEPS
    assert (used == 6 * STEPS) == (threshold == 0)


@pytest.mark.parametrize(("schedule", "t", "expected"), [
    ("linear", 0.25, 1 / 3 + 0.25 * 2 / 3), ("exp", 0.6, 1 / 3 + math.exp(-2) * 2 / 3),
    ("log", 0.2, 1 / 3 + (1 - math.exp(-1)) * 2 / 3), ("linear", 0.0, 1 / 3),
])  # fmt: skip
def test_the_limit_of_signal_annealing_grows_from_one_in_c(schedule: str, t: float, expected: float) -> None:
    method = method_of(TINY, "uda", tsa=schedule)
    assert method.limit(Progress(int(20 * t), 20, 0, 11), classes=3) == pytest.approx(expected)


@pytest.mark.parametrize("by", ["label", "confidence"])
def test_annealing_leaves_out_labelled_clips_that_are_known_too_well(by: str) -> None:
    method = method_of(TINY, "uda", tsa="linear", tsa_by=by)
    logits = torch.tensor([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.4, 0.0, 0.0]])
    label = torch.tensor([2, 0, 1, 0])
    found = method.labelled_loss(logits, label, Progress(10, 20, 0, 11))  # the limit is 2/3
    each = [entropy(y, z) for y, z in zip(label.tolist(), logits.tolist(), strict=True)]
    # The second is known; the third is sure, but of the wrong class.
    expected = (each[0] + each[2] + each[3]) / 3 if by == "label" else (each[0] + each[3]) / 4
    assert found.item() == pytest.approx(expected, rel=1e-6)
    first = method.labelled_loss(logits[1:2], label[1:2], Progress(0, 20, 0, 11))
    assert first.item() == 0  # nothing is left, and nothing is divided by 0


# ---- FlexMatch


@pytest.mark.parametrize("warm_up", [True, False])
def test_flexmatch_is_its_equations(warm_up: bool) -> None:
    tau = 0.7
    method = sharp(method_of(TINY, "flexmatch", threshold=tau, threshold_warm_up=warm_up))
    last = [-1] * TINY.unlabelled
    seen = set()
    for _, batch, losses in walk(method, TINY, 8):
        _, weak, strong = logits_of(method, batch)
        won = [last.count(c) for c in range(3)]
        best = max(max(won), last.count(-1)) if warm_up else max(won)
        beta = [n / best if best else 0.0 for n in won]
        total, used = 0.0, []
        index = batch.unlabelled.index.tolist()
        for w, s in zip(weak, strong, strict=True):
            q, c = softmax(w), argmax(softmax(w))
            used.append(float(max(q) >= tau * beta[c] / (2 - beta[c])))
            total += used[-1] * entropy(c, s)
        for i, w in zip(index, weak, strict=True):
            if max(softmax(w)) >= tau:
                last[i] = argmax(softmax(w))
        assert losses.terms["unlabelled"].item() == pytest.approx(total / 6, rel=1e-5, abs=1e-9)
        assert losses.pseudo["online"].weight.tolist() == used
        assert method.status.label.tolist() == last
        seen.update(used)
    assert seen == {0.0, 1.0}


def test_flexmatch_uses_every_clip_as_long_as_nothing_is_learned() -> None:
    method = method_of(TINY, "flexmatch").eval()
    losses = method.loss(TINY.batch_of(method.views()), TINY.progress(0))
    assert losses.pseudo["online"].confidence.max() < 0.95
    assert losses.pseudo["online"].weight.all()


# ---- FreeMatch


def normalised(values: list[float]) -> list[float]:
    return [value / sum(values) for value in values]


def test_freematch_is_its_equations() -> None:
    m, classes = 0.5, range(3)
    method = sharp(method_of(TINY, "freematch", momentum=m, memory=None, fairness=0.3, weight=2.0))
    tau, p, h = 1 / 3, [1 / 3] * 3, [1 / 3] * 3
    seen = set()
    for _, batch, losses in walk(method, TINY, STEPS):
        x, weak, strong = logits_of(method, batch)
        q = [softmax(w) for w in weak]
        y = [argmax(each) for each in q]
        tau = m * tau + (1 - m) * sum(map(max, q)) / 6
        p = [m * p[c] + (1 - m) * sum(each[c] for each in q) / 6 for c in classes]
        h = [m * h[c] + (1 - m) * y.count(c) / 6 for c in classes]
        used = [max(each) >= tau * p[c] / max(p) for each, c in zip(q, y, strict=True)]
        total = sum(entropy(c, s) for c, s, on in zip(y, strong, used, strict=True) if on) / 6
        kept = [softmax(s) for s, on in zip(strong, used, strict=True) if on]
        guess = [argmax(each) for each in kept]
        mean = [sum(each[c] for each in kept) / len(kept) for c in classes]
        found = normalised([mean[c] / (guess.count(c) / len(kept)) if c in guess else 0.0 for c in classes])
        expected = normalised([p[c] / h[c] for c in classes])
        fairness = sum(e * math.log(f + 1e-12) for e, f in zip(expected, found, strict=True))
        assert losses.terms["labelled_weak"].item() == pytest.approx(labelled(batch, x), rel=1e-5)
        assert losses.terms["unlabelled"].item() == pytest.approx(2 * total, rel=1e-5)
        assert losses.terms["fairness"].item() == pytest.approx(0.3 * fairness, rel=1e-4)
        assert losses.pseudo["online"].weight.tolist() == [float(on) for on in used]
        seen.update(used)
    assert seen == {True, False}


def test_freematch_is_fair_to_nobody_if_no_clip_is_selected() -> None:
    method = method_of(TINY, "freematch")
    strong = torch.randn(6, 3, requires_grad=True)
    found = method.fairness(strong.softmax(1), torch.zeros(6))
    found.backward()
    assert found.item() == 0
    assert strong.grad is not None
    assert not strong.grad.any()


# ---- SoftMatch


@pytest.mark.parametrize("statistics", ["before", "after"])
def test_softmatch_is_its_equations(statistics: str) -> None:
    m, width, classes = 0.3, 2.0, range(3)
    method = sharp(method_of(TINY, "softmatch", momentum=m, memory=None, statistics=statistics, weight=1.5))
    mu, variance, average = 1 / 3, 1.0, None
    lightest = 1.0
    for _, batch, losses in walk(method, TINY, STEPS):
        _, weak, strong = logits_of(method, batch)
        q = [softmax(w) for w in weak]
        now = [sum(each[c] for each in q) / 6 for c in classes]
        average = now if average is None else [m * a + (1 - m) * b for a, b in zip(average, now, strict=True)]
        aligned = [normalised([each[c] * (1 / 3 + 1e-6) / (average[c] + 1e-6) for c in classes]) for each in q]
        counted = [max(each) for each in (q if statistics == "before" else aligned)]
        middle = sum(counted) / 6
        mu = m * mu + (1 - m) * middle
        variance = m * variance + (1 - m) * sum((c - middle) ** 2 for c in counted) / 5
        weights = [math.exp(-(min(max(a) - mu, 0) ** 2) * width**2 / (2 * variance)) for a in aligned]
        total = sum(w * entropy(argmax(each), s) for w, each, s in zip(weights, q, strong, strict=True)) / 6
        assert losses.terms["unlabelled"].item() == pytest.approx(1.5 * total, rel=1e-5)
        assert losses.pseudo["online"].weight.tolist() == pytest.approx(weights, rel=1e-4)
        assert losses.pseudo["online"].confidence.tolist() == pytest.approx([max(a) for a in aligned], rel=1e-5)
        lightest = min(lightest, *weights)
    assert lightest < 0.95


def test_softmatch_takes_a_batch_of_one_as_one_without_variance() -> None:
    method = method_of(TINY, "softmatch", momentum=0.5, memory=None)
    method.pseudo_labels(torch.tensor([0]), torch.tensor([[2.0, 0.0, 0.0]]))
    assert method.variance.item() == pytest.approx(0.5)


# ---- what they have in common


@pytest.mark.parametrize("name", ["uda", "flexmatch", "freematch", "softmatch"])
def test_no_gradient_flows_into_the_weak_view(name: str) -> None:
    method = method_of(TINY, name, threshold=0.0).eval()
    batch = TINY.batch_of(method.views())
    for clips in batch.unlabelled.clips.values():
        clips.requires_grad_()
    terms = method.loss(batch, TINY.progress(5)).terms
    sum(value for key, value in terms.items() if not key.startswith("labelled")).backward()
    assert not batch.unlabelled.clips["weak"].grad.any()
    assert batch.unlabelled.clips["strong"].grad.any()


@pytest.mark.parametrize("name", ["fixmatch", "uda", "flexmatch", "freematch", "softmatch"])
def test_they_see_the_same_views_and_one_pass_a_step(name: str) -> None:
    method, fixmatch = method_of(TINY, name), method_of(TINY, "fixmatch")
    assert method.views() == fixmatch.views()
    method.loss(TINY.batch_of(method.views()), TINY.progress(0))
    assert method.network.forward_passes == 3 * 6
    assert {int(value) for key, value in method.state_dict().items() if key.endswith("num_batches_tracked")} == {1}
