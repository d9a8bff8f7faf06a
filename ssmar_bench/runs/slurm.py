"""The engine of a SLURM cluster: job arrays through submitit, followed by what the runs' folders and ``squeue`` say.

A job executes its runs as a machine of one's own does (:mod:`ssmar_bench.runs.node_job`). The folder of results holds
``slurm/``: a file for every array that says which task has which runs, so that the same command finds them again, and
what the jobs print.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.event_file import Tail
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import failure, slurm_queue
from ssmar_bench.runs.engine_options import EngineOptions, unknown_option, whole_number
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.node_job import NodeJob, run_method
from ssmar_bench.runs.slurm_submit import Collection, Submitter

OPTION = "--slurm"
OWN = ("array-parallelism", "runs-per-job", "setup", "signal-seconds")
"""Options that are not ``sbatch``'s: tasks that run at a time, runs of one job, lines of shell before it, and how long
before its time limit a job is told to end in a checkpoint."""
SET_HERE = (
    "array",
    "output",
    "error",
    "signal",
    "requeue",
    "no-requeue",
    "open-mode",
    "wrap",
    "job-name",
    "dependency",
)
PARALLEL, SIGNAL_SECONDS = 256, 120
POLL_SECONDS = 2.0
LOOKS = 3
"""Times that a job is not in the queue before it is taken for ended: a shared folder shows its files with a delay."""


@dataclass
class SlurmEngine:
    """Executes run folders as SLURM jobs (:class:`ssmar_bench.runs.engines.Engine`).

    Attributes:
        execution: where results are, runs side by side in a job, and the options of ``sbatch``.
    """

    execution: Execution
    options: EngineOptions = field(init=False)

    def __post_init__(self) -> None:
        if find_spec("submitit") is None:
            raise UserError("--engine slurm needs submitit; install it: pip install 'ssmar-bench[slurm]'.")
        slurm_queue.require_commands()
        self.options = EngineOptions.of(self.execution.options)
        for options in self.options.all():
            self._check(options)

    @property
    def folder(self) -> Path:
        """What is known of the jobs, and what they print."""
        return self.execution.results.absolute() / "slurm"

    def run(
        self, folders: Sequence[tuple[RunFolder, int]], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        """As every engine's; with ``detach`` all that is submitted is ``queued``.

        Raises:
            UserError: SLURM does not answer, or takes no more jobs.
        """
        waiting = []
        for folder, threads in folders:
            if folder.ended() or folder.done():
                yield folder, failure.recorded(folder, finish, listener)
            else:
                waiting.append((folder, threads))
        if not waiting:
            return
        active = slurm_queue.queue()
        if active is None:
            raise UserError("squeue does not answer; the jobs that run go on, and the same command looks again.")
        known, tasks, missing = submitted(self.execution.results), {}, []
        for folder, threads in waiting:
            if known.get(folder.path.name, "") in active:
                tasks[folder] = known[folder.path.name]
            elif folder.held():
                yield folder, "held"  # by a command of another engine
            else:
                missing.append((folder, threads))
        if tasks:
            listener(Event("", "note", f"{_runs(len(tasks))} of former commands are in SLURM's queue; they go on."))
        tasks |= self._submit(missing, listener)
        if self.execution.detach:
            yield from ((folder, "queued") for folder in tasks)
        else:
            yield from self._follow(tasks, listener, finish)

    def _follow(
        self, tasks: Mapping[RunFolder, str], listener: Listener, finish: Callable[[RunFolder], None]
    ) -> Iterator[tuple[RunFolder, str]]:
        members: dict[str, list[RunFolder]] = defaultdict(list)
        for folder, task in tasks.items():
            members[task].append(folder)
        news: dict[RunFolder, Tail] = {}
        absent: dict[str, int] = defaultdict(int)
        told: set[str] = set()
        pause = POLL_SECONDS
        while members:
            time.sleep(pause)
            asked = time.monotonic()
            active = slurm_queue.queue()
            pause = max(POLL_SECONDS, 20 * (time.monotonic() - asked))  # a busy controller is asked less often
            for task in [*members] if active is not None else ():
                now = (active or {}).get(task)
                if now is not None and now.state == "PENDING":
                    (job,) = slurm_queue.job_ids([task])
                    if (why := slurm_queue.waiting_text(job, now)) and why not in told:
                        told.add(why)
                        listener(Event("", "note", why))
                    continue
                absent[task] = 0 if now is not None else absent[task] + 1
                for folder in [*members[task]]:
                    for event in news.setdefault(folder, Tail(folder.events)).new():
                        listener(event)
                    state = ""
                    if folder.ended() or folder.done():
                        state = failure.recorded(folder, finish, listener)
                    elif folder.failure() and not folder.held():
                        state = "failed"
                    elif absent[task] >= LOOKS:
                        reason = f"{slurm_queue.ended_text(task)}; the same command goes on from the last checkpoint\n"
                        failure.keep_failure(folder, reason, listener)
                        state = "failed"
                    if state:
                        members[task].remove(folder)
                        yield folder, state
                if not members[task]:
                    del members[task]

    def _submit(self, folders: Sequence[tuple[RunFolder, int]], listener: Listener) -> dict[RunFolder, str]:
        """Put runs into the queue; the task of each."""
        alike: dict[str, list[tuple[RunFolder, int]]] = defaultdict(list)
        for folder, threads in folders:
            method = run_method(folder) if self.options.methods else ""
            (folder.work / "failure.txt").unlink(missing_ok=True)
            alike[json.dumps(self.options.of_method(method), sort_keys=True)].append((folder, threads))
        found: dict[RunFolder, str] = {}
        for options, runs in alike.items():
            found |= self._submit_alike(json.loads(options), runs)
        if found:
            jobs = slurm_queue.job_ids([*found.values()])
            where = f"`ssmar-bench watch {self.execution.results}` shows how far they are"
            listener(Event("", "note", f"{_runs(len(found))} submitted as SLURM job {', '.join(jobs)}; {where}."))
            if self.execution.detach and self.execution.collect:
                self._submit_collection(jobs)
        return found

    def _submit_alike(self, options: Mapping[str, Any], runs: Sequence[tuple[RunFolder, int]]) -> dict[RunFolder, str]:
        side = self.execution.jobs or 1
        size = whole_number(options, "runs-per-job", side, OPTION)
        grace = whole_number(options, "signal-seconds", SIGNAL_SECONDS, OPTION) / 2
        packs = [runs[start : start + size] for start in range(0, len(runs), size)]
        jobs = [
            NodeJob(
                [(str(folder.path.absolute()), threads) for folder, threads in pack],
                side,
                self.execution.time_limit,
                grace,
                self.execution.stage_to,
            )
            for pack in packs
        ]
        threads = max(threads for _, threads in runs)
        found: dict[RunFolder, str] = {}
        largest = slurm_queue.largest_array()
        for start in range(0, len(jobs), largest):
            part = packs[start : start + largest]
            try:
                names = self._executor(options, (threads + (self.execution.workers or 0)) * side).submit_all(
                    jobs[start : start + largest]
                )
            except UserError as error:
                raise UserError(
                    f"SLURM took {_runs(len(found))} of {len(runs)}: {error}; the same command submits the others."
                ) from error
            listing = {name: [folder.path.name for folder, _ in pack] for name, pack in zip(names, part, strict=True)}
            write_json(self.folder / f"{time.time_ns()}.json", listing)
            found |= {folder: name for name, pack in zip(names, part, strict=True) for folder, _ in pack}
        return found

    def _submit_collection(self, jobs: Sequence[str]) -> None:
        """A small job that writes records and report once all others have ended, whatever became of them."""
        kept = {
            name: value
            for name, value in self.options.shared.items()
            if not name.startswith(("gpu", "gres", "mem", "cpus", "runs-per", "array"))
        }
        executor = self._executor({**kept, "dependency": f"afterany:{':'.join(jobs)}"}, 1)
        executor.submit_all([Collection(tuple(self.execution.collect), str(Path.cwd()))])

    def _executor(self, options: Mapping[str, Any], cores: int) -> Submitter:
        setup = options.get("setup", [])
        own = {name: value for name, value in options.items() if name not in OWN}
        if not any(name.startswith("cpus-per") for name in own):
            own["cpus-per-task"] = cores
        seconds = whole_number(options, "signal-seconds", SIGNAL_SECONDS, OPTION)
        own |= {"signal": f"B:USR1@{seconds}", "requeue": True}
        parallel = whole_number(options, "array-parallelism", PARALLEL, OPTION)
        return Submitter(self.folder, own, [setup] if isinstance(setup, str) else [*setup], parallel)

    def _check(self, options: Mapping[str, Any]) -> None:
        """Everything that can be wrong with options; ``sbatch`` knows its own."""
        for name in options:
            if name in SET_HERE:
                raise UserError(f"{OPTION} {name}: this is set by ssmar-bench itself; leave it out.")
            if name == "devices":
                raise unknown_option(OPTION, name, [*OWN])
        for name in ("array-parallelism", "runs-per-job", "signal-seconds"):
            whole_number(options, name, 1, OPTION)
        slurm_queue.require_options({name: value for name, value in options.items() if name not in OWN})


def submitted(results: Path) -> dict[str, str]:
    """Folder name of a run -> the task that it was last submitted in."""
    found: dict[str, str] = {}
    for path in sorted((results / "slurm").glob("*.json")):
        try:
            listing = read_json(path)
        except (OSError, ValueError):
            continue  # half of a list: its runs are submitted again, and no run is trained twice
        found |= {run: task for task, runs in listing.items() for run in runs}
    return found


def queued_runs(results: Path) -> dict[str, str]:
    """Folder name -> SLURM's state of the runs that are in its queue; none where there is no SLURM."""
    tasks = submitted(results)
    active = (slurm_queue.queue() or {}) if tasks else {}
    return {run: active[task].state for run, task in tasks.items() if task in active}


def _runs(number: int) -> str:
    return f"{number} run{'s' * (number != 1)}"
