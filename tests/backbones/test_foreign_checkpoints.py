"""Checkpoints of other code, made here with its key names: they load as they are, and give what that code computes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.backbones.build import build_backbone
from ssmar_bench.backbones.fit import check_fit
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError

SEGMENTS = 3
CLIPS = torch.randn(2, SEGMENTS, 3, 40, 40, generator=torch.Generator().manual_seed(0))


def config(name: str, weights: Path | str = "none") -> BackboneConfig:
    return BackboneConfig(name=name, weights=str(weights), input="rgb")


@pytest.fixture(scope="module")
def resnet() -> dict[str, Tensor]:
    """Somebody's ResNet-18 by torchvision's names, every part of it awake, with a classifier of 400 classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        network: nn.Module = timm.create_model("resnet18", num_classes=400)
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 1)
                nn.init.normal_(part.bias, 0, 0.1)
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 1.5)
        return dict(network.state_dict())


def official_tsm(state: dict[str, Tensor]) -> dict[str, Any]:
    """As ``main.py`` of mit-han-lab/temporal-shift-module saves a network: data-parallel, convolutions wrapped."""
    named = {re.sub(r"^(layer\d\.\d\.conv1)\.", r"\1.net.", key): value for key, value in state.items()}
    keys = {f"module.base_model.{key}": value for key, value in named.items() if not key.startswith("fc.")}
    keys |= {f"module.new_fc.{part}": state[f"fc.{part}"] for part in ("weight", "bias")}
    return {"epoch": 50, "arch": "resnet18", "state_dict": keys, "optimizer": {}, "best_prec1": torch.tensor(70.1)}


def mmaction2(state: dict[str, Tensor], shifted: bool = True) -> dict[str, Any]:
    """As mmaction2 names a ResNet: pairs of convolution and norm; objects of its own beside the weights."""
    keys: dict[str, Any] = OrderedDict()
    for key, value in state.items():
        name = re.sub(r"(^|\.)conv(\d)\.", r"\1conv\2.conv.", key)
        name = re.sub(r"(^|\.)bn(\d)\.", r"\1conv\2.bn.", name)
        name = name.replace("downsample.0.", "downsample.conv.").replace("downsample.1.", "downsample.bn.")
        if shifted:
            name = re.sub(r"^(layer\d\.\d\.conv1\.conv)\.", r"\1.net.", name)
        keys[name.replace("fc.", "cls_head.fc_cls.") if name.startswith("fc.") else f"backbone.{name}"] = value
    return {"meta": {"epoch": 40, "best": np.float64(0.6)}, "state_dict": keys, "message_hub": Log()}


def semilearn(state: dict[str, Tensor]) -> dict[str, Any]:
    """As semilearn saves a run: the averaged weights are those that it tests."""
    worse = {key: torch.zeros_like(value) for key, value in state.items()}
    return {"model": worse, "ema_model": state, "optimizer": {}, "it": 3, "best_eval_acc": np.float64(0.5)}


class Log:
    """An object of another framework."""

    def __init__(self) -> None:
        self.values = np.zeros(3)


def block(x: Tensor, state: dict[str, Tensor], name: str, stride: int, shifted: bool) -> Tensor:
    """A basic block, by hand."""

    def norm(y: Tensor, key: str) -> Tensor:
        mean, var = state[f"{key}.running_mean"], state[f"{key}.running_var"]
        scaled = (y - mean.view(-1, 1, 1)) / (var.view(-1, 1, 1) + 1e-5).sqrt()
        return scaled * state[f"{key}.weight"].view(-1, 1, 1) + state[f"{key}.bias"].view(-1, 1, 1)

    out = shift(x) if shifted else x
    out = functional.conv2d(out, state[f"{name}.conv1.weight"], stride=stride, padding=1)
    out = norm(out, f"{name}.bn1").relu()
    out = norm(functional.conv2d(out, state[f"{name}.conv2.weight"], padding=1), f"{name}.bn2")
    if f"{name}.downsample.0.weight" in state:
        x = norm(functional.conv2d(x, state[f"{name}.downsample.0.weight"], stride=stride), f"{name}.downsample.1")
    return (out + x).relu()


def shift(frames: Tensor) -> Tensor:
    """By the rule of the official ``ops/temporal_shift.py``: the first eighth left, the second right."""
    x, fold = frames.unflatten(0, (-1, SEGMENTS)), frames.shape[1] // 8
    out = torch.zeros_like(x)
    for t in range(SEGMENTS):
        if t + 1 < SEGMENTS:
            out[:, t, :fold] = x[:, t + 1, :fold]
        if t:
            out[:, t, fold : 2 * fold] = x[:, t - 1, fold : 2 * fold]
    out[:, :, 2 * fold :] = x[:, :, 2 * fold :]
    return out.flatten(0, 1)


def plain_features(state: dict[str, Tensor], shifted: bool) -> Tensor:
    """A ResNet-18 on frames by functions alone; features of clips (B, 512)."""
    x = functional.conv2d(CLIPS.flatten(0, 1), state["conv1.weight"], stride=2, padding=3)
    mean, var = state["bn1.running_mean"].view(-1, 1, 1), state["bn1.running_var"].view(-1, 1, 1)
    x = (x - mean) / (var + 1e-5).sqrt() * state["bn1.weight"].view(-1, 1, 1) + state["bn1.bias"].view(-1, 1, 1)
    x = functional.max_pool2d(x.relu(), 3, 2, 1)
    for stage in range(1, 5):
        for number in range(2):
            stride = 2 if stage > 1 and not number else 1
            x = block(x, state, f"layer{stage}.{number}", stride, shifted)
    return x.mean((2, 3)).unflatten(0, (-1, SEGMENTS)).mean(1)


MADE: dict[str, Callable[[dict[str, Tensor]], dict[str, Any]]] = {
    "official TSM": official_tsm,
    "mmaction2": mmaction2,
    "semilearn": semilearn,
    "data-parallel": lambda state: {f"module.{key}": value for key, value in state.items()},
}


@torch.no_grad()
@pytest.mark.parametrize("made", MADE)
def test_features_are_those_of_the_other_code(made: str, resnet: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "theirs.pth"
    torch.save(MADE[made](resnet), path)
    network = build_backbone(config("tsm:resnet18", path), SEGMENTS, 5, 0).eval()
    expected = plain_features(resnet, shifted=True)
    assert expected.std() > 0.01
    torch.testing.assert_close(network(CLIPS).features, expected, rtol=1e-5, atol=1e-5)
    assert check_fit(config("tsm:resnet18", path), SEGMENTS, 5, 40) == ()


@torch.no_grad()
def test_the_direction_of_the_shift_can_be_told_from_the_features(resnet: dict[str, Tensor], tmp_path: Path) -> None:
    """The comparison would fail for a network that looks the other way: a clip turned around is another clip."""
    torch.save(official_tsm(resnet), tmp_path / "tsm.pth")
    network = build_backbone(config("tsm:resnet18", tmp_path / "tsm.pth"), SEGMENTS, 5, 0).eval()
    expected = plain_features(resnet, shifted=True)
    assert not torch.allclose(network(CLIPS.flip(1)).features, expected, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(plain_features(resnet, shifted=False), expected, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_mmaction2_without_a_shift(resnet: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(mmaction2(resnet, shifted=False), tmp_path / "tsn.pth")
    network = build_backbone(config("tsn:resnet18", tmp_path / "tsn.pth"), SEGMENTS, 5, 0).eval()
    expected = plain_features(resnet, shifted=False)
    torch.testing.assert_close(network(CLIPS).features, expected, rtol=1e-5, atol=1e-5)


def test_a_vision_transformer_of_semilearn(tmp_path: Path) -> None:
    """Its names are timm's; its head has other classes."""
    theirs = timm.create_model("vit_tiny_patch16_224", num_classes=7, img_size=32).state_dict()
    torch.save(semilearn(dict(theirs)), tmp_path / "vit.pth")
    network = build_backbone(config("tsn:vit_tiny_patch16_224", tmp_path / "vit.pth"), SEGMENTS, 5, 0, 224)
    found = network.backbone.network.state_dict()
    assert found["blocks.3.attn.qkv.weight"].equal(theirs["blocks.3.attn.qkv.weight"])
    assert not any(key.startswith("head.") for key in found)


def test_what_is_left_over_is_listed_in_a_sentence(resnet: dict[str, Tensor], tmp_path: Path) -> None:
    content = mmaction2(resnet)
    content["state_dict"] |= {f"backbone.gate{number}.weight": torch.zeros(2) for number in range(5)}
    torch.save(content, tmp_path / "more.pth")
    (told,) = check_fit(config("tsm:resnet18", tmp_path / "more.pth"), SEGMENTS, 5, 40)
    assert told == (
        f"{tmp_path / 'more.pth'}: 'gate0.weight', 'gate1.weight', 'gate2.weight' and 2 more have no place in "
        "tsm:resnet18 and are left out."
    )


def test_what_is_missing_and_left_over_is_listed_in_one_sentence(resnet: dict[str, Tensor], tmp_path: Path) -> None:
    content = official_tsm(resnet)
    keys = content["state_dict"]
    keys["module.base_model.extra.weight"] = keys.pop("module.base_model.layer2.0.bn1.bias")
    torch.save(content, tmp_path / "less.pth")
    with pytest.raises(UserError) as error:
        check_fit(config("tsm:resnet18", tmp_path / "less.pth"), SEGMENTS, 5, 40)
    assert str(error.value) == (
        f"{tmp_path / 'less.pth'} does not fit the network: 'layer2.0.bn1.bias' is missing or has another shape; "
        "'extra.weight' is left over."
    )


def test_old_checkpoints_do_not_count_batches(resnet: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({key: value for key, value in resnet.items() if "num_batches" not in key}, tmp_path / "old.pth")
    check_fit(config("tsm:resnet18", tmp_path / "old.pth"), SEGMENTS, 5, 40)


def test_objects_beside_the_weights_are_not_made(
    resnet: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"state_dict": resnet, "log": Log()}, tmp_path / "w.pth")
    monkeypatch.setattr(Log, "__init__", lambda _: (tmp_path / "made").touch())
    monkeypatch.setattr(Log, "__setstate__", lambda *_: (tmp_path / "made").touch(), raising=False)
    network = build_backbone(config("tsm:resnet18", tmp_path / "w.pth"), SEGMENTS, 5, 0)
    assert network.backbone.network.conv1.weight.equal(resnet["conv1.weight"])
    assert not (tmp_path / "made").exists()
    assert not any("Log" in str(one) for one in torch.serialization.get_safe_globals())


@pytest.mark.parametrize("written", [official_tsm, mmaction2, dict])
def test_a_teachers_classifier_is_loaded_where_it_has_as_many_classes(
    resnet: dict[str, Tensor], tmp_path: Path, written: Callable[..., dict[str, Any]]
) -> None:
    torch.save(written(resnet), tmp_path / "teacher.pth")
    asked = config("tsm:resnet18", tmp_path / "teacher.pth")
    for classes, classifier in ((400, True), (400, False), (12, True)):
        network = build_backbone(asked, SEGMENTS, classes, 0, classifier=classifier)
        loaded = network.classifier.weight.shape == (400, 512) and network.classifier.weight.equal(resnet["fc.weight"])
        assert loaded == network.knows_classes == (classes == 400 and classifier)
    assert build_backbone(asked, SEGMENTS, 400, 0, classifier=True).classifier.bias.equal(resnet["fc.bias"])
