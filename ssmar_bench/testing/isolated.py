"""Checks in processes of their own: a plugin that ends its process, crashes or hangs ends its check alone.

:func:`examine_isolated` starts ``python -m ssmar_bench.testing.isolated``. That process imports what the checks need,
runs nothing of the plugin, and forks a process for every check, which takes milliseconds.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, TextIO

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import catalog
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs.failure import signal_text
from ssmar_bench.testing import CHECKS, MethodUnderTest, Outcome, examine

LIMIT = 300.0
"""Seconds that a check, or loading a plugin, may take; most take milliseconds, and loading libraries from a slow disk
minutes. A slow check limits the processes that it starts by itself."""


def examine_isolated(method: str, checks: Sequence[str]) -> Iterator[Outcome]:
    """The outcomes of ``checks`` of ``method``, one after the other; after one that is the last, no other is tried.

    Raises:
        UserError: no such method, or its code cannot be loaded.
    """
    entry = ALGORITHMS.entry_of(*method_configs.read_method_config(method))
    request = json.dumps([method, [str(file.path) for file in catalog.plugin_files()], LIMIT, [*checks]])
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, request],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": paths},
        process_group=0,
    ) as process:
        try:
            for line in process.stdout or ():
                found = json.loads(line)
                if "error" in found:
                    raise UserError(found["error"])
                if "ended" in found:
                    raise UserError(f"algorithm '{entry.name}' of {entry.provider} cannot be loaded: {found['ended']}.")
                yield Outcome(**found)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _answers(method: str, limit: float, checks: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Why the method cannot be loaded, or the outcome of each check."""
    if failed := _answer(method, "", limit):
        yield failed
        return
    name = method_configs.read_method_config(method)[0].name
    for check in checks:
        found = _answer(method, check, None if CHECKS[check].slow else limit)
        if "ended" in found:
            found = asdict(Outcome(check, "failed", f"{name}: {found['ended']}.", last=found["late"]))
        yield found
        if found["last"]:
            return


def _answer(method: str, check: str, limit: float | None) -> dict[str, Any]:
    """What a new process says of the check, or why it said nothing (``ended``) and whether it took too long (``late``).

    Args:
        method: name or path.
        check: its name; "" to load the method alone.
        limit: seconds; None for no limit.
    """
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_examine, args=(send, method, check))
    process.start()
    send.close()
    late = not wait([receive, process.sentinel], limit)
    if late:
        process.kill()
    found: dict[str, Any] | None = None
    with contextlib.suppress(EOFError):
        found = receive.recv() if receive.poll() else None
    process.join()
    status = process.exitcode or 0
    if found is not None:
        return found
    if late:
        ended = f"it has not come back within {limit:g} s; look for a loop or a lock without an end"
    elif status < 0:
        ended = f"its process was ended by {signal_text(-status)}"
    else:
        ended = f"it ends its process with status {status}; raise an error instead"
    return {"ended": ended, "late": late}


def _examine(send: Connection, method: str, check: str) -> None:
    try:
        examined = MethodUnderTest.of(method)
    except UserError as error:
        send.send({"error": str(error)})
    else:
        send.send(asdict(examine(examined, check)) if check else {})


def _own_pipe() -> TextIO:
    """Where answers go; from now on nobody else writes there."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def main() -> None:
    """Answers the request on the command line, a line of JSON for every answer."""
    faulthandler.enable()  # native code that crashes says where
    pipe = _own_pipe()
    method, files, limit, checks = json.loads(sys.argv[1])
    for path in files:
        catalog.use_plugin_file(Path(path))
    for answer in _answers(method, limit, checks):
        pipe.write(json.dumps(answer) + "\n")
        pipe.flush()


if __name__ == "__main__":
    main()
