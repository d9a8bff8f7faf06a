"""A run's clips: the order of its batches, its pools, and the fixed views that are evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import lru_cache
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
from ssmar_bench.training.loader import Loader, Pixels, Request, ViewRequests, one_thread

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

    def __init__(
        self,
        spec: RunSpec,
        split: Split,
        frame_cache: FrameCache,
        device: torch.device,
        workers: int = 0,
        plugins: tuple[str, ...] = (),
    ) -> None:
        self.seed = spec.seed
        self.device = device
        how, on_device = (spec.clips, spec.frame_cache, spec.seed), spec.train.augment_on_device
        made = ViewRequests(frame_cache.folder, spec.pixels, *how, plugins, on_device)
        made.maker = self._maker = ViewMaker(frame_cache, *how, on_device)
        self.loader = Loader(made, workers, pinned=device.type == "cuda")
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
        self._at_a_time = {
            "labelled": self.batch_size,
            "unlabelled": self.batch_size * spec.train.unlabelled_per_labelled,
        }
        train_clips = len(split.labelled) + len(split.unlabelled)
        self.steps_per_epoch = math.ceil(train_clips / self.batch_size)
        self._shuffled = lru_cache(maxsize=8)(self._shuffle)
        self._steps: Iterator[list[Pixels]] = iter(())
        self._next: tuple[int, Views] | None = None
        """The step, and its views, that is the next of ``_steps``."""

    def slots(self, pool: PoolName, step: int) -> Rows:
        """The pool's members (positions, not rows) of batch ``step``: endless shuffled passes over the pool."""
        size, count = len(self.rows[pool]), self._at_a_time[pool]
        place = np.arange(step * count, (step + 1) * count)
        return np.array([self._shuffled(pool, int(i) // size)[i % size] for i in place])

    def _shuffle(self, pool: str, number: int) -> Rows:
        """The pool's members in the order of a pass over it."""
        return generator("order", self.seed, pool, number).permutation(len(self.rows[pool]))

    def batch(self, step: int, views: Views) -> Batch:
        """The clips of a step under a method's views; those of the epoch's further steps are made meanwhile."""
        if self._next != (step, views):
            self.stop()
            ahead = range(step, (step // self.steps_per_epoch + 1) * self.steps_per_epoch)
            self._steps = self.loader.stream(self._requests(one, views) for one in ahead)
        pools = list(map(self._ready, next(self._steps), self._requests(step, views)))
        self._next = (step + 1, views)
        if (step + 1) % self.steps_per_epoch == 0:
            self.stop()
        index = self._moved(self.slots("labelled", step))
        batch = Labelled(pools[0], index, self.labels[index])
        if not views.unlabelled:
            return Batch(batch, None)
        return Batch(batch, Unlabelled(pools[1], self._moved(self.slots("unlabelled", step))))

    def stop(self) -> None:
        """Make no further steps' clips ahead; asked for one, it begins again."""
        if isinstance(self._steps, Generator):
            self._steps.close()
        self._next = None

    def _requests(self, step: int, views: Views) -> list[Request]:
        asked: list[tuple[PoolName, Mapping[str, View]]] = [("labelled", views.labelled)]
        if views.unlabelled:
            asked.append(("unlabelled", views.unlabelled))
        return [
            Request(tuple(self.rows[pool][self.slots(pool, step)].tolist()), shown, (pool, step))
            for pool, shown in asked
        ]

    def _ready(self, pixels: Pixels, asked: Request) -> dict[str, Tensor]:
        """The views of a request on the device, augmented and normalised."""
        moved = {name: self.normalise.move(clips) for name, clips in pixels.items()}
        with one_thread():
            self._maker.augment_moved(moved, asked.views, asked.key)
        return {name: self.normalise(clips) for name, clips in moved.items()}

    def _moved(self, index: Rows) -> Tensor:
        """Positions on the device; a GPU is not waited for."""
        tensor = torch.from_numpy(index)
        return tensor.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else tensor

    def whole(self, rows: Rows, view: View, *key: str | int) -> Iterator[Tensor]:
        """A view (<= 64, T, C, H, W) of all clips of some rows, in order; ``key`` and their place name its draws."""
        starts = range(0, len(rows), EVALUATION_BATCH)
        parts = [
            Request(tuple(rows[start : start + EVALUATION_BATCH].tolist()), {"offline": view}, (*key, start))
            for start in starts
        ]
        for (pixels,), asked in zip(self.loader.stream([one] for one in parts), parts, strict=True):
            yield self._ready(pixels, asked)["offline"]

    def fixed(self, part: str) -> Iterator[Tensor]:
        """The test views (<= 64, T, C, H, W) of a whole part, in order."""
        return self.whole(self.rows[part], View("test"), part)


class EpochPools:
    """The pools as a method sees them between epochs (``core.contract.Pools``)."""

    def __init__(self, data: RunData, epoch: int) -> None:
        self.labels = data.labels
        self._data = data
        self._epoch = epoch

    @torch.no_grad()
    def map(self, pool: PoolName, view: View, function: Callable[[Tensor], Tensor], draw: int = 0) -> Tensor:
        """``function`` (of clips (B, T, C, H, W)) of every clip of the pool, in pool order: (N, ...)."""
        clips = self._data.whole(self._data.rows[pool], view, pool, "offline", self._epoch, draw)
        return torch.cat([function(some) for some in clips])
