"""The digest of everything that a report is rendered from, so that anybody can see whether it is up to date."""

from __future__ import annotations

import hashlib
from pathlib import Path


def input_digest(results: Path) -> str:
    """16 hexadecimal digits that change when a file under ``results`` that a report reads is changed, added or lost.

    These are the records of the runs, why a run failed, the published figures and the frames of clips that are shown;
    no checkpoint and no log.
    """
    total = hashlib.sha256()
    for path in _files(results):
        total.update(path.relative_to(results).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _files(results: Path) -> list[Path]:
    found = [path for folder in ("paper", "frames") for path in results.glob(f"{folder}/**/*") if path.is_file()]
    for run in results.glob("runs/*"):
        found += [path for path in run.glob("record/*") if path.is_file()]
        if not (run / "record" / "metrics.json").is_file():
            found += run.glob("work/failure.txt")
    return sorted(path for path in found if not (path.is_symlink() or path.name.startswith(".")))
