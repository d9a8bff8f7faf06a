"""Pseudo-label log: what a run believed of its unlabelled clips, epoch by epoch, written without knowing the truth."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from ssmar_bench.core.contract import PseudoLabels
from ssmar_bench.core.errors import DivergedError
from ssmar_bench.core.run_folder import RunFolder

FIELDS = ("index", "label", "weight", "confidence")


def name_of(epoch: int) -> str:
    """The file of an epoch (from 1) below ``work/``."""
    return f"pseudo_label_log/epoch-{epoch:05d}.npz"


class PseudoLabelLog:
    """Collects the pseudo-labels of an epoch by series and writes them into the run's folder.

    Args:
        folder: of the run.
        clips: clips without a label. Labelled ones may follow them in the pool of the unlabelled; what is said of those
            is not logged, because it would be right too easily.
    """

    def __init__(self, folder: RunFolder, clips: int) -> None:
        self.folder = folder
        self.clips = clips
        self._streams: dict[str, list[PseudoLabels]] = {}

    def add(self, pseudo: Mapping[str, PseudoLabels]) -> None:
        """Keep a step's (or a whole pool's) pseudo-labels; nothing is copied from the device yet."""
        for series, labels in pseudo.items():
            self._streams.setdefault(series, []).append(labels)

    def write(self, epoch: int) -> None:
        """Write what was added since the last call as epoch ``epoch`` (from 1).

        Raises:
            DivergedError: a weight or a confidence is not a number.
        """
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for series, parts in self._streams.items():
            fields = {field: torch.cat([getattr(labels, field) for labels in parts]).cpu().numpy() for field in FIELDS}
            own = fields["index"] < self.clips
            if own.any():
                arrays |= {f"{series}/{field}": array[own] for field, array in fields.items()}
        for name, array in arrays.items():
            if np.isnan(array).any():
                raise DivergedError(f"pseudo-labels: {name.replace('/', '.')} is not a number in epoch {epoch}.")
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        self.folder.keep({name_of(epoch): buffer.getvalue()})
        self._streams = {}


def read_pseudo_label_log(content: bytes) -> dict[str, dict[str, npt.NDArray[np.generic]]]:
    """The content of one epoch's file: series -> field -> (N,)."""
    series_by_name: dict[str, dict[str, npt.NDArray[np.generic]]] = {}
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for name in arrays.files:
            series, _, field = name.rpartition("/")
            series_by_name.setdefault(series, {})[field] = arrays[name]
    return series_by_name
