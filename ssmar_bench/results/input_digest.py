"""The digest of everything that a report is rendered from, so that anybody can see whether it is up to date."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ssmar_bench.core import published_tables
from ssmar_bench.core.paths import shipped_folder
from ssmar_bench.results.archive import archive_folders


def input_digest(results: Path) -> str:
    """16 hexadecimal digits that change when something that a report reads is changed, added or lost.

    This is in ``results`` the records and archives of runs, why a run failed, and the frames of clips that are shown;
    and the published figures of this installation. No method config, benchmark config or code is read, and no
    checkpoint or log.
    """
    total = hashlib.sha256()
    for root, paths in ((results, _files(results)), (shipped_folder(published_tables.FOLDER), None)):
        for path in sorted(root.glob("**/*")) if paths is None else paths:
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                total.update(path.relative_to(root).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _files(results: Path) -> list[Path]:
    found = [*results.glob("frames/**/*")]
    for folder in archive_folders(results):
        found += [*folder.glob("*.parquet"), folder / "SHA256SUMS"]
    for run in results.glob("runs/*"):
        found += [path for path in run.glob("record/*") if path.is_file()]
        if not (run / "record" / "metrics.json").is_file():
            found += run.glob("work/failure.txt")
    return sorted(found)
