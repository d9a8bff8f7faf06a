"""Divided space-time attention, and the vision transformers whose weights it starts from; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file
from timm.layers.pos_embed import resample_abs_pos_embed
from torch import Tensor, nn

from ssmar_bench.backbones import timesformer
from ssmar_bench.backbones.build import (
    ClipClassifier,
    build_backbone,
    build_outline,
    pretext_weights,
    weights_digest,
)
from ssmar_bench.backbones.timesformer import DividedBlock
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.network_names import TOKENS

SEGMENTS = 4
SMALLEST = "vit_tiny_patch16_224"
"""Stands for the transformer of ``timesformer-small``: the same in narrow."""


def make(name: str = "timesformer-micro", size: int = 32, segments: int = SEGMENTS, **changed: Any) -> ClipClassifier:
    config = BackboneConfig(**{"name": name, "weights": "none", "input": "rgb", **changed})
    return build_backbone(config, segments, 5, seed=0, size=size)


def clips_of(size: int = 32, segments: int = SEGMENTS, count: int = 2) -> Tensor:
    return torch.randn(count, segments, 3, size, size, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def awake(network: ClipClassifier) -> ClipClassifier:
    """Nothing starts at zero, where it would hide what lies behind it."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    return network.eval()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(timesformer.TIMM, "timesformer-small", SMALLEST)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """Weights of the transformer, classifier and all, with position embeddings that are easily distinguished."""
    with torch.random.fork_rng():
        torch.manual_seed(99)
        state = dict(timm.create_model(SMALLEST, num_classes=7).state_dict())
        return state | {"pos_embed": torch.randn_like(state["pos_embed"])}


# ---- the mathematics


def attention(part: Any, rows: Tensor) -> Tensor:
    """Multi-head self-attention of (N, D), a head and a row at a time."""
    width, heads = rows.shape[1], part.num_heads
    q, k, v = (rows @ part.qkv.weight.T + part.qkv.bias).chunk(3, dim=1)
    found = torch.zeros_like(rows)
    for head in range(heads):
        own = slice(head * width // heads, (head + 1) * width // heads)
        for i in range(len(rows)):
            likeness = (q[i, own] * k[:, own]).sum(1) / (width // heads) ** 0.5
            found[i, own] = (likeness.softmax(0)[:, None] * v[:, own]).sum(0)
    return found @ part.proj.weight.T + part.proj.bias


def test_a_block_attends_in_time_then_in_space() -> None:
    block: DividedBlock = awake(make()).backbone.network.blocks[2]
    frames, places, width = 3, 4, 64
    tokens = torch.randn(2, 1 + frames * places, width)
    found = block(tokens, frames)
    for clip, answer in zip(tokens, found, strict=True):
        token, patches = clip[0], clip[1:].view(frames, places, width).clone()
        for place in range(places):
            rows = attention(block.temporal_attn, block.temporal_norm(patches[:, place]))
            patches[:, place] += rows @ block.temporal_out.weight.T + block.temporal_out.bias
        changes = [
            attention(block.attn, block.norm1(torch.cat([token[None], patches[frame]]))) for frame in range(frames)
        ]
        token = token + sum(change[0] for change in changes) / frames
        patches = torch.stack([patches[frame] + changes[frame][1:] for frame in range(frames)])
        expected = torch.cat([token[None], patches.flatten(0, 1)])
        expected = expected + block.mlp(block.norm2(expected))
        torch.testing.assert_close(answer, expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_of_a_clip_that_does_not_move_it_is_the_vision_transformer(narrow: None) -> None:
    network = make("timesformer-small", 48)
    for block in network.backbone.network.blocks:
        nn.init.zeros_(block.temporal_out.weight)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformer = timm.create_model(SMALLEST, num_classes=0, img_size=48).eval()
    frame = clips_of(48)[:, 0]
    found = network.eval()(frame[:, None].expand(-1, SEGMENTS, -1, -1, -1)).features
    torch.testing.assert_close(found, transformer(frame), rtol=1e-4, atol=1e-5)


def test_time_is_where_space_was_copied_to_and_disturbs_nothing_beyond_the_first_block() -> None:
    network = make().eval()
    first, *others = blocks = list(network.backbone.network.blocks)
    for block in blocks:
        for temporal, spatial in ((block.temporal_attn, block.attn), (block.temporal_norm, block.norm1)):
            for mine, theirs in zip(temporal.parameters(), spatial.parameters(), strict=True):
                assert mine.equal(theirs)
                assert mine is not theirs
        assert not block.temporal_out.bias.any()
    assert first.temporal_out.weight.any()
    assert not any(block.temporal_out.weight.any() for block in others)
    assert not network.backbone.time_embed.any()

    clips = clips_of()
    before = network(clips).logits
    for block in others:
        nn.init.normal_(block.temporal_attn.qkv.weight)
    assert network(clips).logits.equal(before)
    nn.init.normal_(first.temporal_attn.qkv.weight)
    assert not network(clips).logits.allclose(before, atol=1e-4)


def test_it_sees_the_order_of_frames_by_its_time_embedding_alone() -> None:
    network, clips = awake(make()), clips_of()
    assert not network(clips.flip(1)).features.allclose(network(clips).features, atol=1e-3)
    nn.init.zeros_(network.backbone.time_embed)
    torch.testing.assert_close(network(clips.flip(1)).features, network(clips).features, rtol=1e-4, atol=1e-4)


def test_position_and_time_are_added_where_they_belong() -> None:
    backbone = make().eval().backbone
    seen: list[Tensor] = []
    backbone.network.blocks[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    nn.init.zeros_(backbone.network.patch_embed.proj.weight)
    nn.init.zeros_(backbone.network.patch_embed.proj.bias)
    nn.init.normal_(backbone.time_embed)
    backbone(clips_of())
    token, patches = seen[0][1, 0], seen[0][1, 1:].view(SEGMENTS, 16, 64)
    position, time = backbone.network.pos_embed[0], backbone.time_embed[0]
    torch.testing.assert_close(token, backbone.network.cls_token[0, 0] + position[0])
    for frame in range(SEGMENTS):
        for place in range(16):
            torch.testing.assert_close(patches[frame, place], position[1 + place] + time[frame])


def test_drop_path_grows_linearly_and_acts_in_training_alone() -> None:
    network, clips = awake(make()), clips_of()
    rates = [block.drop_path.drop_prob for block in network.backbone.network.blocks]
    assert rates == pytest.approx([0.1 * depth / (len(rates) - 1) for depth in range(len(rates))])
    assert network(clips).logits.equal(network(clips).logits)
    network.train()
    assert not network(clips).logits.equal(network(clips).logits)


# ---- as a backbone


@pytest.mark.parametrize("size", [16, 32, 40])
@pytest.mark.parametrize("segments", [1, 4, 8])
def test_shapes(segments: int, size: int) -> None:
    network = make(size=size, segments=segments)
    output = network(clips_of(size, segments))
    assert network.grid == (size // 8, size // 8)
    assert output.features.shape == (2, network.features) == (2, 64)
    assert output.logits.shape == (2, 5)
    assert network.forward_passes == 2


@pytest.mark.parametrize("frames", [1, 2, 3, 8])
def test_clips_of_another_length_take_the_nearest_time_embeddings(frames: int) -> None:
    backbone = make().eval().backbone
    nn.init.normal_(backbone.time_embed)
    found = backbone(clips_of(segments=frames))
    nearest = [frame * SEGMENTS // frames for frame in range(frames)]
    backbone.time_embed = nn.Parameter(backbone.time_embed[:, nearest])
    torch.testing.assert_close(found, backbone(clips_of(segments=frames)))


@pytest.mark.parametrize("kind", ["rgb", "diff", "mean_subtracted"])
def test_every_input_and_half_precision(kind: str) -> None:
    network, clips = awake(make(input=kind)), clips_of()
    full = network(clips)
    with torch.autocast("cpu", torch.bfloat16):
        half = network(clips)
    assert not full.logits.equal(awake(make())(clips).logits) or kind == "rgb"
    torch.testing.assert_close(half.features.float(), full.features, rtol=0.1, atol=0.1)


@pytest.fixture
def repeatable() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def test_gradients_reach_everything_repeatably(repeatable: None) -> None:
    network = awake(make())
    found = []
    for _ in range(2):
        network.zero_grad()
        network(clips_of(segments=SEGMENTS)).logits.square().sum().backward()
        found.append([parameter.grad.clone() for parameter in network.parameters()])
    assert all(gradient.isfinite().all() and gradient.any() for gradient in found[0])
    assert all(one.equal(two) for one, two in zip(*found, strict=True))


@pytest.mark.parametrize(
    ("name", "width", "millions"), [("timesformer-base", 768, 121.3), ("timesformer-small", 384, 30.6)]
)
def test_the_large_ones_are_outlined_without_memory_or_download(name: str, width: int, millions: float) -> None:
    network = build_outline(BackboneConfig(name=name, weights="imagenet", input="rgb"), 8, 12, 224)
    assert (network.grid, network.features) == ((14, 14), width)
    assert all(parameter.is_meta for parameter in network.parameters())
    assert sum(parameter.numel() for parameter in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)
    assert len(network.backbone.network.blocks) == 12
    assert network.backbone.time_embed.shape == (1, 8, width)


@pytest.mark.parametrize("size", [20, 36])
def test_a_crop_that_patches_do_not_fill(size: int) -> None:
    with pytest.raises(UserError, match=rf"patches of 8 x 8; {size} is no multiple"):
        make(size=size)


# ---- pretrained weights


@pytest.mark.parametrize("size", [224, 64])
def test_weights_of_a_vision_transformer_are_loaded_for_any_crop(
    narrow: None, tmp_path: Path, state: dict[str, Tensor], size: int
) -> None:
    torch.save(state, tmp_path / "vit.pth")
    network = make("timesformer-small", size, weights=str(tmp_path / "vit.pth"))
    found = network.backbone.network.state_dict()
    spatial = {key: value for key, value in state.items() if not key.startswith(("head.", "pos_embed"))}
    assert all(found[key].equal(value) for key, value in spatial.items())
    place = resample_abs_pos_embed(state["pos_embed"], [size // 16] * 2)
    assert found["pos_embed"].equal(place)
    assert found["pos_embed"].equal(state["pos_embed"]) == (size == 224)
    assert {key for key in found if "temporal" not in key} == {*spatial, "pos_embed"}
    for depth in range(12):
        for mine, theirs in (("temporal_attn.qkv", "attn.qkv"), ("temporal_norm", "norm1")):
            assert found[f"blocks.{depth}.{mine}.weight"].equal(state[f"blocks.{depth}.{theirs}.weight"])


@pytest.mark.parametrize("fault", ["pos_embed", "another network", "cls_token"])
def test_weights_that_do_not_fit(narrow: None, tmp_path: Path, state: dict[str, Tensor], fault: str) -> None:
    content: dict[str, Tensor] = dict(state)
    if fault == "another network":
        content = {"conv1.weight": torch.zeros(1)}
    else:
        content[fault] = torch.zeros(1, 12, 3)
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(UserError, match=r"w\.pth does not fit the network"):
        make("timesformer-small", 64, weights=str(tmp_path / "w.pth"))


def test_imagenet_weights_are_those_that_timm_fetches(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Tensor], tmp_path: Path
) -> None:
    create, asked = timm.create_model, []

    def fetched(name: str, pretrained: bool = False, **arguments: Any) -> Any:
        asked.append((name, pretrained, arguments))
        return create(SMALLEST, **arguments)

    monkeypatch.setattr(timm, "create_model", fetched)
    for name in ("timesformer-base", "timesformer-small"):
        make(name, 64, weights="imagenet")
    arguments = {"num_classes": 0, "img_size": 64}
    assert asked == [
        ("vit_base_patch16_224.orig_in21k_ft_in1k", True, arguments),
        ("vit_small_patch16_224.augreg_in21k_ft_in1k", True, arguments),
    ]
    config = BackboneConfig(name="timesformer-base", weights="imagenet", input="rgb")
    assert weights_digest(config) == "imagenet:timesformer-base"


def test_weights_that_cannot_be_fetched_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(UserError, match=r"ConnectionError.*backbone\.weights=FILE"):
        make("timesformer-base", weights="imagenet")


def test_the_small_one_has_no_imagenet_weights_and_names_are_known() -> None:
    with pytest.raises(UserError, match=r"'timesformer-micro' has no imagenet weights"):
        make(weights="imagenet")
    with pytest.raises(UserError, match=r"did you mean 'timesformer-base'"):
        make("timesformer-bas")
    assert make().grid
    assert build_backbone(BackboneConfig(name="micro-tsm", weights="none", input="rgb"), 4, 5, 0).grid is None
    assert set(TOKENS) == {*timesformer.TIMM, "timesformer-micro"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("size", "segments"), [(32, 8), (64, 8), (32, 4), (16, 16)])
def test_pretext_weights_are_loaded_for_any_crop_and_number_of_frames(size: int, segments: int) -> None:
    stored = load_file(pretext_weights("timesformer-micro"))
    found = make(size=size, segments=segments, weights="pretext").backbone.state_dict()
    embedded = {"time_embed", "network.pos_embed"}
    assert all(found[name].equal(stored[name].to(found[name].dtype)) for name in set(stored) - embedded)
    assert found["time_embed"].shape == (1, segments, 64)
    assert found["network.pos_embed"].shape == (1, 1 + (size // 8) ** 2, 64)
    if (size, segments) == (32, 8):
        assert all(found[name].equal(stored[name].to(found[name].dtype)) for name in embedded)
