"""Frames that are a part of a clip: each has the time embedding of its place, where a network has any."""

from __future__ import annotations

from typing import Any, Literal

import pytest
import torch

from ssmar_bench.backbones.build import ClipClassifier, build_backbone
from ssmar_bench.core.benchmark_config import BackboneConfig

CLIPS = torch.randn(2, 4, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def make(name: str, kind: Literal["rgb", "diff", "mean_subtracted"] = "rgb") -> ClipClassifier:
    network = build_backbone(BackboneConfig(name=name, weights="none", input=kind), 4, 5, 0, 16).eval()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        for parameter in network.parameters():
            if parameter.ndim > 1 and not parameter.any():
                parameter.normal_(std=0.1)  # time embeddings, and the branches that start at zero
    return network


@torch.no_grad()
def test_all_places_of_a_clip_are_the_clip() -> None:
    network = make("timesformer-micro")
    assert network(CLIPS, places=range(4)).logits.equal(network(CLIPS).logits)


@torch.no_grad()
def test_a_frame_has_the_embedding_of_its_place() -> None:
    """As a network that has these embeddings alone; another place is another answer."""
    network, short = make("timesformer-micro"), make("timesformer-micro")
    backbone: Any = short.backbone
    backbone.time_embed = torch.nn.Parameter(network.backbone.time_embed[:, [1, 3]])
    part = CLIPS[:, [1, 3]]
    assert network(part, places=(1, 3)).logits.equal(short(part).logits)
    assert not network(part, places=(0, 3)).logits.allclose(short(part).logits, atol=1e-4)
    with pytest.raises(IndexError):
        network(part, places=(3, 4))


@torch.no_grad()
@pytest.mark.parametrize("name", ["micro-tsm", "micro-r3d"])
def test_to_a_network_without_such_embeddings_it_is_all_the_same(name: str) -> None:
    network = make(name)
    assert network(CLIPS[:, :3], places=(1, 2, 3)).logits.equal(network(CLIPS[:, :3]).logits)


@torch.no_grad()
def test_the_differences_of_a_single_frame_are_nothing() -> None:
    network = make("micro-tsm", "diff")
    one = network(CLIPS[:, :1]).logits
    assert one.isfinite().all()
    assert one.equal(network(torch.zeros_like(CLIPS[:, :1])).logits)
