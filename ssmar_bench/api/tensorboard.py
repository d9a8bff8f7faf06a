"""The curves of finished runs as scalars for TensorBoard (``pip install 'ssmar-bench[tensorboard]'``)."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ssmar_bench.core import links
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.results import record_logs

FOLDER = "tensorboard"
"""In a run's folder."""


def summary_writer() -> Any:
    """Torch's ``SummaryWriter``; a :class:`UserError` where the package tensorboard is not installed."""
    try:
        return importlib.import_module("torch.utils.tensorboard").SummaryWriter
    except ImportError as error:
        raise UserError(
            f"--tensorboard: the package tensorboard cannot be loaded ({error}); install it with: "
            "pip install 'ssmar-bench[tensorboard]'"
        ) from error


def write_scalars(run: RunFolder) -> Path:
    """Write the curves of a finished run below its folder, for ``tensorboard --logdir``; what was there is replaced.

    A scalar is called ``series/quantity``, as :func:`ssmar_bench.api.curves` has them; a step is an epoch.

    Args:
        run: its folder.

    Raises:
        UserError: the package is missing, or the record is damaged.
    """
    make, folder = summary_writer(), run.path / FOLDER
    links.require_none(folder)
    frame = record_logs.curves(run.record)
    links.remove(folder)
    with make(str(folder)) as writer:
        for row in frame.to_dict("records"):
            writer.add_scalar(f"{row['series']}/{row['quantity']}", row["value"], int(row["epoch"]))
    return folder
