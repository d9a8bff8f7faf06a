"""Whether the device waits for its data: ratios that are measured in one run, kept beside each benchmark's time."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from ssmar_bench.backbones.build import build_backbone
from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.clips.normalise import Normaliser
from ssmar_bench.core.contract import View
from ssmar_bench.training.train import Trainer

sys.path.insert(0, str(Path(__file__).parent))
from _semilearn_loop import semilearn_loop
from gpu_steps import WARM_UP, Sizes, main, measured, trainer_of

REAL = Sizes(clips=32, steps=12)
SMALL = Sizes(size=32, short_side=36, clips=64, steps=40)
DEVICE_SECONDS = 0.02
"""What a step of FixMatch takes on a fast GPU."""

pytestmark = pytest.mark.slow
MakeTrainer = Callable[[int], Trainer]


@pytest.fixture(autouse=True)
def _only_where_it_is_measured(request: pytest.FixtureRequest) -> None:
    if "benchmark" in request.fixturenames and not request.config.getoption("benchmark_enable"):
        pytest.skip("measures for minutes; give --benchmark-enable")


@pytest.fixture(autouse=True)
def torch_as_before() -> Iterator[None]:
    before, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(strict)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> MakeTrainer:
    """A run on clips of 8 x 224 x 224 pixels with so many workers; its network is small, since it is not used."""
    folder = tmp_path_factory.mktemp("real")
    return lambda workers: trainer_of(folder, "fixmatch", "micro-tsm", REAL, workers=workers)


class OnDevice(Normaliser):
    """Leaves pixels as they are: a GPU makes floats of them in its own time, and here the training process would."""

    def __call__(self, pixels: Tensor) -> Tensor:
        return pixels


def _seconds(trainer: Trainer, steps: int, device: float = 0.0) -> float:
    """Seconds a step takes to get its data, while a device sleeps for so long."""
    trainer.data.normalise = OnDevice(trainer.spec.clips, trainer.data.device)
    for step in range(WARM_UP):
        trainer.data.batch(step, trainer.views)
    begun = time.perf_counter()
    for step in range(WARM_UP, WARM_UP + steps):
        trainer.data.batch(step, trainer.views)
        time.sleep(device)
    seconds = (time.perf_counter() - begun) / steps
    trainer.data.stop()
    return seconds


def test_two_workers_against_one(benchmark: BenchmarkFixture, real: MakeTrainer) -> None:
    one, two = real(1), real(2)
    pairs = [(_seconds(one, REAL.steps), _seconds(two, REAL.steps)) for _ in range(3)]
    benchmark.extra_info["times faster"] = statistics.median(single / both for single, both in pairs)
    assert benchmark.pedantic(lambda: _seconds(two, REAL.steps), rounds=1) > 0


def test_a_device_of_20_ms_and_two_workers(benchmark: BenchmarkFixture, real: MakeTrainer) -> None:
    here, two = real(0), real(2)
    data = _seconds(here, REAL.steps)
    found = benchmark.pedantic(lambda: _seconds(two, REAL.steps, DEVICE_SECONDS), rounds=1)
    benchmark.extra_info |= {"data": data, "of what must be": found / max(DEVICE_SECONDS, data / 2)}
    assert found > DEVICE_SECONDS


def test_a_step_against_the_same_in_memory(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The embedded data's network and sizes, on the CPU, where a run makes its batches itself."""
    trainer = trainer_of(tmp_path, "fixmatch", "micro-tsm", SMALL)
    torch.set_num_threads(1)
    rates = benchmark.pedantic(lambda: measured(trainer, SMALL.steps), rounds=1)
    benchmark.extra_info |= {"of in memory": rates.run / rates.in_memory, "waiting": rates.waiting}
    assert rates.run > 0


def test_a_step_against_semilearns(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """semilearn's own FixMatch on the same network and batches, in our loop."""
    ours, theirs = (trainer_of(tmp_path, method, "micro-tsm", SMALL) for method in ("fixmatch", "usb-fixmatch"))
    torch.set_num_threads(1)
    pairs = [[measured(trainer, SMALL.steps).gradient for trainer in (ours, theirs)] for _ in range(3)]
    benchmark.extra_info["seconds of semilearn's"] = statistics.median(other / own for own, other in pairs)
    assert benchmark.pedantic(ours.one_step, rounds=SMALL.steps).terms


def test_a_step_against_semilearns_own_loop(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Both from images in their stores to an updated network, which is the same, in seconds of one core."""
    still = {"frame_cache.segments": 1, "frame_cache.candidates": 1}
    ours = trainer_of(tmp_path, "fixmatch", "micro-tsm", SMALL, **still)
    spec, classes, steps = ours.spec, ours.classes, SMALL.steps
    cache = FrameCache.open(tmp_path / "cache")
    images = np.concatenate([np.asarray(cache.clip(row))[:, : SMALL.size, : SMALL.size] for row in range(len(cache))])
    labels = [row % classes for row in range(len(cache))]
    pixels = spec.clips.mean, spec.clips.std
    theirs = semilearn_loop(
        images, labels, classes, len(cache) // 2, SMALL.batch, steps, spec.clips,
        lambda: build_backbone(spec.backbone, 1, classes, 0, SMALL.size, pixels),
    )  # fmt: skip
    torch.set_num_threads(1)

    def own() -> None:
        for _ in range(steps):
            ours.one_step()

    def seconds(train: Callable[[], None]) -> float:
        begun = time.process_time()
        train()
        return (time.process_time() - begun) / steps

    own()
    theirs()
    pairs = [(seconds(own), seconds(theirs)) for _ in range(9)]
    benchmark.extra_info["of semilearn's"] = statistics.median(one / other for one, other in pairs)
    benchmark.extra_info |= {"ours ms": 1000 * statistics.median(one for one, _ in pairs)}
    benchmark.extra_info |= {"semilearn's ms": 1000 * statistics.median(other for _, other in pairs)}
    assert benchmark.pedantic(lambda: seconds(own), rounds=1) > 0


def test_views_of_a_step_at_real_size(benchmark: BenchmarkFixture, real: MakeTrainer) -> None:
    """Weak views of 8 + 8 clips, and the strong ones, in seconds of the processor."""
    trainer = real(0)
    make = trainer.data.loader.dataset.maker
    rows = list(range(REAL.batch))

    def seconds(aug: str) -> float:
        begun = time.process_time()
        for step in range(REAL.steps):
            make.views(rows, {"x": View(aug)}, ("step", step))
        return (time.process_time() - begun) / REAL.steps

    torch.set_num_threads(1)
    seconds("weak")
    weak, strong = 2 * seconds("weak"), seconds("strong")
    benchmark.extra_info |= {"weak ms": 1000 * weak, "with strong ms": 1000 * (weak + strong)}
    assert benchmark.pedantic(lambda: seconds("weak"), rounds=1) > 0


def test_the_script_for_a_gpu_runs_without_one() -> None:
    words = "--device cpu --networks micro-tsm --methods fixmatch,aplt --profiles gpu --workers 0 --size 32"
    words += " --augment-on-device"
    said = main(f"{words} --short-side 40 --steps 1 --clips 24 --batch 4".split())
    assert said.count("| `micro-tsm` |") == 2
    assert "| aplt | gpu | 0 |" in said
