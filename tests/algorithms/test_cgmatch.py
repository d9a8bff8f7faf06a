"""CGMatch against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from _loops import alone, entropy, method_of, sharp, softmax, walk

from ssmar_bench.algorithms.cgmatch import generalised_cross_entropy
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)


def test_cgmatch_is_its_formulas_over_twelve_updates() -> None:
    values = {"weight": 0.7, "ambiguous": 1.3, "exponent": 0.6, "warm_up": 0.25, "momentum": 0.5, "memory": None}
    method: Any = sharp(method_of(TINY, "cgmatch", **values))
    counts = [[0] * 3 for _ in range(TINY.unlabelled)]
    level, usual, mean, kinds = 1 / 3, 0.0, [0.0] * 3, set()
    for step, batch, losses in walk(method, TINY, 12):
        weak, strong = (alone(method.network, batch.unlabelled.clips[name])[0] for name in ("weak", "strong"))
        labelled, _ = alone(method.network, batch.labelled.clips["weak"])
        q, index = [softmax(z) for z in weak], batch.unlabelled.index.tolist()
        now = [sum(column) / 6 for column in zip(*q, strict=True)]
        mean = [(a + b) / 2 for a, b in zip(mean, now, strict=True)] if step else now
        raised = [[p * (1 / 3 + 1e-6) / (m + 1e-6) for p, m in zip(row, mean, strict=True)] for row in q]
        aligned = [[p / sum(row) for p in row] for row in raised]
        label = [row.index(max(row)) for row in aligned]
        for i, y in zip(index, label, strict=True):
            counts[i][y] += 1
        gap = [sorted(counts[i])[2] - sorted(counts[i])[1] for i in index]
        level, usual = (level + sum(map(max, aligned)) / 6) / 2, (usual + sum(gap) / 6) / 2
        grown = max(0.0, (step / 12 - 0.25) / 0.75) ** 2
        easy = unsure = 0.0
        for i, y in enumerate(label):
            sure = max(aligned[i]) >= level
            if sure:
                easy += 0.7 * (step >= 3) * entropy(y, strong[i]) / 6
            elif gap[i] >= usual:
                unsure += 1.3 * grown * sum((1 - softmax(z)[y] ** 0.6) / 0.6 for z in (weak[i], strong[i])) / 6
            kinds.add((sure, gap[i] >= usual))
        supervised = sum(map(entropy, batch.labelled.label.tolist(), labelled)) / 6
        for name, value in {"labelled": supervised, "easy": easy, "ambiguous": unsure}.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
    assert {(True, True), (False, True), (False, False)} <= kinds
    assert method.counts.tolist() == counts, "a clip's counts are its visits"
    assert method.counts.sum().item() == 12 * 6


def test_the_forgiving_loss_lies_between_a_difference_and_a_cross_entropy() -> None:
    logits, label = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1])
    p = logits.softmax(1).gather(1, label[:, None])[:, 0]
    torch.testing.assert_close(generalised_cross_entropy(logits, label, 1.0), 1 - p)
    torch.testing.assert_close(generalised_cross_entropy(logits, label, 1e-6), -p.log(), rtol=1e-4, atol=1e-5)
