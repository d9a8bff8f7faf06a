"""The one entry point that executes a run: ``python -m ssmar_bench.runs.worker FOLDER``.

It reads spec, launch and split from the folder (no hidden label is there), trains, and reports its progress as
JSON lines on standard output; what a method prints goes to standard error. Exit status: 0 trained, 1 failed
(``work/failure.txt`` says why), 75 held by another. It dies with its parent: when standard input ends, so does the run,
to be continued from its checkpoint.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import catalog
from ssmar_bench.core.errors import BusyError, UserError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch, RunSpec
from ssmar_bench.core.split import Split
from ssmar_bench.runs import failure

BUSY = 75


def _die_with_parent() -> None:
    os.read(0, 1)  # unbuffered, so that a run that ends first is not kept from exiting by this thread
    os._exit(1)


def own_pipe() -> TextIO:
    """Where events go; from now on nobody else writes there."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return pipe


def _use_plugins(files: Sequence[str], spec: RunSpec) -> None:
    for path in files:
        catalog.use_plugin_file(Path(path))
    if ALGORITHMS.plugin_file(spec.algorithm) != spec.plugin_file:
        raise UserError(
            f"{ALGORITHMS.entry(spec.algorithm).provider} has changed since the run was planned; start the command "
            "again, which begins a new run."
        )


def execute(folder: RunFolder, tell: Listener) -> int:
    """Train the run in ``folder`` unless it is trained already; the exit status."""
    try:
        with folder.lease():
            algorithm = ""
            try:
                (folder.work / "failure.txt").unlink(missing_ok=True)
                for sentence in folder.mend():
                    tell(Event(folder.path.name, "note", sentence))
                if folder.ended() or folder.done():
                    return 0
                tell(Event(folder.path.name, "start"))
                spec = folder.spec()
                algorithm = spec.algorithm
                launch = json.loads(folder.kept("launch.json"))
                launch["plugins"] = tuple(launch["plugins"])
                split = Split.from_json(json.loads(folder.kept("split.json")))
                gc.disable()  # modules are no garbage, and looking for it took a fifth of a short run
                _use_plugins(launch["plugins"], spec)
                from ssmar_bench.training.train import train  # torch, only once the run is ours

                gc.freeze()
                gc.enable()
                train(spec, split, Launch(**launch), folder, tell)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # kept in full, and reported by the parent
                failure.keep_failure(folder, failure.failure_text(error, algorithm), tell)
                return 1
            return 0
    except BusyError:
        return BUSY


def main() -> None:
    """Executes the run in the folder that the command line names."""
    faulthandler.enable()  # native code that crashes says where
    threading.Thread(target=_die_with_parent, daemon=True).start()
    pipe = own_pipe()

    def tell(event: Event) -> None:
        pipe.write(json.dumps(asdict(event)) + "\n")
        pipe.flush()

    status = execute(RunFolder(Path(sys.argv[1])), tell)
    sys.stderr.flush()
    os._exit(status)  # whatever threads a method has left behind


if __name__ == "__main__":
    main()
