"""SVFormer and its parts against a second implementation, written from the formulas with plain loops."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch
from _loops import advance, alone, entropy, method_of, sharp, softmax, values_of, walk
from torch import Tensor
from torch.distributions import Beta

from ssmar_bench.algorithms.shared.mixing import draw_tube, token_mix
from ssmar_bench.algorithms.shared.strong_clip import channel_dropout, draw_warp
from ssmar_bench.algorithms.shared.teacher import Teacher
from ssmar_bench.algorithms.svformer import SVFormer
from ssmar_bench.backbones.build import ClipClassifier, build_backbone
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.contract import Batch, Progress, method_without_network
from ssmar_bench.testing.tiny import Tiny

TINY = Tiny(batch=6)
CLASSES = range(3)
WARM = 2
"""Epochs of the warm-up, 5/30 of the tiny problem's eleven."""

# ---- temporal warping


def naive_warp(frames: int, kept: int) -> list[int]:
    """Place by place, with the same draws."""
    chosen = sorted(torch.randperm(frames)[:kept].tolist())
    borders = []
    for left, right, draw in zip(chosen, chosen[1:], torch.rand(kept - 1).tolist(), strict=False):
        borders.append(left + 1 + int(draw * (right - left)))
    shown = []
    for place in range(frames):
        if place <= chosen[0]:
            shown.append(chosen[0])
        elif place >= chosen[-1]:
            shown.append(chosen[-1])
        else:
            gap = next(i for i in range(kept - 1) if chosen[i] <= place < chosen[i + 1])
            shown.append(chosen[gap] if place < borders[gap] else chosen[gap + 1])
    return shown


@pytest.mark.parametrize("kept", [1, 2, 4, 7, 8])
def test_warping_is_its_description(kept: int) -> None:
    for seed in range(30):
        torch.manual_seed(seed)
        found = draw_warp(8, kept).tolist()
        torch.manual_seed(seed)
        assert found == naive_warp(8, kept)
        assert found == sorted(found)
        assert len(set(found)) == kept
        assert all(found[place] == place for place in set(found))


def test_warping_that_keeps_all_frames_changes_nothing() -> None:
    assert draw_warp(8, 8).tolist() == list(range(8))


def test_every_border_is_as_likely() -> None:
    """Of four frames the outer two are kept in one draw of six; then 0 fills the first one, two or three places."""
    torch.manual_seed(0)
    drawn = [tuple(draw_warp(4, 2).tolist()) for _ in range(3000)]
    outer = [drawn.count(shown) for shown in ((0, 3, 3, 3), (0, 0, 3, 3), (0, 0, 0, 3))]
    assert sum(outer) / 3000 == pytest.approx(1 / 6, abs=0.03)
    assert outer == pytest.approx([sum(outer) / 3] * 3, abs=40)


def test_a_method_warps_the_whole_batch_alike_and_keeps_a_third_of_the_time_each_share() -> None:
    method = method_of(TINY, "svformer")
    clips = torch.arange(8.0)[None, :, None, None, None].expand(3, 8, 3, 2, 2)
    torch.manual_seed(0)
    kept = []
    for _ in range(300):
        warped = method.warped(clips)
        assert warped.shape == clips.shape
        shown = warped[:, :, 0, 0, 0]
        assert (shown == shown[:1]).all()
        kept.append(len(shown[0].unique()))
    assert {number: pytest.approx(kept.count(number), abs=30) for number in (2, 4, 8)} == dict.fromkeys((2, 4, 8), 100)


# ---- channel dropout


def test_channels_are_dropped_in_all_frames_and_the_others_scaled() -> None:
    clips = torch.randn(400, 2, 3, 2, 2)
    torch.manual_seed(0)
    found = channel_dropout(clips, 0.2)
    torch.manual_seed(0)
    held = torch.rand(400, 3) >= 0.2
    for clip, own, channels in zip(found, clips, held.tolist(), strict=True):
        for channel, on in enumerate(channels):
            torch.testing.assert_close(clip[:, channel], own[:, channel] / 0.8 if on else 0 * own[:, channel])
    assert held.float().mean().item() == pytest.approx(0.8, abs=0.04)
    assert channel_dropout(clips, 0.0).equal(clips)


# ---- Tube TokenMix


def test_a_tube_holds_the_next_lower_number_of_tokens_anywhere() -> None:
    torch.manual_seed(0)
    tubes, shares = zip(*(draw_tube((14, 14), 10.0) for _ in range(300)), strict=True)
    assert all(tube.shape == (14, 14) and tube.dtype == torch.bool for tube in tubes)
    assert [int(tube.sum()) for tube in tubes] == [int(share.item() * 196) for share in shares]
    drawn = torch.stack(list(shares))
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.02)
    assert drawn.std().item() == pytest.approx((1 / (4 * 21)) ** 0.5, rel=0.15)  # of Beta(10, 10)
    assert torch.stack(list(tubes)).float().mean(0).std() < 0.05  # no place is preferred


def test_mixing_by_hand() -> None:
    """Two frames of 4 x 6 pixels with 2 x 3 tokens; the tube holds the upper left and the lower right one."""
    own, other = torch.ones(1, 2, 3, 4, 6), torch.full((1, 2, 3, 4, 6), 5.0)
    tube = torch.tensor([[True, False, False], [False, False, True]])
    expected = torch.tensor([[1, 1, 5, 5, 5, 5]] * 2 + [[5, 5, 5, 5, 1, 1]] * 2).float()
    found = token_mix(own, other, tube)
    assert found.equal(expected.expand(1, 2, 3, 4, 6))
    assert own.eq(1).all()
    assert other.eq(5).all()


def mixing_tokens(network: ClipClassifier, own: Tensor, other: Tensor, tube: Tensor) -> Tensor:
    """Logits of clips whose tokens are mixed one by one after patch embedding, inside the network."""
    tokens: list[Tensor] = []
    embed = network.backbone.network.patch_embed
    handle = embed.register_forward_hook(lambda _module, _given, made: tokens.append(made.clone()))
    for clips in (own, other):
        network(clips)
    handle.remove()
    mixed, held = tokens[0].clone(), tube.flatten().tolist()
    for frame in range(len(mixed)):
        for place, inside in enumerate(held):
            if not inside:
                mixed[frame, place] = tokens[1][frame, place]
    handle = embed.register_forward_hook(lambda _module, _given, _made: mixed)
    logits = network(own).logits
    handle.remove()
    return logits


@pytest.mark.parametrize("kind", ["rgb", "diff", "mean_subtracted"])
def test_mixing_cells_of_pixels_is_mixing_tokens(kind: str) -> None:
    network = build_backbone(BackboneConfig(name="timesformer-micro", weights="none", input=kind), 4, 3, 0, 32).eval()
    own, other = torch.randn(2, 3, 4, 3, 32, 32)
    torch.manual_seed(1)
    tube, _ = draw_tube(network.grid, 10.0)  # type: ignore[arg-type]
    assert 0 < tube.sum() < 16
    found = network(token_mix(own, other, tube)).logits
    torch.testing.assert_close(found, mixing_tokens(network, own, other, tube), rtol=1e-5, atol=1e-6)
    assert not found.allclose(network(own).logits, atol=1e-3)


# ---- the loss


def naive_terms(method: Any, batch: Batch, step: int, values: dict[str, Any]) -> tuple[dict[str, float], list[bool]]:
    """The terms of a step with the draws of the method, and which clips were used."""
    assert batch.unlabelled is not None
    network, x, u = method.network, batch.labelled, batch.unlabelled.clips
    n, frames = u["strong"].shape[:2]
    labelled, _ = alone(network, x.clips["weak"])
    supervised = sum(map(entropy, x.label.tolist(), labelled)) / len(labelled)
    weak, _ = alone(method.teacher.network, u["weak"])
    q = [softmax(z) for z in weak]
    y = [max(CLASSES, key=lambda c, p=p: p[c]) for p in q]  # type: ignore[misc]
    used = [max(p) >= values["threshold"] for p in q]

    torch.manual_seed(step)
    kept = values["kept"][int(torch.randint(len(values["kept"]), ()))]
    shown = naive_warp(frames, max(1, round(kept * frames)))
    warped = [torch.stack([clip[frame] for frame in shown]) for clip in u["strong"]]
    other = torch.randperm(n).tolist()
    share = Beta(values["beta"], values["beta"]).sample().item()
    rows, columns = network.grid
    order = torch.randperm(rows * columns).tolist()
    inside = [order[place] < int(share * rows * columns) for place in range(rows * columns)]
    channels = (torch.rand(n, 3) >= values["channel_dropout"]).tolist()

    plain, mixed = [], []
    for i, clip in enumerate(warped):
        thinned, blended = clip.clone(), clip.clone()
        for channel, on in enumerate(channels[i]):
            thinned[:, channel] *= on / (1 - values["channel_dropout"])
        side = clip.shape[-1] // columns
        for place, own in enumerate(inside):
            if not own:
                top, left = place // columns * side, place % columns * side
                for frame in range(frames):
                    planned_run = warped[other[i]][frame, :, top : top + side, left : left + side]
                    blended[frame, :, top : top + side, left : left + side] = planned_run
        plain.append(thinned)
        mixed.append(blended)
    z_plain, _ = alone(network, torch.stack(plain))
    z_mixed, _ = alone(network, torch.stack(mixed))

    unlabelled = mixing = 0.0
    t = [[float(c == y[i]) if used[i] else q[i][c] for c in CLASSES] for i in range(n)]
    for i in range(n):
        j = other[i]
        unlabelled += used[i] * entropy(y[i], z_plain[i]) / n
        target = [share * t[i][c] + (1 - share) * t[j][c] for c in CLASSES]
        answer = z_mixed[i] if values["mix_on_logits"] else softmax(z_mixed[i])
        gap = sum((a - b) ** 2 for a, b in zip(answer, target, strict=True)) / len(CLASSES)
        mixing += (share * used[i] + (1 - share) * used[j]) * gap / n
    terms = {
        "labelled": supervised,
        "unlabelled": values["weight"] * unlabelled,
        "mixed": values["mix_weight"] * mixing,
    }
    return terms, used


@pytest.mark.parametrize("changed", [{}, {"mix_on_logits": True, "weight": 0.5, "mix_weight": 1.5, "beta": 0.7}])
def test_svformer_is_its_formulas_over_twelve_updates(changed: dict[str, Any]) -> None:
    values = values_of("svformer", threshold=0.66, momentum=0.5, memory=None, **changed)
    method = sharp(method_of(TINY, "svformer", **values), 10.0)
    seen: set[bool] = set()
    student = deepcopy(method.network)
    for step, batch, losses in walk(method, TINY, 12):
        expected, used = naive_terms(method, batch, step, values)
        if step * 11 // 12 < WARM:
            assert set(losses.terms) == {"labelled"}
            assert not losses.pseudo
        else:
            assert set(losses.terms) == set(expected)
            assert losses.pseudo["online"].weight.tolist() == [float(on) for on in used]
            assert losses.pseudo["online"].index.equal(batch.unlabelled.index)
            seen.update(used)
        for name, value in losses.terms.items():
            assert value.item() == pytest.approx(expected[name], rel=1e-5, abs=1e-6), (step, name)
    assert seen == {True, False}
    assert not all(a.equal(b) for a, b in zip(student.parameters(), method.network.parameters(), strict=True))


def test_the_teacher_begins_as_the_student_at_the_end_of_the_warm_up_and_follows() -> None:
    method: Any = method_of(TINY, "svformer", momentum=0.75, memory=None)

    def move(epoch: int) -> None:
        with torch.no_grad():
            for parameter in method.network.parameters():
                parameter += 1
        method.after_step(Progress(3 * epoch, 33, epoch, 11))

    first = next(method.network.parameters()).clone()
    for epoch in (0, WARM - 1):
        move(epoch)
        assert all(
            a.equal(b) for a, b in zip(method.network.parameters(), method.teacher.network.parameters(), strict=True)
        )
    for behind in (0.75, 0.75 * 1.75, 0.75 * (1 + 0.75 * 1.75)):
        move(WARM)
        expected = next(method.network.parameters()) - behind
        torch.testing.assert_close(next(method.teacher.network.parameters()), expected)
    assert not any(parameter.requires_grad for parameter in method.teacher.parameters())
    assert (next(method.network.parameters()) - first).mean().item() == pytest.approx(5)


def test_the_teacher_always_evaluates() -> None:
    method = method_of(TINY, "svformer")
    assert method.train().network.training
    assert not any(module.training for module in method.teacher.modules())
    clips = torch.randn(4, 4, 3, 16, 16)
    assert method.teacher(clips).logits.equal(method.teacher(clips).logits)
    assert not method.network(clips).logits.equal(method.network(clips).logits)  # drop-path
    assert Teacher(method.network).train().training


def test_the_student_predicts() -> None:
    method = method_of(TINY, "svformer").eval()
    clips = torch.randn(4, 4, 3, 16, 16)
    with torch.no_grad():
        for parameter in method.teacher.network.parameters():
            parameter.zero_()
    assert method.predict(clips).equal(method.network(clips).logits)


def test_views() -> None:
    views = method_of(TINY, "svformer").views()
    assert {name: view.aug for name, view in views.labelled.items()} == {"weak": "weak"}
    weak, strong = views.unlabelled["weak"], views.unlabelled["strong"]
    assert (weak.aug, strong.aug) == ("weak", "strong")
    assert weak.time != strong.time
    assert weak.space == strong.space == "own"
    released = method_of(TINY, "svformer", released_code_aug=True)
    assert {name: view.aug for name, view in released.views().unlabelled.items()} == {"weak": "weak", "second": "weak"}
    assert released.views().unlabelled["second"].time != "shared"
    assert released.loss(TINY.batch_of(released.views()), TINY.progress(5)).terms["mixed"].isfinite()


def test_the_strong_clip_alone_carries_the_unlabelled_gradient() -> None:
    method: Any = advance(method_of(TINY, "svformer", threshold=0.0), TINY, 5)
    batch = TINY.batch_of(method.views())
    assert batch.unlabelled is not None
    for name in ("unlabelled", "mixed"):
        for clips in batch.unlabelled.clips.values():
            clips.requires_grad_().grad = None
        method.loss(batch, TINY.progress(5)).terms[name].backward()
        assert batch.unlabelled.clips["strong"].grad.any()
        assert batch.unlabelled.clips["weak"].grad is None


def test_what_a_run_makes_of_the_shares() -> None:
    method = method_of(TINY, "svformer")
    assert method.resolved() == {"momentum": pytest.approx(1 - 1 / (0.05 * 33)), "warm_up_epochs": WARM}
    config = SVFormer.Config.model_validate(values_of("svformer", warm_up=0.9))
    probe = method_without_network(SVFormer, config)
    probe.check(10)
    with pytest.raises(ValueError, match=r"all 4 epochs on its warm-up; raise train\.epochs"):
        probe.check(4)
