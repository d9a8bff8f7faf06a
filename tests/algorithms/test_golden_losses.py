"""The losses of every algorithm on the tiny problem, as they were when its ``revision`` was set.

A test fails when the numbers move while ``revision`` does not: records of runs name the revision, and another formula
under the same one would be in a row with the old. If the mathematics is meant to change, raise ``revision`` in the
algorithm's class and run this file: ``python tests/algorithms/test_golden_losses.py``. It writes the numbers of other
revisions and of new methods again, and of the methods that are named behind it, where the tiny problem itself changed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import method_config
from ssmar_bench.core.contract import Method
from ssmar_bench.testing import MethodUnderTest
from ssmar_bench.testing.method_under_test import end_training, start_epoch

Golden = dict[str, Any]
FILE = Path(__file__).with_name("golden_losses.json")
COMMAND = "python tests/algorithms/test_golden_losses.py"
MENDING = f"If that is meant, raise 'revision' in the algorithm's class and run '{COMMAND}'; else it is a fault."
RELATIVE, ABSOLUTE = 1e-4, 1e-6
WIDER = {"vat": 1e-3}
"""How far a number may lie from the written one: processors round differently, another formula moves it by more. The
direction of VAT is a difference of two nearly equal numbers."""
OTHER_VALUES = {
    "vat": {"entropy": 0.06, "probe": 0.1, "radius": 1.0},
    "usb-vat": {"ulb_loss_ratio": 0.0},
}
"""Where a method's own values hide a term or leave it to rounding: VAT's entropy has weight 0; a small probe finds
another direction on every processor, and semilearn's (1e-6) is fixed: its adversarial term is left out here."""


def methods() -> list[str]:
    """A method for every algorithm, and one more for every other setting of its switches (what is no number)."""
    found: dict[tuple[str, str], str] = {}
    for name in method_config.METHODS.names():
        config = method_config.read_method_config(name)[0]
        values = dict(ALGORITHMS.load(config.algorithm).Config.model_validate(config.values()))
        switches = {key: value for key, value in values.items() if value is None or isinstance(value, bool | str)}
        found.setdefault((config.algorithm, repr(switches)), name)
    return sorted(found.values())


@contextmanager
def one_thread() -> Iterator[None]:
    """The last digits of a sum depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def rounded(value: torch.Tensor) -> float:
    return float(f"{value.detach().item():.7g}")


def measured(name: str, **changed: object) -> Golden:
    """Revision, losses of four epochs and one clip's last logits of a short run with one step in an epoch.

    Thresholds on confidence are 0.5, which some of the tiny problem's clips pass and others do not.
    """
    subject = MethodUnderTest.of(name).on(sharp=True, batch=8)
    thresholds = {key: 0.5 for key, acts in subject.fields().items() if isinstance(acts.all, float)}
    subject = subject.under(**{**thresholds, **OTHER_VALUES.get(name, {}), **changed})
    losses, last = {}, subject.tiny.epochs - 1
    with one_thread():
        method = subject.build()
        for epoch in range(last + 1):
            start_epoch(method, subject.tiny, epoch)
            (found,) = subject.train(method, epoch, 1, first=epoch, rate=2e-5)
            if epoch in (0, 1, last // 2 + 1, last):
                losses[str(epoch)] = {term: rounded(value) for term, value in sorted(found.terms.items())}
        end_training(method, subject.tiny)
        logits = [rounded(value) for value in subject.predict(method)[0]]
    return {"revision": subject.algorithm.revision, "losses": losses, "logits": logits}


def numbers(golden: Golden) -> dict[str, float]:
    """Every number of ``golden`` by what it is."""
    terms = {
        f"{term} in epoch {epoch}": value for epoch, terms in golden["losses"].items() for term, value in terms.items()
    }
    return terms | {f"logit {at}": value for at, value in enumerate(golden["logits"])}


def moved(written: Golden, now: Golden, relative: float = RELATIVE) -> list[str]:
    """What differs, a sentence each."""
    then, today = numbers(written), numbers(now)
    return [f"{name} is not in both" for name in sorted(then.keys() ^ today.keys())] + [
        f"{name} was {then[name]} and is {today[name]}"
        for name in sorted(then.keys() & today.keys())
        if today[name] != pytest.approx(then[name], rel=relative, abs=ABSOLUTE)
    ]


def read() -> dict[str, Golden]:
    found: dict[str, Golden] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return found


def write(named: list[str]) -> None:
    """Writes what is new, what has another revision than the written one, and what is ``named``."""
    written, kept = read(), {}
    for name in methods():
        then, now = written.get(name), measured(name)
        again = then is None or then["revision"] != now["revision"] or name in named
        kept[name] = now if again else then
    lines = [f"{json.dumps(name)}: {json.dumps(golden)}" for name, golden in kept.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


@pytest.mark.parametrize("name", methods())
def test_losses_move_only_with_the_revision(name: str) -> None:
    if name.startswith("usb-") and find_spec("semilearn") is None:
        pytest.skip("semilearn is not installed")
    if name.startswith("usb-") and "AVX" not in torch.backends.cpu.get_cpu_capability():
        pytest.skip("semilearn's own heads have other initial weights on a processor without AVX")
    written = read()
    assert name in written, f"{FILE.name} has no losses of {name}: run '{COMMAND}'."
    now = measured(name)
    assert now["revision"] == written[name]["revision"], f"{name} has another revision: run '{COMMAND}'."
    differences = moved(written[name], now, WIDER.get(name, RELATIVE))
    assert not differences, f"{name} computes other numbers under the same revision. {MENDING}"


def test_every_algorithm_has_losses_and_nothing_else_has() -> None:
    assert {method_config.read_method_config(name)[0].algorithm for name in read()} == set(ALGORITHMS.names())
    assert list(read()) == methods(), f"run '{COMMAND}'"


def test_every_term_is_seen_at_work() -> None:
    """A term that is zero in every epoch would hide its formula."""
    for name, golden in read().items():
        terms = {term for terms in golden["losses"].values() for term, value in terms.items() if value}
        assert not {term for terms in golden["losses"].values() for term in terms} - terms, name


# ---- a changed formula is noticed


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("aplt", "weight"),
        ("finessl", "weight"),
        ("fixmatch", "weight"),
        ("mixmatch", "weight"),
        ("svformer", "weight"),
        ("vat", "entropy"),
    ],
)
def test_a_weight_that_is_half_a_percent_larger_is_noticed(name: str, weight: str) -> None:
    value = OTHER_VALUES.get(name, {}).get(weight, MethodUnderTest.of(name).values[weight])
    assert moved(read()[name], measured(name, **{weight: value * 1.005}))


def changed_threshold(confidence: Callable[..., Any]) -> Callable[..., Any]:
    return lambda index, logits, threshold: confidence(index, logits, threshold + 0.1)


@pytest.mark.parametrize("name", ["fixmatch", "aplt"])
def test_a_changed_selection_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[ALGORITHMS.load(name).__module__]
    monkeypatch.setattr(module, "confident_labels", changed_threshold(module.confident_labels))
    assert moved(read()[name], measured(name))


def test_a_changed_prediction_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    algorithm: type[Method] = ALGORITHMS.load("aplt")
    predict = algorithm.predict
    monkeypatch.setattr(algorithm, "predict", lambda self, clips: functional.log_softmax(predict(self, clips), 1))
    assert all(sentence.startswith("logit ") for sentence in moved(read()["aplt"], measured("aplt")))
    assert moved(read()["aplt"], measured("aplt"))


if __name__ == "__main__":
    write(sys.argv[1:])
