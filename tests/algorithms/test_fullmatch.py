"""FullMatch against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import alone, entropy, method_of, sharp, softmax, walk

from ssmar_bench.algorithms.fullmatch import rank_needed
from ssmar_bench.core.contract import Batch, PseudoLabels
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=4, classes=5, labelled=10)
CLASSES = range(5)


def naive_terms(method: Any, batch: Batch, values: dict[str, float]) -> tuple[dict[str, float], int]:
    """The unlabelled terms of a step, and k."""
    assert batch.unlabelled is not None
    weak, strong = (alone(method.network, batch.unlabelled.clips[name])[0] for name in ("weak", "strong"))
    q, p = [softmax(z) for z in weak], [softmax(z) for z in strong]
    label = [row.index(max(row)) for row in q]

    def ranked(row: list[float]) -> list[int]:
        return sorted(CLASSES, key=lambda c: -row[c])

    k = next(k for k in range(2, 6) if all(y in ranked(row)[:k] for y, row in zip(label, p, strict=True)))
    found, even = {"unlabelled": 0.0, "negative": 0.0}, []
    for i, y in enumerate(label):
        first, sure = ranked(q[i])[:k], max(q[i]) >= values["threshold"]
        if sure:
            found["unlabelled"] += values["weight"] * entropy(y, strong[i]) / len(label)
        outside = [c for c in CLASSES if c not in first]
        for c in outside:
            if p[i][c] <= values["ceiling"]:
                found["negative"] += values["negative"] * -math.log(1 - p[i][c]) / len(label)
        share = (1 - p[i][y] - sum(p[i][c] for c in outside) + 1e-7) / (k - 1)
        rivals = [p[i][c] for c in first if sure and c != y and p[i][c] <= values["ceiling"]]
        even += [-share * math.log(r) - (1 - share) * math.log(1 - r) for r in rivals]
    found["rivals"] = values["rivals"] * sum(even) / max(len(even), 1)
    return found, k


@pytest.mark.parametrize(
    "values",
    [
        {"threshold": 0.4, "weight": 1.0, "negative": 1.0, "rivals": 1.0, "ceiling": 0.9025},
        {"threshold": 0.5, "weight": 0.3, "negative": 2.0, "rivals": 0.5, "ceiling": 0.4},
    ],
)
def test_fullmatch_is_its_formulas_over_twelve_updates(values: dict[str, float]) -> None:
    method = sharp(method_of(TINY, "fullmatch", **values), 400.0)
    seen = set()
    for step, batch, losses in walk(method, TINY, 12, rate=1e-5):
        expected, k = naive_terms(method, batch, values)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        seen.add(k)
    assert len(seen) > 1


def terms(weak: torch.Tensor, strong: torch.Tensor, used: float = 1.0) -> Any:
    method: Any = method_of(TINY, "fullmatch")
    label = weak.argmax(1)
    pseudo = PseudoLabels(label, label, torch.full((len(label),), used), torch.ones(len(label)))
    return method.unlabelled_terms(weak, strong, pseudo)


def test_where_k_is_all_classes_nothing_is_negative() -> None:
    two = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    assert terms(two, two.flip(0))["negative"].item() == 0
    weak = torch.eye(5)
    assert rank_needed(-weak, weak.argmax(1)).item() == 5
    assert terms(weak, -weak)["negative"].item() == 0
    assert terms(weak, weak)["negative"].item() > 0, "k is 2"


def test_without_a_confident_clip_rivals_owe_nothing() -> None:
    weak = torch.eye(5)
    assert terms(weak, weak, used=0.0)["rivals"].item() == 0
    assert terms(weak, weak)["rivals"].item() > 0


def test_the_larger_of_two_rivals_falls_against_the_smaller() -> None:
    weak = torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0]])
    strong = torch.tensor([[1.0, 2.0, 1.0, 2.5, 3.0]], requires_grad=True)  # the label 0 is fourth: k is 4
    assert rank_needed(strong, weak.argmax(1)).item() == 4
    (pull,) = torch.autograd.grad(terms(weak, strong)["rivals"], strong)
    _, middle, small, large, _ = pull[0].tolist()
    assert large > middle > small
    even = torch.tensor([[1.0, 2.0, 2.0, 2.0, 0.0]], requires_grad=True)
    (pull,) = torch.autograd.grad(terms(weak, even)["rivals"], even)
    assert len({round(value, 6) for value in pull[0, 1:4].tolist()}) == 1
