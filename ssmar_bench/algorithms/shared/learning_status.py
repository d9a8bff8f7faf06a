"""How well each class is learned, measured by how many unlabelled clips it has won with confidence."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LearningStatus(nn.Module):
    """The last confident label of every unlabelled clip, -1 where there is none yet (FlexMatch's u, FineSSL's S).

    Args:
        clips: size of the unlabelled pool.
        classes: C.
    """

    def __init__(self, clips: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.register_buffer("label", torch.full((clips,), -1))

    label: Tensor

    def counts(self) -> tuple[Tensor, Tensor]:
        """Clips won by each class (C,), and those won by none, as floats."""
        found = (self.label + 1).bincount(minlength=self.classes + 1).to(torch.float32)
        return found[1:], found[0]

    def record(self, index: Tensor, label: Tensor, confident: Tensor) -> None:
        """Notes the labels (B,) of the clips (B,) for which ``confident`` (B,) holds."""
        self.label[index[confident]] = label[confident]

    def clear(self) -> None:
        """Forgets everything."""
        self.label.fill_(-1)
