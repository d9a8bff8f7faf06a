"""A job's script, as SLURM executes it: whatever the signal meets, the job ends well or is queued again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ssmar_bench.runs.slurm_script import EARLY, FUNCTION, SIGNALLED, setup_lines
from tests.conftest import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell is needed")
DEAF = "import time; print('begun', flush=True); time.sleep(60)"
LISTENS = """
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(3))
print("begun", flush=True)
time.sleep(60)
"""


class Job:
    """A job script with a ``scontrol`` that notes what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, folder / "asked"
        programs = folder / "bin"
        programs.mkdir()
        (programs / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {self.asked}\n')
        (programs / "sleep").write_text("#!/bin/sh\n")  # SLURM would end the job meanwhile
        for path in programs.iterdir():
            path.chmod(0o755)

    def start(self, *setup: str, program: str = "") -> subprocess.Popen[bytes]:
        script = self.folder / "job.sh"
        command = f'{FUNCTION} {sys.executable} -c "$PROGRAM"'
        script.write_text("\n".join([*setup_lines(self.folder), *setup, command, "echo after"]))
        with (self.folder / "out").open("wb") as out:
            return subprocess.Popen(
                ["bash", str(script)],
                env={"PATH": f"{self.folder}/bin:/usr/bin:/bin", "SLURM_JOB_ID": "7", "PROGRAM": program},
                stdout=out,
            )

    def said(self) -> str:
        return (self.folder / "out").read_text()

    def requeued(self) -> int:
        return self.asked.read_text().count("requeue 7\n") if self.asked.exists() else 0


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def signalled(job: Job, *setup: str, program: str = "") -> int:
    """The exit status of a job that has the signal once it says that it has begun."""
    process = job.start(*setup, program=program)
    try:
        until(lambda: "begun" in job.said(), "the job", 60)
        process.send_signal(signal.SIGUSR1)
        return process.wait(60)
    finally:
        process.kill()
        process.wait()


def test_a_program_that_does_not_listen_yet_is_queued_again_some_times(job: Job) -> None:
    for number in range(1, EARLY + 2):
        assert signalled(job, program=DEAF) == SIGNALLED
        assert job.requeued() == min(number, EARLY), "a time limit that is too short would go on for ever"


def test_a_signal_in_the_lines_of_setup_is_not_lost(job: Job) -> None:
    assert signalled(job, "echo begun", "while true; do /bin/sleep 0.1; done") == SIGNALLED
    assert job.requeued() == 1


def test_a_program_that_listens_ends_as_it_wants(job: Job) -> None:
    assert signalled(job, program=LISTENS) == 3
    assert job.requeued() == 0
    assert "after" not in job.said()


@pytest.mark.parametrize("status", [0, 1, SIGNALLED - 1])
def test_without_a_signal_the_program_s_status_is_the_job_s(job: Job, status: int) -> None:
    assert job.start(program=f"raise SystemExit({status})").wait(60) == status
    assert job.requeued() == 0
