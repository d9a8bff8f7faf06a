"""Weights from files, also of other code; whatever is wrong with them is reported in a sentence."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ssmar_bench.backbones.foreign_keys import is_of_head, named_alike
from ssmar_bench.core.errors import UserError

State = dict[str, Tensor]

WRAPPED = ("state_dict", "ema_model", "model")
"""Under which keys training frameworks save a state dict among other things; semilearn tests its ``ema_model``."""
LISTED = 3
"""Keys that a sentence names; of the others it tells the number."""


def load_weights(network: nn.Module, path: Path, fitted: Callable[[State], State] = dict) -> None:
    """Load a state dict (``.safetensors`` or ``.pth``), its classifier left out, after ``fitted`` has changed it.

    Keys of the official TSM, of mmaction2 and of semilearn are read (:mod:`ssmar_bench.backbones.foreign_keys`). What
    is left over besides a classifier is kept as ``network.left_over``, for :func:`left_over`.

    Raises:
        UserError: there is no such file, it holds no weights, or they do not fit the network.
    """
    fill(network, fitted(read_named_alike(path, network.state_dict())), path)


def fill(network: nn.Module, state: State, path: Path) -> None:
    """Load ``state``, read from ``path``; what is left over, and errors as in :func:`load_weights`."""
    wanted = network.state_dict()
    missing = [
        key
        for key in wanted
        if (key not in state and not key.endswith("num_batches_tracked"))
        or (key in state and state[key].shape != wanted[key].shape)
    ]
    spare = tuple(key for key in state if key not in wanted and not is_of_head(key))
    if missing:
        also = f"; {_listed(spare)} {'is' if len(spare) == 1 else 'are'} left over" if spare else ""
        verbs = "is missing or has" if len(missing) == 1 else "are missing or have"
        raise UserError(f"{path} does not fit the network: {_listed(missing)} {verbs} another shape{also}.")
    network.load_state_dict({key: state.get(key, wanted[key]) for key in wanted})
    network.left_over = spare  # type: ignore[assignment]


def read_named_alike(path: Path, wanted: Container[str]) -> State:
    """The weights of a file by the names of ``wanted``, where it has other names for them.

    Raises:
        UserError: there is no such file, or it holds no weights.
    """
    return named_alike(read_state(path), wanted)


def left_over(network: nn.Module, path: Path, name: str) -> str:
    """A sentence about the weights of the file that have no place in ``network``; "" if all have one."""
    spare = [key for part in network.modules() for key in getattr(part, "left_over", ())]
    if not spare:
        return ""
    verbs = ("has", "is") if len(spare) == 1 else ("have", "are")
    return f"{path}: {_listed(spare)} {verbs[0]} no place in {name} and {verbs[1]} left out."


def _listed(keys: Sequence[str]) -> str:
    """``'a', 'b', 'c' and 9 more``."""
    shown = ", ".join(f"'{key}'" for key in keys[:LISTED])
    return f"{shown} and {len(keys) - LISTED} more" if len(keys) > LISTED else shown


def require_file(path: Path) -> Path:
    """``path`` if it is a file; a :class:`UserError` if not."""
    if not path.is_file():
        fault = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"The weights file {path} {fault}; give its path, 'imagenet' or 'none'.")
    return path


def read_state(path: Path) -> State:
    """The tensors of a file by its own names.

    Raises:
        UserError: there is no such file, or it holds no weights.
    """
    require_file(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = _unpickled(path)
    except Exception as error:
        raise UserError(f"{path} holds no weights that can be read ({type(error).__name__}).") from error
    if isinstance(state, dict):
        state = next((state[key] for key in WRAPPED if isinstance(state.get(key), dict)), state)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UserError(f"{path} holds no weights: expected a dictionary of tensors by parameter name.")
    return {str(key): value for key, value in state.items()}


class _Nothing:
    """Stands for an object of another package in a checkpoint (a log, a scheduler); it does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def _unpickled(path: Path) -> Any:
    """What a file of ``torch.save`` holds; no code of it is executed.

    Beside their weights, checkpoints of other frameworks hold objects of their packages; these become nothing.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        unknown = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        with torch.serialization.safe_globals([(_Nothing, name) for name in unknown]):
            return torch.load(path, map_location="cpu", weights_only=True)
