"""What a training step takes, and what of it is waiting for data: ``python tests/benchmarks/gpu_steps.py --help``.

Prints a table in Markdown; on a machine without a GPU, with ``--device cpu`` and small sizes, it shows that it runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import av
import numpy as np
import torch

from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, prepare_frame_cache
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.contract import Batch, Views
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch, RunSpec
from ssmar_bench.core.split import Split
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.precision import autocast
from ssmar_bench.training.predict import between_epochs
from ssmar_bench.training.run_data import EpochPools
from ssmar_bench.training.train import Trainer

WARM_UP = 3
"""Steps before the clock starts: processes that load, and kernels that are chosen."""


@dataclass(frozen=True)
class Sizes:
    """Pixels of the crop, clips of each pool a step and in the frame cache, steps that are timed."""

    size: int = 224
    short_side: int = 256
    batch: int = 8
    clips: int = 128
    steps: int = 50


@dataclass(frozen=True)
class Rates:
    """Steps a second: of a run, on a batch in memory, of loss and gradient alone; and the share of time in waiting."""

    run: float
    in_memory: float
    gradient: float
    waiting: float


def frame_cache_of(folder: Path, clips: int, config: FrameCacheConfig) -> Path:
    """A frame cache of ``clips`` clips of one synthetic video, whose shorter side is that of the config."""
    height, width = config.short_side, config.short_side * 6 // 5 // 2 * 2
    draw = np.random.default_rng(0)
    picture = draw.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    picture = picture.repeat(8, 0).repeat(8, 1)[:height, :width]
    video = folder / "video.mp4"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for shift in range(config.segments * config.candidates):
            moved = np.ascontiguousarray(np.roll(picture, shift, 1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        container.mux(stream.encode())
    prepare_frame_cache(folder / "cache", [ClipFile(f"{n:05d}", video, -1, -1) for n in range(clips)], config, 1)
    return folder / "cache"


def trainer_of(
    folder: Path,
    method: str,
    network: str,
    sizes: Sizes,
    device: str = "cpu",
    workers: int = 0,
    profile: str | None = None,
    **sets: object,
) -> Trainer:
    """A run of ``method`` on MA-12's settings in its last epoch, all offline rounds behind it; nothing is written.

    ``sets`` are further settings, as of ``--set``.
    """
    grid = Grid(
        "ma-12",
        [method],
        backbone=network,
        profile=profile,
        sets={
            "backbone.weights": "none",
            "clips.size": sizes.size,
            "frame_cache.short_side": sizes.short_side,
            "train.batch": sizes.batch,
            **sets,
        },
    )
    (found,) = resolve(grid).methods
    config = found.benchmark_config
    place = folder / "cache"
    cache = place if place.exists() else frame_cache_of(folder, sizes.clips, config.frame_cache)
    ids = FrameCache.open(cache).ids
    some = ids[: sizes.batch]
    labels = {clip: number % len(config.classes) for number, clip in enumerate(ids)}
    half = len(ids) // 2
    split = Split("ma-12", 0.5, 0, tuple(config.classes.values()), ids[:half], ids[half:], some, some, labels)
    spec = RunSpec(
        benchmark=config.name,
        source=config.source,
        split=split.fingerprint(),
        ratio=0.5,
        seed=0,
        method=method,
        algorithm=found.method_config.algorithm,
        revision=found.algorithm.revision,
        hyperparameters=found.hyperparameters.model_dump(mode="json"),
        frame_cache=config.frame_cache,
        clips=config.clips,
        backbone=config.backbone,
        train=config.train,
        device=torch.device(device).type,
    )
    trainer = Trainer(
        spec, split, Launch(str(cache), device, workers=workers), RunFolder(folder / "run"), ignore_events
    )
    for epoch in range(trainer.epochs):
        trainer.step = epoch * trainer.data.steps_per_epoch
        with between_epochs(trainer.method):
            trainer.method.epoch_start(trainer.progress(), EpochPools(trainer.data, epoch + 1))
    trainer.data.steps_per_epoch = 10_000  # a long last epoch, so that no step begins with nothing made ahead
    trainer.steps = trainer.epochs * trainer.data.steps_per_epoch
    trainer.step = trainer.steps - trainer.data.steps_per_epoch
    return trainer


def measured(trainer: Trainer, steps: int) -> Rates:
    """The rates of so many steps each."""
    waited: list[float] = []
    make = trainer.data.batch

    def timed(step: int, views: Views) -> Batch:
        begun = time.perf_counter()
        batch = make(step, views)
        waited.append(time.perf_counter() - begun)
        return batch

    with patch.object(trainer.data, "batch", timed):
        run = rate(trainer.one_step, steps, trainer.device)
    trainer.data.stop()
    kept = make(trainer.step, trainer.views)
    trainer.data.stop()
    with patch.object(trainer.data, "batch", lambda *_: kept):
        in_memory = rate(trainer.one_step, steps, trainer.device)

    def gradient() -> None:
        trainer.optimiser.zero_grad(set_to_none=True)
        with autocast(trainer.settings, trainer.device):
            losses = trainer.method.loss(kept, trainer.progress())
        torch.stack([value.float() for value in losses.terms.values()]).sum().backward()

    return Rates(run, in_memory, rate(gradient, steps, trainer.device), sum(waited[WARM_UP:]) * run / steps)


def rate(step: Callable[[], object], steps: int, device: torch.device) -> float:
    """Steps a second, without the first few."""
    for _ in range(WARM_UP):
        step()
    _wait(device)
    begun = time.perf_counter()
    for _ in range(steps):
        step()
    _wait(device)
    return steps / (time.perf_counter() - begun)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def table(rows: Sequence[tuple[str, str, str, int, Rates]]) -> str:
    """The rates as Markdown."""
    lines = [
        "| network | method | profile | workers | steps/s | of steps in memory | of loss and gradient | waiting |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for network, method, profile, workers, rates in rows:
        shares = [rates.run / rates.in_memory, rates.run / rates.gradient, rates.waiting]
        told = " | ".join(f"{100 * share:.0f} %" for share in shares)
        lines.append(f"| `{network}` | {method} | {profile or 'none'} | {workers} | {rates.run:.2f} | {told} |")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> str:
    """The table that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="tsn:resnet18,tsn:resnet50")
    parser.add_argument("--methods", default="fixmatch,aplt")
    parser.add_argument("--profiles", default=",gpu", help="separated by commas; an empty one is none")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", default=str(max(1, (os.cpu_count() or 2) - 1)), help="separated by commas")
    parser.add_argument("--augment-on-device", action="store_true", help="as train.augment_on_device=true")
    for name, value in vars(Sizes()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    given = parser.parse_args(words)
    sizes = Sizes(**{name: getattr(given, name) for name in vars(Sizes())})
    rows = []
    with TemporaryDirectory() as folder:
        for network in given.networks.split(","):
            for method in given.methods.split(","):
                for profile in given.profiles.split(","):
                    for workers in map(int, given.workers.split(",")):
                        where = given.device, workers, profile or None
                        more = {"train.augment_on_device": given.augment_on_device}
                        trainer = trainer_of(Path(folder), method, network, sizes, *where, **more)
                        rows.append((network, method, profile, workers, measured(trainer, sizes.steps)))
                        del trainer
    device = torch.device(given.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or "a CPU"
    return f"{name}, torch {torch.__version__}, {sizes}\n\n{table(rows)}"


if __name__ == "__main__":
    print(main())  # noqa: T201
