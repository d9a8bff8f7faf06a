"""Any 2D network of timm on frames: averaged over frames (TSN) or with temporal shift (TSM)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import timm
import torch
from torch import Tensor, nn

from ssmar_bench.backbones.shift import Shifted
from ssmar_bench.core.errors import UserError, nearest


class Timm2D(nn.Module):
    """Frames (B x T, 3, H, W) to pooled features (B x T, D) of the timm network ``name``.

    With ``shift``, the first convolution of every residual block sees its input shifted in time, as in TSM.
    """

    def __init__(self, name: str, segments: int, shift: bool, weights: str) -> None:
        super().__init__()
        if not timm.is_model(name):
            raise UserError(f"timm knows no network '{name}'{nearest(name, timm.list_models())}.")
        self.network: Any = _pretrained(name) if weights == "imagenet" else timm.create_model(name, num_classes=0)
        if weights not in ("none", "imagenet"):
            _load(self.network, Path(weights))
        self.features = int(cast("int", self.network.num_features))
        if shift:
            parts: list[Any] = list(self.network.modules())[1:]
            blocks = [part for part in parts if hasattr(part, "conv1")]
            if not blocks:
                raise UserError(f"tsm:{name}: temporal shift needs residual blocks with a 'conv1'; use tsn:{name}.")
            for block in blocks:
                block.conv1 = Shifted(block.conv1, segments)

    def forward(self, frames: Tensor) -> Tensor:
        """Pooled features of every frame."""
        features: Tensor = self.network(frames)
        return features


def _pretrained(name: str) -> Any:
    try:
        return timm.create_model(name, num_classes=0, pretrained=True)
    except Exception as error:
        raise UserError(
            f"The ImageNet weights of {name} cannot be fetched ({type(error).__name__}); download them elsewhere and "
            f"give the file with --set backbone.weights=FILE, or train from scratch with backbone.weights=none."
        ) from error


def _load(network: nn.Module, path: Path) -> None:
    """Load a state dict (``.safetensors`` or ``.pth``), its classifier left out."""
    if not path.is_file():
        raise UserError(f"The weights file {path} does not exist; give its path, 'imagenet' or 'none'.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UserError(f"{path} holds no weights that can be read ({type(error).__name__}).") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]  # as training frameworks wrap it
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UserError(f"{path} holds no weights: expected a dictionary of tensors by parameter name.")
    wanted = network.state_dict()
    state = {str(key).removeprefix("module."): value for key, value in state.items()}
    missing = [key for key in wanted if key not in state or state[key].shape != wanted[key].shape]
    if missing:
        raise UserError(f"{path} does not fit the network: '{missing[0]}' is missing or has another shape.")
    network.load_state_dict({key: state[key] for key in wanted})
