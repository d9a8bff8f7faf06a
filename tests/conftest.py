"""A benchmark so small that a run takes seconds, the commands that train it, and what every test may read of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from ssmar_bench.core import digests

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: tests run side by side, and theirs is a tiny problem

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

TINY = """\
extends: micro-motion-12
name: tiny-motion
title: Tiny
source:
  options:
    train_clips: 60
    test_clips: 24
    train_subjects: 6
    test_subjects: 3
    frames: 8
    size: 32
    amplitude: 1.0
parts:
  validation: 0.15
ratios: [0.5]
seeds: [0]
frame_cache:
  short_side: 20
  segments: 4
  candidates: 2
clips:
  size: 16
train:
  epochs: 12
  batch: 10
"""
METHODS = ("supervised", "fixmatch", "aplt")
ENTRY = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background of a shell
from ssmar_bench.cli import main
main()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes starts first, so that the other worker does everything else meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("minutes") is None)


@dataclass(frozen=True)
class Finished:
    """A command that has ended: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


def folder_of(out: Path, method: str, ratio: int = 50) -> Path:
    """The folder of the one run of ``method`` at ``ratio`` % under ``--out``."""
    (folder,) = (out / "runs").glob(f"*_{method}_r{ratio}_s*")
    return folder


def records(out: Path, *but: str) -> dict[str, bytes]:
    """Every file of every run's record (``run/file``), without those named in ``but``, nor their digests."""
    found = {}
    for path in (out / "runs").glob("*/record/*"):
        if path.name not in but:
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if path.name != digests.FILE or line[66:-1].decode() not in but]
            found[f"{path.parts[-3]}/{path.name}"] = b"".join(kept)
    return found


def timings(out: Path) -> dict[str, tuple[int, bytes]]:
    """When each run's timings were written and what they say: another training would change both."""
    paths = (out / "runs").glob("*/record/timings.json")
    return {path.parts[-3]: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def until(there: Callable[[], object], what: str, seconds: float = 300) -> None:
    """Wait until ``there()`` is true."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.005)


def workers(out: Path) -> list[int]:
    """Process ids of all living workers under ``--out``, whoever their parent is by now."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    found = (line.split(None, 1) for line in listing.splitlines())
    return [int(words[0]) for words in found if "ssmar_bench.runs.worker" in words[1] and str(out) in words[1]]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:  # it has ended meanwhile
        return 0


@contextlib.contextmanager
def small_disk(place: Path, kib: int) -> Iterator[Path]:
    """A disk of so many KiB at ``place``; the test is skipped where none can be mounted."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@dataclass
class Commands:
    """Starts ``ssmar-bench`` as real processes, each at the head of a process group as a terminal would."""

    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: object, cache: Path | None = None) -> subprocess.Popen[str]:
        entry = [sys.executable, "-P", "-c", ENTRY]
        environment = os.environ | ({"SSMAR_BENCH_CACHE": str(cache)} if cache else {})
        process = subprocess.Popen(
            [*entry, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    @staticmethod
    def end(process: subprocess.Popen[str]) -> Finished:
        out, err = process.communicate(timeout=900)
        return Finished(process.returncode, out, err)

    def run(self, *words: object, cache: Path | None = None) -> Finished:
        return self.end(self.start(*words, cache=cache))

    @staticmethod
    def left(process: subprocess.Popen[str]) -> list[int]:
        """Living processes of the command's session, whoever their parent is by now; zombies do not live."""
        listing = subprocess.run(["ps", "-ax", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
        alive = [int(pid) for pid, stat in map(str.split, listing.splitlines()) if not stat.startswith("Z")]
        return [pid for pid in alive if _session(pid) == process.pid]

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill -9 of the process alone; what it leaves behind must end by itself."""
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in self.running:
            for pid in self.left(process):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.communicate()  # only now: whoever is left may hold its pipes


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of pytest-xdist see, new in every session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache(shared: Path) -> Iterator[Path]:
    """No test reads or writes the user's cache; what one renders, the others find."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSMAR_BENCH_CACHE", str(shared / "cache"))
        yield shared / "cache"


@pytest.fixture(scope="session")
def tiny(shared: Path) -> Path:
    """The benchmark config ``tiny-motion``: 50 training clips of 12 classes, 5 steps an epoch, 12 epochs."""
    with FileLock(shared / "tiny.lock"):
        path = shared / "tiny.yaml"
        if not path.exists():
            path.write_text(TINY)
    return path


@pytest.fixture
def commands() -> Iterator[Commands]:
    """Real processes, none of which outlives the test."""
    commands = Commands()
    yield commands
    commands.close()


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """``ssmar-bench`` in this process, with everything that its entry point does; its runs are processes anyway."""
    from ssmar_bench import cli

    def run(*words: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["ssmar-bench", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Finished(int(ended.value.code or 0), *capsys.readouterr())

    return run


@dataclass(frozen=True)
class Trained:
    """The grid that most tests look at, trained once a session; nobody may change anything in ``out``."""

    out: Path
    output: Finished

    def copy(self, out: Path, *methods: str) -> Path:
        """Its results, or those of some methods at 50 %, to be changed."""
        for method in methods or ("*",):
            for folder in (self.out / "runs").glob(f"*_{method}_r50_*"):
                shutil.copytree(folder, out / "runs" / folder.name)
        return out


@pytest.fixture(scope="session")
def trained(shared: Path, tiny: Path) -> Trained:
    """Three methods at 50 % and 100 % labels, trained in an own process by whoever needs them first."""
    out = shared / "trained"
    texts = [shared / f"trained.{name}" for name in ("status", "out", "err")]
    with FileLock(shared / "trained.lock"):
        if not texts[0].exists():
            commands = Commands()
            words = ("run", "--benchmark", tiny, "--methods", ",".join(METHODS), "--ratios", "0.5,1", "--out", out)
            try:
                ended = commands.run(*words, "--jobs", 2)
            finally:
                commands.close()
            for path, text in zip(reversed(texts), (ended.err, ended.out, str(ended.status)), strict=True):
                path.write_text(text)
    status, *said = (path.read_text() for path in texts)
    assert status == "0", said
    return Trained(out, Finished(0, *said))
