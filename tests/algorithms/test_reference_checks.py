"""Ours against semilearn 0.3.2: under its reading of a method the losses agree over twelve optimiser steps.

Which methods, under which names of arguments and how closely is in the method configs (``reference_check``). Same
network, clips of five dimensions, seeds and optimiser; what the two draw in different ways is given to both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.algorithms.usb.upstream import algorithms
from ssmar_bench.core import method_config
from ssmar_bench.core.contract import Method, Progress
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.testing.method_under_test import total_loss, unlabelled
from ssmar_bench.testing.tiny import Tiny

PLAIN, SHARP = Tiny(), Tiny(sharp=True)
METHODS = [found for found, _ in map(method_config.read_method_config, method_config.METHODS.names())]
SEMILEARNS = [found for found in METHODS if found.reference_check and found.reference_check.reference == "semilearn"]
COMPARED = {found.name: found for found in SEMILEARNS if found.name == found.algorithm}  # others extend one of these
NINE = {"pseudolabel", "mean-teacher", "vat", "mixmatch", "uda", "fixmatch", "flexmatch", "freematch", "softmatch"}


class Clock:
    """The step that both are at."""

    step = 0


method_configs = pytest.mark.parametrize("name", sorted(COMPARED))


def problem(name: str) -> Tiny:
    """Networks that are sure of something, so that thresholds select; MixMatch has none, and 100 times its squared
    gap would let a sharp network's rounding grow to 1e-4 within twelve steps."""
    return PLAIN if name == "mixmatch" else SHARP


def pair(found: MethodConfig, **changed: Any) -> tuple[Method, Method]:
    """Our method under semilearn's reading, and semilearn's own under the arguments that the method config names."""
    assert found.reference_check is not None
    values = found.values(as_semilearn=True) | changed
    tiny = problem(found.name)
    ours = tiny.method(ALGORITHMS.load(found.algorithm), values)
    theirs = ALGORITHMS.load(f"usb-{found.reference_check.algorithm}")
    own = {
        argument.name[2:]: argument.default for argument in algorithms()[found.reference_check.algorithm].get_argument()
    }
    general = {"use_cat": True, "ulb_loss_ratio": 1.0, "ema_m": 0.0, "predict_with": "model"}
    given = {argument: values[name] for argument, name in found.reference_check.arguments.items()}
    merged = {**general, **own, **given}
    return ours, tiny.method(theirs, {key: merged[key] for key in theirs.Config.model_fields})


def alike(monkeypatch: pytest.MonkeyPatch, ours: Method, theirs: Method, direction: bool = True) -> None:
    """Both see the same random numbers: permutations by the seed, Beta's draws and VAT's perturbation as given."""
    algorithm = theirs.algorithm
    train_step = algorithm.train_step

    def seeded(**given: Any) -> Any:
        torch.manual_seed(Clock.step)
        return train_step(**given)

    algorithm.train_step = seeded
    if hasattr(algorithm, "mixup_alpha"):

        def share() -> float:
            return 0.6 + 0.02 * Clock.step

        monkeypatch.setattr(np.random, "beta", lambda *_: share())
        ours_draws = "ssmar_bench.algorithms.mixmatch.draw_coefficients"
        monkeypatch.setattr(ours_draws, lambda rows, *_, **__: torch.full((rows,), share()))
    if hasattr(algorithm, "vat_eps") and direction:

        def unit(clips: Tensor) -> Tensor:
            drawn = torch.randn(clips.shape, generator=torch.Generator().manual_seed(Clock.step))
            return drawn / drawn.flatten(1).norm(dim=1).view(-1, 1, 1, 1, 1)

        algorithm._l2_normalize = unit
        monkeypatch.setattr(ours, "perturbation", lambda clips, _: ours.config.radius * unit(clips))


def losses(method: Method, steps: int) -> tuple[list[float], list[float]]:
    """The whole loss and the unlabelled terms of each step."""
    optimiser = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], 0.02, momentum=0.9)
    whole, hidden = [], []
    for step in range(steps):
        progress = Progress(step, 3 * PLAIN.epochs, step // 3, PLAIN.epochs)
        Clock.step = step
        torch.manual_seed(step)
        found = method.loss(PLAIN.batch_of(method.views(), step), progress)
        optimiser.zero_grad()
        total_loss(found).backward()
        optimiser.step()
        method.after_step(progress)
        whole.append(total_loss(found).item())
        hidden.append(sum(term.item() for term in unlabelled(found).values()))
    return whole, hidden


def test_all_nine_are_compared() -> None:
    assert set(COMPARED) == NINE
    assert all(found.reference_check.steps == 12 for found in COMPARED.values())
    tolerances = {name: found.reference_check.tolerance for name, found in COMPARED.items()}
    assert tolerances == dict.fromkeys(NINE, 1e-5) | {"mean-teacher": 1e-3}


@method_configs
def test_the_loss_is_semilearns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = COMPARED[name]
    ours, theirs = pair(found)
    alike(monkeypatch, ours, theirs)
    wanted, _ = losses(theirs, found.reference_check.steps)
    whole, hidden = losses(ours, found.reference_check.steps)
    assert whole == pytest.approx(wanted, rel=found.reference_check.tolerance)
    assert sum(value != 0 for value in hidden) >= found.reference_check.steps // 3, "hardly anything of it was compared"


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("pseudolabel", {"threshold": 0.6, "weight": 2.0, "ramp_end": 0.2}),
        ("uda", {"tsa": "linear", "threshold": 0.6}),
        ("uda", {"tsa": "log"}),
        ("uda", {"tsa": "exp"}),
        ("flexmatch", {"threshold": 0.7, "threshold_warm_up": False}),
        ("freematch", {"momentum": 0.7, "fairness": 0.5}),  # with 0.5 rounding grows a hundredfold a step
        ("softmatch", {"momentum": 0.5, "width": 3.0}),
        ("mean-teacher", {"momentum": 0.5, "momentum_in_ramp": 0.5, "weight": 5.0}),
    ],
)
def test_the_loss_is_semilearns_under_other_values(
    name: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = COMPARED[name]
    ours, theirs = pair(found, **changed)
    alike(monkeypatch, ours, theirs)
    tolerance = found.reference_check.tolerance
    assert losses(ours, 6)[0] == pytest.approx(losses(theirs, 6)[0], rel=tolerance, abs=tolerance)


def test_vats_direction_is_semilearns_where_the_full_pool_is_above_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """semilearn's probe of 1e-6 finds rounding noise; with 3e-2 its power iteration and ours find one direction."""
    ours, theirs = pair(COMPARED["vat"], probe=3e-2)
    alike(monkeypatch, ours, theirs, direction=False)
    loss = theirs.algorithm.vat_loss
    theirs.algorithm.vat_loss = lambda *given, **named: loss(*given, xi=3e-2, **named)
    assert losses(ours, 2)[0] == pytest.approx(losses(theirs, 2)[0], rel=1e-3)
