"""CMPL against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from _loops import alone, entropy, method_of, middle_confidence, sharp, softmax, walk

from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.contract import Batch
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.network_names import beside
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)


def sharp_networks(**values: Any) -> Any:
    method: Any = method_of(TINY, "cmpl", **values)
    for network in (method.network, method.auxiliary):
        sharp(SimpleNamespace(network=network))
    return method


def naive_terms(method: Any, batch: Batch, threshold: float, weight: float) -> tuple[dict[str, float], list[bool]]:
    assert batch.unlabelled is not None
    x, u = batch.labelled, batch.unlabelled.clips
    labelled, weak, strong = (
        {name: alone(getattr(method, name), clips)[0] for name in ("network", "auxiliary")}
        for clips in (x.clips["weak"], u["weak"], u["strong"])
    )
    found = {}
    for name, other, term, supervised in (
        ("network", "auxiliary", "unlabelled", "labelled"),
        ("auxiliary", "network", "auxiliary", "labelled_auxiliary"),
    ):
        pairs = zip(x.label.tolist(), labelled[name], strict=True)
        found[supervised] = sum(entropy(y, z) for y, z in pairs) / len(x.label)
        found[term] = 0.0
        for said, z in zip(map(softmax, weak[other]), strong[name], strict=True):
            if max(said) >= threshold:
                found[term] += weight * entropy(said.index(max(said)), z) / len(strong[name])
    return found, [max(softmax(z)) >= threshold for z in weak["auxiliary"]]


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_cmpl_is_its_formulas_over_twelve_updates(weight: float) -> None:
    method, seen = sharp_networks(weight=weight, threshold=0.6), set()
    for step, batch, losses in walk(method, TINY, 12, rate=1e-6):
        expected, used = naive_terms(method, batch, 0.6, weight)
        assert set(losses.terms) == set(expected)
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        assert losses.pseudo["online"].weight.tolist() == [float(on) for on in used]
        seen.update(used)
    assert seen == {True, False}


def test_two_equal_networks_are_fixmatch_twice() -> None:
    fixmatch: Any = sharp(method_of(TINY, "fixmatch")).eval()
    batch = TINY.batch_of(fixmatch.views())
    middle = middle_confidence(fixmatch.network, batch.unlabelled.clips["weak"])
    method: Any = method_of(TINY, "cmpl", auxiliary="micro-tsm", threshold=middle).eval()
    for network in (method.network, method.auxiliary):
        network.load_state_dict(fixmatch.network.state_dict())
    fixmatch.config = fixmatch.config.model_copy(update={"threshold": middle})
    ours, theirs = method.loss(batch, TINY.progress(0)).terms, fixmatch.loss(batch, TINY.progress(0)).terms
    assert theirs["unlabelled"] > 0
    assert [ours[name].item() for name in ("unlabelled", "auxiliary")] == [theirs["unlabelled"].item()] * 2


def test_a_threshold_that_nothing_reaches_leaves_two_supervised_networks() -> None:
    method = method_of(TINY, "cmpl", threshold=1.0)
    terms = method.loss(TINY.batch_of(method.views()), TINY.progress(0)).terms
    assert [terms[name].item() for name in ("unlabelled", "auxiliary")] == [0, 0]


@pytest.mark.parametrize(("learns", "term"), [("network", "unlabelled"), ("auxiliary", "auxiliary")])
def test_no_network_learns_its_own_label(learns: str, term: str) -> None:
    """Labels have no gradient, and the term of one network stays when its own weak predictions change."""
    method = sharp_networks(threshold=0.5).eval()
    batch = TINY.batch_of(method.views())
    found = method.loss(batch, TINY.progress(0)).terms[term]
    assert found > 0
    found.backward()
    reached = {name.partition(".")[0] for name, p in method.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached == {learns}


def test_the_runs_network_predicts() -> None:
    method: Any = method_of(TINY, "cmpl").eval()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    assert method.predict(clips).equal(method.network(clips).logits)
    assert method.further_predictions(clips)["auxiliary"].equal(method.auxiliary(clips).logits)
    light, heavy = (sum(p.numel() for p in each.parameters()) for each in (method.auxiliary, method.network))
    assert light < heavy / 2


# ---- which network stands beside a run's


def config(name: str, weights: str = "none") -> BackboneConfig:
    return BackboneConfig(name=name, weights=weights, input="rgb")


@pytest.mark.parametrize(
    ("name", "weights", "found", "start"),
    [
        ("micro-tsm-wide", "pretext", "micro-tsm", "pretext"),
        ("micro-tsm-wide", "none", "micro-tsm", "none"),
        ("micro-tsm", "pretext", "micro-tsm-narrow", "none"),
        ("tsn:resnet50", "imagenet", "tsn:resnet18", "imagenet"),
        ("tsm:resnet18", "imagenet", "tsm:resnet10t", "imagenet"),
    ],
)
def test_smaller_is_the_next_of_the_family_from_weights_of_its_own(
    name: str, weights: str, found: str, start: str
) -> None:
    beside_it = beside(config(name, weights), "smaller")
    assert (beside_it.name, beside_it.weights, beside_it.input) == (found, start, "rgb")


def test_a_second_network_that_is_not_there_is_told_before_anything_is_planned() -> None:
    with pytest.raises(UserError, match="smaller than micro-r3d; name the second network"):
        beside(config("micro-r3d"), "smaller")
    for sets, answer in (
        ({"cmpl.auxiliary": "micro-tms"}, "Unknown backbone 'micro-tms'"),
        ({"backbone.name": "micro-r3d"}, "cmpl: No network is known as smaller than micro-r3d"),
    ):
        with pytest.raises(UserError, match=answer):
            resolve(Grid("micro-motion-12", ["cmpl"], sets=sets))


def test_both_networks_start_from_what_their_names_say() -> None:
    method: Any = method_of(TINY, "cmpl", auxiliary="micro-tsm")
    assert method.auxiliary.features == method.network.features
    assert not torch.equal(method.auxiliary.classifier.weight, method.network.classifier.weight), "another role"
