"""LTG against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from _loops import Vector, dot, entropy, method_of, softmax, unit, values_of, walk
from torch import Tensor, nn

from ssmar_bench.algorithms.ltg import LTG, alignment
from ssmar_bench.algorithms.shared.contrast import info_nce
from ssmar_bench.algorithms.shared.projection import ProjectionHead
from ssmar_bench.core.contract import Batch
from ssmar_bench.testing import MethodUnderTest
from ssmar_bench.testing.cost import cost
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=4)
MODALITIES = ("rgb", "gradient")


def seen_alone(network: Any, clips: Tensor) -> tuple[list[Vector], list[Tensor], list[list[Tensor]]]:
    """Logits, features (1, D) and stage maps (C, T, H, W) of clips that go through the network one by one."""
    with torch.no_grad():
        outputs = [network(clip[None], maps=True) for clip in clips]
    return (
        [output.logits[0].double().tolist() for output in outputs],
        [output.features for output in outputs],
        [[maps[0].double() for maps in output.maps] for output in outputs],
    )


def naive_across(one: Sequence[Vector], other: Sequence[Vector], temperature: float) -> float:
    total = 0.0
    for i, a in enumerate(one):
        powers = [math.exp(dot(unit(a), unit(b)) / temperature) for b in other]
        total -= math.log(powers[i] / sum(powers))
    return total / len(one)


def naive_alignment(pictures: Sequence[Sequence[Tensor]], gradients: Sequence[Sequence[Tensor]]) -> float:
    """Place by place: 1 minus the mean cosine of both modalities' channels there, summed over the stages."""
    total = 0.0
    for stage in range(len(pictures[0])):
        cosines = []
        for clip, twin in zip(pictures, gradients, strict=True):
            _, frames, height, width = clip[stage].shape
            for t in range(frames):
                for y in range(height):
                    for x in range(width):
                        a, b = (maps[stage][:, t, y, x].tolist() for maps in (clip, twin))
                        lengths = math.sqrt(dot(a, a)) * math.sqrt(dot(b, b))
                        cosines.append(dot(a, b) / lengths if lengths else 0.0)
        total += 1 - sum(cosines) / len(cosines)
    return total


def naive_terms(method: Any, batch: Batch, values: dict[str, Any], learns: bool) -> tuple[dict[str, float], list[bool]]:
    x, u = batch.labelled, batch.unlabelled
    assert u is not None
    networks = dict(zip(MODALITIES, (method.network, method.gradient_network), strict=True))
    found = {name: seen_alone(networks[name], x.clips[f"weak_{name}"]) for name in MODALITIES}
    weak = {name: seen_alone(networks[name], u.clips[f"weak_{name}"]) for name in MODALITIES}
    strong = {name: seen_alone(networks[name], u.clips[f"strong_{name}"])[0] for name in MODALITIES}
    terms = {
        f"labelled_{name}": values["modality"] * sum(map(entropy, x.label.tolist(), found[name][0])) / len(x.label)
        for name in MODALITIES
    }
    q = [
        softmax([(a + b) / 2 for a, b in zip(r, g, strict=True)])
        for r, g in zip(weak["rgb"][0], weak["gradient"][0], strict=True)
    ]
    used = [max(p) >= values["threshold"] for p in q]
    if learns:
        for name in MODALITIES:
            losses = [entropy(p.index(max(p)), z) for p, z, on in zip(q, strong[name], used, strict=True) if on]
            terms[f"unlabelled_{name}"] = values["modality"] * sum(losses) / len(q)
    pictures, gradients = ([*found[name][2], *weak[name][2]] for name in MODALITIES)
    terms["alignment"] = values["alignment"] * naive_alignment(pictures, gradients)
    heads = dict(zip(MODALITIES, (method.head, method.gradient_head), strict=True))
    with torch.no_grad():
        one, other = (
            [heads[name](features)[0].double().tolist() for features in (*found[name][1], *weak[name][1])]
            for name in MODALITIES
        )
    temperature = values["temperature"]
    both = naive_across(one, other, temperature) + naive_across(other, one, temperature)
    terms["contrast"] = values["contrast"] * both
    return terms, used


def steady(**changed: Any) -> Any:
    """The method in evaluation mode with a sharp ensemble."""
    method = method_of(TINY, "ltg", projection=16, **changed)
    with torch.no_grad():
        for network in (method.network, method.gradient_network):
            network.classifier.weight.mul_(8)
    return method


@pytest.mark.parametrize(
    "changed",
    [{}, {"modality": 1.5, "alignment": 0.3, "contrast": 2.0, "temperature": 0.2}],
)
def test_ltg_is_its_formulas(changed: dict[str, Any]) -> None:
    method = steady(threshold=0.4, warm_up="1/3", **changed)
    values = values_of("ltg", threshold=0.4, **changed)
    seen: set[bool] = set()
    for step, batch, losses in walk(method, TINY, 4):
        learns = step * TINY.epochs // 4 >= round(TINY.epochs / 3)
        expected, used = naive_terms(method, batch, values, learns)
        assert set(losses.terms) == set(expected), step
        for name, value in expected.items():
            assert losses.terms[name].item() == pytest.approx(value, rel=1e-5, abs=1e-6), (step, name)
        if learns:
            assert losses.pseudo["online"].weight.tolist() == [float(on) for on in used]
            seen.update(used)
    assert seen == {True, False}


def test_gradients_teach_and_do_not_learn_by_alignment() -> None:
    method = steady().eval()
    batch = TINY.batch_of(method.views())
    method.loss(batch, TINY.progress(0)).terms["alignment"].backward()
    assert any(p.grad is not None and p.grad.any() for p in method.network.parameters())
    assert all(p.grad is None for p in method.gradient_network.parameters())


@pytest.mark.parametrize("name", MODALITIES)
def test_pseudo_labels_teach_each_network_by_its_own_strong_clips_alone(name: str) -> None:
    method = steady(threshold=0.0).eval()
    batch = TINY.batch_of(method.views())
    for clips in batch.unlabelled.clips.values():
        clips.requires_grad_()
    method.loss(batch, TINY.progress(TINY.epochs - 1)).terms[f"unlabelled_{name}"].backward()
    taught = {view for view, clips in batch.unlabelled.clips.items() if clips.grad is not None and clips.grad.any()}
    assert taught == {f"strong_{name}"}
    networks = dict(zip(MODALITIES, (method.network, method.gradient_network), strict=True))
    for other, network in networks.items():
        found = [p.grad is not None and bool(p.grad.any()) for p in network.backbone.parameters()]
        assert any(found) == all(found) == (other == name)


def test_both_networks_learn_by_the_contrast() -> None:
    method = steady().eval()
    method.loss(TINY.batch_of(method.views()), TINY.progress(0)).terms["contrast"].backward()
    for part in (method.network, method.gradient_network, method.head, method.gradient_head):
        assert any(p.grad is not None and p.grad.any() for p in part.parameters())


def test_alignment_by_hand() -> None:
    """Two places of one stage, parallel and orthogonal; one of another, opposite: (1 - 1/2) + (1 - -1)."""
    one = torch.tensor([[1.0, 3.0], [0.0, 0.0]]).view(1, 2, 1, 1, 2)
    other = torch.tensor([[2.0, 0.0], [0.0, 5.0]]).view(1, 2, 1, 1, 2)
    opposite = torch.tensor([1.0, -2.0]).view(1, 2, 1, 1, 1)
    assert alignment([one, opposite], [other, -3 * opposite]).item() == pytest.approx(2.5)


@pytest.mark.parametrize("clips", [1, 2, 5])
def test_the_contrast_is_its_formula(clips: int) -> None:
    one, other = torch.randn(2, clips, 6, generator=torch.Generator().manual_seed(clips)).unbind()
    assert info_nce(one, other, 0.5).item() == pytest.approx(naive_across(one.tolist(), other.tolist(), 0.5), abs=1e-6)


def test_the_head_is_three_layers_with_batchnorm_and_ends_without_an_affine() -> None:
    head = ProjectionHead(6, 4)
    kinds = [type(layer) for layer in head.layers]
    block = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert kinds == [*block, *block, nn.Linear, nn.BatchNorm1d]
    assert all(layer.bias is None for layer in head.layers if isinstance(layer, nn.Linear))
    assert not head.layers[-1].affine
    found = head(torch.randn(32, 6))
    torch.testing.assert_close(found.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.var(0, unbiased=False), torch.ones(4), atol=1e-2, rtol=0)


def test_a_clips_pictures_and_gradients_share_frames_and_crop() -> None:
    views = method_of(TINY, "ltg").views()
    assert set(views.labelled) == {"weak_rgb", "weak_gradient"}
    assert set(views.unlabelled) == {"weak_rgb", "weak_gradient", "strong_rgb", "strong_gradient"}
    asked = (*views.labelled.values(), *views.unlabelled.values())
    assert len({(view.time, view.space) for view in asked}) == 1
    assert asked[0].space != "own"
    assert {view.modality for name, view in views.unlabelled.items() if name.endswith("gradient")} == {"tgrad"}
    assert views.neighbours == 1


def test_pictures_alone_are_tested() -> None:
    method = steady().eval()
    clips = torch.randn(3, 4, 3, 16, 16)
    assert method.predict(clips).equal(method.network(clips).logits)


def test_one_pass_a_network() -> None:
    for epoch in (0, 10):
        found = cost(MethodUnderTest("ltg", LTG, values_of("ltg")), epoch)
        assert (found.passes, found.clips, found.with_gradient) == (2, 6.0, 6.0)


def test_the_two_networks_and_heads_start_differently_and_from_the_seed() -> None:
    one, again, other = (method_of(Tiny(seed=seed), "ltg").state_dict() for seed in (0, 0, 1))
    assert all(one[key].equal(again[key]) for key in one)
    for key in ("network.classifier.weight", "head.layers.0.weight"):
        twin = "gradient_" + key
        assert not one[key].equal(one[twin])
        assert not one[key].equal(other[key])


def test_a_run_of_warm_up_alone_is_refused() -> None:
    method = method_of(TINY, "ltg", warm_up="5/6")
    method.check(4)
    with pytest.raises(ValueError, match="ltg needs a longer run: all 2 epochs would be warm-up"):
        method.check(2)
