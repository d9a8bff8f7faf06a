"""Weights from files; whatever is wrong with them is reported in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ssmar_bench.core.errors import UserError

State = dict[str, Tensor]


def load_weights(network: nn.Module, path: Path, fitted: Callable[[State], State] = dict) -> None:
    """Load a state dict (``.safetensors`` or ``.pth``), its classifier left out, after ``fitted`` has changed it.

    Raises:
        UserError: there is no such file, it holds no weights, or they do not fit the network.
    """
    state, wanted = fitted(_read(path)), network.state_dict()
    missing = [key for key in wanted if key not in state or state[key].shape != wanted[key].shape]
    if missing:
        raise UserError(f"{path} does not fit the network: '{missing[0]}' is missing or has another shape.")
    network.load_state_dict({key: state[key] for key in wanted})


def require_file(path: Path) -> Path:
    """``path`` if it is a file; a :class:`UserError` if not."""
    if not path.is_file():
        fault = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The weights file {path} {fault}; give its path, 'imagenet' or 'none'.")
    return path


def _read(path: Path) -> State:
    require_file(path)
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
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{path} holds no weights: expected a dictionary of tensors by parameter name.")
    return {str(key).removeprefix("module."): value for key, value in state.items()}
