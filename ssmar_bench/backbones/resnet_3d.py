"""Residual networks of 3D convolutions, whose four stages tell their feature maps."""

from __future__ import annotations

import itertools

from torch import Tensor, nn
from torchvision.models.video.resnet import BasicBlock, Conv3DSimple

WIDTHS = (16, 32, 48, 64)
"""``micro-r3d``: channels of the stages of a network for clips of 8 x 32 x 32, trained on a CPU."""


class ResNet3D(nn.Module):
    """Clips (B, T, 3, H, W) of any T to pooled features (B, D).

    Args:
        stem: (B, 3, T, H, W) to maps of the first stage's size.
        layers: the residual stages, one after the other.
        features: D, channels of the last stage.
    """

    takes_clips = True

    def __init__(self, stem: nn.Module, layers: list[nn.Module], features: int) -> None:
        super().__init__()
        self.stem = stem
        self.layers = nn.ModuleList(layers)
        self.features = features
        self.stages = len(layers)

    def maps(self, clips: Tensor) -> list[Tensor]:
        """The feature maps (B, C, T, H, W) of every stage, after its last ReLU."""
        maps = [self.stem(clips.transpose(1, 2))]
        for layer in self.layers:
            maps.append(layer(maps[-1]))
        return maps[1:]

    def forward(self, clips: Tensor) -> Tensor:
        """Pooled features of every clip."""
        return mean_pool(self.maps(clips)[-1])


def mean_pool(maps: Tensor) -> Tensor:
    """(B, C, T, H, W) to their means (B, C); unlike adaptive pooling it has a repeatable gradient on GPUs."""
    return maps.mean((2, 3, 4))


def micro_r3d(segments: int) -> ResNet3D:  # noqa: ARG001  # takes clips of any length
    """The built-in one: strides as of ``r3d18``, a narrow stem of 3 x 3 x 3 and one block a stage."""
    stem = nn.Sequential(
        nn.Conv3d(3, WIDTHS[0], 3, stride=(1, 2, 2), padding=1, bias=False), nn.BatchNorm3d(WIDTHS[0]), nn.ReLU()
    )
    layers: list[nn.Module] = [BasicBlock(WIDTHS[0], WIDTHS[0], Conv3DSimple)]
    for before, width in itertools.pairwise(WIDTHS):
        across = nn.Sequential(nn.Conv3d(before, width, 1, stride=2, bias=False), nn.BatchNorm3d(width))
        layers.append(BasicBlock(before, width, Conv3DSimple, stride=2, downsample=across))
    for part in [stem, *layers]:
        for module in part.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return ResNet3D(stem, layers, WIDTHS[-1])
