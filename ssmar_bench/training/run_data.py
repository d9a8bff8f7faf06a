"""A run's clips: the order of its batches, its pools, and the fixed views that are evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.clips.normalise import Normaliser
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.contract import Batch, Labelled, Unlabelled, View, Views
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.core.seeds import generator
from ssmar_bench.core.split import Split

EVALUATION_BATCH = 64
PoolName = Literal["labelled", "unlabelled"]
Rows = npt.NDArray[np.int64]


def unlabelled_pool(spec: RunSpec, split: Split) -> tuple[str, ...]:
    """The clips that methods get as unlabelled: the split's, and behind them the labelled ones where a run says so."""
    return split.unlabelled + (split.labelled if spec.train.unlabelled_pool == "with_labelled" else ())


class RunData:
    """Batches and pools of one run, on ``device``.

    Every draw depends on the seed, its axis and the step alone, never on the method: all methods of a seed see the
    same clips in the same order, and a view of the same name looks the same to all of them.
    """

    def __init__(self, spec: RunSpec, split: Split, frame_cache: FrameCache, device: torch.device) -> None:
        self.seed = spec.seed
        self.device = device
        self.viewer = ViewMaker(frame_cache, spec.clips, spec.frame_cache, spec.seed)
        self.normalise = Normaliser(spec.clips, device)
        self.rows: dict[str, Rows] = {
            part: np.array([frame_cache.row(clip) for clip in getattr(split, part)], dtype=np.int64)
            for part in ("labelled", "unlabelled", "validation", "test")
        }
        self.unlabelled = len(self.rows["unlabelled"])
        """Clips without a label: the first ones of the pool."""
        pool = unlabelled_pool(spec, split)
        self.rows["unlabelled"] = np.array([frame_cache.row(clip) for clip in pool], dtype=np.int64)
        self.labels = torch.tensor([split.labels[clip] for clip in split.labelled], device=device)
        self.validation_label = np.array([split.labels[clip] for clip in split.validation])
        self.batch_size = spec.train.batch
        train_clips = len(split.labelled) + len(split.unlabelled)
        self.steps_per_epoch = math.ceil(train_clips / self.batch_size)

    def slots(self, pool: PoolName, step: int) -> Rows:
        """The pool's members (positions, not rows) of batch ``step``: endless shuffled passes over the pool."""
        size = len(self.rows[pool])
        place = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        passes = {
            number: generator("order", self.seed, pool, int(number)).permutation(size) for number in set(place // size)
        }
        return np.array([passes[number][i] for number, i in zip(place // size, place % size, strict=True)])

    def batch(self, step: int, views: Views) -> Batch:
        """The clips of a step under a method's views."""
        index = self.slots("labelled", step)
        labelled = Labelled(
            self._views("labelled", index, views.labelled, step),
            torch.from_numpy(index).to(self.device),
            self.labels[torch.from_numpy(index).to(self.device)],
        )
        if not views.unlabelled:
            return Batch(labelled, None)
        index = self.slots("unlabelled", step)
        clips = self._views("unlabelled", index, views.unlabelled, step)
        return Batch(labelled, Unlabelled(clips, torch.from_numpy(index).to(self.device)))

    def _views(self, pool: str, index: Rows, views: Mapping[str, View], step: int) -> dict[str, Tensor]:
        clips = self.viewer.views(self.rows[pool][index].tolist(), views, key=(pool, step))
        return {name: self.normalise(pixels) for name, pixels in clips.items()}

    def fixed(self, part: str) -> Iterator[Tensor]:
        """The test views (<= 64, T, C, H, W) of a whole part, in order."""
        for batch in self.viewer.test_batches(self.rows[part].tolist(), EVALUATION_BATCH):
            yield self.normalise(batch)


class EpochPools:
    """The pools as a method sees them between epochs (``core.contract.Pools``)."""

    def __init__(self, data: RunData, epoch: int) -> None:
        self.labels = data.labels
        self._data = data
        self._epoch = epoch

    @torch.no_grad()
    def map(self, pool: PoolName, view: View, function: Callable[[Tensor], Tensor], draw: int = 0) -> Tensor:
        """``function`` (of clips (B, T, C, H, W)) of every clip of the pool, in pool order: (N, ...)."""
        rows = self._data.rows[pool]
        answers = []
        for start in range(0, len(rows), EVALUATION_BATCH):
            key = (pool, "offline", self._epoch, draw, start)
            clips = self._data.viewer.views(rows[start : start + EVALUATION_BATCH].tolist(), {"offline": view}, key)
            answers.append(function(self._data.normalise(clips["offline"])))
        return torch.cat(answers)
