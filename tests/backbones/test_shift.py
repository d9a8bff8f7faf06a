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
    """Channel 0 comes from the frame before, channel 1 from the frame after, 2 and 3 stay; zeros at the ends."""
    found = temporal_shift(frames(2, 3, 4), segments=3, share=4)[..., 0, 0]
    assert found.tolist() == [
        [0, 21, 12, 13],
        [10, 31, 22, 23],
        [20, 0, 32, 33],
        [0, 121, 112, 113],
        [110, 131, 122, 123],
        [120, 0, 132, 133],
    ]


@pytest.mark.parametrize(("channels", "share", "moved"), [(16, 8, 2), (17, 8, 2), (16, 4, 4), (7, 8, 0), (8, 8, 1)])
def test_a_share_of_the_channels_moves_each_way(channels: int, share: int, moved: int) -> None:
    given = frames(1, 4, channels)
    found = temporal_shift(given, 4, share)
    assert found[1:, :moved].equal(given[:-1, :moved])
    assert found[:-1, moved : 2 * moved].equal(given[1:, moved : 2 * moved])
    assert found[:, 2 * moved :].equal(given[:, 2 * moved :])
    assert not found[0, :moved].any()
    assert not found[-1, moved : 2 * moved].any()


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
    assert temporal_shift(given.to(memory_format=torch.channels_last), 3, 4).equal(found)


def test_a_shifted_layer_sees_shifted_frames() -> None:
    given = torch.randn(6, 8, 5, 5)
    assert TemporalShift(nn.Identity(), 3, 4)(given).equal(temporal_shift(given, 3, 4))
    assert TemporalShift(nn.Identity(), 3)(given).equal(temporal_shift(given, 3, 8))  # TSM's own share
