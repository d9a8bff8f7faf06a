"""MANet: the gate, the shift behind it, and checkpoints with the official names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ssmar_bench.backbones.build import ClipClassifier, build_backbone, build_outline
from ssmar_bench.backbones.fit import check_fit
from ssmar_bench.backbones.gate import Gate
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError

SEGMENTS = 3
CLIPS = torch.randn(2, SEGMENTS, 3, 40, 40, generator=torch.Generator().manual_seed(0))


def make(name: str = "manet:resnet18", weights: Path | str = "none", seed: int = 0) -> ClipClassifier:
    return build_backbone(BackboneConfig(name=name, weights=str(weights), input="rgb"), SEGMENTS, 5, seed).eval()


def awake(network: ClipClassifier) -> ClipClassifier:
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
    return network


def official(network: ClipClassifier) -> dict[str, Tensor]:
    """The weights of a network by the names of mmaction2 and of ``resnet_tsm.py`` of the official repository."""
    keys = {}
    for key, value in network.backbone.network.state_dict().items():
        name = key.replace(".conv1.layer.layer.", ".conv1.conv.net.").replace(".narrow.", ".conv.fcce.0.")
        name = name.replace(".wide.", ".conv.fcce.2.")
        name = re.sub(r"(^|\.)conv(\d)\.weight", r"\1conv\2.conv.weight", name)
        name = re.sub(r"(^|\.)bn(\d)\.", r"\1conv\2.bn.", name)
        name = name.replace("downsample.0.", "downsample.conv.").replace("downsample.1.", "downsample.bn.")
        keys[f"backbone.{name}"] = value
    return keys | {"cls_head.fc_cls.weight": torch.zeros(52, 512), "cls_head.fc_emb.weight": torch.zeros(300, 512)}


def test_a_gate_by_hand() -> None:
    gate = Gate(nn.Identity(), 8)
    frames = torch.randn(6, 8, 5, 4)
    found = gate(frames)
    for frame in range(6):
        mean = frames[frame].mean((1, 2))
        hidden = (gate.narrow.weight @ mean).clamp(min=0)
        share = 1 / (1 + torch.exp(-(gate.wide.weight @ hidden)))
        torch.testing.assert_close(found[frame], frames[frame] * share[:, None, None])
    assert {name for name, _ in gate.named_parameters()} == {"narrow.weight", "wide.weight"}


@torch.no_grad()
def test_with_gates_of_nothing_it_is_tsm_with_half_of_the_first_convolutions() -> None:
    manet, tsm = awake(make()), awake(make("tsm:resnet18"))
    theirs = tsm.backbone.network.state_dict()
    for name, part in manet.backbone.network.named_modules():
        if isinstance(part, Gate):
            part.wide.weight.zero_()
            theirs[f"{name}.layer.weight"] = part.layer.layer.weight / 2
    for key, value in manet.backbone.network.state_dict().items():
        if key in theirs:
            theirs[key] = value
    tsm.backbone.network.load_state_dict(theirs)
    assert manet(CLIPS).features.equal(tsm(CLIPS).features)


@pytest.mark.parametrize(("name", "gates"), [("resnet50", 7_964_672), ("resnet18", 219_136)])
def test_the_gates_have_the_parameters_of_the_official_ones(name: str, gates: int) -> None:
    counts = [
        sum(
            part.numel()
            for part in build_outline(BackboneConfig(name=full, weights="none", input="rgb"), 8, 5).parameters()
        )
        for full in (f"manet:{name}", f"tsm:{name}")
    ]
    assert counts[0] - counts[1] == gates


@torch.no_grad()
def test_an_official_checkpoint_loads_with_its_gates(tmp_path: Path) -> None:
    theirs = awake(make(seed=3))
    dead = {"backbone.layer1.0.conv1.conv.action_p2_squeeze.weight": torch.zeros(16, 64, 1, 1)}
    torch.save({"meta": {}, "state_dict": official(theirs) | dead}, tmp_path / "manet.pth")
    found = make(weights=tmp_path / "manet.pth", seed=4)
    assert found(CLIPS).features.equal(theirs(CLIPS).features)
    config = BackboneConfig(name="manet:resnet18", weights=str(tmp_path / "manet.pth"), input="rgb")
    (told,) = check_fit(config, SEGMENTS, 5, 40)
    assert "'layer1.0.conv1.action_p2_squeeze.weight' has no place in manet:resnet18 and is left out" in told


@torch.no_grad()
def test_other_weights_leave_the_gates_to_the_seed_and_half_of_the_gates_are_a_fault(tmp_path: Path) -> None:
    whole = official(awake(make(seed=3)))
    torch.save({key: value for key, value in whole.items() if "fcce" not in key}, tmp_path / "tsm.pth")
    gate = "backbone.network.layer2.1.conv1.narrow.weight"
    one, other = (make(weights=tmp_path / "tsm.pth", seed=seed).state_dict()[gate] for seed in (0, 1))
    assert not one.equal(other)
    del whole["backbone.layer2.1.conv1.conv.fcce.2.weight"]
    torch.save(whole, tmp_path / "half.pth")
    with pytest.raises(UserError, match=r"half\.pth does not fit the network: 'layer2\.1\.conv1\.fcce\.2\.weight'"):
        make(weights=tmp_path / "half.pth")
