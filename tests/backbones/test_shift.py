from __future__ import annotations

import pytest
import torch
from torch import nn

from ssmar_bench.backbones.shift import TemporalShift, temporal_shift


def frames(clips: int, segments: int, channels: int) -> torch.Tensor:
    """Pixel value 100 clip + 10 (frame + 1) + channel: (B x T, C, 1, 1)."""
    clip, frame, channel = torch.meshgrid(
        torch.arange(clips), torch.arange(segments), torch.arange(channels), indexing="ij"
    )
    return (100 * clip + 10 * (frame + 1) + channel).float().flatten(0, 1)[..., None, None]


def test_by_hand() -> None:
    """Channel 0 comes from the frame after, channel 1 from the frame before, 2 and 3 stay; zeros at the ends."""
    found = temporal_shift(frames(2, 3, 4), segments=3, share=4)[..., 0, 0]
    assert found.tolist() == [
        [20, 0, 12, 13],
        [30, 11, 22, 23],
        [0, 21, 32, 33],
        [120, 0, 112, 113],
        [130, 111, 122, 123],
        [0, 121, 132, 133],
    ]


@pytest.mark.parametrize(("segments", "channels", "share"), [(8, 64, 8), (3, 16, 4), (1, 8, 8), (4, 7, 8)])
def test_it_shifts_as_the_official_code_does(segments: int, channels: int, share: int) -> None:
    """A plain loop by the rule of TSM's ``ops/temporal_shift.py``; its checkpoints depend on the direction."""
    given = torch.randn(2 * segments, channels, 3, 2)
    x, fold = given.unflatten(0, (2, segments)), channels // share
    out = torch.zeros_like(x)
    for t in range(segments):
        for c in range(channels):
            seen = t + 1 if c < fold else t - 1 if c < 2 * fold else t
            if 0 <= seen < segments:
                out[:, t, c] = x[:, seen, c]
    assert temporal_shift(given, segments, share).equal(out.flatten(0, 1))


@pytest.mark.parametrize(("channels", "share", "moved"), [(16, 8, 2), (17, 8, 2), (16, 4, 4), (7, 8, 0), (8, 8, 1)])
def test_a_share_of_the_channels_moves_each_way(channels: int, share: int, moved: int) -> None:
    given = frames(1, 4, channels)
    found = temporal_shift(given, 4, share)
    assert found[:-1, :moved].equal(given[1:, :moved])
    assert found[1:, moved : 2 * moved].equal(given[:-1, moved : 2 * moved])
    assert found[:, 2 * moved :].equal(given[:, 2 * moved :])
    assert not found[-1, :moved].any()
    assert not found[0, moved : 2 * moved].any()


def test_one_frame_a_clip_loses_its_neighbours() -> None:
    given = frames(3, 1, 4)
    found = temporal_shift(given, 1, 4)
    assert not found[:, :2].any()
    assert found[:, 2:].equal(given[:, 2:])


def test_the_input_is_left_alone_and_memory_formats_do_not_matter() -> None:
    given = torch.randn(6, 8, 5, 5)
    kept = given.clone()
    found = temporal_shift(given, 3, 4)
    assert given.equal(kept)
    last = temporal_shift(given.to(memory_format=torch.channels_last), 3, 4)
    assert last.equal(found)
    assert last.is_contiguous(memory_format=torch.channels_last)  # or the next convolution lays its input out again


def test_gradients_of_both_orders_are_right() -> None:
    given = torch.randn(6, 8, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: temporal_shift(x, 3, 4).square(), given)
    assert torch.autograd.gradgradcheck(lambda x: temporal_shift(x, 3, 4).square(), given)


def test_a_shifted_layer_sees_shifted_frames() -> None:
    given = torch.randn(6, 8, 5, 5)
    assert TemporalShift(nn.Identity(), 3, 4)(given).equal(temporal_shift(given, 3, 4))
    assert TemporalShift(nn.Identity(), 3)(given).equal(temporal_shift(given, 3, 8))  # TSM's own share
