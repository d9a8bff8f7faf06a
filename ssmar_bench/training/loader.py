"""Makes a run's views, in this process or in others; the pixels are the same, bit for bit."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.clips.views import Key, ViewMaker
from ssmar_bench.core import catalog
from ssmar_bench.core.benchmark_config import ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.processes import apart_from_main, broken_pool, end_with_parent

PREFETCH = 2
"""Batches that each process has ready or is at."""

Pixels = dict[str, Tensor]
"""Views by name, each (B, T, C, H, W) uint8."""


@dataclass(frozen=True)
class Request:
    """Some clips under some views: arguments of :meth:`ssmar_bench.clips.views.ViewMaker.views`."""

    rows: tuple[int, ...]
    views: Mapping[str, View]
    key: Key


Requests = Sequence[Request]
"""What is asked for together: a step's pools."""


@dataclass
class ViewRequests(Dataset[Any]):
    """Answers requests from a frame cache, which each process opens by itself.

    Attributes:
        folder, pixels: of the frame cache, and the fingerprint that it must have.
        clips, frame_cache, seed: as a :class:`~ssmar_bench.clips.views.ViewMaker` takes them.
        plugins: files that bring augmentations.
        on_device: leave augmentations that a GPU can do, too, to the training process.
        maker: what makes the views in this process, made when it is needed.
    """

    folder: Path
    pixels: str
    clips: ClipConfig
    frame_cache: FrameCacheConfig
    seed: int
    plugins: tuple[str, ...] = ()
    on_device: bool = False
    maker: ViewMaker | None = field(default=None, init=False, repr=False)

    def __getitem__(self, requests: Requests) -> list[Pixels] | UserError:
        """The views of each request; a :class:`UserError` is returned: raised in another process, it loses its text."""
        try:
            maker = self.opened()
            with one_thread():
                return [maker.views(request.rows, request.views, request.key) for request in requests]
        except UserError as error:
            return UserError(str(error))  # without what it holds beside its words

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "maker": None}

    def opened(self) -> ViewMaker:
        """What makes the views in this process."""
        if self.maker is None:
            for path in self.plugins:
                catalog.use_plugin_file(Path(path))
            cache = FrameCache.open(self.folder, self.pixels)
            self.maker = ViewMaker(cache, self.clips, self.frame_cache, self.seed, self.on_device)
        return self.maker


class Loader:
    """Answers requests in their order, ahead of whoever reads them.

    Args:
        dataset: makes the views.
        workers: processes that do; 0 for this one.
        pinned: whether pixels come in memory from which a GPU copies by itself.
    """

    def __init__(self, dataset: ViewRequests, workers: int = 0, pinned: bool = False) -> None:
        self.dataset = dataset
        self._asked: list[Iterable[Requests]] = []
        self._busy = False
        with _as_many_as_asked():
            self._loader = DataLoader(
                dataset,
                batch_size=None,
                sampler=_Asked(self._asked),
                num_workers=workers,
                collate_fn=_as_it_is,
                pin_memory=pinned,
                worker_init_fn=_begin,
                multiprocessing_context="spawn" if workers else None,  # threads and locks do not survive a fork
                generator=torch.Generator(),  # its own: the global one is the run's
                prefetch_factor=PREFETCH if workers else None,
                persistent_workers=workers > 0,
            )

    def stream(self, asked: Iterable[Requests]) -> Iterator[list[Pixels]]:
        """The answers to all that is asked for, one after the other.

        The processes serve one stream at a time: a second one is served by this process.

        Raises:
            UserError: a clip cannot be read or an augmentation gives no clip; or a process was lost.
        """
        if self._busy:
            yield from map(_raised, map(self.dataset.__getitem__, asked))
            return
        self._busy = True
        try:
            self._asked[:] = [asked]
            with apart_from_main(), _as_many_as_asked(), _children_as_before():
                answers = iter(self._loader)
            while (answer := self._next(answers)) is not None:
                yield _raised(answer)
        finally:
            self._busy = False

    def processes(self) -> list[BaseProcess]:
        """The processes that make views; none before the first stream."""
        return list(getattr(self._loader._iterator, "_workers", ()))

    def _next(self, answers: Iterator[Any]) -> Any:
        """The next answer, None where there is no more."""
        if not all(process.is_alive() for process in self.processes()):
            raise broken_pool("loading")
        try:
            return next(answers, None)
        except RuntimeError as error:
            if "DataLoader worker" in str(error):
                raise broken_pool("loading") from None
            raise


@dataclass(frozen=True)
class _Asked:
    """What a data loader takes for a sampler: that which is asked for now."""

    now: list[Iterable[Requests]]

    def __iter__(self) -> Iterator[Requests]:
        return iter(self.now[0])


@contextmanager
def _children_as_before() -> Iterator[None]:
    """Without torch's handler of a child's end, which would raise an error amid whatever the run is doing."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGCHLD"):
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextmanager
def _as_many_as_asked() -> Iterator[None]:
    """Without torch's warning of more processes than cores."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This DataLoader will create")
        yield


def _as_it_is(answer: Any) -> Any:
    return answer


def _raised(answer: list[Pixels] | UserError) -> list[Pixels]:
    if isinstance(answer, UserError):
        raise answer
    return answer


def _begin(number: int) -> None:  # noqa: ARG001 - as torch calls it
    end_with_parent()


@contextmanager
def one_thread() -> Iterator[None]:
    """Views are made by one thread, as in every process that loads: sums of several threads round otherwise."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
