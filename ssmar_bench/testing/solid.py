"""A small network of 3D convolutions: what a method may not know of its network, it must not take for granted."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ssmar_bench.core.contract import Output


class SolidNetwork(nn.Module):
    """Clips (B, T, 3, H, W) to logits and features (B, 16); a ``core.contract.Network``.

    Attributes:
        features: 16.
        forwarded: clips that went through since it was built.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((3, 8), (8, 16)):
            convolution = nn.Conv3d(before, after, 3, stride=(1, 2, 2), padding=1, bias=False)
            layers += [convolution, nn.BatchNorm3d(after), nn.ReLU(inplace=True)]
        self.backbone = nn.Sequential(*layers)
        self.features = 16
        self.classifier = nn.Linear(self.features, classes)
        self.forwarded = 0

    def forward(self, clips: Tensor) -> Output:
        """Logits (B, classes) and features (B, 16)."""
        self.forwarded += len(clips)
        features = self.backbone(clips.transpose(1, 2)).mean((2, 3, 4))
        return Output(self.classifier(features), features)


def solid_network(classes: int, seed: int) -> SolidNetwork:
    """The network with the initial weights of ``seed``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SolidNetwork(classes)
