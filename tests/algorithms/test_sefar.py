"""SeFAR and its parts against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import Vector, advance, dot, entropy, mean, method_of, softmax, values_of, walk
from torch import Tensor
from torch.distributions import Beta
from torch.nn import functional

from ssmar_bench.algorithms.sefar import SeFAR, trust
from ssmar_bench.algorithms.shared.elements import element_places, fine_frames_reversed
from ssmar_bench.algorithms.shared.mixing import token_mix
from ssmar_bench.core.contract import Batch, Progress, method_without_network
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=4, segments=8)
CLASSES = range(3)
WARM = 2
"""Epochs of the warm-up, 5/30 of the tiny problem's eleven."""
PLACES = ((1, 5), (3, 7), (0, 2, 4, 6))

# ---- elements


def test_the_elements_of_eight_frames_are_the_papers() -> None:
    assert element_places(8) == PLACES


@pytest.mark.parametrize("frames", [4, 5, 6, 7, 8, 16])
def test_every_frame_is_in_one_element(frames: int) -> None:
    elements = element_places(frames)
    assert sorted(place for places in elements for place in places) == list(range(frames))
    assert all(elements)
    assert all(list(places) == sorted(places) for places in elements)


def test_three_frames_are_too_few() -> None:
    with pytest.raises(ValueError, match=r"clips of 3 frames have no three elements; set frame_cache\.segments to 4"):
        element_places(3)


def test_fine_elements_run_backwards_and_the_context_stays() -> None:
    clips = torch.arange(16.0).view(2, 8, 1, 1, 1)
    found = fine_frames_reversed(clips)
    assert found[0].flatten().tolist() == [0, 5, 2, 7, 4, 1, 6, 3]
    assert found[1].flatten().tolist() == [8, 13, 10, 15, 12, 9, 14, 11]
    assert fine_frames_reversed(found).equal(clips)


# ---- the weight of a label


@pytest.mark.parametrize(
    ("p", "s", "w"),
    [(1, 0, 1), (1, 0.1, 0.2449), (0.9, 0.05, 0.4027), (0.5, 0, 0.5110), (0.5, 0.1, 0.1251), (1 / 12, 0, 0.3273)],
)
def test_the_weight_of_a_label_by_hand(p: float, s: float, w: float) -> None:
    assert trust(torch.tensor(p), torch.tensor(float(s)), 20.0).item() == pytest.approx(w, abs=5e-5)


def test_a_label_weighs_more_the_surer_and_the_steadier_it_is() -> None:
    p, s = torch.linspace(0, 1, 20), torch.linspace(0, 0.4, 20)
    assert (trust(p, torch.full_like(p, 0.05), 20.0).diff() > 0).all()
    assert (trust(torch.full_like(s, 0.7), s, 20.0).diff() < 0).all()


# ---- the loss


def joined(module: Any, x: Vector) -> list[float]:
    """LayerNorm(GELU(W x + b))."""
    linear, _, norm = module
    bent = [z * (1 + math.erf(z / math.sqrt(2))) / 2 for z in affine(linear, x)]
    centre = sum(bent) / len(bent)
    spread = math.sqrt(sum((z - centre) ** 2 for z in bent) / len(bent) + norm.eps)
    scale, shift = norm.weight.double().tolist(), norm.bias.double().tolist()
    return [(z - centre) / spread * a + b for z, a, b in zip(bent, scale, shift, strict=True)]


def affine(linear: Any, x: Vector) -> list[float]:
    rows, shift = linear.weight.double().tolist(), linear.bias.double().tolist()
    return [dot(row, x) + b for row, b in zip(rows, shift, strict=True)]


@torch.no_grad()
def naive_features(elements: Any, clip: Tensor) -> list[float]:
    """Of one clip (T, C, H, W), element by element."""
    f = [
        elements.network(torch.stack([clip[place] for place in places])[None], places=places).features[0].double()
        for places in PLACES
    ]
    f = [one.tolist() for one in f]
    pairs = [joined(elements.pair, f[g] + f[h]) for g, h in ((0, 1), (0, 2), (1, 2))]
    singles = [joined(elements.single, one) for one in f]
    return joined(elements.whole, [z for part in pairs + singles for z in part])


def logits_of(elements: Any, clip: Tensor) -> list[float]:
    return affine(elements.classifier, naive_features(elements, clip))


def naive_terms(
    method: Any, batch: Batch, step: int, epoch: int, values: dict[str, Any]
) -> tuple[dict[str, float], Any]:
    """The terms of a step with the draws of the method, and the weights."""
    assert batch.unlabelled is not None
    student, x, u = method.student, batch.labelled, batch.unlabelled.clips
    n, columns = len(u["weak"]), student.network.grid[1]
    labelled = [logits_of(student, clip) for clip in x.clips["weak"]]
    found = {"labelled": sum(map(entropy, x.label.tolist(), labelled)) / len(labelled)}
    torch.manual_seed(step)
    kept = (torch.rand(values["passes"], n, values["width"]) >= values["dropout"]).tolist()
    other = torch.randperm(n).tolist()
    share = Beta(values["beta"], values["beta"]).sample().item()
    tokens = math.prod(student.network.grid)
    inside = [[place < int(share * tokens) for place in torch.randperm(tokens).tolist()] for _ in PLACES]
    channels = (torch.rand(n, 3) >= values["channel_dropout"]).tolist()

    target, weight = [], []
    teacher = method.teacher.network
    for i, clip in enumerate(u["weak"]):
        features = naive_features(teacher, clip)
        said = []
        for draw in kept:
            thinned = [f * on / (1 - values["dropout"]) for f, on in zip(features, draw[i], strict=True)]
            said.append(softmax(affine(teacher.classifier, thinned)))
        p = mean(said)
        y = max(CLASSES, key=lambda c, p=p: p[c])  # type: ignore[misc]
        s = math.sqrt(sum((q[y] - p[y]) ** 2 for q in said) / (len(said) - 1))
        sure = 2 / (1 + math.exp(math.e - math.exp(p[y])))
        target.append(p)
        weight.append(sure * 2 * (1 / (1 + math.exp(-1 / (values["steadiness"] * s + 1e-9))) - 0.5))

    order = [0, 5, 2, 7, 4, 1, 6, 3] if values["perturbation"] == "reverse" else list(range(8))
    strong = [torch.stack([clip[frame] for frame in order]) for clip in u["strong"]]
    grown = math.sin(math.pi / 2 * (epoch + 1 - WARM) / (11 - WARM))
    found["unlabelled"] = found["mixed"] = 0.0
    for i, clip in enumerate(strong):
        thinned_clip = clip.clone()
        for channel, on in enumerate(channels[i]):
            thinned_clip[:, channel] *= on / (1 - values["channel_dropout"])
        y = target[i].index(max(target[i]))
        found["unlabelled"] += grown * values["weight"] * weight[i] * entropy(y, logits_of(student, thinned_clip)) / n
        blended, side = thinned_clip.clone(), clip.shape[-1] // columns
        for places, held in zip(PLACES, inside, strict=True):
            for frame in places:
                for place, own in enumerate(held):
                    if not own:
                        top, left = place // columns * side, place % columns * side
                        cell = strong[other[i]][frame, :, top : top + side, left : left + side]
                        blended[frame, :, top : top + side, left : left + side] = cell
        z, j = logits_of(student, blended), other[i]
        wanted = [share * target[i][c] + (1 - share) * target[j][c] for c in CLASSES]
        gap = sum((a - b) ** 2 for a, b in zip(z, wanted, strict=True)) / 3
        found["mixed"] += grown * values["mix_weight"] * (share * weight[i] + (1 - share) * weight[j]) * gap / n
    return found, weight


@pytest.mark.parametrize("changed", [{}, {"perturbation": "none", "weight": 0.5, "beta": 0.7, "steadiness": 3.0}])
def test_sefar_is_its_formulas_over_twelve_updates(changed: dict[str, Any]) -> None:
    values = values_of("sefar", width=6, passes=3, momentum=0.5, memory=None, **changed)
    method: Any = method_of(TINY, "sefar", **values)
    for step, batch, losses in walk(method, TINY, 12, rate=1e-3):
        epoch = step * 11 // 12
        expected, weight = naive_terms(method, batch, step, epoch, values)
        if epoch < WARM:
            assert set(losses.terms) == {"labelled"}
            assert not losses.pseudo
        else:
            assert set(losses.terms) == set(expected)
            assert losses.pseudo["online"].weight.tolist() == pytest.approx(weight, rel=1e-5)
        for name, value in losses.terms.items():
            assert value.item() == pytest.approx(expected[name], rel=1e-5, abs=1e-6), (step, name)


def test_the_ramp_is_whole_in_the_last_epoch() -> None:
    method: Any = method_of(TINY, "sefar")
    assert method.ramp(TINY.progress(10)) == 1.0
    assert method.ramp(TINY.progress(WARM)) == pytest.approx(math.sin(math.pi / (2 * 9)))


def test_drawing_dropout_behind_one_pass_is_drawing_it_in_every_pass() -> None:
    """The same distribution: mean and deviation of the logits over many draws."""
    method: Any = method_of(TINY, "sefar", width=32).eval()
    clips = TINY.batch_of(method.views()).unlabelled.clips["weak"][:1]
    elements = method.student
    torch.manual_seed(0)
    with torch.no_grad():
        features = elements(clips).features
        ours = elements.dropped_out(features, 4000)[:, 0]
        theirs = elements.classifier(functional.dropout(features.expand(4000, -1), 0.5, training=True))
    torch.testing.assert_close(ours.mean(0), theirs.mean(0), atol=0.05, rtol=0.05)
    torch.testing.assert_close(ours.std(0), theirs.std(0), atol=0.02, rtol=0.05)


def test_a_tube_may_differ_by_frame() -> None:
    own, other = torch.ones(1, 2, 3, 4, 4), torch.full((1, 2, 3, 4, 4), 5.0)
    tube = torch.tensor([[[True, False], [False, False]], [[False, False], [False, True]]])
    found = token_mix(own, other, tube)
    for frame in range(2):
        assert found[:, frame].equal(token_mix(own, other, tube[frame])[:, frame])


def test_the_teacher_begins_as_the_student_at_the_end_of_the_warm_up_and_follows() -> None:
    method: Any = method_of(TINY, "sefar", momentum=0.75, memory=None)

    def apart() -> float:
        pairs = zip(method.student.parameters(), method.teacher.network.parameters(), strict=True)
        return max((a - b).abs().max().item() for a, b in pairs)

    for epoch, behind in ((0, 0.0), (WARM - 1, 0.0), (WARM, 0.75)):
        with torch.no_grad():
            for parameter in method.student.parameters():
                parameter += 1
        method.after_step(Progress(3 * epoch, 33, epoch, 11))
        assert apart() == pytest.approx(behind, abs=1e-5)
    assert not any(parameter.requires_grad for parameter in method.teacher.parameters())
    assert not any(module.training for module in method.train().teacher.modules())


def test_the_strong_clip_alone_carries_the_unlabelled_gradient() -> None:
    method: Any = advance(method_of(TINY, "sefar"), TINY, 5)
    batch = TINY.batch_of(method.views())
    for name in ("unlabelled", "mixed"):
        for clips in batch.unlabelled.clips.values():
            clips.requires_grad_().grad = None
        method.loss(batch, TINY.progress(5)).terms[name].backward()
        assert batch.unlabelled.clips["strong"].grad.any()
        assert batch.unlabelled.clips["weak"].grad is None


def test_the_student_predicts_and_the_networks_own_classifier_is_left_alone() -> None:
    method: Any = method_of(TINY, "sefar").eval()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    assert method.predict(clips).equal(method.student(clips).logits)
    own = method.student.network.classifier
    assert not own.weight.requires_grad
    before = method.predict(clips)
    torch.nn.init.zeros_(own.weight)
    assert method.predict(clips).equal(before)


def test_what_a_run_makes_of_the_shares() -> None:
    assert method_of(TINY, "sefar").resolved() == {"momentum": pytest.approx(1 - 1 / (0.05 * 33)), "warm_up_epochs": 2}
    probe = method_without_network(SeFAR, SeFAR.Config.model_validate(values_of("sefar", warm_up=0.9)))
    with pytest.raises(ValueError, match=r"all 4 epochs on its warm-up; raise train\.epochs"):
        probe.check(4)
