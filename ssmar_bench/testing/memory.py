"""The checks of what a method leaves behind: its own memory, and the generators that everybody shares."""

from __future__ import annotations

import io
import pickle
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ssmar_bench.core.contract import Method
from ssmar_bench.core.seeds import global_generators_kept
from ssmar_bench.testing.check import register_check, require_that
from ssmar_bench.testing.method_under_test import MethodUnderTest, equal_states, start_epoch

_TORCHS_OWN = frozenset(vars(nn.Module()))
"""Attributes of every module: parameters, buffers, hooks, the mode."""


class _Pickler(pickle.Pickler):
    """Writes all but what a state holds anyway: modules, parameters and buffers."""

    def __init__(self, file: io.BytesIO, state: set[int]) -> None:
        super().__init__(file)
        self._state = state

    def persistent_id(self, value: Any) -> str | None:
        """A mark in the place of what the state holds."""
        held = isinstance(value, nn.Module) or (isinstance(value, Tensor) and id(value) in self._state)
        return "state" if held else None


def _plain(method: Method) -> dict[str, bytes]:
    """Every plain attribute of a method and its modules, as bytes that change when it does; clip counters apart.

    A module that saves more than parameters and buffers (``get_extra_state``) has taken care of its own.
    """
    state = {id(tensor) for tensor in (*method.parameters(), *method.buffers())}
    found = {}
    for name, module in method.named_modules():
        if type(module).get_extra_state is not nn.Module.get_extra_state:
            continue
        for key, value in vars(module).items():
            if key in _TORCHS_OWN or key == "forward_passes":
                continue
            file = io.BytesIO()
            try:
                _Pickler(file, state).dump(value)
            except Exception:  # noqa: BLE001, S112  # a function or a lock has no state that could be compared
                continue
            found[".".join(filter(None, [name, key]))] = file.getvalue()
    return found


@register_check
def it_remembers_in_buffers_alone(examined: MethodUnderTest) -> None:
    """No plain attribute changes while it trains: a checkpoint holds parameters and buffers, and nothing else."""
    method = examined.build()
    before: dict[str, bytes] = {}
    for epoch in range(examined.tiny.epochs):
        start_epoch(method, examined.tiny, epoch)
        examined.train(method, epoch, 2)
        examined.predict(method)
        before = before or _plain(method)  # what is computed once, from what never changes, is there by now
    changed = sorted(name for name, value in _plain(method).items() if before.get(name) != value)
    names = ", ".join(f"self.{name}" for name in changed[:3])
    require_that(
        not changed,
        f"{names} changed in training and no checkpoint holds it: a run that is killed goes on without it; make it a "
        "buffer (self.register_buffer), or delete it if nothing depends on it.",
    )


def _moments(examined: MethodUnderTest) -> Iterator[tuple[str, Callable[[], object]]]:
    """What the trainer calls, and the call."""
    yield "its constructor", examined.build
    for epoch in (0, examined.tiny.epochs - 1):
        method, progress = examined.at(epoch), examined.progress(epoch)
        batch = examined.batch(method)
        yield "epoch_start()", partial(start_epoch, method, examined.tiny, epoch, seeded=False)
        yield "loss()", partial(method.loss, batch, progress)
        yield "after_step()", partial(method.after_step, progress)
        yield "predict()", partial(examined.predict, method)


def generator_positions() -> dict[str, list[Any]]:
    """Where Python's and NumPy's generators are."""
    numpy: Any = np.random.get_state()  # noqa: NPY002
    return {"Python's": [random.getstate()], "NumPy's": [numpy[1].tolist(), *numpy[2:]]}


@register_check
def global_generators_are_left_alone(examined: MethodUnderTest) -> None:
    """It never sets torch's generator, and draws from neither Python's nor NumPy's."""
    with global_generators_kept():
        for name, call in _moments(examined):
            before, after = generator_positions(), []
            for seed in (1, 2):
                torch.manual_seed(seed)
                call()
                after.append(torch.get_rng_state())
            drawn = " and ".join(whose for whose, place in generator_positions().items() if place != before[whose])
            require_that(
                not drawn, f"{name} draws from {drawn} global generator, which no run sets; draw from torch's."
            )
            require_that(
                not equal_states(*after),
                f"{name} sets torch's global generator (torch.manual_seed?), so that every step draws the same; leave "
                "it alone: the trainer sets it before each step.",
            )
