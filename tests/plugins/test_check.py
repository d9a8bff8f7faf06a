"""``methods check``: four dishonest or careless methods fail for the right reason, an honest one passes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core import catalog
from ssmar_bench.testing import CHECKS, MethodUnderTest, examine
from tests.conftest import Finished

Call = Callable[..., Finished]
Write = Callable[..., Path]

PLUGIN = '''\
import time

import torch
from ssmar_bench.algorithms.fixmatch import FixMatch
from ssmar_bench.core.contract import PseudoLabels

METHOD_CONFIG = """
extends: fixmatch
name: suspect
label: Suspect
algorithm: suspect
"""


class Suspect(FixMatch):
    revision = 1
    seen = 0

    def loss(self, batch, progress):
        FAULT
        return super().loss(batch, progress)
'''
LEAK = """\
self.told = getattr(batch.unlabelled, "label", None)
        return super().loss(batch, progress)

    def pseudo_labels(self, index, weak):
        found = super().pseudo_labels(index, weak)
        if self.told is None:
            return found
        return PseudoLabels(index, self.told, torch.ones_like(found.weight), found.confidence)

    def unused(self, batch, progress):
        pass"""
STATE = """\
self.seen += 1
        losses = super().loss(batch, progress)
        return type(losses)({name: term * (1 + 1 / self.seen) for name, term in losses.terms.items()}, losses.pseudo)"""
CLOCK = """\
losses = super().loss(batch, progress)
        return type(losses)({name: term * time.monotonic() for name, term in losses.terms.items()}, losses.pseudo)"""
FAULTS = {
    "leaking": (
        LEAK,
        "hidden-labels-do-not-matter",
        "its losses change with the labels of unlabelled clips; a method may read clips and index alone.",
    ),
    "nondeterministic": (
        CLOCK,
        "it-repeats-itself",
        (
            "the same weights, clips and seed gave another loss; draw from torch's global generator alone (not from "
            "numpy, random or the clock), and iterate over no set."
        ),
    ),
    "in place": (
        "batch.labelled.clips['weak'].clamp_(-1, 1)",
        "the-batch-is-not-changed",
        "batch.labelled.clips['weak'] was changed in place; write to a clone of it.",
    ),
    "stateful": (
        STATE,
        "it-remembers-in-buffers-alone",
        (
            "self.seen changed in training and no checkpoint holds it: a run that is killed goes on without it; make "
            "it a buffer (self.register_buffer), or delete it if nothing depends on it."
        ),
    ),
}


def suspect(plugin: Write, fault: str) -> Path:
    return plugin(PLUGIN.replace("FAULT", fault))


def outcomes(text: str) -> dict[str, tuple[str, str]]:
    """Check -> (state, message) of what the command prints."""
    found: dict[str, tuple[str, str]] = {}
    name = ""
    for line in text.splitlines()[:-1]:
        if line.startswith(" " * 16):
            found[name] = (found[name][0], f"{found[name][1]} {line.strip()}".strip())
        else:
            state, _, name = line.strip().rpartition("  ")
            found[name] = (state.strip(), "")
    return found


@pytest.fixture
def only() -> Iterator[Callable[[Iterable[str]], None]]:
    """Leaves some checks alone in the kit; afterwards it is whole again, and in its order."""
    whole = dict(CHECKS)

    def leave(names: Iterable[str]) -> None:
        wanted = {name: whole[name] for name in names}
        CHECKS.clear()
        CHECKS.update(wanted)

    yield leave
    leave(whole)


@pytest.fixture
def quick(only: Callable[[Iterable[str]], None]) -> None:
    """Without the check that starts processes."""
    only([name for name, check in CHECKS.items() if not check.slow])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_fails_for_its_reason(case: str, plugin: Write, call: Call) -> None:
    fault, check, sentence = FAULTS[case]
    ended = call("methods", "check", "suspect", "--plugin", suspect(plugin, fault))
    assert (ended.status, ended.err) == (1, "")
    found = outcomes(ended.out)
    assert found[check] == ("failed", f"suspect: {sentence}")
    assert found["losses-are-finite-scalars-that-train"][0] == "passed"
    assert " failed, " in ended.out.splitlines()[-1]


@pytest.mark.usefixtures("quick")
def test_an_honest_method_passes_and_the_status_says_so(plugin: Write, call: Call) -> None:
    ended = call("methods", "check", "suspect", "--plugin", suspect(plugin, "pass"))
    assert (ended.status, ended.err) == (0, "")
    found = outcomes(ended.out)
    assert found.keys() == CHECKS.keys()
    skipped = {name for name, (state, _) in found.items() if state == "not applicable"}
    assert skipped <= {
        "a-gpu-computes-the-same",
        "it-does-without-unlabelled-clips",
        "further-predictions-are-logits",
        "learning-rates-are-of-trained-weights",
    }
    passed = len(CHECKS) - len(skipped)
    assert ended.out.splitlines()[-1] == f"suspect: {passed} passed, {len(skipped)} not applicable."


@pytest.mark.slow
def test_a_run_of_a_stateful_method_does_not_survive_kill_9(plugin: Write) -> None:
    """Its loss depends on how many steps this process has made: nobody would see it before a run is killed."""
    catalog.use_plugin_file(suspect(plugin, STATE))
    outcome = examine(MethodUnderTest.of("suspect"), "it-survives-kill-9")
    assert outcome.state == "failed"
    assert outcome.message.startswith("suspect: a run that was killed -9 and continued has another loss curve than an ")
    assert "keep what it remembers in buffers" in outcome.message


@pytest.mark.slow
def test_a_run_that_fails_says_why(plugin: Write) -> None:
    catalog.use_plugin_file(suspect(plugin, "assert len(batch.labelled.label) < 9, 'too many'"))
    outcome = examine(MethodUnderTest.of("suspect"), "it-survives-kill-9")
    assert outcome.state == "failed"
    assert outcome.message.startswith("suspect: its run fails: suspect raised AssertionError (my_method.py, line ")


@pytest.mark.usefixtures("quick")
def test_a_method_that_raises_everywhere_is_reported_check_by_check(plugin: Write, call: Call) -> None:
    ended = call("methods", "check", "suspect", "--plugin", suspect(plugin, "raise ValueError('no')"))
    assert ended.status == 1
    found = outcomes(ended.out)
    assert found["a-batch-of-one"][1].startswith("suspect: it raised ValueError: no (checked: ")
    assert found["the-method-config-is-complete"] == ("passed", "")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("sys.exit(0)", "it calls sys.exit(0); raise an error instead."),
        ("os._exit(0)", "it ends its process with status 0; raise an error instead."),
        ("os.kill(os.getpid(), 9)", "its process was ended by SIGKILL, for instance because memory was short."),
        ("ctypes.string_at(0)", "its process was ended by SIGSEGV, native code crashed."),
    ],
)
def test_a_method_that_ends_its_process_ends_its_check_alone(
    plugin: Write, call: Call, fault: str, sentence: str
) -> None:
    path = suspect(plugin, f"import ctypes, os, sys; print('about to end', flush=True); {fault}")
    ended = call("methods", "check", "suspect", "--plugin", path)
    assert ended.status == 1
    found = outcomes(ended.out)
    assert found["a-batch-of-one"] == ("failed", f"suspect: {sentence}")
    assert found["the-method-config-is-complete"] == ("passed", "")
    assert found.keys() == CHECKS.keys()
    assert "about to end" not in ended.out


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("os._exit(0)", "it ends its process with status 0; raise an error instead."),
        ("ctypes.string_at(0)", "its process was ended by SIGSEGV, native code crashed."),
        ("time.sleep(600)", "it has not come back within 3 s; look for a loop or a lock without an end."),
    ],
)
def test_a_plugin_that_cannot_be_loaded_without_ending_its_process_is_said_so(
    plugin: Write, call: Call, monkeypatch: pytest.MonkeyPatch, fault: str, sentence: str
) -> None:
    monkeypatch.setattr("ssmar_bench.testing.isolated.LIMIT", 3)
    path = plugin(f"import ctypes, os, time\n{fault}\n" + PLUGIN.replace("FAULT", "pass"))
    ended = call("methods", "check", "suspect", "--plugin", path)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"ssmar-bench: algorithm 'suspect' of {path} cannot be loaded: {sentence}\n"


@pytest.mark.usefixtures("quick")
def test_after_a_check_that_hangs_no_other_is_tried(plugin: Write, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssmar_bench.testing.isolated.LIMIT", 3)
    ended = call("methods", "check", "suspect", "--plugin", suspect(plugin, "time.sleep(600)"))
    assert ended.status == 1
    sentence = "suspect: it has not come back within 3 s; look for a loop or a lock without an end."
    assert outcomes(ended.out) == {
        "the-method-config-is-complete": ("passed", ""),
        "losses-are-finite-scalars-that-train": ("failed", sentence),
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("name: suspect", "name: other"), "Unknown method 'suspect'; known: "),
        (("algorithm: suspect", "algorithm: suspct"), "my_method.py:11: Unknown algorithm 'suspct'; known: "),
        (("class Suspect", "raise OSError('no disk')\n\n\nclass Suspect"), "cannot be loaded: OSError: no disk."),
    ],
)
def test_what_cannot_even_be_asked_is_a_wrong_word(
    plugin: Write, call: Call, change: tuple[str, str], fault: str
) -> None:
    path = plugin(PLUGIN.replace("FAULT", "pass").replace(*change))
    ended = call("methods", "check", "suspect", "--plugin", path)
    assert (ended.status, ended.out) == (2, "")
    assert fault in ended.err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("extends: fixmatch", "extends: uda"),
            "the method config lacks strong_labelled; write 'KEY: {value: ..., source: ...}'",
        ),
        (
            ("algorithm: suspect", "algorithm: suspect\nhyperparameters: {threshold: {value: 5, source: x}}"),
            "my_method.py:12: threshold: input should be less than or equal to 1 (it is 5).",
        ),
        (("label: Suspect", "label: ''"), "my_method.py:10: label is empty; a table's reader needs it."),
    ],
)
def test_a_method_config_that_does_not_fit_fails_and_nothing_else_is_tried(
    plugin: Write, call: Call, change: tuple[str, str], sentence: str
) -> None:
    ended = call("methods", "check", "suspect", "--plugin", plugin(PLUGIN.replace("FAULT", "pass").replace(*change)))
    assert ended.status == 1
    ((check, (state, message)),) = outcomes(ended.out).items()
    assert (check, state) == ("the-method-config-is-complete", "failed")
    assert sentence in message
    assert ended.out.splitlines()[-1] == "suspect: 1 failed."


TEST = """\
from ssmar_bench.testing import conformance

test_suspect = conformance("suspect", plugin="PATH")
"""


@pytest.mark.slow
def test_the_kit_is_a_pytest_test_in_one_line(plugin: Write, tmp_path: Path) -> None:
    path = suspect(plugin, FAULTS["in place"][0])
    (tmp_path / "test_mine.py").write_text(TEST.replace("PATH", str(path)))
    words = ["-q", "-p", "no:cacheprovider", "-k", "not kill", "--rootdir", tmp_path, tmp_path / "test_mine.py"]
    command = [sys.executable, "-m", "pytest", *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "test_suspect[the-batch-is-not-changed]" in ended.stdout
    assert f"suspect: {FAULTS['in place'][2]}" in ended.stdout
    assert "1 failed, " in ended.stdout
    assert "Traceback" not in ended.stdout


def test_a_check_is_an_outcome_for_scripts_too(plugin: Write, only: Callable[[Iterable[str]], None]) -> None:
    only(["a-batch-of-one"])
    api.use_plugin(suspect(plugin, "pass"))
    (outcome,) = api.run_checks("suspect")
    assert (outcome.check, outcome.state, outcome.message) == ("a-batch-of-one", "passed", "")
