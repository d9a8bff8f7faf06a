"""Networks of 3D convolutions: shapes, stages, weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
from torch import nn
from torchvision.models import video
from torchvision.models.video import r3d_18

from ssmar_bench.backbones import resnet_3d
from ssmar_bench.backbones.build import STAGED, ClipClassifier, build_backbone, build_outline, weights_digest
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError


def config(name: str, **changed: Any) -> BackboneConfig:
    return BackboneConfig(**{"name": name, "weights": "none", "input": "rgb", **changed})


@pytest.fixture(scope="module")
def r3d18() -> ClipClassifier:
    return build_backbone(config("r3d18"), 8, 5, 0).eval()


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 4, 8])
def test_shapes_and_stages_of_r3d18(r3d18: ClipClassifier, frames: int) -> None:
    output = r3d18(torch.randn(2, frames, 3, 32, 32), maps=True)
    assert r3d18.stages == 4
    assert output.logits.shape == (2, 5)
    times = [frames, -(-frames // 2), -(-frames // 4), -(-frames // 8)]
    assert [tuple(maps.shape) for maps in output.maps] == [
        (2, width, time, side, side)
        for width, time, side in zip((64, 128, 256, 512), times, (16, 8, 4, 2), strict=True)
    ]
    assert output.features.equal(output.maps[-1].mean((2, 3, 4)))


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 4, 8])
def test_shapes_and_stages_of_the_built_in_one(frames: int) -> None:
    network = build_backbone(config("micro-r3d"), 8, 5, 0)
    output = network(torch.randn(2, frames, 3, 32, 32), maps=True)
    times = [frames, -(-frames // 2), -(-frames // 4), -(-frames // 8)]
    assert [tuple(maps.shape) for maps in output.maps] == [
        (2, width, time, side, side) for width, time, side in zip(resnet_3d.WIDTHS, times, (16, 8, 4, 2), strict=True)
    ]
    assert (output.features >= 0).all()  # after ReLU


@torch.no_grad()
@pytest.mark.parametrize("name", STAGED)
def test_maps_are_reported_on_demand_and_change_nothing(name: str) -> None:
    network = build_backbone(config(name), 4, 5, 0).eval()
    clips = torch.randn(2, 4, 3, 16, 16)
    plain, told = network(clips), network(clips, maps=True)
    assert plain.maps == ()
    assert plain.logits.equal(told.logits)
    assert plain.features.equal(told.features)
    assert network.forward_passes == 4


@torch.no_grad()
def test_r3d18_is_torchvisions(r3d18: ClipClassifier, tmp_path: Path) -> None:
    torch.manual_seed(3)
    theirs = r3d_18().eval()
    torch.save(theirs.state_dict(), tmp_path / "r3d.pth")
    ours = build_backbone(config("r3d18", weights=str(tmp_path / "r3d.pth")), 4, 400, 0).eval()
    ours.classifier.load_state_dict(theirs.fc.state_dict())
    clips = torch.randn(2, 4, 3, 24, 24)
    torch.testing.assert_close(ours(clips).logits, theirs(clips.transpose(1, 2)))
    assert sum(p.numel() for p in r3d18.parameters()) == sum(p.numel() for p in theirs.parameters()) - 395 * 513


@pytest.mark.parametrize("name", STAGED)
def test_weights_come_from_the_seed_alone(name: str) -> None:
    one, again, other = (build_backbone(config(name), 4, 5, seed).state_dict() for seed in (1, 1, 2))
    assert all(one[key].equal(again[key]) for key in one)
    assert not all(one[key].equal(other[key]) for key in one)


def test_the_built_in_one_sees_the_order_of_frames() -> None:
    network = build_backbone(config("micro-r3d"), 4, 5, 0).eval()
    clips = torch.randn(2, 4, 3, 16, 16)
    assert not torch.allclose(network(clips).features, network(clips.flip(1)).features, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        (
            "micro-r3d",
            "kinetics400",
            "'micro-r3d' has no kinetics400 weights; set backbone.weights to none or pretext or FILE",
        ),
        ("r3d18", "imagenet", "'r3d18' has no imagenet weights; set backbone.weights to none or kinetics400 or FILE"),
        ("tsm:resnet18", "kinetics400", "no kinetics400 weights; set backbone.weights to none or imagenet or FILE"),
    ],
)
def test_weights_that_there_are_not_are_reported_before_anything_is_built(name: str, weights: str, said: str) -> None:
    for make in (
        lambda: build_outline(config(name, weights=weights), 4, 5),
        lambda: build_backbone(config(name, weights=weights), 4, 5, 0),
    ):
        with pytest.raises(UserError, match=said):
            make()


def test_an_outline_needs_neither_memory_nor_weights() -> None:
    network = build_outline(config("r3d18", weights="kinetics400"), 8, 12)
    assert all(parameter.is_meta for parameter in network.parameters())


def test_weights_are_fetched_and_a_failure_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr(video.resnet.R3D_18_Weights, "get_state_dict", offline)
    with pytest.raises(UserError, match=r"cannot be fetched \(URLError\); download https.*backbone\.weights=FILE"):
        build_backbone(config("r3d18", weights="kinetics400"), 8, 5, 0)
    assert weights_digest(config("r3d18", weights="kinetics400")) == "kinetics400:r3d18"


def test_a_file_of_another_network_is_reported(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "linear.pth")
    with pytest.raises(
        UserError, match=r"linear\.pth does not fit the network: '.*' and 97 more are missing .*'bias' are left over"
    ):
        build_backbone(config("r3d18", weights=str(tmp_path / "linear.pth")), 8, 5, 0)
