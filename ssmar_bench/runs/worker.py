"""The one entry point that executes a run, for every engine: ``python -m ssmar_bench.runs.worker FOLDER``.

It reads spec, launch and split from the folder (no hidden label is there), trains, and tells its progress in
``work/events.jsonl``. Exit status: 0 trained, 1 failed (``work/failure.txt`` says why), 75 held by another, from the
start or since the lease was lost. It dies with its parent: when standard input ends, so does the run, to be continued
from its checkpoint.

Options, as ``NAME=VALUE`` behind the folder: ``patience`` (seconds to wait for another process that holds the run),
``device`` (in place of the one in ``launch.json``), ``stage_to`` (a folder of this machine's own disk, in which the
clips are copied before they are read).
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import catalog, event_file
from ssmar_bench.core.errors import BusyError, UserError
from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch, RunSpec
from ssmar_bench.core.split import Split
from ssmar_bench.runs import failure

BUSY = 75
LOST = "the lease was lost"
"""The last line of a worker that ends itself for this reason, which tells it from a method that ends with 75."""


def _die_with_parent() -> None:
    os.read(0, 1)  # unbuffered, so that a run that ends first is not kept from exiting by this thread
    os._exit(1)


def packed_plugin(number: int) -> str:
    """The file of ``work/`` that holds a copy of a launch's plugin file, for machines that do not see the file."""
    return f"plugins/{number}.py"


def _seen(folder: RunFolder, files: Sequence[str]) -> tuple[str, ...]:
    """Plugin files as this machine sees them: where they are, or else their copies in the run's folder."""
    return tuple(
        str(folder.work / packed_plugin(number))
        if not Path(path).is_file() and folder.has(packed_plugin(number))
        else path
        for number, path in enumerate(files)
    )


def _use_plugins(files: Sequence[str], spec: RunSpec) -> None:
    for path in files:
        catalog.use_plugin_file(Path(path))
    if spec.algorithm not in ALGORITHMS:
        raise UserError(
            f"Machine {socket.gethostname()} has no algorithm '{spec.algorithm}'; install the package that brings it "
            f"in the environment there ({sys.prefix})."
        )
    if ALGORITHMS.plugin_file(spec.algorithm) != spec.plugin_file:
        raise UserError(
            f"{ALGORITHMS.entry(spec.algorithm).provider} has changed since the run was planned; start the command "
            "again, which begins a new run."
        )


def execute(folder: RunFolder, tell: Listener, patience: float = 0, device: str = "", stage_to: str = "") -> int:
    """Train the run in ``folder`` unless it is trained already; the exit status.

    Args:
        folder: of the run.
        tell: hears its news.
        patience: seconds to wait for another process that holds it.
        device: in place of the one in ``launch.json``; "" for that.
        stage_to: folder of this machine's own disk, where the clips are copied before they are read; "" for no copy.
    """

    def note(sentence: str) -> None:
        tell(Event(folder.path.name, "note", sentence))

    try:
        with folder.lease(patience, _lost):
            algorithm = ""
            try:
                (folder.work / "failure.txt").unlink(missing_ok=True)
                for sentence in folder.mend():
                    note(sentence)
                if folder.ended() or folder.done():
                    return 0
                tell(Event(folder.path.name, "start"))
                spec = folder.spec()
                algorithm = spec.algorithm
                launch = json.loads(folder.kept("launch.json"))
                launch["plugins"] = _seen(folder, launch["plugins"])
                launch["device"] = device or launch["device"]
                split = Split.from_json(json.loads(folder.kept("split.json")))
                gc.disable()  # modules are no garbage, and looking for it took a fifth of a short run
                _use_plugins(launch["plugins"], spec)
                from ssmar_bench.clips.staging import staged
                from ssmar_bench.training.train import train  # torch, only once the run is ours

                gc.freeze()
                gc.enable()
                with staged(Path(launch["frame_cache"]), spec.pixels, stage_to, note) as frame_cache:
                    launch["frame_cache"] = str(frame_cache)
                    train(spec, split, Launch(**launch), folder, tell)
            except BusyError:  # the lease was lost; whoever has it goes on
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001  # kept in full, and reported by the parent
                failure.keep_failure(folder, failure.failure_text(error, algorithm), tell)
                return 1
            return 0
    except BusyError:
        return BUSY


def _lost() -> None:
    os.write(2, f"{LOST}\n".encode())
    os._exit(BUSY)  # at once: another process may train the run from now on


def main() -> None:
    """Executes the run in the folder that the command line names."""
    faulthandler.enable()  # native code that crashes says where
    threading.Thread(target=_die_with_parent, daemon=True).start()
    folder = RunFolder(Path(sys.argv[1]))
    options = dict(word.split("=", 1) for word in sys.argv[2:])

    def tell(event: Event) -> None:
        try:
            event_file.append(folder.events, event)
        except OSError:  # the disk is full, for instance: it is said where the engine keeps the last lines
            sys.stderr.write(f"{event.text}\n" if event.kind == "note" else "")

    words = (options.get(name, "") for name in ("device", "stage_to"))
    status = execute(folder, tell, float(options.get("patience", 0)), *words)
    sys.stderr.flush()
    os._exit(status)  # whatever threads a method has left behind


if __name__ == "__main__":
    main()
