"""FineSSL against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import alone, cross, dot, entropy, method_of, softmax, unit, walk
from torch import nn

from ssmar_bench.algorithms.finessl import with_margins
from ssmar_bench.core.contract import Batch
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)


def head(module: Any, feature: Any) -> list[float]:
    return [module.scale.item() * dot(unit(feature), unit(w)) for w in module.weight.double().tolist()]


def raised(scores: Any, label: int, margin: list[float]) -> list[float]:
    return [z + (0.0 if c == label else margin[label]) for c, z in enumerate(scores)]


def margins(status: list[int], alpha: float) -> list[float]:
    won = [status.count(c) for c in CLASSES]
    sigma = [n / max(won) if max(won) else 0.0 for n in won]
    return [alpha * (max(sigma) - min(sigma)) * (1 - s) / (1 + s) for s in sigma]


def naive_terms(method: Any, batch: Batch, status: list[int], values: dict[str, Any]) -> dict[str, float]:
    """The terms of a step; ``status`` is brought up to date."""
    assert batch.unlabelled is not None
    x, u = batch.labelled, batch.unlabelled.clips
    of_x, weak, first, second = (
        alone(method.network, clips)[1] for clips in (x.clips["weak"], u["weak"], u["strong"], u["second"])
    )
    margin = margins(status, values["margin"])
    q = [softmax(head(method.main, f)) for f in weak]
    label = [max(CLASSES, key=lambda c, p=p: p[c]) for p in q]  # type: ignore[misc]
    trust = [max(softmax(head(method.auxiliary, f))) for f in weak]
    main, smooth, confident = 0.0, 0.0, 0
    eps = values["smoothing"]
    for i, y in enumerate(label):
        for feature in (first[i], second[i]):
            main += trust[i] * entropy(y, raised(head(method.main, feature), y, margin)) / (2 * len(label))
            if max(q[i]) >= values["threshold"]:
                confident += 1
                target = [1 - eps if c == y else eps / 2 for c in CLASSES]
                smooth += cross(target, head(method.auxiliary, feature))
    for i, y, p in zip(batch.unlabelled.index.tolist(), label, q, strict=True):
        if max(p) >= values["threshold"]:
            status[i] = y
    pairs = list(zip(x.label.tolist(), of_x, strict=True))
    return {
        "labelled_main": sum(entropy(y, raised(head(method.main, f), y, margin)) for y, f in pairs) / len(pairs),
        "labelled_auxiliary": sum(entropy(y, head(method.auxiliary, f)) for y, f in pairs) / len(pairs),
        "unlabelled": values["weight"] * main,
        "auxiliary": smooth / max(confident, 1),
    }


@pytest.mark.parametrize(
    "values",
    [
        {"margin": 8.0, "threshold": 0.52, "smoothing": 0.5, "weight": 3.0},
        {"margin": 2.0, "threshold": 0.58, "smoothing": 0.1, "weight": 0.5},
    ],
)
def test_finessl_is_its_formulas_over_twelve_updates(values: dict[str, Any]) -> None:
    method = method_of(TINY, "finessl", **values)
    status, seen, margin = [-1] * TINY.unlabelled, set(), 0.0
    for step, batch, losses in walk(method, TINY, 12, rate=2e-6):
        expected = naive_terms(method, batch, status, values)
        assert set(losses.terms) == set(expected)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        assert method.status.label.tolist() == status
        seen.update((losses.pseudo["online"].confidence >= values["threshold"]).tolist())
        margin = max(margin, *margins(status, 1.0))
    assert seen == {True, False}
    assert margin > 0


def test_the_learning_status_is_of_one_epoch() -> None:
    method = method_of(TINY, "finessl")
    method.status.label[:5] = 1
    assert method.margins().tolist() == [8.0, 0.0, 8.0]
    method.epoch_start(TINY.progress(1), TINY.pools())
    assert method.status.label.tolist() == [-1] * TINY.unlabelled
    assert method.margins().tolist() == [0.0, 0.0, 0.0]


def test_margins_by_hand() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    found = with_margins(logits, torch.tensor([2, 0]), torch.tensor([0.5, 0.0, 4.0]))
    assert found.tolist() == [[5.0, 6.0, 3.0], [1.0, 2.5, 3.5]]


def test_the_auxiliary_head_never_trains_the_network() -> None:
    method = method_of(TINY, "finessl", threshold=0.0).eval()
    terms = method.loss(TINY.batch_of(method.views()), TINY.progress(0)).terms
    (terms["auxiliary"] + terms["labelled_auxiliary"]).backward()
    reached = {name for name, parameter in method.named_parameters() if parameter.grad is not None}
    assert reached == {"auxiliary.weight", "auxiliary.scale"}


def test_both_heads_start_from_the_students_classifier_with_the_scale_of_clip() -> None:
    method = method_of(TINY, "finessl")
    for module in (method.main, method.auxiliary):
        assert module.weight.equal(method.network.classifier.weight)
        assert module.scale.item() == pytest.approx(1 / 0.07)
    assert method.main.weight is not method.auxiliary.weight
    assert not any(parameter.requires_grad for parameter in method.network.classifier.parameters())


def test_the_main_head_predicts() -> None:
    method = method_of(TINY, "finessl").eval()
    with torch.no_grad():
        method.auxiliary.weight.zero_()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    expected = [head(method.main, feature) for feature in alone(method.network, clips)[1]]
    torch.testing.assert_close(method.predict(clips).double(), torch.tensor(expected).double(), rtol=1e-5, atol=1e-5)


def test_norm_tunes_heads_and_normalisation_alone() -> None:
    method = method_of(TINY, "finessl", tune="norm")
    trained = {name for name, parameter in method.named_parameters() if parameter.requires_grad}
    norms = {
        f"network.{name}.{key}"
        for name, layer in method.network.named_modules()
        if isinstance(layer, nn.BatchNorm2d)
        for key in ("weight", "bias")
    }
    assert norms
    assert trained == norms | {f"{side}.{key}" for side in ("main", "auxiliary") for key in ("weight", "scale")}
    assert math.isfinite(sum(method.loss(TINY.batch_of(method.views()), TINY.progress(0)).terms.values()).item())
