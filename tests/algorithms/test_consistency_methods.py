"""Pseudo-Label, Mean Teacher, MixMatch and VAT against plain loops, and what their passes leave behind."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from _loops import alone, cross, entropy, mean, method_of, sharp, softmax, walk
from torch import Tensor, nn

from ssmar_bench.algorithms.vat import unit_vectors
from ssmar_bench.core.contract import Progress
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
STEPS = 6


def labelled(batch: Any, network: Any) -> float:
    scores, _ = alone(network, batch.labelled.clips["weak"])
    return sum(map(entropy, batch.labelled.label.tolist(), scores)) / len(scores)


def gap(scores: Any, targets: Any) -> float:
    pairs = [(a, b) for z, t in zip(scores, targets, strict=True) for a, b in zip(softmax(z), t, strict=True)]
    return sum((a - b) ** 2 for a, b in pairs) / len(pairs)


def tracked(module: nn.Module) -> set[int]:
    """How often BatchNorm's running statistics have moved."""
    return {int(value) for name, value in module.state_dict().items() if name.endswith("num_batches_tracked")}


# ---- Pseudo-Label


@pytest.mark.parametrize("threshold", [0.0, 0.6])
def test_pseudo_label_is_its_equations(threshold: float) -> None:
    values = {"threshold": threshold, "weight": 3.0, "ramp_start": 0.2, "ramp_end": 0.7}
    method = sharp(method_of(TINY, "pseudolabel", **values))
    used = 0
    for step, batch, losses in walk(method, TINY, STEPS):
        alpha = 3 * min(1, max(0, (step / STEPS - 0.2) / 0.5))
        total = 0.0
        for z in alone(method.network, batch.unlabelled.clips["weak"])[0]:
            q = softmax(z)
            if max(q) >= threshold:
                used += 1
                total += entropy(q.index(max(q)), z) / 6
        assert losses.terms["labelled"].item() == pytest.approx(labelled(batch, method.network), rel=1e-5)
        assert losses.terms["unlabelled"].item() == pytest.approx(alpha * total, rel=1e-5, abs=1e-9)
    assert 0 < used <= 6 * STEPS
    assert (used == 6 * STEPS) == (threshold == 0)


# ---- Mean Teacher


@pytest.mark.parametrize(("clips", "shape"), [("all", "sigmoid"), ("unlabelled", "linear")])
def test_mean_teacher_is_its_equations(clips: str, shape: str) -> None:
    values = {"weight": 7.0, "ramp": 0.5, "ramp_shape": shape, "consistency_on": clips, "memory": None}
    method = sharp(method_of(TINY, "mean-teacher", momentum=0.6, momentum_in_ramp=0.2, **values))
    weights = [parameter.clone() for parameter in method.teacher.parameters()]
    for step, batch, losses in walk(method, TINY, STEPS):
        if step:  # the teacher has followed the update before
            momentum = 0.2 if step - 1 < 3 else 0.6
            pairs = zip(weights, method.network.parameters(), strict=True)
            weights = [momentum * old + (1 - momentum) * new.detach() for old, new in pairs]
        for mine, wanted in zip(method.teacher.parameters(), weights, strict=True):
            torch.testing.assert_close(mine, wanted)
        u, x = batch.unlabelled.clips, batch.labelled.clips
        scores, targets = alone(method.network, u["second"])[0], alone(method.teacher, u["weak"])[0]
        if clips == "all":
            scores, targets = (
                scores + alone(method.network, x["weak"])[0],
                targets + alone(method.teacher, x["second"])[0],
            )
        t = min(1.0, step / 3)
        factor = t if shape == "linear" else math.exp(-5 * (1 - t) ** 2)
        expected = 7 * factor * gap(scores, [softmax(z) for z in targets])
        assert losses.terms["labelled"].item() == pytest.approx(labelled(batch, method.network), rel=1e-5)
        assert losses.terms["unlabelled"].item() == pytest.approx(expected, rel=1e-4, abs=1e-9)
    assert expected > 0


@pytest.mark.parametrize("name", ["mean-teacher", "mixmatch", "infomatch"])
@pytest.mark.parametrize("who", ["teacher", "student"])
def test_the_method_config_says_whose_weights_predict(name: str, who: str) -> None:
    method = method_of(TINY, name, predict_with=who, memory=None)
    assert method_of(TINY, name).config.predict_with == "teacher"
    with torch.no_grad():
        for parameter in method.network.parameters():
            parameter += 0.1
    method.after_step(TINY.progress(0))
    method.eval()
    clips = TINY.batch_of(method.views()).labelled.clips["weak"]
    expected = (method.teacher.network if who == "teacher" else method.network)(clips).logits
    torch.testing.assert_close(method.predict(clips), expected)
    assert not torch.allclose(method.teacher(clips).logits, method.network(clips).logits)


# ---- MixMatch


@pytest.mark.parametrize("interleave", [True, False])
@pytest.mark.parametrize("coefficients", ["clip", "batch"])
def test_mixmatch_is_its_equations(interleave: bool, coefficients: str) -> None:
    values = {"weight": 5.0, "ramp": 0.5, "alpha": 0.75, "temperature": 0.5}
    method = sharp(method_of(TINY, "mixmatch", interleave=interleave, coefficients=coefficients, **values))
    for step, batch, losses in walk(method, TINY, 4):
        u, x = batch.unlabelled.clips, batch.labelled
        first, second = (alone(method.network, u[name])[0] for name in ("weak", "second"))
        guess = []
        for a, b in zip(first, second, strict=True):
            power = [p**2 for p in mean([softmax(a), softmax(b)])]
            guess.append([p / sum(power) for p in power])
        own = [[float(c == y) for c in range(3)] for y in x.label.tolist()]
        clips, target = torch.cat([x.clips["weak"], u["weak"], u["second"]]), [*own, *guess, *guess]
        torch.manual_seed(step)
        beta = torch.distributions.Beta(0.75, 0.75).sample((18 if coefficients == "clip" else 1,)).tolist()
        share = [max(b, 1 - b) for b in (beta if coefficients == "clip" else beta * 18)]
        other = torch.randperm(18).tolist()
        mixed = torch.stack(
            [s * clips[i] + (1 - s) * clips[j] for i, (s, j) in enumerate(zip(share, other, strict=True))]
        )
        wanted = [
            [s * p + (1 - s) * q for p, q in zip(target[i], target[j], strict=True)]
            for i, (s, j) in enumerate(zip(share, other, strict=True))
        ]
        scores, _ = alone(method.network, mixed)
        expected = sum(cross(t, z) for t, z in zip(wanted[:6], scores[:6], strict=True)) / 6
        assert losses.terms["labelled"].item() == pytest.approx(expected, rel=1e-5)
        factor = 5 * min(1, step / 4 / 0.5)
        assert losses.terms["unlabelled"].item() == pytest.approx(
            factor * gap(scores[6:], wanted[6:]), rel=1e-4, abs=1e-9
        )


def test_interleaved_chunks_hold_a_third_of_each_source_and_come_back_in_order() -> None:
    method = method_of(TINY, "mixmatch").eval()
    seen: list[Tensor] = []
    method.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    clips = torch.arange(18.0).view(18, 1, 1, 1, 1).expand(18, 4, 3, 16, 16).clone()
    found = method.in_chunks(clips, 3)
    assert [chunk[:, 0, 0, 0, 0].tolist() for chunk in seen] == [[float(n) for n in range(s, 18, 3)] for s in range(3)]
    torch.testing.assert_close(found, method.network(clips).logits)


# ---- VAT


class Linear(nn.Module):
    """Logits that are a linear map of a clip's values."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, clips: Tensor) -> Any:
        return type("Output", (), {"logits": clips.flatten(1) @ self.weight.T})()


def vat_on(weight: Tensor, **values: Any) -> Any:
    method = method_of(TINY, "vat", radius_for=None, **values)
    method.network = Linear(weight)
    return method


def test_the_perturbation_is_one_step_of_power_iteration() -> None:
    """For a linear network the curvature is H = W' (diag p - p p') W, and the direction H d."""
    torch.manual_seed(1)
    weight = torch.randn(3, 2 * 1 * 1 * 2 * 2)
    method = vat_on(weight, radius=2.5, probe=1e-2, iterations=1)
    clips = torch.randn(5, 2, 1, 2, 2)
    torch.manual_seed(2)
    found = method.perturbation(clips, (clips.flatten(1) @ weight.T).detach())
    torch.manual_seed(2)
    drawn = torch.randn(clips.shape).flatten(1).double()
    w = weight.double()
    for clip, d, r in zip(clips.flatten(1).double(), drawn, found.flatten(1).double(), strict=True):
        p = (w @ clip).softmax(0)
        curvature = w.T @ (p.diag() - p[:, None] * p) @ w
        direction = curvature @ d
        torch.testing.assert_close(r, 2.5 * direction / direction.norm(), rtol=0.02, atol=0.02)
        assert r.norm().item() == pytest.approx(2.5, rel=1e-5)


def test_a_full_pool_below_the_resolution_of_32_bits_finds_noise() -> None:
    """Why the method config departs from the paper's code."""
    torch.manual_seed(1)
    weight, clips = torch.randn(3, 768), torch.randn(4, 4, 3, 8, 8)
    clean = clips.flatten(1) @ weight.T / 16
    cosine = {}
    for probe in (1e-6, 1e-2):
        method = vat_on(weight / 16, radius=1.0, probe=probe, iterations=1)
        directions = []
        for dtype in (torch.float32, torch.float64):
            torch.manual_seed(2)
            kept, method.network.weight.data = method.network.weight.data, method.network.weight.data.to(dtype)
            directions.append(unit_vectors(method.perturbation(clips.to(dtype), clean.to(dtype))).flatten(1).double())
            method.network.weight.data = kept
        cosine[probe] = (directions[0] * directions[1]).sum(1).min().item()
    assert cosine[1e-2] > 0.99
    assert cosine[1e-6] < cosine[1e-2] - 0.01


def test_vat_is_its_equations_for_clips() -> None:
    values = {"weight": 2.0, "entropy": 0.3, "ramp": 0.5, "radius": 3.0, "radius_for": 768}
    method = sharp(method_of(TINY, "vat", **values))
    for step, batch, losses in walk(method, TINY, 4):
        clips = batch.unlabelled.clips["weak"]
        clean, _ = alone(method.network, clips)
        torch.manual_seed(step)
        r = method.perturbation(clips, torch.tensor(clean, dtype=torch.float32))
        lengths = r.flatten(1).norm(dim=1).tolist()
        assert lengths == pytest.approx([3 * math.sqrt(3072 / 768)] * 6, rel=1e-4)  # 5-D clips, whole
        moved, _ = alone(method.network, clips + r)
        pairs = [(softmax(a), softmax(b)) for a, b in zip(clean, moved, strict=True)]
        kl = sum(p * math.log(p / q) for a, b in pairs for p, q in zip(a, b, strict=True)) / 6
        found = -sum(p * math.log(p) for a, _ in pairs for p in a) / 6
        assert kl > 1e-4
        factor = 2 * min(1, step / 4 / 0.5)
        assert losses.terms["unlabelled"].item() == pytest.approx(factor * kl, rel=1e-2, abs=1e-9)
        assert losses.terms["entropy"].item() == pytest.approx(0.3 * found, rel=1e-4)


def test_vat_leaves_the_gradients_of_others_alone() -> None:
    method = method_of(TINY, "vat")
    for parameter in method.parameters():
        parameter.grad = torch.ones_like(parameter)
    method.loss(TINY.batch_of(method.views()), TINY.progress(3))
    assert all((parameter.grad == 1).all() for parameter in method.parameters())


def test_unit_length_of_small_large_and_zero_rows() -> None:
    rows = torch.stack([torch.full((2, 2), 1e-30), torch.full((2, 2), 1e30), torch.zeros(2, 2)])
    assert unit_vectors(rows).flatten(1).norm(dim=1).tolist() == pytest.approx([1, 1, 0])


# ---- passes


@pytest.mark.parametrize(
    ("name", "changed", "moved", "clips"),
    [
        ("pseudolabel", {}, 1, 12),
        ("mean-teacher", {"passes": "joint"}, 1, 12),
        ("mean-teacher", {"passes": "separate"}, 1, 12),
        ("mixmatch", {}, 1, 30),
        ("vat", {"iterations": 2}, 1, 6 + 4 * 6),
        ("infomatch", {}, 1, 30),
        ("finessl", {}, 1, 24),
    ],
)
def test_running_statistics_move_once_a_step_whatever_the_auxiliary_passes(
    name: str, changed: dict[str, Any], moved: int, clips: int
) -> None:
    method = method_of(TINY, name, **changed)
    method.loss(TINY.batch_of(method.views()), TINY.progress(0))
    assert tracked(method.network) == {moved}
    assert method.network.forward_passes == clips
    if hasattr(method, "teacher"):
        assert tracked(method.teacher) == {0}
    assert all(layer.track_running_stats for layer in method.modules() if isinstance(layer, nn.BatchNorm2d))


def test_the_statistics_of_separate_passes_are_of_labelled_clips_alone() -> None:
    separate = method_of(TINY, "mean-teacher", passes="separate")
    batch = TINY.batch_of(separate.views())
    reference = method_of(TINY, "supervised")
    separate.loss(batch, TINY.progress(0))
    reference.network(batch.labelled.clips["weak"])
    for mine, theirs in zip(separate.network.buffers(), reference.network.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_a_runs_length_is_resolved_into_momenta_and_ramps() -> None:
    """Tiny's run has 33 steps, of which a twentieth is 1.65."""
    assert method_of(TINY, "freematch").resolved() == {"momentum": pytest.approx(1 - 1 / 1.65)}
    assert method_of(TINY, "freematch", memory=None).resolved() == {"momentum": 0.999}
    taught = method_of(TINY, "mean-teacher", memory=0.5, ramp=0.4).resolved()
    assert taught == pytest.approx({"momentum": 1 - 1 / 16.5, "momentum_in_ramp": 1 - 1 / 16.5, "ramp_steps": 13.2})
    assert method_of(TINY, "pseudolabel").resolved() == pytest.approx({"ramp_start_step": 3.3, "ramp_end_step": 19.8})
    assert set(method_of(TINY, "infomatch").resolved()) == {"momentum", "teacher_momentum"}
    assert set(method_of(TINY, "mixmatch").resolved()) == {"momentum", "ramp_steps"}
    assert method_of(TINY, "fixmatch").resolved() == {}
    rounds = {"round_1": 3, "round_2": 5, "round_3": 7, "round_4": 9}
    assert method_of(TINY, "aplt").resolved() == method_of(TINY, "fixmatch-asy").resolved() == rounds
    assert method_of(TINY, "aplt-variant-2").resolved() == {}


def test_ramps_are_at_their_end_at_the_end_of_the_run() -> None:
    for name in ("pseudolabel", "mean-teacher", "mixmatch", "vat"):
        method = sharp(method_of(TINY, name)).eval()
        terms = []
        for step in (31, 32):
            torch.manual_seed(0)
            terms.append(method.loss(TINY.batch_of(method.views()), Progress(step, 33, 10, 11)).terms["unlabelled"])
        torch.testing.assert_close(terms[0], terms[1])
        assert terms[0] > 0
