"""APLT's losses against FixMatch and against plain loops from eqs. 3.1 to 3.9."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from _loops import (
    advance,
    alone,
    entropy,
    method_of,
    middle_confidence,
    naive_fixmatch,
    naive_round,
    naive_similarity,
    values_of,
)

from ssmar_bench.core.contract import Batch, View
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(unlabelled=30, batch=6)
SIMILARITIES = ("raw", "unit", "cosine")


def without_strong_labelled(batch: Batch) -> Batch:
    clips = {"weak": batch.labelled.clips["weak"]}
    return Batch(type(batch.labelled)(clips, batch.labelled.index, batch.labelled.label), batch.unlabelled)


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.95])
def test_before_the_first_round_it_is_fixmatch(epoch: int, threshold: float) -> None:
    """The same batch, the same initial weights, training mode: BatchNorm sees the same clips too."""
    aplt, fixmatch = (method_of(TINY, name, threshold=threshold) for name in ("aplt", "fixmatch"))
    batch = TINY.batch_of(aplt.views())
    ours = advance(aplt, TINY, epoch).loss(batch, TINY.progress(epoch))
    theirs = fixmatch.loss(without_strong_labelled(batch), TINY.progress(epoch))
    assert list(ours.terms.values()) == list(theirs.terms.values())
    for one, other in zip(vars(ours.pseudo["online"]).values(), vars(theirs.pseudo["online"]).values(), strict=True):
        assert one.equal(other)
    sum(ours.terms.values()).backward()
    sum(theirs.terms.values()).backward()
    for one, other in zip(aplt.parameters(), fixmatch.parameters(), strict=True):
        assert one.grad.equal(other.grad)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize(("step", "weight"), [(0, 1.0), (1, 0.3)])
def test_after_a_round_the_terms_are_equations_3_1_to_3_9(similarity: str, step: int, weight: float) -> None:
    network = method_of(TINY, "aplt").eval().network
    batch = TINY.batch_of(method_of(TINY, "aplt").views(), step)
    changed: dict[str, Any] = {
        "similarity": similarity,
        "weight": weight,
        "threshold": middle_confidence(network, batch.unlabelled.clips["weak"]),
    }
    values = values_of("aplt", **changed)
    method = advance(method_of(TINY, "aplt", **changed), TINY, 3).eval()
    losses = method.loss(batch, TINY.progress(3))

    offline = naive_round(network, TINY, values)
    supervised, unsupervised = naive_fixmatch(network, batch, values["threshold"])
    margin_x = margin_u = 0.0
    for feature, y in zip(
        alone(network, batch.labelled.clips["strong"])[1], batch.labelled.label.tolist(), strict=True
    ):
        margin_x += entropy(y, naive_similarity(feature, offline.prototypes, values)) / 6  # eq. 3.6
    index = batch.unlabelled.index.tolist()
    for feature, row in zip(alone(network, batch.unlabelled.clips["strong"])[1], index, strict=True):
        if offline.reliable[row]:
            margin_u += (
                entropy(offline.label[row], naive_similarity(feature, offline.prototypes, values)) / 6
            )  # eq. 3.7

    assert unsupervised > 0
    assert 0 < sum(offline.reliable[row] for row in index) < 6
    found = {name: value.item() for name, value in losses.terms.items()}
    expected = {
        "labelled_logits": supervised,
        "unlabelled_logits": unsupervised,
        "labelled_margin": weight * margin_x,
        "unlabelled_margin": weight * margin_u,
    }
    assert found == pytest.approx(expected, rel=2e-5)
    assert losses.pseudo["offline"].label.tolist() == [offline.label[row] for row in index]
    assert losses.pseudo["offline"].weight.tolist() == [float(offline.reliable[row]) for row in index]
    assert losses.pseudo["offline"].index.equal(batch.unlabelled.index)


def test_one_clip_that_is_screened_out_counts_in_b() -> None:
    method = advance(method_of(TINY, "aplt", self_adaptive_threshold=False), TINY, 3).eval()
    batch, progress = TINY.batch_of(method.views()), TINY.progress(3)
    all_six = method.loss(batch, progress).terms["unlabelled_margin"]
    parts = []
    for row in set(batch.unlabelled.index.tolist()):
        method.reliable.zero_()
        method.reliable[row] = 1
        parts.append(method.loss(batch, progress).terms["unlabelled_margin"])
    assert all_six.item() == pytest.approx(sum(part.item() for part in parts), rel=1e-5)
    assert min(parts) > 0


def test_no_reliable_clip_no_margin_loss() -> None:
    method = advance(method_of(TINY, "aplt", threshold=1.0), TINY, 3)
    method.reliable.zero_()
    terms = method.loss(TINY.batch_of(method.views()), TINY.progress(3)).terms
    assert terms["unlabelled_logits"] == terms["unlabelled_margin"] == 0
    (terms["unlabelled_logits"] + terms["unlabelled_margin"]).backward()
    assert all(p.grad is None or not p.grad.any() for p in method.parameters())
    assert terms["labelled_margin"] > 0


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_the_margin_losses_train_the_backbone_and_leave_the_classifier_alone(similarity: str) -> None:
    method = advance(method_of(TINY, "aplt", similarity=similarity, self_adaptive_threshold=False), TINY, 3)
    terms = method.loss(TINY.batch_of(method.views()), TINY.progress(3)).terms
    (terms["labelled_margin"] + terms["unlabelled_margin"]).backward()
    assert all(parameter.grad.any() for parameter in method.network.backbone.parameters())
    assert not any(p.grad is not None and p.grad.any() for p in method.network.classifier.parameters())


def test_cosine_does_not_see_the_length_of_prototypes_and_raw_does() -> None:
    features = torch.rand(4, 96)
    for similarity, same in (("cosine", True), ("unit", False), ("raw", False)):
        method = advance(method_of(TINY, "aplt", similarity=similarity), TINY, 3)
        before = method.similarity(features)
        method.prototypes[1] *= 3
        assert torch.allclose(method.similarity(features), before, rtol=1e-4) == same
        assert torch.allclose(method.similarity(5 * features), method.similarity(features), rtol=1e-4) == (
            similarity != "raw"
        )


def test_the_temperature_divides_cosines_alone() -> None:
    features = torch.rand(4, 96)
    for similarity, factor in (("cosine", 2.0), ("unit", 1.0), ("raw", 1.0)):
        warm, cold = (
            advance(method_of(TINY, "aplt", similarity=similarity, temperature=t), TINY, 3) for t in (0.1, 0.05)
        )
        torch.testing.assert_close(cold.similarity(features), factor * warm.similarity(features))


def test_forward_passes_are_what_figure_3_draws() -> None:
    """Weak labelled, weak and strong unlabelled; with the margin losses strong labelled too, and no more."""
    method = method_of(TINY, "aplt")
    assert dict(method.views().labelled) == dict(method.views().unlabelled) == {
        "weak": View("weak"), "strong": View("strong")
    }  # fmt: skip
    batch = TINY.batch_of(method.views())
    method.loss(batch, TINY.progress(0))
    assert method.network.forward_passes == 3 * 6
    before = advance(method, TINY, 3).network.forward_passes
    assert before == 3 * 6 + 2 * 9 + 30  # the round: labelled twice, unlabelled once
    method.loss(batch, TINY.progress(3))
    assert method.network.forward_passes == before + 4 * 6


def test_similarities_are_32_bit_under_autocast() -> None:
    method = advance(method_of(TINY, "aplt"), TINY, 3)
    features = torch.rand(50, 96)
    with torch.autocast("cpu", torch.bfloat16):
        found = method.similarity(features)
    torch.testing.assert_close(found.float(), method.similarity(features), rtol=1e-3, atol=1e-3)
