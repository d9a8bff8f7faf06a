"""How jobs get into SLURM's queue: submitit writes the batch script and what a job executes."""

from __future__ import annotations

import logging
import shlex
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssmar_bench.core.errors import UserError
from ssmar_bench.runs import slurm_queue, slurm_script


@dataclass(frozen=True)
class Submitter:
    """submitit's executor with the options of one array."""

    folder: Path
    options: Mapping[str, Any]
    setup: Sequence[str]
    parallel: int

    def submit_all(self, jobs: Sequence[Any]) -> list[str]:
        """The names of the tasks, in the order of ``jobs``.

        Raises:
            UserError: ``sbatch`` refuses them; what it says.
        """
        import submitit

        logging.getLogger("submitit").setLevel(logging.ERROR)
        python = f"{slurm_script.FUNCTION} {shlex.quote(sys.executable)} -P"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            executor = submitit.SlurmExecutor(self.folder / "%A", max_num_timeout=10**6, python=python)
            executor.update_parameters(
                job_name=slurm_queue.JOB_NAME,
                use_srun=False,
                stderr_to_stdout=True,
                setup=[
                    *slurm_script.setup_lines(self.folder),
                    "export SUBMITIT_PREEMPT_SIGNAL=USR1",
                    *self.setup,
                ],
                array_parallelism=self.parallel,
                additional_parameters=dict(self.options),
            )
            try:
                with executor.batch():
                    submitted = [executor.submit(job) for job in jobs]
            except Exception as error:
                words = " ".join(str(error).split()) or repr(error)
                raise UserError(words.replace("sbatch: error: ", "").rstrip(".")) from error
        return [job.job_id for job in submitted]


@dataclass(frozen=True)
class Collection:
    """A job that executes ``ssmar-bench`` with some words: it records what the others have trained."""

    words: tuple[str, ...]
    place: str

    def __call__(self) -> int:
        """Its exit status."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "ssmar_bench", *self.words], cwd=self.place, check=False
        ).returncode
