"""timm's 2D networks on frames; nothing is fetched from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ssmar_bench.backbones import timm_networks
from ssmar_bench.backbones.build import ClipClassifier, build_backbone
from ssmar_bench.backbones.shift import TemporalShift
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError

SEGMENTS = 2
CLIPS = torch.randn(2, SEGMENTS, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def make(name: str = "tsn:resnet18", weights: str | Path = "none", seed: int = 0) -> ClipClassifier:
    return build_backbone(BackboneConfig(name=name, weights=str(weights), input="rgb"), SEGMENTS, 5, seed)


def awake(network: ClipClassifier) -> ClipClassifier:
    """timm starts every residual branch at zero, where nothing in it can be seen."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.ones_(part.weight)
    return network.eval()


@pytest.fixture(scope="module")
def tsn() -> ClipClassifier:
    return awake(make())


@pytest.fixture(scope="module")
def tsm() -> ClipClassifier:
    return awake(make("tsm:resnet18"))


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Somebody's weights of a ResNet-18, classifier and all."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)
        return dict(timm.create_model("resnet18", num_classes=7).state_dict())


def test_both_families_give_clip_features(tsn: ClipClassifier, tsm: ClipClassifier) -> None:
    for network in (tsn, tsm):
        output = network(CLIPS)
        assert network.features == 512
        assert output.logits.shape == (2, 5)
        assert output.features.shape == (2, 512)
        frames = network.backbone(CLIPS.flatten(0, 1))
        torch.testing.assert_close(output.features, frames.view(2, SEGMENTS, 512).mean(1))


def test_tsm_sees_the_order_of_frames_and_tsn_does_not(tsn: ClipClassifier, tsm: ClipClassifier) -> None:
    turned = CLIPS.flip(1)
    torch.testing.assert_close(tsn(turned).features, tsn(CLIPS).features, rtol=1e-4, atol=1e-5)
    assert (tsm(turned).features - tsm(CLIPS).features).norm() > 0.05 * tsm(CLIPS).features.norm()


def test_the_shift_opens_every_residual_block_and_costs_no_weight(tsn: ClipClassifier, tsm: ClipClassifier) -> None:
    shifted = {name for name, part in tsm.backbone.named_modules() if isinstance(part, TemporalShift)}
    assert shifted == {f"network.layer{stage}.{block}.conv1" for stage in range(1, 5) for block in range(2)}
    assert all(part.share == 8 for part in tsm.modules() if isinstance(part, TemporalShift))
    weights = [[p for p in network.parameters() if p.ndim > 1] for network in (tsn, tsm)]
    assert all(one.equal(other) for one, other in zip(*weights, strict=True))  # the same seed, the same weights


def test_other_seeds_have_other_weights(tsn: ClipClassifier) -> None:
    other = make(seed=1)
    assert not next(other.parameters()).equal(next(tsn.parameters()))


@pytest.mark.parametrize(
    ("name", "hint"), [("tsn:resnet81", "did you mean 'resnet18'?"), ("tsm:resnet-18", "did you mean 'resnet18'?")]
)
def test_an_unknown_network_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        make(name)
    assert f"'{name[4:]}'" in str(error.value)
    assert hint in str(error.value)


def test_the_shift_needs_residual_blocks() -> None:
    with pytest.raises(UserError, match="use tsn:mobilenetv3_small_050"):
        make("tsm:mobilenetv3_small_050")


# ---- pretrained weights


def test_imagenet_weights_that_cannot_be_fetched_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr(timm_networks.timm, "create_model", offline)  # type: ignore[attr-defined]
    with pytest.raises(UserError) as error:
        make(weights="imagenet")
    for word in ("resnet18", "ConnectionError", "backbone.weights=FILE", "backbone.weights=none"):
        assert word in str(error.value)


def test_imagenet_weights_are_asked_of_timm(monkeypatch: pytest.MonkeyPatch, state: dict[str, Tensor]) -> None:
    create, asked = timm.create_model, []

    def fetched(name: str, num_classes: int, pretrained: bool = False) -> Any:
        asked.append((name, num_classes, pretrained))
        network = create(name, num_classes=num_classes)
        network.load_state_dict({key: value for key, value in state.items() if not key.startswith("fc.")})
        return network

    monkeypatch.setattr(timm_networks.timm, "create_model", fetched)  # type: ignore[attr-defined]
    network = make(weights="imagenet")
    assert asked == [("resnet18", 0, True)]
    assert network.backbone.network.conv1.weight.equal(state["conv1.weight"])


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors", "data-parallel.pth", "wrapped.pth"])
@pytest.mark.parametrize("family", ["tsn", "tsm"])
def test_a_weights_file_is_loaded_without_its_classifier(
    tmp_path: Path, state: dict[str, Tensor], name: str, family: str
) -> None:
    path = tmp_path / name
    saved = {f"module.{key}": value for key, value in state.items()} if "parallel" in name else state
    wrapped = {"epoch": 3, "state_dict": saved} if "wrapped" in name else saved
    save_file(saved, path) if path.suffix == ".safetensors" else torch.save(wrapped, path)
    network = make(f"{family}:resnet18", path)
    found = {key.replace(".layer.", "."): value for key, value in network.backbone.network.state_dict().items()}
    assert found.keys() == {key for key in state if not key.startswith("fc.")}
    assert all(value.equal(state[key]) for key, value in found.items())
    assert network.classifier.out_features == 5


def test_the_classifier_over_a_weights_file_comes_from_the_seed(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "w.pth")
    one, two, three = (make(weights=tmp_path / "w.pth", seed=seed).classifier.weight for seed in (0, 0, 1))
    assert one.equal(two)
    assert not one.equal(three)


def test_a_weights_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.pth does not exist"):
        make(weights=tmp_path / "absent.pth")


@pytest.mark.parametrize("fault", ["another shape", "a key missing", "another network"])
def test_a_weights_file_that_does_not_fit(tmp_path: Path, state: dict[str, Tensor], fault: str) -> None:
    content: Any = dict(state)
    if fault == "another shape":
        content["layer1.0.conv1.weight"] = torch.zeros(64, 64, 1, 1)
    elif fault == "a key missing":
        del content["layer1.0.conv1.weight"]
    else:
        content = {"stem.weight": torch.zeros(1)}
    torch.save(content, tmp_path / "w.pth")
    key = "layer1.0.conv1.weight" if fault in ("another shape", "a key missing") else "conv1.weight"
    with pytest.raises(UserError, match=rf"w\.pth does not fit the network: '{key}'"):
        make(weights=tmp_path / "w.pth")


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights", b"\x80\x04N."])
def test_a_file_without_weights(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="holds no weights"):
        make(weights=tmp_path / name)


def test_code_in_a_weights_file_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"conv1.weight": Trap()}, tmp_path / "w.pth")
    with pytest.raises(UserError, match="holds no weights"):
        make(weights=tmp_path / "w.pth")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [torch.zeros(3), [1], {"conv1.weight": 3}, {1: torch.zeros(1)}], ids=repr)
def test_a_file_of_something_else(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(UserError):
        make(weights=tmp_path / "w.pth")
