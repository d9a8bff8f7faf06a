"""MANet's label embedding against a second implementation in plain loops, and what its vectors and frames are."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import alone, cross, method_of, sharp, walk
from torch import Tensor

from ssmar_bench.algorithms.label_embedding import label_vectors
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)


def awake(method: Any) -> Any:
    """The method with a head that says something from the first step on."""
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in method.head.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=draw))
    return sharp(method)


def naive_distance(method: Any, clip: Tensor, label: int) -> float:
    """Mean squared difference of one clip's answer, frame by frame and number by number."""
    first, second = method.head[0], method.head[2]
    answers = []
    for frame in method.network(clip[None]).frames[0].tolist():
        hidden = [
            math.tanh(sum(w * x for w, x in zip(row, frame, strict=True)) + b)
            for row, b in zip(first.weight.tolist(), first.bias.tolist(), strict=True)
        ]
        answers.append(
            [
                sum(w * h for w, h in zip(row, hidden, strict=True)) + b
                for row, b in zip(second.weight.tolist(), second.bias.tolist(), strict=True)
            ]
        )
    mean = [sum(column) / len(answers) for column in zip(*answers, strict=True)]
    vector = method.vectors[label].tolist()
    return sum((m - v) ** 2 for m, v in zip(mean, vector, strict=True)) / len(vector)


def test_label_embedding_is_its_formulas_over_twelve_updates() -> None:
    method = awake(method_of(TINY, "label-embedding", weight=7.0, dimensions=5))
    for step, batch, losses in walk(method, TINY, 12):
        labels = batch.labelled.label.tolist()
        with torch.no_grad():
            logits, _ = alone(method.network, batch.labelled.clips["weak"])
            distances = [naive_distance(method, *one) for one in zip(batch.labelled.clips["weak"], labels, strict=True)]
        entropies = [cross([float(c == y) for c in range(3)], z) for y, z in zip(labels, logits, strict=True)]
        assert set(losses.terms) == {"labelled", "labelled_embedding"}
        assert losses.terms["labelled"].item() == pytest.approx(sum(entropies) / 6, rel=1e-5), step
        assert losses.terms["labelled_embedding"].item() == pytest.approx(7 * sum(distances) / 6, rel=1e-5), step


def test_with_weight_0_it_is_labelled_only_training() -> None:
    own, plain = method_of(TINY, "label-embedding", weight=0.0), method_of(TINY, "supervised")
    for (_, _, losses), (_, _, expected) in zip(walk(own, TINY, 3, 1e-2), walk(plain, TINY, 3, 1e-2), strict=True):
        assert losses.terms["labelled"].equal(expected.terms["labelled_weak"])
        assert losses.terms["labelled_embedding"].item() == 0
    assert all(value.equal(own.state_dict()[key]) for key, value in plain.state_dict().items())


def test_at_first_the_head_says_nothing_and_the_loss_is_that_of_the_official_table() -> None:
    method: Any = method_of(TINY, "label-embedding").eval()
    losses = method.loss(Tiny(batch=300).batch_of(method.views()), TINY.progress(0))
    assert losses.terms["labelled_embedding"].item() == pytest.approx(50 * 0.0785, rel=0.05)


def test_the_frames_are_seen_one_by_one_and_half_of_their_features_in_training() -> None:
    method: Any = awake(method_of(TINY, "label-embedding", dropout=0.0)).eval()
    batch = TINY.batch_of(method.views())
    whole = method.loss(batch, TINY.progress(0)).terms["labelled_embedding"]
    output = method.network(batch.labelled.clips["weak"])
    assert output.frames.shape == (6, TINY.segments, method.network.features)
    torch.testing.assert_close(output.frames.mean(1), output.features)
    pooled = (method.head(output.features) - method.vectors[batch.labelled.label]).square().mean() * 50
    assert not torch.isclose(whole, pooled, rtol=1e-4)

    method = awake(method_of(TINY, "label-embedding", dropout=0.5))
    torch.manual_seed(0)
    first = method.loss(batch, TINY.progress(0)).terms["labelled_embedding"]
    assert not torch.isclose(first, method.loss(batch, TINY.progress(0)).terms["labelled_embedding"])


def test_the_head_pulls_at_the_network() -> None:
    method: Any = awake(method_of(TINY, "label-embedding"))
    method.loss(TINY.batch_of(method.views()), TINY.progress(0)).terms["labelled_embedding"].backward()
    assert any(weight.grad is not None and weight.grad.any() for weight in method.network.backbone.parameters())
    assert method.network.classifier.weight.grad is None


# ---- the vectors

NAMES = ["touching ear", "touching neck", "Nodding", "crossing legs", "点头", "--"]


def cosine(table: Tensor, one: int, other: int) -> float:
    return float(torch.cosine_similarity(table[one], table[other], dim=0))


def test_labels_with_a_common_word_are_near_each_other_and_others_are_not() -> None:
    table = label_vectors(NAMES, 300)
    assert table.shape == (6, 300)
    assert table.square().mean().item() == pytest.approx(0.0785)
    assert cosine(table, 0, 1) == pytest.approx(0.5, abs=0.15)
    for one, other in [(0, 2), (0, 3), (2, 3), (4, 5), (2, 5)]:
        assert abs(cosine(table, one, other)) < 0.25
    alone_table = label_vectors(NAMES, 300, of_words=False)
    assert abs(cosine(alone_table, 0, 1)) < 0.25


def test_a_words_vector_is_the_same_in_every_table_and_spelling() -> None:
    for name in ("nodding", "NODDING", " nodding_"):
        assert cosine(torch.stack([label_vectors(NAMES, 300)[2], label_vectors([name, "x"], 300)[0]]), 0, 1) > 0.9999
