"""A clip as three elements of other temporal density (SeFAR, AAAI 2025), and a network that joins them."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.core.contract import Output


def element_places(frames: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Which frames of a clip each element has: two fine ones, and the context.

    The context has every second frame from the first on, and the fine ones take turns in the others: of 8 frames
    (1, 5), (3, 7) and (0, 2, 4, 6). Every frame is in one element.

    Raises:
        ValueError: there are less than four frames.
    """
    if frames < 4:
        raise ValueError(f"clips of {frames} frames have no three elements; set frame_cache.segments to 4 or more")
    places = tuple(range(frames))
    return places[1::4], places[3::4], places[::2]


def fine_frames_reversed(clips: Tensor) -> Tensor:
    """Clips (B, T, ...) whose fine elements run backwards; the context stays."""
    order = list(range(clips.shape[1]))
    for places in element_places(len(order))[:2]:
        for here, there in zip(places, reversed(places), strict=True):
            order[here] = there
    return clips[:, order]


class ElementNetwork(nn.Module):
    """A network that looks at each element of a clip by itself, and a classifier of all their features.

    f_g are the network's features of element g. Singles h(W_0 f_g) and pairs h(W_1 [f_g, f_h]), with h(x) =
    LayerNorm(GELU(x)), make the features h(W_2 [pairs, singles]). The network's own classifier is not used.

    Args:
        network: of the contract.
        width: of everything behind it.
        classes: C.
        dropout: share of the features that is dropped before the classifier in training.
    """

    def __init__(self, network: Any, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.network = network
        network.classifier.requires_grad_(False)
        self.single = _joined(network.features, width)
        self.pair = _joined(2 * network.features, width)
        self.whole = _joined(6 * width, width)
        self.classifier = nn.Linear(width, classes)
        self.dropout = dropout

    def forward(self, clips: Tensor) -> Output:
        """Logits (B, C) and features (B, width) of clips (B, T, C, H, W), T at least 4."""
        found = [self.network(clips[:, list(at)], places=at).features for at in element_places(clips.shape[1])]
        pairs = [self.pair(torch.cat(two, dim=1)) for two in combinations(found, 2)]
        features = self.whole(torch.cat([*pairs, *map(self.single, found)], dim=1))
        logits = self.classifier(functional.dropout(features, self.dropout, self.training))
        return Output(logits, features, features[:, None])

    def dropped_out(self, features: Tensor, passes: int) -> Tensor:
        """Logits (passes, B, C) under as many draws of the dropout, of features (B, width).

        Draws are made on the CPU, so that they are the same on every device.
        """
        kept = torch.rand(passes, *features.shape).to(features.device) >= self.dropout
        logits: Tensor = self.classifier(features * kept / (1 - self.dropout))
        return logits


def _joined(features: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, width), nn.GELU(), nn.LayerNorm(width))
