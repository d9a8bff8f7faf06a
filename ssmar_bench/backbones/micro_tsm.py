"""The built-in network of the embedded benchmarks: four convolutions with temporal shift, trained in minutes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ssmar_bench.backbones.shift import TemporalShift

WIDTHS = (16, 32, 64, 96)
WIDE = tuple(2 * width for width in WIDTHS)
"""``micro-tsm-wide``: what a larger network of one kind is worth, as ResNet-50 beside ResNet-18."""
NARROW = tuple(width // 2 for width in WIDTHS)
"""``micro-tsm-narrow``: a lighter one beside ``micro-tsm``, for methods of two networks."""

STRIDES = (2, 2, 2, 1)


class MicroTSM(nn.Module):
    """Frames (B x T, 3, H, W) to (B x T, ``widths[-1]``) features after ReLU and global average pooling.

    Four blocks of 3x3 convolution, BatchNorm and ReLU; all but the first see their input shifted in time by a quarter
    of the channels each way, which is a large share because the network is small and motion is all that matters.
    """

    def __init__(self, segments: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.features = widths[-1]
        blocks: list[nn.Module] = []
        channels = 3
        for depth, (width, stride) in enumerate(zip(widths, STRIDES, strict=True)):
            layer: nn.Module = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
            if depth:
                layer = TemporalShift(layer, segments, share=4)
            blocks += [layer, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            channels = width
        self.blocks = nn.Sequential(*blocks)

    def forward(self, frames: Tensor) -> Tensor:
        """Pooled features of every frame."""
        maps: Tensor = self.blocks(frames)
        return maps.mean((2, 3))
