"""A network is tried on the CPU where it is small, else on torch's device that has no memory."""

from __future__ import annotations

import pytest
import torch

from ssmar_bench.backbones.trial import trial
from ssmar_bench.core.benchmark_config import BackboneConfig


@pytest.mark.parametrize(("name", "device"), [("micro-tsm", "cpu"), ("tsm:resnet18", "meta")])
def test_shapes_are_known_and_no_draw_is_used_up(name: str, device: str) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with trial(BackboneConfig(name=name, weights="none", input="diff", dropout=0.5), 4, 5, 32, clips=2) as (net, clips):
        output = net.train()(clips)
    assert (clips.device.type, output.logits.device.type) == (device, device)
    assert (clips.shape, output.logits.shape) == ((2, 4, 3, 32, 32), (2, 5))
    assert torch.equal(torch.rand(1), expected)
