"""TCL against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
import torch
from _loops import Vector, alone, dot, entropy, mean, method_of, sharp, softmax, unit, values_of, walk
from torch import Tensor

from ssmar_bench.algorithms.shared.contrast import info_nce, nt_xent
from ssmar_bench.algorithms.tcl import TCL, group_means
from ssmar_bench.core.contract import Batch
from ssmar_bench.testing import MethodUnderTest
from ssmar_bench.testing.cost import cost
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)


def naive_nt_xent(fast: Sequence[Vector], slow: Sequence[Vector], temperature: float) -> float:
    """For each of the 2N vectors: minus the log of its partner's share in all others' similarities."""
    vectors, n = [*fast, *slow], len(fast)
    total = 0.0
    for i, anchor in enumerate(vectors):
        partner = (i + n) % (2 * n)
        powers = [
            0.0 if j == i else math.exp(dot(unit(anchor), unit(other)) / temperature) for j, other in enumerate(vectors)
        ]
        total -= math.log(powers[partner] / sum(powers))
    return total / (2 * n)


def grouped(rows: Sequence[Vector]) -> dict[int, Vector]:
    groups: dict[int, list[Vector]] = {}
    for row in rows:
        groups.setdefault(max(CLASSES, key=lambda c, row=row: row[c]), []).append(row)  # type: ignore[misc]
    return {c: mean(members) for c, members in groups.items()}


def naive_terms(network: Any, batch: Batch, phase: str, values: dict[str, Any]) -> dict[str, float]:
    assert batch.unlabelled is not None
    x, u = batch.labelled, batch.unlabelled.clips
    logits, _ = alone(network, x.clips["weak"])
    terms = {"labelled": sum(map(entropy, x.label.tolist(), logits)) / len(logits)}
    fast_logits, _ = alone(network, u["fast"])
    fast = [softmax(scores) for scores in fast_logits]
    if phase == "contrast":
        slow = [softmax(scores) for scores in alone(network, u["slow"])[0]]
        terms["unlabelled_instance"] = values["instance"] * naive_nt_xent(fast, slow, values["temperature"])
        one, other = grouped(fast), grouped(slow)
        both = sorted(set(one) & set(other))
        group = naive_nt_xent([one[c] for c in both], [other[c] for c in both], values["temperature"]) if both else 0.0
        terms["unlabelled_group"] = values["group"] * group
    if phase == "fine-tuning":
        used = [
            (entropy(q.index(max(q)), z), max(q) >= values["threshold"]) for z, q in zip(fast_logits, fast, strict=True)
        ]
        terms["unlabelled_pseudo"] = values["pseudo"] * sum(loss for loss, on in used if on) / len(used)
    return terms


@pytest.mark.parametrize(
    "changed", [{}, {"temperature": 0.2, "instance": 0.5, "group": 3.0, "pseudo": 2.0, "slow_frames": 3}]
)
def test_tcl_is_its_formulas_in_all_three_phases(changed: dict[str, Any]) -> None:
    method = sharp(method_of(TINY, "tcl", warm_up="1/4", fine_tuning="1/4", threshold=0.5, **changed), 400.0)
    values = values_of("tcl", threshold=0.5, **changed)
    seen: set[str] = set()
    used: set[float] = set()
    grouping = 0.0
    for step, batch, losses in walk(method, TINY, 12):
        epoch = step * TINY.epochs // 12
        phase = "labelled" if epoch < 3 else "contrast" if epoch < 8 else "fine-tuning"
        expected = naive_terms(method.network, batch, phase, values)
        assert set(losses.terms) == set(expected), step
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        assert set(losses.pseudo) == ({"online"} if phase == "fine-tuning" else set())
        used |= {weight for series in losses.pseudo.values() for weight in series.weight.tolist()}
        grouping += expected.get("unlabelled_group", 0.0)
        seen.add(phase)
    assert seen == {"labelled", "contrast", "fine-tuning"}
    assert used == {0.0, 1.0}
    assert grouping > 1  # it is 0 where both pathways name fewer than two classes in common


@pytest.mark.parametrize("name", ["unlabelled_instance", "unlabelled_group"])
def test_the_slow_pathway_alone_is_taught(name: str) -> None:
    method = sharp(method_of(TINY, "tcl"), 400.0).eval()
    batch = TINY.batch_of(method.views(), 4)
    for clips in batch.unlabelled.clips.values():
        clips.requires_grad_()
    method.loss(batch, TINY.progress(5)).terms[name].backward()
    assert batch.unlabelled.clips["fast"].grad is None
    assert batch.unlabelled.clips["slow"].grad.any()
    assert any(parameter.grad.any() for parameter in method.network.backbone.parameters())


def test_pseudo_labels_are_learned_on_the_very_clip_that_gave_them() -> None:
    method = method_of(TINY, "tcl", threshold=0.0).eval()
    batch = TINY.batch_of(method.views())
    for clips in batch.unlabelled.clips.values():
        clips.requires_grad_()
    method.loss(batch, TINY.progress(TINY.epochs - 1)).terms["unlabelled_pseudo"].backward()
    assert batch.unlabelled.clips["fast"].grad.any()
    assert batch.unlabelled.clips["slow"].grad is None


def test_no_class_in_common_is_no_group_loss() -> None:
    method = method_of(TINY, "tcl")
    fast = torch.tensor([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1]])
    slow = torch.tensor([[0.1, 0.8, 0.1], [0.2, 0.1, 0.7]], requires_grad=True)
    loss = method.group_loss(fast, slow)
    assert loss == 0
    loss.backward()
    assert not slow.grad.any()


def test_group_means_by_hand() -> None:
    rows = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.1, 0.7], [0.6, 0.3, 0.1]])
    means, named = group_means(rows)
    assert named.tolist() == [True, False, True]
    torch.testing.assert_close(means[0], torch.tensor([0.7, 0.2, 0.1]))
    torch.testing.assert_close(means[2], rows[1])


def test_one_pair_has_nothing_to_be_reported_from() -> None:
    assert nt_xent(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.5) == 0


@pytest.mark.parametrize(("pairs", "width"), [(1, 2), (2, 3), (5, 4)])
def test_nt_xent_is_its_formula(pairs: int, width: int) -> None:
    one, other = torch.rand(2, pairs, width, generator=torch.Generator().manual_seed(pairs)).unbind()
    found = nt_xent(one, other, 0.5).item()
    assert found == pytest.approx(naive_nt_xent(one.tolist(), other.tolist(), 0.5), abs=1e-6)


def test_half_precision_does_not_reach_the_contrast() -> None:
    fast, slow = torch.rand(2, 6, 3, generator=torch.Generator().manual_seed(0)).softmax(2).unbind()
    means, _ = group_means(fast)
    with torch.autocast("cpu", torch.bfloat16):
        assert group_means(fast)[0].equal(means)
        half = [contrast(fast, slow, 0.5) for contrast in (nt_xent, info_nce)]
    assert half == [contrast(fast, slow, 0.5) for contrast in (nt_xent, info_nce)]


def test_batchnorm_sees_each_pool_and_each_frame_rate_by_itself() -> None:
    """Three passes, as in the official code, none of them with clips of another."""
    values = values_of("tcl")
    for epoch, passes, with_gradient in ((0, 1, 1.0), (5, 3, 2.0), (10, 2, 2.0)):
        found = cost(MethodUnderTest("tcl", TCL, values), epoch)
        assert (found.passes, found.clips, found.with_gradient) == (passes, float(passes), with_gradient)
    method = method_of(TINY, "tcl")
    batch = TINY.batch_of(method.views())

    def labelled(clips: Tensor) -> Tensor:
        batch.unlabelled.clips["fast"].copy_(clips)
        return method.loss(batch, TINY.progress(5)).terms["labelled"]

    assert labelled(torch.zeros(6, 4, 3, 16, 16)).equal(labelled(torch.randn(6, 4, 3, 16, 16)))


def test_views_show_two_frame_rates_of_two_crops() -> None:
    views = method_of(TINY, "tcl").views()
    fast, slow = views.unlabelled["fast"], views.unlabelled["slow"]
    assert (fast.frames, slow.frames) == (None, 4)
    assert fast.time != slow.time
    assert {view.space for view in views} == {"own"}
    assert {view.aug for view in (*views.labelled.values(), *views.unlabelled.values())} == {"weak"}


@pytest.mark.parametrize(
    ("epochs", "phases"),
    [(400, (50, 350)), (55, (7, 48)), (13, (2, 11)), (8, (1, 7)), (6, (1, 5)), (5, (1, 4))],
)
def test_phases_keep_the_papers_proportions(epochs: int, phases: tuple[int, int]) -> None:
    method = method_of(TINY, "tcl")
    assert method.phases(epochs) == phases
    method.check(epochs)


def test_a_phase_without_an_epoch_is_refused_unless_it_is_not_wanted() -> None:
    with pytest.raises(ValueError, match="of 4 epochs its phases would have 0, 4, 0, and each must have one"):
        method_of(TINY, "tcl").check(4)
    method_of(TINY, "tcl", warm_up=Fraction(0), fine_tuning=Fraction(0)).check(1)


def test_classifier_and_biases_have_the_official_rates() -> None:
    """``fc_lr5``: 5 for the classifier's weight, 10 for its bias; everything else here has the run's own."""
    rates = method_of(TINY, "tcl").learning_rates()
    assert rates == {"network.classifier.weight": 5.0, "network.classifier.bias": 10.0}
    biased = method_of(TINY, "tcl")
    biased.network.extra = torch.nn.Conv2d(1, 1, 1)
    assert biased.learning_rates()["network.extra.bias"] == 2.0
    assert "network.extra.weight" not in biased.learning_rates()
