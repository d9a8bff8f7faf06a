"""The one entry point that executes a run: ``python -m ssmar_bench.runs.worker FOLDER``.

It reads spec, launch and manifest from the folder (no hidden label stands there), trains, and tells its progress as
JSON lines on standard output. Exit status: 0 trained, 1 failed (``work/failure.txt`` says why), 75 held by another.
It dies with its parent: when standard input ends, so does the run, to be continued from its checkpoint.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path

from ssmar_bench.core.errors import BusyError
from ssmar_bench.core.events import Event
from ssmar_bench.core.files import read_json, write_text
from ssmar_bench.core.manifest import Manifest
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch

BUSY = 75


def _die_with_parent() -> None:
    os.read(0, 1)  # unbuffered, so that a run that ends first is not kept from exiting by this thread
    os._exit(1)


def _tell(event: Event) -> None:
    sys.stdout.write(json.dumps(asdict(event)) + "\n")
    sys.stdout.flush()


def execute(folder: RunFolder) -> int:
    """Train the run in ``folder`` unless it is trained already; the exit status."""
    try:
        with folder.lease():
            if (folder.work / "outcome.json").is_file() or folder.done():
                return 0
            (folder.work / "failure.txt").unlink(missing_ok=True)
            from ssmar_bench.training.train import train  # torch, only once the run is ours

            launch = read_json(folder.work / "launch.json")
            launch["plugins"] = tuple(launch["plugins"])
            manifest = Manifest.from_json(read_json(folder.work / "manifest.json"))
            try:
                train(folder.spec(), manifest, Launch(**launch), folder, _tell)
            except Exception:  # noqa: BLE001  # kept in full, and told by the parent
                write_text(folder.work / "failure.txt", traceback.format_exc())
                return 1
            return 0
    except BusyError:
        return BUSY


if __name__ == "__main__":
    threading.Thread(target=_die_with_parent, daemon=True).start()
    sys.exit(execute(RunFolder(Path(sys.argv[1]))))
