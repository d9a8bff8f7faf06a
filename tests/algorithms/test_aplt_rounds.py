"""When APLT's offline rounds are and what they leave behind (section 3.3, eqs. 3.4 and 3.5; section 3.5)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from _loops import advance, alone, method_of, naive_round, naive_similarity, values_of

from ssmar_bench.core.contract import Progress, View
from ssmar_bench.testing.tiny import Tiny, TinyPools

TINY = Tiny(unlabelled=30)
SIMILARITIES = ("raw", "unit", "cosine")


def after_a_round(tiny: Tiny = TINY, **changed: Any) -> Any:
    return advance(method_of(tiny, "aplt", **changed), tiny, 3)


# ---- when


@pytest.mark.parametrize(
    ("epochs", "rounds"),
    [(55, [15, 25, 35, 45]), (110, [30, 50, 70, 90]), (11, [3, 5, 7, 9]), (22, [6, 10, 14, 18]), (6, [2, 3, 4, 5])],
)
def test_rounds_stand_after_15_25_35_and_45_of_55_epochs_and_in_proportion(epochs: int, rounds: list[int]) -> None:
    method = method_of(TINY, "aplt")
    assert method.round_epochs(epochs) == rounds
    method.check(epochs)
    called: list[int] = []
    epoch = 0
    method.offline_round = lambda pools: called.append(epoch)
    for epoch in range(epochs):
        method.epoch_start(Progress(epoch, epochs, epoch, epochs), TINY.pools())
    method.train_end(Progress(epochs, epochs, epochs, epochs), TINY.pools())
    assert called == rounds  # `epoch` counts from 0: before epoch 15 is after 15 epochs


@pytest.mark.parametrize("epochs", range(1, 5))
def test_a_run_that_is_too_short_is_refused(epochs: int) -> None:
    with pytest.raises(ValueError, match=f"in {epochs} epochs"):
        method_of(TINY, "aplt").check(epochs)


@pytest.mark.parametrize("epochs", [5, 6, 7, 11, 22, 40, 55, 1000])
def test_a_run_that_is_long_enough_has_four_rounds_inside(epochs: int) -> None:
    method = method_of(TINY, "aplt")
    method.check(epochs)
    rounds = method.round_epochs(epochs)
    assert len(rounds) == len(set(rounds)) == 4
    assert rounds[0] > 0
    assert rounds[-1] < epochs


def test_other_shares_have_other_limits() -> None:
    method = method_of(TINY, "aplt", warm_up="1/2", round_every="1/100")
    with pytest.raises(ValueError, match="longer run"):
        method.check(55)
    method.check(100)
    assert method.round_epochs(100) == list(range(50, 100))
    with pytest.raises(ValueError, match="longer run"):
        method_of(TINY, "aplt", warm_up="99/100").check(20)  # would round to after the last epoch


def test_the_margin_losses_begin_with_the_first_round() -> None:
    method = method_of(TINY, "aplt")
    batch = TINY.batch_of(method.views())
    names = []
    for epoch in range(TINY.epochs):
        advance(method, TINY, epoch)
        names.append(set(method.loss(batch, TINY.progress(epoch)).terms))
    logits = {"labelled_logits", "unlabelled_logits"}
    assert names == [logits] * 3 + [logits | {"labelled_margin", "unlabelled_margin"}] * 8


# ---- what


@pytest.mark.parametrize(
    ("similarity", "source", "unit", "screened", "copies"),
    [
        *itertools.product(SIMILARITIES, ("screened", "all"), (True,), (True,), (1,)),
        ("raw", "screened", False, True, 1),
        ("cosine", "screened", True, False, 1),
        ("cosine", "screened", True, True, 0),
        ("cosine", "all", False, True, 3),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_a_round_is_section_3_3(
    similarity: str, source: str, unit: bool, screened: bool, copies: int, seed: int
) -> None:
    tiny = Tiny(unlabelled=30, seed=seed)
    changed = {
        "similarity": similarity,
        "prototypes_from": source,
        "unit_clustering": unit,
        "self_adaptive_threshold": screened,
        "augmented_copies": copies,
        "tolerance": 0.0,
    }
    method = after_a_round(tiny, **changed).eval()
    expected = naive_round(method.network, tiny, values_of("aplt", **changed))
    assert method.pseudo_label.tolist() == expected.label
    assert method.reliable.tolist() == [float(kept) for kept in expected.reliable]
    assert (0 < sum(expected.reliable) < 30) == screened  # the case is worth trying
    torch.testing.assert_close(method.prototypes, torch.tensor(expected.prototypes), rtol=1e-4, atol=1e-6)


def test_the_choices_make_a_difference() -> None:
    """Otherwise the test above could not tell them apart."""
    base = after_a_round()
    changes: list[dict[str, Any]] = [{"prototypes_from": "all"}, {"similarity": "raw"}]
    for changed in changes:
        assert not torch.allclose(after_a_round(**changed).prototypes, base.prototypes, rtol=1e-4)
    found = after_a_round(augmented_copies=3)
    assert not torch.allclose(found.closeness, base.closeness, rtol=1e-4)


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_strong_copies_are_independent_draws_of_labelled_clips(copies: int) -> None:
    asked: list[tuple[str, View, int]] = []

    class Spy(TinyPools):
        def map(self, pool: Any, view: View, function: Any, draw: int = 0) -> torch.Tensor:
            asked.append((pool, view, draw))
            return super().map(pool, view, function, draw)

    method = method_of(TINY, "aplt", augmented_copies=copies).eval()
    method.offline_round(Spy(TINY))
    test = [("labelled", View("test"), 0), ("unlabelled", View("test"), 0)]
    assert asked == test + [("labelled", View("strong"), draw) for draw in range(copies)]


def test_a_round_starts_from_scratch() -> None:
    """methods.md 8, row 27: pseudo-labels and centroids of the round before leave no trace."""
    method = after_a_round().eval()
    before = {name: value.clone() for name, value in method.named_buffers()}
    method.pseudo_label.fill_(2)
    method.reliable.zero_()
    method.prototypes.fill_(9)
    method.closeness.fill_(9)
    method.offline_round(TINY.pools())
    assert method.rounds == before.pop("rounds") + 1
    assert all(value.equal(dict(method.named_buffers())[name]) for name, value in before.items())


def test_closeness_ranks_by_distance_in_units_of_the_clusters_reach() -> None:
    method = after_a_round()
    kept, screened = (method.closeness[method.reliable == flag] for flag in (1, 0))
    assert (kept > -1).all()
    assert (screened <= -1).all()


def test_prototypes_stay_within_a_round_and_get_no_gradient() -> None:
    method = after_a_round(threshold=0.0, self_adaptive_threshold=False)
    assert {"prototypes", "pseudo_label", "reliable", "rounds"} <= set(dict(method.named_buffers()))
    assert all(parameter is not method.prototypes for parameter in method.parameters())
    before = method.prototypes.clone()
    optimiser = torch.optim.SGD(method.parameters(), 0.1)
    for step in range(2):
        advance(method, TINY, 0)  # no round is before epoch 0
        terms = method.loss(TINY.batch_of(method.views(), step), TINY.progress(4)).terms
        optimiser.zero_grad()
        sum(terms.values()).backward()
        optimiser.step()
    assert method.prototypes.grad is None
    assert not method.prototypes.requires_grad
    assert method.prototypes.equal(before)
    advance(method, TINY, 3)
    assert not method.prototypes.equal(before)  # the network has moved, and a round has was


@pytest.mark.parametrize("refresh", [False, True])
def test_refresh_at_end_is_one_more_round(refresh: bool) -> None:
    method = after_a_round(refresh_at_end=refresh).eval()
    with torch.no_grad():
        method.network.classifier.weight.add_(1)
        next(method.network.parameters()).mul_(-1)
    before = method.prototypes.clone()
    method.train_end(TINY.progress(10), TINY.pools())
    assert method.rounds == 1 + refresh
    assert method.prototypes.equal(before) != refresh


@pytest.mark.parametrize("similarity", SIMILARITIES)
def test_prediction_uses_the_classifier_before_and_prototypes_after_the_first_round(similarity: str) -> None:
    method = method_of(TINY, "aplt", similarity=similarity).eval()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    logits, features = alone(method.network, clips)
    torch.testing.assert_close(method.predict(clips), torch.tensor(logits))
    advance(method, TINY, 2).eval()
    torch.testing.assert_close(method.predict(clips), torch.tensor(logits))
    advance(method, TINY, 3).eval()
    values = values_of("aplt", similarity=similarity)
    expected = [naive_similarity(feature, method.prototypes.tolist(), values) for feature in features]
    torch.testing.assert_close(method.predict(clips), torch.tensor(expected), rtol=1e-4, atol=1e-5)
