"""What Table 2's page says of memory, against the tensors that autograd keeps of each network at the paper's shape.

Counted on the ``meta`` device, where nothing is computed and nothing needs memory.
"""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from ssmar_bench.backbones.build import build_outline
from ssmar_bench.core.benchmark_config import BackboneConfig
from tests.docs._pages import ROOT

LABELLED = 8
ROW = re.compile(
    r"^\| (?P<row>.+?) \| (two )?`(?P<network>[a-z]+.*?\d*)` \| (?P<clips>\d)(?P<slow>, and 1 of 4 frames)? "
    r"\| (?P<kept>[\d.]+) GB \| [\d.]+ GB \| (?P<together>\d+) GB \|",
    re.MULTILINE,
)
ROWS = [found.groupdict() for found in ROW.finditer((ROOT / "docs/table2.md").read_text())]


def kept(network: str, clips: int) -> int:
    """Bytes of all tensors that a pass of ``clips`` clips of 8 x 224 x 224 keeps for the backward pass."""
    made = build_outline(BackboneConfig(name=network, weights="none", input="rgb"), 8, 12, 224).train()
    found: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        found[tensor.untyped_storage()._cdata] = tensor  # held, so that no other storage takes its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        made(torch.empty(clips, 8, 3, 224, 224, device="meta"))
    return sum(tensor.untyped_storage().nbytes() for tensor in found.values())


def test_every_row_of_table_2_is_estimated() -> None:
    assert len(ROWS) == 9
    assert all(int(row["together"]) < 80 for row in ROWS)


@pytest.mark.parametrize("network", sorted({row["network"] for row in ROWS}))
def test_what_is_kept_for_the_gradient(network: str) -> None:
    a_clip = (kept(network, 2) - kept(network, 1)) / 1e9  # weights are kept once, however many clips
    for row in ROWS:
        if row["network"] == network:
            clips = LABELLED * (int(row["clips"]) + 0.5 * bool(row["slow"]))
            assert clips * a_clip == pytest.approx(float(row["kept"]), rel=0.05), row["row"]
