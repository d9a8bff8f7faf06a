from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ssmar_bench.core.errors import BusyError
from ssmar_bench.core.files import write_json, write_text
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec
from tests._records import Fake

SPEC = Fake(benchmark="b").spec()
HOLD = """
import sys, time
from pathlib import Path
from ssmar_bench.core.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).lease():
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / SPEC.folder())


def finish(folder: RunFolder, spec: RunSpec = SPEC) -> None:
    folder.begin(spec)
    write_json(folder.record / "metrics.json", {"identity": spec.identity()})


@contextmanager
def another_process(folder: RunFolder) -> Iterator[subprocess.Popen[str]]:
    """Holds the run's lease until it is killed or this block ends."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_an_empty_folder_is_nothing(folder: RunFolder) -> None:
    assert not folder.done()
    assert not folder.held()
    assert not folder.started()
    assert folder.failure() == ""
    assert not folder.path.exists()  # asking leaves no trace


def test_begun_is_not_done(folder: RunFolder) -> None:
    folder.begin(SPEC)
    assert folder.spec().identity() == SPEC.identity()
    assert not folder.done()


def test_a_finished_record_is_done(folder: RunFolder) -> None:
    finish(folder)
    assert folder.done()


def test_begin_leaves_a_spec_that_is_there(folder: RunFolder) -> None:
    folder.begin(SPEC)
    folder.begin(replace(SPEC, seed=1))
    assert folder.spec().seed == 0


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"ratio": 0.2}, {"revision": 2}, {"hyperparameters": {"threshold": 0.9}}, {"engine": 99}]
)
def test_a_changed_spec_is_not_done(folder: RunFolder, changed: dict[str, object]) -> None:
    finish(folder)
    write_json(folder.record / "spec.json", replace(SPEC, **changed).to_json())  # type: ignore[arg-type]
    assert not folder.done()


def test_another_runs_record_is_not_done(folder: RunFolder) -> None:
    finish(folder, replace(SPEC, seed=1))  # a whole record, in the wrong folder
    assert not folder.done()
    write_json(folder.record / "metrics.json", {"identity": SPEC.identity()})
    assert not folder.done()


@pytest.mark.parametrize("text", ["", "{", '{"identity": ', "{}", '{"identity": null}'])
def test_a_torn_record_is_not_done(folder: RunFolder, text: str) -> None:
    for name in ("metrics.json", "spec.json"):
        finish(folder)
        assert folder.done()
        write_text(folder.record / name, text)
        assert not folder.done()
        folder.work.mkdir(exist_ok=True)
        folder.clear()


def test_a_failure_is_kept_and_is_not_done(folder: RunFolder) -> None:
    folder.begin(SPEC)
    write_text(folder.work / "failure.txt", "ValueError: no\n")
    assert folder.failure() == "ValueError: no\n"
    assert not folder.done()


def test_a_checkpoint_is_something_to_continue_from(folder: RunFolder) -> None:
    write_text(folder.work / "log.txt", "x")
    assert not folder.started()
    write_text(folder.work / "checkpoint-odd.pt", "x")
    assert folder.started()


def test_clearing_forgets_everything_but_the_lease(folder: RunFolder) -> None:
    finish(folder)
    write_text(folder.work / "checkpoint-odd.pt", "x")
    write_text(folder.work / "pseudo_label_log" / "1.npz", "x")
    with folder.lease():
        folder.clear()
        with pytest.raises(BusyError), RunFolder(folder.path).lease():
            pass
    assert not folder.record.exists()
    assert sorted(path.name for path in folder.work.iterdir()) == ["cleared", "lease-1"]
    first = folder.cleared()
    with folder.lease():
        folder.clear()
    assert folder.cleared() not in ("", first)


def test_a_lease_is_free_again_after_its_block_and_after_an_error(folder: RunFolder) -> None:
    with folder.lease():
        assert folder.held()
    assert not folder.held()
    with pytest.raises(KeyError), folder.lease():
        raise KeyError
    assert not folder.held()


@pytest.mark.slow
def test_another_process_holds_the_run_until_it_is_killed(folder: RunFolder) -> None:
    with another_process(folder) as process:
        assert folder.held()
        with pytest.raises(BusyError, match=SPEC.folder()), folder.lease():
            pass
        with pytest.raises(BusyError), folder.lease(patience=0.1):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not folder.held()
        with folder.lease():
            pass


@pytest.mark.slow
def test_patience_waits_for_the_other_process(folder: RunFolder) -> None:
    with another_process(folder) as process:
        killer = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.3; kill -9 {process.pid}"])
        with folder.lease(patience=30):
            assert process.wait() == -signal.SIGKILL
        killer.wait()
