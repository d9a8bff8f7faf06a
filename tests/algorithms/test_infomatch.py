"""InfoMatch against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from _loops import alone, entropy, method_of, sharp, softmax, walk
from torch import Tensor

from ssmar_bench.algorithms.infomatch import standardised_logits
from ssmar_bench.algorithms.shared.mixing import draw_cutmix_boxes
from ssmar_bench.core.contract import Batch
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)


def cut_in(clip: Tensor, other: Tensor, box: Any) -> tuple[Tensor, float]:
    """Pixel by pixel: the clip with the other's box in every frame, and the share of the frame that it keeps."""
    mixed, taken = clip.clone(), 0
    for y, row in enumerate(box):
        for x, inside in enumerate(row):
            if inside:
                taken += 1
                for frame in range(len(clip)):
                    mixed[frame, :, y, x] = other[frame, :, y, x]
    return mixed, 1 - taken / (len(box) * len(box[0]))


def standard(scores: Any) -> list[float]:
    mean = sum(scores) / len(scores)
    deviation = math.sqrt(sum((z - mean) ** 2 for z in scores) / (len(scores) - 1))
    return [(z - mean) / deviation for z in scores]


@dataclass
class Naive:
    """The moving averages, and the terms of a step."""

    momentum: float
    level: float = 1 / 3
    expected: list[float] = field(default_factory=lambda: [1 / 3] * 3)

    def terms(
        self, network: Any, batch: Batch, step: int, values: dict[str, Any]
    ) -> tuple[dict[str, float], list[bool]]:
        assert batch.unlabelled is not None
        x, u = batch.labelled, batch.unlabelled.clips
        n = len(u["weak"])
        torch.manual_seed(step)
        other = torch.randperm(n).tolist()
        boxes = draw_cutmix_boxes(n, *u["weak"].shape[-2:]).tolist()
        cuts = [cut_in(u["weak"][i], u["weak"][other[i]], boxes[i]) for i in range(n)]
        weak, first, second = (alone(network, u[name])[0] for name in ("weak", "strong", "second"))
        mixed, _ = alone(network, torch.stack([clip for clip, _ in cuts]))

        q = [softmax(w) for w in weak]
        y = [max(CLASSES, key=lambda c, p=p: p[c]) for p in q]  # type: ignore[misc]
        m = self.momentum
        self.level = m * self.level + (1 - m) * sum(map(max, q)) / n
        self.expected = [m * self.expected[c] + (1 - m) * sum(p[c] for p in q) / n for c in CLASSES]
        used = [max(p) >= self.level * self.expected[c] / max(self.expected) for p, c in zip(q, y, strict=True)]

        cutmix = strong = gap = 0.0
        for i in range(n):
            share, j = cuts[i][1], other[i]
            cutmix += (share * used[i] * entropy(y[i], mixed[i]) + (1 - share) * used[j] * entropy(y[j], mixed[i])) / n
            strong += used[i] * (entropy(y[i], first[i]) + entropy(y[i], second[i])) / n
            pairs = zip(standard(first[i]), standard(second[i]), strict=True)
            gap += sum((a - b) ** 2 for a, b in pairs) / (n * 3)
        labelled, _ = alone(network, x.clips["weak"])
        weight = values["weight"]
        return {
            "labelled": sum(map(entropy, x.label.tolist(), labelled)) / len(labelled),
            "cutmix": weight * values["cutmix"] * cutmix,
            "strong": weight * values["strong"] * strong,
            "agreement": weight * values["agreement"] * gap,
        }, used


@pytest.mark.parametrize(
    "values",
    [
        {"weight": 2.0, "cutmix": 0.5, "strong": 0.25, "agreement": 0.001},
        {"weight": 0.5, "cutmix": 1.0, "strong": 2.0, "agreement": 0.7},
    ],
)
def test_infomatch_is_its_formulas_over_twelve_updates(values: dict[str, Any]) -> None:
    method = sharp(method_of(TINY, "infomatch", momentum=0.5, memory=None, **values))
    naive, seen = Naive(momentum=0.5), set()
    for step, batch, losses in walk(method, TINY, 12):
        expected, used = naive.terms(method.network, batch, step, values)
        assert set(losses.terms) == set(expected)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        assert losses.pseudo["online"].weight.tolist() == [float(on) for on in used]
        assert losses.pseudo["online"].index.equal(batch.unlabelled.index)
        seen.update(used)
    assert seen == {True, False}
    assert method.threshold.level.item() == pytest.approx(naive.level, rel=1e-5)


def test_weak_and_strong_views_share_frames_crop_and_flip() -> None:
    views = method_of(TINY, "infomatch").views().unlabelled
    assert {name: view.aug for name, view in views.items()} == {"weak": "weak", "strong": "strong", "second": "strong"}
    assert len({(view.time, view.space) for view in views.values()}) == 1
    assert views["weak"].space != "own"


def test_the_agreement_pulls_both_strong_views_and_nothing_else() -> None:
    method = method_of(TINY, "infomatch").eval()
    batch = TINY.batch_of(method.views())
    for clips in batch.unlabelled.clips.values():
        clips.requires_grad_()
    method.loss(batch, TINY.progress(5)).terms["agreement"].backward()
    clips = batch.unlabelled.clips
    assert clips["strong"].grad.any()
    assert clips["second"].grad.any()
    assert not clips["weak"].grad.any()


def test_logits_without_spread_are_standardised_to_zeros() -> None:
    logits = torch.tensor([[2.0, 2.0, 2.0], [1.0, 2.0, 6.0]], requires_grad=True)
    found = standardised_logits(logits)
    assert found[0].tolist() == [0, 0, 0]
    assert found[1].tolist() == pytest.approx(standard([1.0, 2.0, 6.0]))
    found.sum().backward()
    assert logits.grad.isfinite().all()
