"""Batches are the same, bit for bit, whoever makes them; and what goes wrong in another process is told in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.core.contract import Batch, View, Views
from ssmar_bench.core.errors import UserError
from ssmar_bench.training.loader import Loader, Request, ViewRequests
from ssmar_bench.training.run_data import EpochPools, RunData

VIEWS = Views({"weak": View("weak")}, {"weak": View("weak"), "strong": View("strong")})


def run_data(prepared: Any, workers: int, on_device: bool = False) -> RunData:
    planned = prepared.planned_runs["fixmatch", 0.5]
    frame_cache = FrameCache.open(prepared.frame_cache)
    split = planned.split.with_opaque_ids()
    train = planned.spec.train.model_copy(update={"augment_on_device": on_device})
    return RunData(replace(planned.spec, train=train), split, frame_cache, torch.device("cpu"), workers)


def tensors(batch: Batch) -> list[torch.Tensor]:
    found = [batch.labelled.index, batch.labelled.label, *batch.labelled.clips.values()]
    return found if batch.unlabelled is None else [*found, batch.unlabelled.index, *batch.unlabelled.clips.values()]


def everything(data: RunData) -> list[torch.Tensor]:
    """Two epochs with an offline round and an evaluation between them, each as a run asks for it."""
    found = []
    for epoch in range(2):
        pools = EpochPools(data, epoch)
        found.append(pools.map("unlabelled", View("strong"), lambda clips: clips.flatten(1), draw=1))
        for step in range(epoch * data.steps_per_epoch, (epoch + 1) * data.steps_per_epoch):
            found += tensors(data.batch(step, VIEWS))
        found += list(data.fixed("test"))
    return found


@pytest.fixture(scope="module")
def loaded(prepared: Any) -> dict[int, RunData]:
    """Data whose batches are made by so many processes; spawning these takes seconds."""
    return {workers: run_data(prepared, workers) for workers in (0, 1, 3)}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_batches_are_the_same_whoever_makes_them(loaded: dict[int, RunData], workers: int) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    here, there = everything(loaded[0]), everything(loaded[workers])
    assert torch.equal(torch.get_rng_state(), before)
    assert len(here) == len(there) > 20
    assert all(map(torch.equal, here, there))


def test_a_device_draws_the_same_and_a_processor_makes_the_same_of_it(prepared: Any) -> None:
    torch.set_num_threads(3)
    here, there = (everything(run_data(prepared, 0, on_device)) for on_device in (False, True))
    assert len(here) == len(there) > 20
    assert all(map(torch.equal, here, there))


@pytest.mark.slow
def test_processes_leave_strong_views_to_the_device(prepared: Any) -> None:
    plain, left = run_data(prepared, 0), run_data(prepared, 1, on_device=True)
    asked = plain._requests(2, VIEWS)
    ((_, here), (_, there)) = (next(data.loader.stream([asked])) for data in (plain, left))
    assert torch.equal(here["weak"], there["weak"])
    assert not torch.equal(here["strong"], there["strong"])
    assert all(map(torch.equal, tensors(plain.batch(2, VIEWS)), tensors(left.batch(2, VIEWS))))


@pytest.mark.slow
def test_a_run_begins_in_the_middle_of_an_epoch_and_leaves_one(loaded: dict[int, RunData]) -> None:
    for step in (3, 4, 1, 2, 0):
        here, there = (tensors(loaded[workers].batch(step, VIEWS)) for workers in (0, 3))
        assert all(map(torch.equal, here, there))
        parts = ([*loaded[workers].fixed("validation")] for workers in (0, 3))  # while a step's batches are awaited
        assert all(map(torch.equal, *parts))


@pytest.mark.slow
def test_the_loss_of_a_process_is_one_sentence(prepared: Any, loaded: dict[int, RunData]) -> None:
    data, loaded[1] = loaded[1], run_data(prepared, 1)
    data.batch(0, VIEWS)
    (process,) = data.loader.processes()
    process.kill()
    process.join()
    with pytest.raises(UserError, match=r"^A loading process ended by itself, most likely because the memory was full"):
        data.batch(1, VIEWS)


def requests(prepared: Any, **changes: Any) -> ViewRequests:
    spec = prepared.planned_runs["fixmatch", 0.5].spec
    plain = ViewRequests(prepared.frame_cache, "", spec.clips, spec.frame_cache, 0)
    return replace(plain, **changes)


def test_an_error_for_people_is_raised_in_the_words_it_has(prepared: Any) -> None:
    asked = [[Request((0, 1), {"x": View("weak")}, ("step", 0))]]
    too_large = prepared.benchmark_config.clips.model_copy(update={"size": 1000})
    with pytest.raises(UserError, match="smaller than the crop of 1000"):
        list(Loader(requests(prepared, clips=too_large)).stream(asked))
    with pytest.raises(UserError, match="holds other clips by now; give the command again"):
        list(Loader(requests(prepared, pixels="0123")).stream(asked))


def test_what_travels_to_another_process_is_plain(prepared: Any) -> None:
    made = requests(prepared)
    asked = [Request((0, 1), {"x": View("strong")}, ("step", 0))]
    (here,) = Loader(made).stream([asked])
    assert made.maker is not None
    state = made.__getstate__()
    assert state["maker"] is None
    there = ViewRequests(**{name: value for name, value in state.items() if name != "maker"})
    (answer,) = Loader(there).stream([asked])
    assert torch.equal(here[0]["x"], answer[0]["x"])


@pytest.mark.parametrize("threads", [1, 3])
def test_views_are_made_by_one_thread_and_the_run_keeps_its_own(
    prepared: Any, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    torch.set_num_threads(threads)
    made, seen = requests(prepared), []
    made[[Request((0,), {"x": View("test")}, ())]]
    monkeypatch.setattr(made.maker, "views", lambda *_: seen.append(torch.get_num_threads()))
    made[[Request((0,), {"x": View("test")}, ())]]
    assert seen == [1]
    assert torch.get_num_threads() == threads
