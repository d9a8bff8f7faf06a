"""Checkpoints of a run: the last two, of which one is written again after every epoch."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import torch

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import CHECKPOINTS, RunFolder
from ssmar_bench.training.pseudo_label_log import name_of


def loadable_state(state: Any) -> bytes:
    """A state of tensors and plain values as ``torch.load(..., weights_only=True)`` reads it."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def write_checkpoint(folder: RunFolder, epoch: int, state: Mapping[str, Any]) -> None:
    """Keep ``state``, in which ``step`` counts the steps so far, in place of the checkpoint of two epochs before."""
    folder.keep({CHECKPOINTS[epoch % 2]: loadable_state(state)})


def earlier_checkpoint(epoch: int) -> str:
    """The name of the checkpoint that the epoch before ``epoch`` has left."""
    return CHECKPOINTS[(epoch + 1) % 2]


def last_checkpoint(folder: RunFolder, steps_per_epoch: int) -> dict[str, Any] | None:
    """The last one whose epochs all have their pseudo-labels: those that are damaged are trained again.

    Raises:
        UserError: a checkpoint is damaged or cannot be read.
    """
    states = [_read(folder, name) for name in folder.checkpoints()]
    whole = [state for state in states if _has_pseudo_labels(folder, int(state["step"]) // steps_per_epoch)]
    return max(whole, key=lambda state: int(state["step"]), default=None)


def _read(folder: RunFolder, name: str) -> dict[str, Any]:
    content = io.BytesIO(folder.kept(name))
    try:
        state: dict[str, Any] = torch.load(content, map_location="cpu", weights_only=True)
    except Exception as error:
        path = folder.work / name
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}); remove it, and the run goes on from an earlier one "
            "or starts from its beginning."
        ) from error
    return state


def _has_pseudo_labels(folder: RunFolder, epochs: int) -> bool:
    return all((folder.work / name_of(epoch)).is_file() for epoch in range(1, epochs + 1))
