"""FixMatch and the supervised controls against plain loops; in evaluation mode, where a clip is alone."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from _loops import alone, entropy, method_of, middle_confidence, naive_fixmatch

from ssmar_bench.core.contract import View
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("step", range(3))
def test_fixmatch_is_its_equations(step: int, weight: float) -> None:
    method = method_of(TINY, "fixmatch").eval()
    batch = TINY.batch_of(method.views(), step)
    threshold = middle_confidence(method.network, batch.unlabelled.clips["weak"])
    method = method_of(TINY, "fixmatch", threshold=threshold, weight=weight).eval()
    losses = method.loss(batch, TINY.progress(0))
    supervised, unsupervised = naive_fixmatch(method.network, batch, threshold)
    assert unsupervised > 0
    assert set(losses.terms) == {"labelled_weak", "unlabelled"}
    assert losses.terms["labelled_weak"].item() == pytest.approx(supervised, rel=1e-5)
    assert losses.terms["unlabelled"].item() == pytest.approx(weight * unsupervised, rel=1e-5)
    assert losses.pseudo["online"].weight.sum() == 3  # of 6
    assert losses.pseudo["online"].index.equal(batch.unlabelled.index)


def test_no_gradient_flows_into_the_weak_view() -> None:
    method = method_of(TINY, "fixmatch", threshold=0.0).eval()
    batch = TINY.batch_of(method.views())
    clips = {name: clip.requires_grad_() for name, clip in batch.unlabelled.clips.items()}
    batch = dataclasses.replace(batch, unlabelled=dataclasses.replace(batch.unlabelled, clips=clips))  # type: ignore[type-var]
    method.loss(batch, TINY.progress(0)).terms["unlabelled"].backward()
    assert clips["weak"].grad.abs().sum() == 0
    assert clips["strong"].grad.abs().sum() > 0


def test_the_control_adds_the_strong_view_of_labelled_clips_alone() -> None:
    plain, control = (method_of(TINY, name).eval() for name in ("fixmatch", "fixmatch-strong-labelled"))
    batch = TINY.batch_of(control.views())
    found = control.loss(batch, TINY.progress(0)).terms
    terms = plain.loss(TINY.batch_of(plain.views()), TINY.progress(0)).terms
    assert set(found) == {*terms, "labelled_strong"}
    for name, value in terms.items():
        torch.testing.assert_close(found[name], value)
    logits, _ = alone(control.network, batch.labelled.clips["strong"])
    expected = [entropy(y, score) for y, score in zip(batch.labelled.label.tolist(), logits, strict=True)]
    assert found["labelled_strong"].item() == pytest.approx(sum(expected) / 6, rel=1e-5)


@pytest.mark.parametrize(("name", "views"), [("supervised", ["weak"]), ("supervised-strong", ["weak", "strong"])])
def test_supervised_is_the_mean_cross_entropy_of_each_view(name: str, views: list[str]) -> None:
    method = method_of(TINY, name).eval()
    assert {view: found.aug for view, found in method.views().labelled.items()} == {view: view for view in views}
    batch = TINY.batch_of(method.views())
    assert batch.unlabelled is None
    terms = method.loss(batch, TINY.progress(0)).terms
    assert set(terms) == {f"labelled_{view}" for view in views}
    for view in views:
        logits, _ = alone(method.network, batch.labelled.clips[view])
        expected = [entropy(y, score) for y, score in zip(batch.labelled.label.tolist(), logits, strict=True)]
        assert terms[f"labelled_{view}"].item() == pytest.approx(sum(expected) / 6, rel=1e-5)


def test_fixmatch_asks_for_the_views_of_its_paper() -> None:
    views = method_of(TINY, "fixmatch").views()
    assert dict(views.labelled) == {"weak": View("weak")}
    assert dict(views.unlabelled) == {"weak": View("weak"), "strong": View("strong")}
    assert views.unlabelled["weak"].time == views.unlabelled["strong"].time  # the same frames


@pytest.mark.parametrize("name", ["fixmatch", "supervised"])
def test_prediction_is_the_classifier(name: str) -> None:
    method = method_of(TINY, name).eval()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    torch.testing.assert_close(method.predict(clips), method.network(clips).logits)
