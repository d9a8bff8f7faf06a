from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ssmar_bench.backbones.build import ClipClassifier, build_backbone, weights_digest
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.network_names import with_usual_weights
from ssmar_bench.core.seeds import seed_of

SEGMENTS = 3


def config(**changed: Any) -> BackboneConfig:
    return BackboneConfig(**{"name": "micro-tsm", "weights": "none", "input": "rgb", **changed})


def frames_seen(network: ClipClassifier, clips: Tensor) -> Tensor:
    """What the backbone is given, (B, T, 3, H, W)."""
    seen: list[Tensor] = []
    handle = network.backbone.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
    network(clips)
    handle.remove()
    return seen[0].unflatten(0, (-1, SEGMENTS))


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(a.equal(b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_inputs_by_hand() -> None:
    """Frames of 1, 4, 10: differences 3, 6 and 6 again; the mean 5 taken away -4, -1, 5."""
    clips = torch.tensor([1.0, 4.0, 10.0])[None, :, None, None, None].expand(2, 3, 3, 8, 8)
    for kind, expected in (("rgb", [1, 4, 10]), ("diff", [3, 6, 6]), ("mean_subtracted", [-4, -1, 5])):
        found = frames_seen(build_backbone(config(input=kind), SEGMENTS, 5, 0), clips)
        assert found.shape == clips.shape
        assert found[1, :, 2, 7, 0].tolist() == expected


def test_a_clip_is_prepared_by_itself() -> None:
    clips = torch.randn(3, SEGMENTS, 3, 8, 8)
    kept = clips.clone()
    for kind in ("rgb", "diff", "mean_subtracted"):
        network = build_backbone(config(input=kind), SEGMENTS, 5, 0).eval()
        torch.testing.assert_close(frames_seen(network, clips)[1:2], frames_seen(network, clips[1:2]))
        torch.testing.assert_close(network(clips).logits[1:2], network(clips[1:2]).logits, rtol=1e-4, atol=1e-5)
    assert clips.equal(kept)


@pytest.mark.parametrize("side", [8, 17, 32])
@pytest.mark.parametrize("segments", [1, 2, 8])
def test_shapes_of_the_built_in_network(segments: int, side: int) -> None:
    network = build_backbone(config(), segments, 5, 0)
    output = network(torch.randn(2, segments, 3, side, side))
    assert network.features == 96
    assert output.logits.shape == (2, 5)
    assert output.features.shape == (2, 96)
    assert (output.features >= 0).all()  # after ReLU
    assert network.backbone(torch.randn(2 * segments, 3, side, side)).shape == (2 * segments, 96)


def test_features_are_the_mean_of_the_frames_pooled_features() -> None:
    network = build_backbone(config(), SEGMENTS, 5, 0).eval()
    clips = torch.randn(2, SEGMENTS, 3, 16, 16)
    output = network(clips)
    maps = network.backbone.blocks(clips.flatten(0, 1))
    torch.testing.assert_close(output.features, maps.view(2, SEGMENTS, 96, -1).mean((1, 3)))
    weight, bias = network.classifier.weight, network.classifier.bias
    torch.testing.assert_close(output.logits, output.features @ weight.T + bias)


@pytest.mark.parametrize(
    ("name", "told_apart"),
    [("micro-tsm", True), ("tsm:resnet10t", True), ("micro-r3d", False), ("timesformer-micro", False)],
)
@torch.no_grad()
def test_features_are_the_mean_of_what_is_told_of_the_frames(name: str, told_apart: bool) -> None:
    network = build_backbone(BackboneConfig(name=name, weights="none", input="rgb"), SEGMENTS, 5, 0, 32).eval()
    output = network(torch.randn(2, SEGMENTS, 3, 32, 32))
    assert output.frames.shape == (2, SEGMENTS if told_apart else 1, network.features)
    assert output.features.equal(output.frames.mean(1))
    frames = output.frames[0]
    assert not told_apart or not any(one.equal(other) for one, other in pairwise(frames))


def test_the_built_in_network_sees_the_order_of_frames() -> None:
    network = build_backbone(config(), SEGMENTS, 5, 0).eval()
    clips = torch.randn(2, SEGMENTS, 3, 16, 16)
    assert not torch.allclose(network(clips).features, network(clips.flip(1)).features, atol=1e-4)


def test_weights_come_from_the_seed_alone() -> None:
    torch.manual_seed(0)
    one = build_backbone(config(), SEGMENTS, 5, 11)
    torch.manual_seed(1)
    torch.rand(100)
    two = build_backbone(config(), SEGMENTS, 5, 11)
    assert same(one, two)
    student, teacher = (
        build_backbone(config(), SEGMENTS, 5, seed_of("network", 0, role)) for role in ("student", "teacher")
    )
    assert not same(student, teacher)
    for a, b in zip(student.parameters(), teacher.parameters(), strict=True):
        assert a.ndim == 1 or not a.equal(b)


def test_building_draws_nothing_from_the_callers_generator() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    build_backbone(config(), SEGMENTS, 5, 11)
    assert torch.rand(4).equal(expected)


def test_clips_that_went_through_are_counted() -> None:
    network = build_backbone(config(), SEGMENTS, 5, 0)
    assert network.forward_passes == 0
    for size, total in ((2, 2), (1, 3), (4, 7)):
        network(torch.randn(size, SEGMENTS, 3, 8, 8))
        assert network.forward_passes == total
    assert "forward_passes" not in network.state_dict()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("micro-tsn", "did you mean 'micro-tsm'?"),
        ("tsx:resnet18", "did you mean 'tsn:resnet18'?"),
        ("resnet18", "resnet18"),
        ("zzz", "micro-r3d, micro-tsm"),
        ("", "micro-r3d, micro-tsm"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        build_backbone(config(name=name), SEGMENTS, 5, 0)
    assert f"Unknown backbone '{name}'" in str(error.value)
    assert hint in str(error.value)


def test_the_built_in_network_has_no_imagenet_weights() -> None:
    with pytest.raises(UserError, match=r"no imagenet weights; set backbone\.weights to none or pretext or FILE"):
        build_backbone(config(weights="imagenet"), SEGMENTS, 5, 0)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("micro-tsm", "pretext"), ("micro-tsm-wide", "pretext"), ("micro-r3d", "pretext"),
        ("timesformer-micro", "pretext"), ("timesformer-base", "imagenet"), ("r3d18", "kinetics400"),
        ("tsm:resnet18", "imagenet"),
    ],
)  # fmt: skip
def test_pretrained_stands_for_the_weights_that_a_network_has(name: str, word: str) -> None:
    assert with_usual_weights(config(name=name, weights="pretrained")).weights == word
    for other in ("none", "imagenet", "some/file.pth"):
        assert with_usual_weights(config(name=name, weights=other)).weights == other


def test_a_network_without_weights_starts_from_scratch_where_pretrained_ones_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ssmar_bench.core.network_names.PRETEXT_NETWORKS", ())
    assert with_usual_weights(config(weights="pretrained")).weights == "none"


def test_weights_are_identified_by_what_they_are(tmp_path: Path) -> None:
    assert weights_digest(config()) == ""
    assert weights_digest(config(name="tsn:resnet18", weights="imagenet")) == "imagenet:resnet18"
    paths = [tmp_path / name for name in ("a.pth", "b.pth", "c.pth")]
    for path, content in zip(paths, (b"x", b"x", b"y"), strict=True):
        path.write_bytes(content)
    one, copy, other = (weights_digest(config(weights=str(path))) for path in paths)
    assert one == copy != other
    assert len(one) == 16
    with pytest.raises(UserError, match=r"absent\.pth"):
        weights_digest(config(weights=str(tmp_path / "absent.pth")))


@pytest.mark.parametrize("frames", [1, 2, 6])
def test_clips_of_another_length_are_shifted_within_themselves(frames: int) -> None:
    """A network that was built for clips of 3 frames answers clips of any length as one built for those does."""
    clips = torch.randn(2, frames, 3, 8, 8)
    network, other = build_backbone(config(), SEGMENTS, 5, 0).eval(), build_backbone(config(), frames, 5, 0).eval()
    assert network(clips).logits.equal(other(clips).logits)
    again = torch.randn(2, SEGMENTS, 3, 8, 8)
    assert network(again).logits.equal(build_backbone(config(), SEGMENTS, 5, 0).eval()(again).logits)


def test_dropout_by_hand() -> None:
    """In training each frame's features are dropped by themselves before the mean; never in evaluation."""
    network, plain = build_backbone(config(dropout=0.5), SEGMENTS, 5, 0), build_backbone(config(), SEGMENTS, 5, 0)
    assert same(network, plain)
    clips = torch.randn(4, SEGMENTS, 3, 16, 16)
    torch.manual_seed(5)
    output = network(clips)
    frames = plain.backbone(clips.flatten(0, 1)).view(4, SEGMENTS, 96)
    torch.manual_seed(5)
    kept = torch.nn.functional.dropout(frames, 0.5)
    assert output.features.equal(frames.mean(1))
    assert output.logits.equal(plain.classifier(kept.mean(1)))
    assert not output.logits.equal(plain.classifier(frames.mean(1)))
    assert network.eval()(clips).logits.equal(plain.eval()(clips).logits)
