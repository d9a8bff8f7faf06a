"""A SLURM cluster of two nodes on this machine: Debian's own programs, with their own ports, keys and folders."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ENTRY, Finished, until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "sinfo")
NODES = ("n1", "n2")
CONF = """\
ClusterName=trial
SlurmctldHost=localhost
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=5
KillWait=3
MinJobAge=900
FirstJobId={first}
MaxArraySize=10001
MaxJobCount=20000
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=2000 State=UNKNOWN
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def ask(*words: str) -> str:
    """What one of SLURM's commands prints."""
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


@dataclass
class Slurm:
    """The running cluster; its commands find it through ``SLURM_CONF``."""

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            self.daemons[name] = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def start_node(self, node: str) -> None:
        self.start(node, "slurmd", "-D", "-N", node)
        until(lambda: f"{node} idle" in ask("sinfo", "-hN", "-o", "%N %T"), f"node {node}", 60)

    def kill_node(self, node: str) -> None:
        """As if its power failed: every process of it is gone at once."""
        jobs = ask("squeue", "-h", "-r", "-w", node, "-o", "%A").split()
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        for pid, line, environment in processes():
            step = line.startswith(tuple(f"slurmstepd: [{job}." for job in jobs))
            if step or (f"SLURMD_NODENAME={node}" in environment and f"SLURM_CONF={self.folder}/" in environment):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def tasks(self) -> dict[str, tuple[str, str]]:
        """Task -> (state, node) of what is in the queue."""
        lines = (line.split("|") for line in ask("squeue", "-h", "-r", "-o", "%i|%T|%N").splitlines())
        return {task: (state, node) for task, state, node in lines}

    def do_not_wait(self) -> None:
        """SLURM starts a job that is queued again after two minutes; here it may start now."""
        for task, (state, _) in self.tasks().items():
            if state == "PENDING":
                subprocess.run(
                    ["scontrol", "update", f"jobid={task}", "StartTime=now"], capture_output=True, check=False
                )

    def close(self) -> None:
        subprocess.run(["scancel", "--user", getpass.getuser()], capture_output=True, check=False)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for pid, _, environment in processes():
            if f"SLURM_CONF={self.folder}/" in environment and "SLURMD_NODENAME=" in environment:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def processes() -> list[tuple[int, str, str]]:
    """Number, command line and environment of the processes of this machine that may be read."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            texts = [
                (path / name).read_bytes().replace(b"\0", b" ").decode(errors="replace")
                for name in ("cmdline", "environ")
            ]
            found.append((int(path.name), texts[0], texts[1]))
    return found


def run_unseen(folder: Path, *words: object) -> Finished:
    """``ssmar-bench`` on a machine whose ``folder`` is a disk of its own, which no other process sees."""
    own = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"']
    if subprocess.run([*own, str(folder), "true"], capture_output=True, check=False).returncode:
        pytest.skip("a process cannot be given a disk of its own here (unshare --mount)")
    command = [*own, str(folder), sys.executable, "-P", "-c", ENTRY, *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    return Finished(ended.returncode, ended.stdout, ended.stderr)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    missing = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        pytest.skip(f"SLURM is not installed here ({missing[0]} is missing): apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("slurmd starts as root alone")
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # a short path: that of a socket has 108 bytes at most
    cluster = Slurm(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        (folder / "state").mkdir()
        ports = free_ports(3)  # they tell its jobs apart, too, from those of a cluster beside it
        (folder / "slurm.conf").write_text(
            CONF.format(user=getpass.getuser(), folder=folder, ports=ports, first=100 * ports[0])
        )
        (folder / "cgroup.conf").write_text("CgroupPlugin=autodetect\n")
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        munge = [f"--{name}={folder}/munge.{end}" for name, end in files.items()]
        try:
            cluster.start("munged", "munged", "--foreground", "--force", *munge)
            until((folder / "munge.socket").exists, "munged", 30)
            cluster.start("slurmctld", "slurmctld", "-D", "-c")
            until(
                lambda: "UP" in subprocess.run(["scontrol", "ping"], capture_output=True, text=True).stdout,
                "slurmctld",
                60,
            )
            for node in NODES:
                cluster.start_node(node)
        except BaseException as error:
            cluster.close()
            if isinstance(error, AssertionError):
                logs = "".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
                pytest.skip(f"SLURM does not start here: {error}; {logs}")
            raise
        yield cluster
        cluster.close()
    shutil.rmtree(folder, ignore_errors=True)
