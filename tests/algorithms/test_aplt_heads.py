"""APLT's two heads, and its screening by the gap between centres."""

from __future__ import annotations

import pytest
import torch
from _loops import advance, method_of

from ssmar_bench.algorithms.shared.clustering import Clusters, gap_to_next_centre
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(unlabelled=30, batch=6)
AFTER = 3


@pytest.mark.parametrize("head", ["prototypes", "classifier"])
def test_the_named_head_predicts_and_both_are_told(head: str) -> None:
    method = advance(method_of(TINY, "aplt", predict_with=head), TINY, AFTER).eval()
    clips = TINY.batch_of(method.views()).unlabelled.clips["weak"]
    output, heads = method.network(clips), method.further_predictions(clips)
    assert heads.keys() == {"classifier", "prototypes"}
    assert heads["classifier"].equal(output.logits)
    assert heads["prototypes"].equal(method.similarity(output.features))
    assert method.predict(clips).equal(heads[head])
    assert not heads["classifier"].argmax(1).equal(heads["prototypes"].argmax(1))


def test_before_the_first_round_there_is_the_classifier_alone() -> None:
    method = method_of(TINY, "aplt").eval()
    clips = TINY.batch_of(method.views()).unlabelled.clips["weak"]
    assert method.further_predictions(clips).keys() == {"classifier"}
    assert method.predict(clips).equal(method.network(clips).logits)


def test_the_head_that_predicts_changes_nothing_in_training() -> None:
    one, other = (advance(method_of(TINY, name), TINY, AFTER) for name in ("aplt", "aplt-classifier"))
    batch = TINY.batch_of(one.views())
    assert one.loss(batch, TINY.progress(AFTER)).terms == other.loss(batch, TINY.progress(AFTER)).terms


def test_gaps_by_hand() -> None:
    """Points at 1 and 4 on a line, centres at 0, 5 and 9: 4 - 1 and 4 - 1; at 7 two centres are equally near."""
    points, centres = torch.tensor([[1.0], [4.0], [7.0]]), torch.tensor([[0.0], [5.0], [9.0]])
    assert gap_to_next_centre(points, centres).tolist() == [3.0, 3.0, 0.0]


def test_screening_by_gap_is_equation_3_4_of_gaps() -> None:
    """Plain loops: kept where the gap is above the mean of its cluster over the largest one, times the mean of all."""
    method = method_of(TINY, "aplt-gap")
    points, centres = torch.randn(30, 5), torch.randn(3, 5)
    distance = torch.cdist(points, centres)
    label = distance.argmin(1)
    kept, _ = method.screen(Clusters(centres, label, distance.amin(1), 1), points)
    gaps = [sorted(row)[1] - sorted(row)[0] for row in distance.tolist()]
    mean = {
        c: sum(g for g, own in zip(gaps, label.tolist(), strict=True) if own == c) / label.tolist().count(c)
        for c in set(label.tolist())
    }
    overall = sum(gaps) / len(gaps)
    expected = [g > mean[c] / max(mean.values()) * overall for g, c in zip(gaps, label.tolist(), strict=True)]
    assert kept.tolist() == expected
    assert 0 < sum(expected) < 30


@pytest.mark.parametrize(("name", "rounds"), [("aplt", [15, 25, 35, 45]), ("aplt-late", [30, 40, 50])])
def test_a_later_warm_up_leaves_fewer_rounds(name: str, rounds: list[int]) -> None:
    assert method_of(TINY, name).round_epochs(55) == rounds


@pytest.mark.parametrize("name", ["aplt", "aplt-no-copies"])
def test_without_copies_the_labelled_clips_are_seen_once_a_round(name: str) -> None:
    method = advance(method_of(TINY, name), TINY, AFTER)
    assert method.network.forward_passes == 30 + (18 if name == "aplt" else 9)
