"""What holds for every method of ``methods/``, whatever its mathematics; a new method config is covered by being there.

Every algorithm passes every check under the first of its method configs. Its other method configs pass what can depend
on their
values: where a switch is differently, all but the check of hyper-parameters, which tries other values by itself;
where only numbers or the benchmark do, the checks of a sound training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import method_config
from ssmar_bench.core.method_config import MethodConfig
from ssmar_bench.testing import CHECKS, MethodUnderTest, examine
from ssmar_bench.testing.basic_checks import losses_are_finite_scalars_that_train
from ssmar_bench.testing.prediction_checks import prediction_is_of_each_clip_by_itself

SEMILEARN_FAULTS = {
    ("usb-comatch", "extreme-logits-stay-finite"): "divides by the length of a projection without guarding against 0",
    ("usb-simmatch", "extreme-logits-stay-finite"): "divides by the length of a projection without guarding against 0",
    ("usb-simmatch", "half-precision-changes-little"): "scatters probabilities of one precision into another",
    ("usb-softmatch", "a-batch-of-one"): "takes the variance of one value",
}
"""What semilearn 0.3.2 does not pass: its own code, shown as it is."""

OF_HYPER_PARAMETERS = "every-hyper-parameter-acts-where-it-says"
OF_NUMBERS = (
    "losses-are-finite-scalars-that-train",
    "the-unlabelled-loss-trains-the-backbone",
    "prediction-is-of-each-clip-by-itself",
    "the-method-config-is-complete",
)


def switches(found: MethodConfig) -> dict[str, object]:
    """The hyper-parameters that are no numbers."""
    values = dict(ALGORITHMS.load(found.algorithm).Config.model_validate(found.values()))
    return {key: value for key, value in values.items() if value is None or isinstance(value, bool | str)}


def cases() -> Iterator[tuple[str, str]]:
    """The checks of each method config but those that start processes; see above."""
    every = [name for name, check in CHECKS.items() if not check.slow]
    first: dict[str, MethodConfig] = {}
    for name in method_config.METHODS.names():
        found, _ = method_config.read_method_config(name)
        base = first.setdefault(found.algorithm, found)
        if base is found:
            checks = every
        elif switches(base) == switches(found):
            checks = [*OF_NUMBERS]
        else:
            checks = [check for check in every if check != OF_HYPER_PARAMETERS]
        yield from ((name, check) for check in checks)


def test_every_algorithm_has_a_method_config_and_every_method_config_is_checked() -> None:
    assert {method_config.read_method_config(name)[0].algorithm for name in method_config.METHODS.names()} == set(
        ALGORITHMS.names()
    )
    assert {name for name, _ in cases()} == set(method_config.METHODS.names())
    assert {OF_HYPER_PARAMETERS, *OF_NUMBERS} <= CHECKS.keys()


@pytest.mark.parametrize(("name", "check"), cases())
def test_every_method_passes(name: str, check: str) -> None:
    outcome = examine(MethodUnderTest.of(name), check)
    if outcome.state == "not applicable":
        pytest.skip(outcome.message)
    if (name, check) in SEMILEARN_FAULTS:
        assert outcome.state == "failed", f"{name} passes {check} now: take it out of the list"
        pytest.xfail(SEMILEARN_FAULTS[name, check])
    assert outcome.state == "passed", outcome.message


@pytest.mark.parametrize("name", [name for name, check in cases() if check == OF_HYPER_PARAMETERS])
def test_every_algorithm_trains_a_vision_transformer(name: str) -> None:
    """As ``a-network-of-3d-convolutions-will-do``, on a network of patch tokens and without BatchNorm."""
    examined = MethodUnderTest.of(name)
    if examined.algorithm.needs_stages:
        pytest.skip("it asks for feature maps, which a vision transformer does not tell")
    on_tokens = type("OnTokens", (examined.algorithm,), {"needs_tokens": True})
    for check in (losses_are_finite_scalars_that_train, prediction_is_of_each_clip_by_itself):
        check(replace(examined, algorithm=on_tokens))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("mean-teacher", "aplt", "protocon", "dual-student", "cmpl", "fullmatch", "cgmatch", "sefar"),
        *("noisy-student", "noisy-student-larger", "label-embedding"),
    ],
)  # tests/runs kill supervised, too
def test_a_killed_run_goes_on(name: str) -> None:
    assert examine(MethodUnderTest.of(name), "it-survives-kill-9").message == ""
