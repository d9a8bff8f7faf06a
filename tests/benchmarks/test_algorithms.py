"""How long one clustering at MA-52's size and one training step of each method take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.algorithms.shared.clustering import semi_supervised_kmeans
from ssmar_bench.core import method_config
from ssmar_bench.testing.tiny import Tiny


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_cluster_22422_clips(benchmark: BenchmarkFixture) -> None:
    """MA-52 whole: 512 features, 12 classes, 10 % labelled, one round from start to convergence."""
    draw = torch.Generator().manual_seed(0)
    centre = torch.randn(12, 512, generator=draw)
    anchor_label = torch.arange(2240) % 12
    anchors = centre[anchor_label] + 8 * torch.randn(2240, 512, generator=draw)
    points = centre[torch.randint(12, (22_422,), generator=draw)] + 8 * torch.randn(22_422, 512, generator=draw)

    def cluster() -> int:
        return semi_supervised_kmeans(anchors, anchor_label, points, 12, tolerance=1e-4, iterations=100).iterations

    assert 1 < benchmark.pedantic(cluster, rounds=1) <= 100


@pytest.mark.parametrize("name", method_config.METHODS.names())
def test_one_step_of_8_and_8_clips(benchmark: BenchmarkFixture, name: str) -> None:
    """Loss and gradient after every offline round, 8 frames of 32 x 32 pixels, the built-in network."""
    found, _ = method_config.read_method_config(name)
    problem = Tiny(classes=12, labelled=24, unlabelled=24, batch=8, segments=8, size=32)
    values = {key: value.value for key, value in found.hyperparameters.items()}
    method = problem.method(ALGORITHMS.load(found.algorithm), values)
    last = problem.progress(problem.epochs - 1)
    method.eval()
    with torch.no_grad():
        for epoch in range(problem.epochs):
            method.epoch_start(problem.progress(epoch), problem.pools())
    method.train()
    batch = problem.batch_of(method.views())

    def step() -> float:
        method.zero_grad()
        loss = sum(method.loss(batch, last).terms.values())
        loss.backward()
        return float(loss.detach())

    assert 0 < benchmark(step) < 100
