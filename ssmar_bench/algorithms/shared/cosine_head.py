"""A classifier by angles alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class CosineHead(nn.Module):
    """Logits scale * cos(features, w_c), without bias; the scale is learned, from CLIP's 1 / 0.07 on.

    Args:
        weight: (C, D) the first rows w_c; copied.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())
        self.scale = nn.Parameter(torch.tensor(1 / 0.07))

    def forward(self, features: Tensor) -> Tensor:
        """Logits (B, C) of features (B, D), in 32 bits."""
        with torch.autocast(features.device.type, enabled=False):
            cosine = functional.normalize(features.float(), dim=1) @ functional.normalize(self.weight, dim=1).T
            return self.scale * cosine
