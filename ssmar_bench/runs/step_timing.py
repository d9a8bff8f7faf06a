"""How long a step takes: in former runs, or timed here."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssmar_bench.backbones.build import build_backbone
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.digests import read_file
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec

TIMED = (1, 8)
"""Labelled clips of the steps that are timed, one after the other; a larger batch takes in proportion."""

LONG = 0.5
"""Seconds after which a step is known well enough, and no larger one is timed."""


def timing_key(spec: RunSpec) -> tuple[object, ...]:
    """What decides the seconds of a run's step."""
    return (
        spec.method,
        spec.backbone.name,
        spec.clips.size,
        spec.frame_cache.segments,
        spec.train.batch,
        spec.train.unlabelled_per_labelled,
        spec.device,
    )


def measured_seconds(results: Path) -> dict[tuple[object, ...], float]:
    """Seconds a step of finished runs, by :func:`timing_key`."""
    seen: dict[tuple[object, ...], list[float]] = {}
    for path in sorted((results / "runs").glob("*/record/timings.json")):
        folder = RunFolder(path.parent.parent)
        try:
            steps, seconds = (json.loads(read_file(folder.record, name)) for name in ("metrics.json", "timings.json"))
            seen.setdefault(timing_key(folder.spec()), []).append(seconds["train_seconds"] / steps["steps"])
        except (UserError, ValueError, KeyError, TypeError):
            continue  # an unreadable record only makes the estimate poorer; the report names it
    return {name: statistics.median(values) for name, values in seen.items()}


def time_step(benchmark_config: BenchmarkConfig, device: str) -> float:
    """Seconds of a step on random clips: a labelled view and two unlabelled ones, as most methods pass on.

    Views are not made, and nothing is downloaded.
    """
    config = benchmark_config.backbone.model_copy(update={"weights": "none"})
    threads = torch.get_num_threads()
    torch.set_num_threads(benchmark_config.train.threads)
    try:
        network = build_backbone(
            config, benchmark_config.frame_cache.segments, len(benchmark_config.classes), 0, benchmark_config.clips.size
        ).to(device)
        seconds = 0.0
        for batch in TIMED:
            size = (
                2 * batch,
                benchmark_config.frame_cache.segments,
                3,
                benchmark_config.clips.size,
                benchmark_config.clips.size,
            )
            elapsed = _step(network, torch.rand(size, device=device))
            seconds = elapsed * benchmark_config.train.batch / batch
            if elapsed > LONG:
                break
        return seconds
    finally:
        torch.set_num_threads(threads)


def _step(network: nn.Module, clips: Tensor) -> float:
    """Seconds of a step: all ``clips`` (labelled and strong) forward and backward, half of them (weak) forward.

    On the CPU it is the time of the processor, since other programs may use it at this moment and the time is kept.
    """
    labels = torch.zeros(len(clips), dtype=torch.long, device=clips.device)
    started = _clock(clips)
    with torch.no_grad():
        network(clips[: max(2, len(clips) // 2)])  # one small clip has nothing to normalise over
    functional.cross_entropy(network(clips).logits, labels).backward()  # type: ignore[no-untyped-call]
    if clips.is_cuda:
        torch.cuda.synchronize()
    return _clock(clips) - started


def _clock(clips: Tensor) -> float:
    return time.perf_counter() if clips.is_cuda else time.process_time() / torch.get_num_threads()
