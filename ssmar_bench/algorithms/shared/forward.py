"""One forward pass for several views."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import torch
from torch import Tensor

from ssmar_bench.core.contract import Output


def forward_together(network: Callable[[Tensor], Output], *clips: Tensor) -> list[Output]:
    """The outputs for several batches of clips (B_i, T, C, H, W) from one concatenated pass.

    BatchNorm normalises over all of them at once, as in the official FixMatch and in semilearn's default.
    """
    output = network(torch.cat(clips))
    ends = list(accumulate(len(batch) for batch in clips))
    return [
        Output(output.logits[start:end], output.features[start:end], output.frames[start:end])
        for start, end in zip([0, *ends], ends, strict=False)
    ]
