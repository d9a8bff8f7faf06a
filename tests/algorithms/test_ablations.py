"""APLT's ablations: APLT itself with every switch at rest, and what each switch changes."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from _loops import advance, method_of, values_of

from ssmar_bench.algorithms.aplt import APLT
from ssmar_bench.algorithms.aplt_ablation import Ablation
from ssmar_bench.algorithms.shared.clustering import free_kmeans, hungarian_match
from ssmar_bench.core import method_config
from ssmar_bench.core.contract import View
from ssmar_bench.core.identity import digest
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(unlabelled=30, batch=6)
REST = {"clusters": "anchored", "margin_view": "strong", "margin_labels": "offline", "clusters_train": "prototypes"}
AFTER = 3


def losses(method: torch.nn.Module, epoch: int = AFTER) -> dict[str, torch.Tensor]:
    return dict(method.loss(TINY.batch_of(method.views()), TINY.progress(epoch)).terms)


def test_the_method_config_of_aplt_is_the_one_of_the_measured_runs() -> None:
    """A new switch would give every measured run of APLT another name."""
    values = {key: value.value for key, value in method_config.read_method_config("aplt")[0].hyperparameters.items()}
    config = APLT.Config.model_validate(values).model_dump(mode="json")
    assert (APLT.revision, digest(config)) == (1, "54a5457bec82c008")


@pytest.mark.parametrize("epoch", [0, AFTER, TINY.epochs - 1])
def test_with_every_switch_at_rest_it_is_aplt_to_the_bit(epoch: int) -> None:
    values = values_of("aplt")
    aplt, ablation = TINY.method(APLT, values), TINY.method(Ablation, values | REST)
    for method in (aplt, ablation):
        advance(method, TINY, epoch)
    one, other = losses(aplt, epoch), losses(ablation, epoch)
    assert one == other
    sum(one.values()).backward()
    sum(other.values()).backward()
    assert all(a.grad.equal(b.grad) for a, b in zip(aplt.parameters(), ablation.parameters(), strict=True))  # type: ignore[arg-type]
    clips = TINY.batch_of(aplt.views()).unlabelled.clips["weak"]
    assert aplt.eval().predict(clips).equal(ablation.eval().predict(clips))


def test_weak_margin_losses_see_weak_views_alone() -> None:
    method = advance(method_of(TINY, "aplt-sskm-weak"), TINY, AFTER).eval()
    batch = TINY.batch_of(method.views())
    before = method.loss(batch, TINY.progress(AFTER)).terms
    clips = {**batch.labelled.clips, "strong": torch.zeros_like(batch.labelled.clips["strong"])}
    changed = dataclasses.replace(batch, labelled=dataclasses.replace(batch.labelled, clips=clips))
    assert method.loss(changed, TINY.progress(AFTER)).terms == before
    strong = advance(method_of(TINY, "aplt-sskm-strong"), TINY, AFTER).eval()
    assert strong.loss(batch, TINY.progress(AFTER)).terms["labelled_margin"] != before["labelled_margin"]


def test_synchronous_labels_are_the_prototypes_of_this_step() -> None:
    method = advance(method_of(TINY, "aplt-syn"), TINY, AFTER).eval()
    batch = TINY.batch_of(method.views())
    pseudo = method.loss(batch, TINY.progress(AFTER)).pseudo["prototypes"]
    assert pseudo.label.equal(method.predict(batch.unlabelled.clips["weak"]).argmax(1))
    assert pseudo.weight.all()
    assert not pseudo.label.equal(method.pseudo_label[batch.unlabelled.index])


def test_variant_one_trains_and_tests_the_classifier_on_clusters() -> None:
    method = advance(method_of(TINY, "aplt-variant-1", threshold=1.0), TINY, AFTER).eval()
    batch = TINY.batch_of(method.views())
    u = batch.unlabelled
    found = method.loss(batch, TINY.progress(AFTER))
    logits = method.network(u.clips["strong"]).logits
    kept, label = method.reliable[u.index], method.pseudo_label[u.index]
    expected = (kept * torch.nn.functional.cross_entropy(logits, label, reduction="none")).sum() / len(label)
    assert found.terms["unlabelled_clusters"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert set(found.terms) == {"labelled_logits", "unlabelled_logits", "unlabelled_clusters"}
    assert method.predict(u.clips["weak"]).equal(method.network(u.clips["weak"]).logits)


def test_variant_two_is_fixmatch_until_the_test() -> None:
    method, fixmatch = (
        advance(method_of(TINY, name), TINY, TINY.epochs - 1) for name in ("aplt-variant-2", "fixmatch")
    )
    batch = TINY.batch_of(fixmatch.views())
    last = TINY.progress(TINY.epochs - 1)
    assert [*method.loss(batch, last).terms.values()] == [*fixmatch.loss(batch, last).terms.values()]
    method.eval()
    assert not method.rounds
    with torch.no_grad():
        method.train_end(last, TINY.pools())
    clips = batch.unlabelled.clips["weak"]
    assert method.predict(clips).equal(method.similarity(method.network(clips).features))
    method.check(1)


def test_asynchronous_fixmatch_keeps_the_labels_of_the_last_round() -> None:
    method = advance(method_of(TINY, "fixmatch-asy", threshold=0.0), TINY, AFTER).eval()
    batch = TINY.batch_of(method.views())
    expected = TINY.pools().map("unlabelled", View("test"), method.predict).argmax(1)
    assert method.pseudo_label.equal(expected)
    assert method.loss(batch, TINY.progress(0)).pseudo.keys() == {"online"}
    with torch.no_grad():
        for parameter in method.parameters():
            parameter.add_(torch.randn_like(parameter))
    assert method.loss(batch, TINY.progress(AFTER + 1)).pseudo["offline"].label.equal(expected[batch.unlabelled.index])
    with pytest.raises(ValueError, match="fixmatch-offline needs a longer run"):
        method.check(3)


def test_free_clusters_find_what_is_apart_and_get_the_names_of_their_members() -> None:
    draws = torch.Generator().manual_seed(0)
    truth = torch.arange(60) % 3
    points = torch.eye(3)[truth] * 10 + torch.randn(60, 3, generator=draws)
    centres, label = free_kmeans(points, 3, 1e-6, 50)
    names = hungarian_match(label[:9], truth[:9], 3)
    assert sorted(names.tolist()) == [0, 1, 2]
    assert names[label].equal(truth)
    assert centres[label].sub(points).norm(dim=1).max() < 5
    again = free_kmeans(points, 3, 1e-6, 50)
    assert again[0].equal(centres)


def test_hungarian_names_are_one_to_one_even_where_votes_are_not() -> None:
    """Clusters 0 and 1 both hold mostly class 0; the one with more of it gets the name."""
    label = torch.tensor([0, 0, 0, 1, 1, 1, 2])
    truth = torch.tensor([0, 0, 0, 0, 0, 1, 2])
    assert hungarian_match(label, truth, 3).tolist() == [0, 1, 2]
