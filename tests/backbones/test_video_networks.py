"""torchvision's video networks: features as torchvision's, each normalisation its own, clips that one cannot take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights
from torchvision.models._api import WeightsEnum

from ssmar_bench.backbones.build import ClipClassifier, build_backbone, build_outline, named, weights_digest
from ssmar_bench.backbones.timm_tags import initial_weights
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.network_names import weights_of, with_usual_weights
from ssmar_bench.core.video_networks import IMAGENET, STAGED_VIDEO, VIDEO_NETWORKS, WORDS, check_clips

PIXELS = ((0.3, 0.5, 0.6), (0.2, 0.25, 0.3))
"""A frame cache's normalisation that is nobody's own."""
SMALL = {"r3d_18": (4, 24), "mc3_18": (4, 24), "r2plus1d_18": (4, 24), "s3d": (13, 209), "swin3d_t": (5, 40)}
"""A network of every kind but MViT, and frames and size that it takes."""
FEATURES = {"s3d": 1024, "mvit_v1_b": 768, "mvit_v2_s": 768, "swin3d_t": 768, "swin3d_s": 768, "swin3d_b": 1024}


def config(name: str, **changed: Any) -> BackboneConfig:
    return BackboneConfig(**{"name": name, "weights": "none", "input": "rgb", **changed})


def classifier_of(network: Any) -> nn.Module:
    """torchvision's last layer, by its documentation."""
    if hasattr(network, "fc"):
        return network.fc
    if hasattr(network, "classifier"):
        return network.classifier[1]
    return network.head if isinstance(network.head, nn.Linear) else network.head[1]


def theirs(name: str) -> nn.Module:
    """torchvision's network with weights of nobody, running statistics that are not 0 and 1, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        network = get_model(name)
        for part in network.modules():
            if isinstance(part, nn.BatchNorm3d):
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 1.5)
    return network.eval()


@torch.no_grad()
def their_features(network: nn.Module, pixels: Tensor, name: str) -> Tensor:
    """What torchvision's classifier is given for pixels (B, T, 3, H, W) in [0, 1] under the weights' own transform."""
    keywords: dict[str, Any] = get_model_weights(name)["KINETICS400_V1"].transforms.keywords
    mean = torch.tensor(keywords.get("mean", (0.43216, 0.394666, 0.37645))).view(3, 1, 1)
    std = torch.tensor(keywords.get("std", (0.22803, 0.22145, 0.216989))).view(3, 1, 1)
    seen: list[Tensor] = []
    handle = classifier_of(network).register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(((pixels - mean) / std).transpose(1, 2))
    handle.remove()
    return seen[0].flatten(1)


def pixels_of(frames: int, size: int, count: int = 2) -> Tensor:
    return torch.rand(count, frames, 3, size, size, generator=torch.Generator().manual_seed(1))


def given(pixels: Tensor) -> Tensor:
    """Pixels in the frame cache's normalisation."""
    mean, std = (torch.tensor(channels).view(3, 1, 1) for channels in PIXELS)
    return (pixels - mean) / std


@torch.no_grad()
@pytest.mark.parametrize("name", SMALL)
def test_features_are_torchvisions_from_a_kinetics_file(name: str, tmp_path: Path) -> None:
    """The file is as torchvision publishes it, its 400-way classifier in it; the clips have another normalisation."""
    frames, size = SMALL[name]
    plain = theirs(name)
    torch.save(plain.state_dict(), tmp_path / "kinetics.pth")
    ours = build_backbone(config(name, weights=str(tmp_path / "kinetics.pth")), frames, 5, 0, size, PIXELS).eval()
    pixels = pixels_of(frames, size)
    output = ours(given(pixels))
    expected = their_features(plain, pixels, name)
    assert expected.std() > 0.01
    torch.testing.assert_close(output.features, expected, rtol=1e-5, atol=1e-5)
    assert output.logits.shape == (2, 5)
    assert ours.features == expected.shape[1]


@torch.no_grad()
def test_features_of_mvit_are_its_class_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights by name, which torchvision would fetch."""
    plain = theirs("mvit_v2_s")
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: plain.state_dict())
    ours = build_backbone(config("mvit_v2_s", weights="kinetics400"), 16, 5, 0, 224, PIXELS).eval()
    pixels = pixels_of(16, 224, 1)
    expected = their_features(plain, pixels, "mvit_v2_s")
    torch.testing.assert_close(ours(given(pixels)).features, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", VIDEO_NETWORKS)
def test_what_is_told_of_a_network_is_what_torchvision_says(name: str) -> None:
    known = VIDEO_NETWORKS[name]
    for word in known.weights:
        weights = get_model_weights(name)[WORDS[word]]
        keywords = weights.transforms.keywords
        own = keywords.get("mean", (0.43216, 0.394666, 0.37645)), keywords.get("std", (0.22803, 0.22145, 0.216989))
        assert known.normalisation == own
        assert keywords["crop_size"] == (known.size, known.size)
    assert {WORDS[word] for word in known.weights} == {one.name for one in get_model_weights(name)}
    assert weights_of(name) == (*known.weights, "FILE")
    outline = build_outline(config(name, weights="kinetics400"), 16, 5, 224)
    assert outline.features == FEATURES.get(name, 512)
    assert outline.stages == (4 if name in STAGED_VIDEO else 0)


@torch.no_grad()
@pytest.mark.parametrize("name", ["s3d", "mvit_v1_b", "mvit_v2_s"])
def test_the_clips_that_are_refused_are_those_that_torchvision_cannot_take(name: str) -> None:
    """Tried on torchvision's own network, without memory."""
    with torch.device("meta"):
        network = get_model(name).eval()
    for frames, size in ((8, 224), (12, 224), (13, 209), (13, 208), (16, 112), (16, 208), (16, 224), (17, 224)):
        try:
            network(torch.empty(1, 3, frames, size, size, device="meta"))
            takes = True
        except RuntimeError:
            takes = False
        if takes:
            check_clips(name, frames, size)
        else:
            with pytest.raises(UserError, match=f"'{name}' takes clips .* not {frames} frames of {size} x {size}"):
                check_clips(name, frames, size)


@torch.no_grad()
@pytest.mark.parametrize("name", ["r3d_18", "mc3_18", "r2plus1d_18", "swin3d_t"])
@pytest.mark.parametrize("frames", [1, 8])
def test_the_others_take_clips_of_any_length_and_size(name: str, frames: int) -> None:
    network = build_outline(config(name), frames, 5, 32).eval()
    with torch.device("meta"):
        assert network(torch.empty(2, frames, 3, 32, 32)).logits.shape == (2, 5)


@torch.no_grad()
def test_mc3_keeps_time() -> None:
    network = build_backbone(config("mc3_18"), 8, 5, 0, 32).eval()
    assert [maps.shape[2] for maps in network(torch.randn(1, 8, 3, 32, 32), maps=True).maps] == [8, 8, 8, 8]


def seen_by(network: ClipClassifier, clips: Tensor) -> Tensor:
    seen: list[Tensor] = []
    handle = network.backbone.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network.eval()(clips)
    handle.remove()
    return seen[0]


@torch.no_grad()
def test_normalisation_by_hand(tmp_path: Path) -> None:
    """From weights, pixels of 0.3 are (0.3 - own mean) / own std; differences have no mean; from scratch all stay."""
    torch.save(get_model("swin3d_t").state_dict(), tmp_path / "w.pth")
    pixels = torch.full((1, 2, 3, 32, 32), 0.3)
    pixels[:, 1] = 0.7
    for weights, own in ((str(tmp_path / "w.pth"), IMAGENET), ("none", PIXELS)):
        mean, std = (torch.tensor(channels).view(3, 1, 1) for channels in own)
        network = build_backbone(config("swin3d_t", weights=weights), 2, 5, 0, 32, PIXELS)
        torch.testing.assert_close(seen_by(network, given(pixels)), (pixels - mean) / std)
        network.input = "diff"
        torch.testing.assert_close(seen_by(network, given(pixels)), (0.4 / std).expand(1, 2, 3, 32, 32))


@torch.no_grad()
def test_a_trained_network_keeps_its_normalisation_with_its_weights(tmp_path: Path) -> None:
    """A finished run is built from scratch and given its weights: it answers as it did."""
    torch.save(theirs("r3d_18").state_dict(), tmp_path / "w.pth")
    trained = build_backbone(config("r3d_18", weights=str(tmp_path / "w.pth")), 4, 5, 0, 24, PIXELS).eval()
    again = build_backbone(config("r3d_18"), 4, 5, 1, 24, PIXELS).eval()
    clips = given(pixels_of(4, 24))
    assert not again(clips).logits.equal(trained(clips).logits)
    again.load_state_dict(trained.state_dict())
    assert again(clips).logits.equal(trained(clips).logits)


def test_other_networks_have_no_normalisation_of_their_own() -> None:
    for name in ("micro-tsm", "r3d18"):
        network = build_outline(config(name), 4, 5, 32)
        assert network.normalise is None
        assert not any(key.startswith("normalise") for key in network.state_dict())


@pytest.mark.parametrize(
    ("name", "said", "weights", "words"),
    [
        ("swin3d_b", "pretrained", "kinetics400", "from Kinetics-400 weights"),
        ("swin3d_b", "KINETICS400_V1", "kinetics400", "from Kinetics-400 weights"),
        (
            "swin3d_b", "KINETICS400_IMAGENET22K_V1", "kinetics400-imagenet22k",
            "from Kinetics-400 and ImageNet-22k weights",
        ),
        ("r3d18", "kinetics400_v1", "kinetics400", "from Kinetics-400 weights"),
        ("s3d", "none", "none", "from scratch"),
    ],
)  # fmt: skip
def test_weights_have_torchvisions_names(name: str, said: str, weights: str, words: str) -> None:
    found = with_usual_weights(config(name, weights=said))
    assert found.weights == weights
    assert initial_weights(found) == words
    assert weights_digest(found) == ("" if weights == "none" else f"{weights}:{name}")


def test_weights_that_a_network_has_not_are_refused() -> None:
    for name, weights in (("swin3d_t", "kinetics400-imagenet22k"), ("mvit_v1_b", "imagenet")):
        with pytest.raises(UserError, match=f"'{name}' has no {weights} weights; set .* kinetics400 or FILE"):
            build_outline(config(name, weights=weights), 16, 5)


def test_names_are_read_in_any_case_and_near_ones_are_told() -> None:
    assert named("R2Plus1D_18") == "r2plus1d_18"
    with pytest.raises(UserError, match="did you mean 'swin3d_t'"):
        build_outline(config("swin3d-t"), 16, 5)
