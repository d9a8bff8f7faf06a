"""Initial weights of the small networks: supervised training on pretext clips, which no benchmark has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.backbones.build import ClipClassifier, build_backbone
from ssmar_bench.clips.normalise import Normaliser
from ssmar_bench.clips.scaler import Scaler
from ssmar_bench.clips.views import ViewMaker
from ssmar_bench.core.benchmark_config import BackboneConfig, ClipConfig, FrameCacheConfig
from ssmar_bench.core.contract import View
from ssmar_bench.core.files import write_bytes
from ssmar_bench.core.seeds import generator, seed_of
from ssmar_bench.sources.synthetic import PRETEXT, render_pretext_clip

SIZE, FRAMES = 64, 24
"""Side in pixels and length of a pretext clip, those of the embedded benchmarks."""


@dataclass(frozen=True)
class Schedule:
    """How initial weights are trained.

    Attributes:
        clips: pretext clips; a tenth of them is held out.
        epochs, batch: passes over the others, clips a step.
        lr: learning rate after the warm-up; cosine decay to 0.
        warm_up: steps in which it grows linearly.
        weight_decay: on weights; none on biases and normalisation.
        strong: share of clips that are seen strongly augmented, so that a benchmark's strong views are no news.
        seed: of weights, order and augmentation.
    """

    clips: int = 6000
    epochs: int = 16
    batch: int = 32
    lr: float = 0.1
    warm_up: int = 200
    weight_decay: float = 5e-4
    strong: float = 0.3
    seed: int = 0

    def shortened(self, clips: int | None) -> Schedule:
        """The same with fewer clips; None for as many."""
        return self if clips is None else replace(self, clips=min(clips, self.clips))


SCHEDULES = {
    "micro-tsm": Schedule(),
    "micro-tsm-wide": Schedule(),
    "micro-r3d": Schedule(),
    "timesformer-micro": Schedule(lr=0.05),
}
"""How the shipped weights of each network were trained."""


@dataclass(frozen=True)
class PretextClips:
    """Clips in memory, as :class:`~ssmar_bench.clips.views.FrameSource`."""

    frames: list[np.ndarray[Any, np.dtype[np.uint8]]]
    label: Tensor

    @property
    def ids(self) -> tuple[str, ...]:
        """Their numbers."""
        return tuple(map(str, range(len(self.frames))))

    def clip(self, row: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """(T', H, W, 3) uint8."""
        return self.frames[row]


def _scaled_clip(short_side: int, number: int) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], int]:
    frames, label = render_pretext_clip(number, SIZE, FRAMES)
    scaler = Scaler(Path("pretext clip"), short_side)
    return np.stack([scaler.image(av.VideoFrame.from_ndarray(frame, format="rgb24")) for frame in frames]), label


def pretext_clips(clips: int, short_side: int, processes: int) -> PretextClips:
    """The first ``clips`` pretext clips, their shorter side scaled to ``short_side`` pixels."""
    with ProcessPoolExecutor(processes) as pool:
        made = list(pool.map(partial(_scaled_clip, short_side), range(clips), chunksize=50))
    return PretextClips([frames for frames, _ in made], torch.tensor([label for _, label in made]))


def train_on_pretext(
    backbone: BackboneConfig,
    cache: FrameCacheConfig,
    views: ClipConfig,
    schedule: Schedule,
    data: PretextClips,
    tell: Callable[[int, int, float], None] = lambda *_: None,
) -> tuple[nn.Module, float]:
    """The trained backbone without its classifier, and its accuracy on the held-out clips.

    Args:
        backbone: the network, from scratch.
        cache: how many frames a clip has, as the benchmarks have it.
        views: how they are augmented, as the benchmarks have it.
        schedule: how it is trained.
        data: the clips.
        tell: hears (epochs done, epochs, mean loss of the last).
    """
    torch.use_deterministic_algorithms(True, warn_only=True)
    model = build_backbone(backbone, cache.segments, len(PRETEXT), seed_of("pretrain", schedule.seed), views.size)
    maker, normalise = ViewMaker(data, views, cache, schedule.seed), Normaliser(views, torch.device("cpu"))
    held_out = schedule.clips // 10
    rows = np.arange(schedule.clips - held_out)
    steps = schedule.epochs * (len(rows) // schedule.batch)
    optimiser = torch.optim.SGD(
        [
            {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": schedule.weight_decay},
            {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ],
        schedule.lr,
        momentum=0.9,
        nesterov=True,
    )
    step = 0
    for epoch in range(schedule.epochs):
        model.train()
        total = 0.0
        for batch in _batches(rows, schedule, epoch):
            torch.manual_seed(seed_of("pretrain step", schedule.seed, step))
            for group in optimiser.param_groups:
                group["lr"] = _learning_rate(schedule, step, steps)
            strong = round(schedule.strong * len(batch))
            clips = torch.cat(
                [
                    maker.views(batch[:strong], {"view": View("strong")}, ("strong", step))["view"],
                    maker.views(batch[strong:], {"view": View("weak")}, ("weak", step))["view"],
                ]
            )
            loss = functional.cross_entropy(model(normalise(clips)).logits, data.label[batch])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item()
            step += 1
        tell(epoch + 1, schedule.epochs, total / (len(rows) // schedule.batch))
    return model.backbone, _accuracy(model, maker, normalise, range(len(rows), schedule.clips), data.label)


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights as safetensors: kernels as 16-bit floats, the rest as it is.

    A file appears when it is whole.
    """
    state = {
        name: (value.half() if value.ndim > 1 and value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    write_bytes(path, save(state))


def _batches(rows: np.ndarray[Any, Any], schedule: Schedule, epoch: int) -> Iterator[list[int]]:
    order = generator("pretrain order", schedule.seed, epoch).permutation(rows)
    for start in range(0, len(order) - schedule.batch + 1, schedule.batch):
        yield order[start : start + schedule.batch].tolist()


def _learning_rate(schedule: Schedule, step: int, steps: int) -> float:
    decay = 0.5 * (1 + math.cos(math.pi * step / steps))
    return schedule.lr * min(1, (step + 1) / schedule.warm_up) * decay


@torch.no_grad()
def _accuracy(model: ClipClassifier, maker: ViewMaker, normalise: Normaliser, rows: range, label: Tensor) -> float:
    model.eval()
    found = torch.cat([model(normalise(clips)).logits.argmax(1) for clips in maker.test_batches(list(rows), 64)])
    return float((found == label[list(rows)]).float().mean())
