"""One process at a time holds a lease, whatever the clocks of the machines say and whoever dies without a word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core import lease
from ssmar_bench.core.errors import BusyError
from ssmar_bench.core.lease import Lease
from ssmar_bench.core.run_folder import RunFolder
from tests.conftest import until

HOLD = """
import pathlib, sys, time
from ssmar_bench.core import lease
lease.Lease(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""
RACE = """
import os, pathlib, sys, time
from ssmar_bench.core import lease
from ssmar_bench.core.errors import BusyError
folder = pathlib.Path(sys.argv[1])
for _ in range(40):
    own = lease.Lease(folder)
    own.acquire(patience=60)
    descriptor = os.open(folder / "alone", os.O_CREAT | os.O_EXCL)
    os.close(descriptor)
    (folder / "alone").unlink()
    own.release()
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.02)
    monkeypatch.setattr(lease, "_watched", {})


class Elsewhere:
    """A process of another machine, whose clock is wrong by ``skew`` seconds; it lives in a thread of this one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, skew: float = 0.0) -> None:
        self.folder, self.skew = folder, skew
        me = replace(lease._me(), host="n2", place="n2 another boot")
        with monkeypatch.context() as patch:
            patch.setattr(lease, "_me", lambda: me)
            (folder / "lease-7").write_bytes(lease._content(0))
        self.me, self.count, self.over = me, 0, threading.Event()
        self._clock()

    def _clock(self) -> None:
        """What its machine, or a file system that follows it, says of the time."""
        status = (self.folder / "lease-7").stat()
        os.utime(self.folder / "lease-7", (status.st_atime + self.skew, status.st_mtime + self.skew))

    def beat(self) -> None:
        self.count += 1
        content = (self.folder / "lease-7").read_bytes()
        (self.folder / "lease-7").write_bytes(f"{self.count:0{lease.DIGITS}}".encode() + content[lease.DIGITS :])
        self._clock()

    def live(self) -> threading.Thread:
        def beats() -> None:
            while not self.over.wait(0.02):
                self.beat()

        thread = threading.Thread(target=beats)
        thread.start()
        return thread


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-P", "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lease_is_held_once_and_given_back(tmp_path: Path) -> None:
    own = Lease(tmp_path)
    own.acquire()
    assert lease.held(tmp_path)
    with pytest.raises(BusyError, match=f"process {os.getpid()} on "):
        Lease(tmp_path).acquire()
    own.release()
    assert not lease.held(tmp_path)
    Lease(tmp_path).acquire()


def test_a_process_of_this_machine_holds_it_until_it_is_killed(tmp_path: Path, process: Any) -> None:
    assert lease.held(tmp_path)
    with pytest.raises(BusyError, match=f"process {process.pid} on "):
        Lease(tmp_path).acquire()
    process.kill()  # and not yet reaped
    until(lambda: not lease.held(tmp_path), "the end of the process", 10)
    Lease(tmp_path).acquire()


def test_another_process_with_the_same_number_is_not_the_holder(tmp_path: Path) -> None:
    me = lease._me()
    (tmp_path / "lease-1").write_bytes(lease._content(0).replace(json.dumps(me.started).encode(), b'"1"'))
    assert not lease.held(tmp_path)
    Lease(tmp_path).acquire()


@pytest.mark.parametrize("skew", [-86_400.0, 0.0, 86_400.0])
def test_a_living_holder_with_any_clock_is_never_robbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    monkeypatch.setattr(lease, "SILENCE", 0.4)
    other = Elsewhere(monkeypatch, tmp_path, skew)
    thread = other.live()
    with pytest.raises(BusyError, match="on n2"):
        Lease(tmp_path).acquire(patience=1.5)
    other.over.set()
    thread.join()
    Lease(tmp_path).acquire(patience=30)  # and once it is silent, its lease is taken


@pytest.mark.parametrize("skew", [-86_400.0, 0.0, 86_400.0])
def test_a_silent_holder_keeps_it_until_this_process_has_watched_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    Elsewhere(monkeypatch, tmp_path, skew)
    for passed in (0, lease.SILENCE - 1):
        now = 1000.0 + passed
        with pytest.raises(BusyError):
            Lease(tmp_path).acquire()
    now = 1000.0 + lease.SILENCE
    Lease(tmp_path).acquire()


def test_processes_of_a_rebooted_machine_are_not_taken_for_living_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of a process means nothing in another boot or container: only silence frees the lease."""
    Elsewhere(monkeypatch, tmp_path)
    assert lease.holder(tmp_path) is not None
    assert lease.holder(tmp_path).ended() is None


def test_a_holder_that_wakes_after_it_was_robbed_notices_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "run")
    told = threading.Event()
    with folder.lease(lost=told.set):
        folder.keep({"launch.json": {}})
        number = lease._latest(folder.work)
        (folder.work / f"lease-{number + 1}").write_bytes(lease._content(0))  # as the one that took it
        (folder.work / f"lease-{number}").unlink()
        assert told.wait(30)
        with pytest.raises(BusyError, match="was lost"):
            folder.keep({"split.json": {}})
    assert not (folder.work / "split.json").exists()
    assert lease.held(folder.work), "it gave back what is another's"


def test_a_holder_that_cannot_write_gives_up_before_others_may_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lease.BEAT < lease.GRACE < lease.SILENCE
    monkeypatch.setattr(lease, "GRACE", 0.2)

    def full(*_: Any) -> bytes:
        raise OSError(28, "No space left on device")

    told = threading.Event()
    own = Lease(tmp_path, told.set)
    own.acquire()
    assert not told.wait(0.5), "while it can write, it keeps the lease"
    monkeypatch.setattr(lease, "_content", full)
    assert told.wait(30)
    assert not own.held()


def test_of_many_that_want_it_one_has_it(tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-P", "-c", RACE, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(120) for process in started] == [0, 0, 0, 0]
    assert len([*tmp_path.glob("lease-*")]) == 1


def test_one_that_looked_long_ago_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It saw a free lease 1; meanwhile 2 was taken and given back, and 3 is held."""
    (tmp_path / "lease-1").write_bytes(lease.FREE)
    late = Lease(tmp_path)
    real = lease._is_free

    def slow(path: Path) -> bool:
        found = real(path)
        path.unlink()
        (tmp_path / "lease-3").write_bytes(lease._content(0))
        return found

    monkeypatch.setattr(lease, "_is_free", slow)
    assert not late._take()
    assert [path.name for path in tmp_path.iterdir()] == ["lease-3"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\n{}", b"000000000001\n[]\n"])
def test_a_damaged_lease_is_held_until_it_was_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "lease-1").write_bytes(content)
    assert lease.held(tmp_path)
    with pytest.raises(BusyError):
        Lease(tmp_path).acquire()
    monkeypatch.setattr(lease, "SILENCE", 0.0)
    Lease(tmp_path).acquire()
