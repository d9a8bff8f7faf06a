"""The part of a job's script that is ours: a job that its signal meets before Python listens is queued again.

submitit handles the signal, but only seconds after Python has begun, and later where modules are loaded before. Until
then the signal ends the job, and SLURM would not start it again.
"""

from __future__ import annotations

import shlex
from pathlib import Path

EARLY = 5
"""Times that a job may end before Python listens; then its time limit is too short for it, and it fails."""

SIGNALLED = 138
"""Exit status of a shell whose process SIGUSR1 has ended."""

FUNCTION = "ssmar_bench_execute"
"""The shell's function that executes what follows it, hands the signal on, and looks how it ended."""

_LINES = """\
ssmar_bench_requeue() {{
  echo "the signal came before the job could handle it" | tee -a {early}
  test "$(wc -l < {early})" -le {times} && scontrol requeue "$SLURM_JOB_ID" && sleep 30
  exit {status}
}}
trap ssmar_bench_requeue USR1
{function}() {{
  local told child status
  trap '' TERM
  "$@" &
  child=$!
  trap 'told=yes; kill -USR1 $child 2> /dev/null' USR1
  while told=; wait $child; status=$?; test -n "$told"; do :; done
  test $status -eq {status} && ssmar_bench_requeue
  exit $status
}}"""


def setup_lines(folder: Path) -> list[str]:
    """Lines of bash before all others.

    Args:
        folder: where a file ``early-JOB`` counts how often this has happened to a job.
    """
    early = f"{shlex.quote(str(folder / 'early-'))}$SLURM_JOB_ID"
    return _LINES.format(early=early, times=EARLY, status=SIGNALLED, function=FUNCTION).splitlines()
