"""A plugin that raises, hangs, gives NaN or crashes fails its cell with a sentence, and the grid goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import execute
from tests.conftest import Finished, folder_of, workers

pytestmark = pytest.mark.slow
Call = Callable[..., Finished]
Write = Callable[..., Path]

HEAD = """\
import ctypes, multiprocessing, os, sys, time
import torch
from ssmar_bench.algorithms.fixmatch import FixMatch
from ssmar_bench.core.contract import Losses
"""
METHOD = """
METHOD_CONFIG_NAME = '''
extends: fixmatch
name: name
label: Name
algorithm: name
'''


class Name(FixMatch):
    revision = 1

    def loss(self, batch, progress):
        losses = super().loss(batch, progress)
        print("a method may print", flush=True)
        if progress.epoch == 1:
            FAULT
        return losses
"""
HANG = "multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,)).start(); time.sleep(600)"
PLACE = r"\(my_method.py, line \d+\)"
FAULTS = {
    "raises": ("raise ValueError('no such\\n  key')", f"raises raised ValueError {PLACE}: no such key"),
    "deep": ("torch.zeros(2) @ torch.zeros(3)", f"deep raised RuntimeError {PLACE}: inconsistent tensor size.*"),
    "leaves": ("sys.exit(0)", rf"leaves ended its process with sys.exit\(0\) {PLACE}; raise an error instead."),
    "busy": ("os._exit(75)", "its process ended itself with status 75 in the middle of training"),
    "ends": ("os._exit(0)", "its process ended itself with status 0 in the middle of training"),
    "crashes": ("ctypes.string_at(0)", "its process was ended by SIGSEGV, native code crashed"),
    "nan": (
        "losses = Losses({**losses.terms, 'unlabelled': losses.terms['unlabelled'] * float('nan')}, losses.pseudo)",
        "loss/labelled_weak, loss/unlabelled became infinite or not a number in epoch 2; try a lower train.lr.",
    ),
    "unsure": (
        "losses.pseudo['online'].confidence.mul_(float('nan'))",
        "pseudo-labels: online.confidence is not a number in epoch 2.",
    ),
    "blind": (
        "self.predict = lambda clips: self.network(clips).logits * float('nan')",
        r"predict\(\) gave logits that are infinite or not a number for validation clips.",
    ),
    "nothing": ("return None", r"nothing raised AttributeError \(train.py, line \d+\): .*"),
}


def method(name: str, fault: str) -> str:
    return (
        METHOD.replace("FAULT", fault)
        .replace("NAME", name)
        .replace("Name", name.title())
        .replace(": name", f": {name}")
    )


def failures(ended: Finished, out: Path) -> dict[str, str]:
    """Method -> the sentence that the command's last lines say of it."""
    found = {}
    for line in ended.err.splitlines():
        if line.startswith("failed: "):
            run, _, rest = line.removeprefix("failed: ").partition(": ")
            failed = RunFolder(out / "runs" / run)
            found[run.split("_")[1]] = rest.removesuffix(f" (see {failed.work / 'failure.txt'})")
            assert failed.failure().strip().splitlines()[-1] in rest
            assert not failed.done()
    return found


@pytest.mark.minutes
def test_every_fault_fails_its_cell_with_a_sentence_and_the_grid_goes_on(
    plugin: Write, tiny: Path, tmp_path: Path, call: Call
) -> None:
    path = plugin(HEAD + "".join(method(name, fault) for name, (fault, _) in FAULTS.items()))
    words = ("--methods", ",".join([*FAULTS, "supervised"]), "--plugin", path, "--set", "train.epochs=2")
    ended = call("run", "--benchmark", tiny, *words, "--out", tmp_path)
    assert ended.status == 1
    assert "Traceback" not in ended.err + ended.out
    told = failures(ended, tmp_path)
    assert told.keys() == FAULTS.keys()
    for name, (_, sentence) in FAULTS.items():
        assert re.fullmatch(sentence, told[name]), name
        assert told[name][:150] in ended.out.replace("\\", ""), "the table of runs without a result says it, too"
        assert f"  failed  tiny-motion_{name}_r50_s0_epochs-2  {told[name]}" in ended.err.splitlines()
    assert RunFolder(folder_of(tmp_path, "supervised")).done()
    assert "| Supervised (labelled only) [train.epochs=2] |" in ended.out
    assert workers(tmp_path) == []


def test_a_plugin_that_hangs_is_ended_with_all_that_it_has_started(
    plugin: Write, tiny: Path, tmp_path: Path, call: Call
) -> None:
    path = plugin(HEAD + method("hangs", HANG))
    words = ("--methods", "hangs,supervised", "--plugin", path, "--jobs", 1, "--set", "train.epochs=2")
    ended = call("run", "--benchmark", tiny, *words, "--time-limit", "0.5", "--out", tmp_path)
    assert ended.status == 1
    ((name, sentence),) = failures(ended, tmp_path).items()
    assert name == "hangs"
    assert re.fullmatch(r"stopped by the time limit after \d+ s; raise --time-limit or shorten the run", sentence)
    assert RunFolder(folder_of(tmp_path, "supervised")).done()
    assert workers(tmp_path) == []


def test_what_a_method_leaves_running_does_not_keep_the_grid_waiting(
    plugin: Write, tiny: Path, tmp_path: Path, call: Call
) -> None:
    left = """
if "ssmar_bench.runs.worker" in sys.orig_argv:
    import threading
    threading.Thread(target=time.sleep, args=(600,)).start()
    multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,)).start()
"""
    path = plugin(HEAD + left + method("leaves", "pass"))
    words = ("--methods", "leaves", "--plugin", path, "--set", "train.epochs=2", "--out", tmp_path)
    ended = call("run", "--benchmark", tiny, *words)
    assert ended.status == 0, ended.err
    assert workers(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("raise ImportError('no such thing')", "cannot be loaded: ImportError: no such thing."),
        ("import sys; sys.exit(7)", "cannot be loaded: SystemExit: 7."),
    ],
)
def test_a_plugin_that_cannot_even_be_loaded_is_reported_before_anything_starts(
    plugin: Write, tiny: Path, tmp_path: Path, call: Call, text: str, fault: str
) -> None:
    path = plugin(f"{text}\n{HEAD}{method('raises', 'pass')}")
    ended = call(
        "run", "--benchmark", tiny, "--methods", "raises,supervised", "--plugin", path, "--out", tmp_path / "out"
    )
    assert ended.status == 2
    assert ended.err == f"ssmar-bench: algorithm 'raises' of {path} {fault}\n"
    assert not (tmp_path / "out").exists()


def test_a_plugin_file_that_is_gone_fails_its_run_alone(
    plugin: Write, tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lay_out = plugin(HEAD + method("gone", "pass")), execute.write_run_inputs

    def and_remove(*words: Any) -> None:
        lay_out(*words)
        path.unlink(missing_ok=True)

    monkeypatch.setattr(execute, "write_run_inputs", and_remove)
    ended = call("run", "--benchmark", tiny, "--methods", "gone", "--plugin", path, "--out", tmp_path)
    assert ended.status == 1
    assert f": {path}: there is no such file; a plugin is a .py file with a method config." in ended.err
