"""SLURM's own commands: what they say of a partition, of options, and of jobs.

``sacct`` is not asked: it needs a database that small clusters do not have.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ssmar_bench.core.errors import UserError

JOB_NAME = "ssmar-bench"
COMMANDS = ("sbatch", "squeue", "scontrol", "sinfo")
USUAL = ("", "None", "Priority", "Resources", "Dependency", "BeginTime", "JobArrayTaskLimit", "Cleaning", "Prolog")
"""Reasons for which a job waits and starts by itself."""
SECONDS = 120
"""A command of SLURM that takes longer has no answer."""


@dataclass(frozen=True)
class Task:
    """A task of a job array that is in the queue: SLURM's state (``RUNNING``, ``PENDING``, ...), and why it waits."""

    state: str
    reason: str = ""


def require_commands() -> None:
    """A :class:`UserError` unless SLURM's commands and its controller are here."""
    for name in COMMANDS:
        if shutil.which(name) is None:
            raise UserError(
                f"--engine slurm: the command {name} is not on the path; start this on a login node of a SLURM cluster."
            )
    if (asked := _ask("scontrol", "ping")).returncode:
        raise UserError(f"--engine slurm: SLURM's controller does not answer ({_last_line(asked)}); try again later.")


def require_options(options: Mapping[str, Any]) -> None:
    """Let ``sbatch`` itself look at options, before any work.

    Raises:
        UserError: it refuses them; the text says what it says.
    """
    asked = _ask("sbatch", "--test-only", *flags(options), "--wrap=true")
    if asked.returncode:
        given = ",".join(f"{name}={value}" for name, value in options.items())
        partitions = _ask("sinfo", "--noheader", "--format=%R").stdout.split()
        known = f"; its partitions: {', '.join(sorted(set(partitions)))}" if "partition" in asked.stderr else ""
        raise UserError(f"--slurm {given}: SLURM refuses it: {_last_line(asked)}{known}.")


def flags(options: Mapping[str, Any]) -> list[str]:
    """Options of ``sbatch`` as one types them."""
    return [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]


def largest_array() -> int:
    """Tasks that a job array of this cluster may have."""
    match = re.search(r"MaxArraySize\s*=\s*(\d+)", _ask("scontrol", "show", "config").stdout)
    return int(match[1]) if match else 1001


def queue() -> dict[str, Task] | None:
    """This user's jobs that have not ended, by ``JOB_INDEX``; None if SLURM does not answer now."""
    asked = _ask("squeue", "--me", "--noheader", "--array", "--format=%i|%T|%r|%j")
    if asked.returncode:
        return None
    lines = (line.split("|", 3) for line in asked.stdout.splitlines())
    return {line[0]: Task(line[1], line[2]) for line in lines if len(line) == 4 and line[3] == JOB_NAME}


def waiting_text(job: str, task: Task) -> str:
    """What somebody should know of why a task of ``job`` waits; "" where it starts by itself."""
    if task.state != "PENDING" or task.reason in USUAL:
        return ""
    if "held" in task.reason.lower():
        return f"SLURM holds job {job} ({task.reason}); `scontrol release {job}` lets it go on."
    return f"SLURM job {job} waits ({task.reason}); it starts once that is over, or cancel it and give other --slurm."


def ended_text(job: str) -> str:
    """Why a job that has left the queue has ended, as far as SLURM still knows."""
    words = dict(re.findall(r"(\w+)=(\S+)", _ask("scontrol", "show", "job", job).stdout))
    state, node, status = words.get("JobState", ""), words.get("NodeList", ""), words.get("ExitCode", "")
    match state:
        case "CANCELLED":
            return f"SLURM job {job} was cancelled"
        case "TIMEOUT" | "DEADLINE":
            return f"SLURM job {job} was ended by its time limit of {words.get('TimeLimit')}; give --slurm time= more"
        case "OUT_OF_MEMORY":
            return f"SLURM job {job} needed more memory than it was given; give --slurm mem= more"
        case "NODE_FAIL" | "BOOT_FAIL":
            return f"SLURM job {job} was lost with its node {node}"
        case "FAILED" if status == "0:53":
            return (
                f"SLURM job {job} could not write its log on node {node}; give --out a folder that all nodes share "
                "under the same path"
            )
        case "":
            return f"SLURM does not know its job {job} any more"
        case _:
            return f"SLURM job {job} ended as {state} (status {status}) on node {node}"


def _ask(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run([*words], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return subprocess.CompletedProcess([*words], 1, "", str(error))


def _last_line(asked: subprocess.CompletedProcess[str]) -> str:
    """What a command complains of, without its own name and hints."""
    lines = [line.strip() for line in (asked.stderr + "\n" + asked.stdout).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Try ")]
    return re.sub(r"^(sbatch|scontrol): (error: )?", "", lines[0]).rstrip(".") if lines else "it says nothing"


def job_ids(names: Sequence[str]) -> list[str]:
    """The jobs of tasks ``JOB_INDEX``, each once."""
    return list(dict.fromkeys(name.partition("_")[0] for name in names))
