"""The per-frame gate of MANet (Guo et al., IEEE TCSVT 2024): each frame weighs its own channels before the shift."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from ssmar_bench.backbones.pretrained import read_named_alike
from ssmar_bench.core.errors import UserError

REDUCTION = 4
"""By what the gate's hidden layer is narrower than its channels, as in the official code."""


class Gate(nn.Module):
    """A layer whose input is weighed by channel: x sigmoid(W2 relu(W1 mean(x))), every frame by itself, no biases.

    Args:
        layer: what sees the weighed input; in MANet the shifted first convolution of a residual branch.
        channels: of the input.
    """

    def __init__(self, layer: nn.Module, channels: int) -> None:
        super().__init__()
        self.layer = layer
        self.narrow = nn.Linear(channels, channels // REDUCTION, bias=False)
        self.wide = nn.Linear(channels // REDUCTION, channels, bias=False)

    def forward(self, frames: Tensor) -> Tensor:
        """(B x T, C, H, W) -> the layer's output for the weighed frames."""
        share = self.wide(self.narrow(frames.mean((2, 3))).relu()).sigmoid()
        output: Tensor = self.layer(frames * share[:, :, None, None])
        return output


def load_gates(network: nn.Module, path: Path) -> None:
    """Load the gates of a MANet checkpoint; those of a file without any stay as they are drawn.

    ``network.left_over`` loses what has found its place.

    Raises:
        UserError: some gates are missing or have another shape.
    """
    state = read_named_alike(path, ())
    gates = {name: part for name, part in network.named_modules() if isinstance(part, Gate)}
    wanted = {f"{name}.fcce.{place}.weight": layer for name, part in gates.items() for place, layer in _layers(part)}
    if not state.keys() & wanted.keys():
        return
    for key, layer in wanted.items():
        if key not in state or state[key].shape != layer.weight.shape:
            raise UserError(f"{path} does not fit the network: '{key}' is missing or has another shape.")
        layer.load_state_dict({"weight": state[key]})
    network.left_over = tuple(key for key in getattr(network, "left_over", ()) if key not in wanted)  # type: ignore[assignment]


def _layers(gate: Gate) -> tuple[tuple[int, nn.Linear], tuple[int, nn.Linear]]:
    """Its layers with their places in the official code's ``fcce``."""
    return (0, gate.narrow), (2, gate.wide)
