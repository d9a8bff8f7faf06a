"""By whose code a run was made, and whether that is today's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core.code import code_digest
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import CODE

FILE = CODE
Standing = Literal["today", "other", "unknown"]


def provenance(algorithm: str, revision: int) -> dict[str, Any]:
    """What a run's ``record/code.json`` holds: the package, its version, the revision, and a digest of the code."""
    provider = ALGORITHMS.entry(algorithm).provider
    return {
        "algorithm": algorithm,
        "package": provider.package,
        "version": provider.version,
        "revision": revision,
        "code": digest_today(algorithm),
    }


def digest_today(algorithm: str) -> str:
    """The digest of the algorithm's code as it is now; "" where it is not known here or has no Python source."""
    try:
        entry = ALGORITHMS.entry(algorithm)
        return code_digest(entry.target, entry.provider.file)
    except (UserError, SyntaxError):
        return ""


def standing(record: Path, today: str) -> Standing:
    """Whether the run with the folder ``record`` was made by the code with the digest ``today``.

    ``unknown`` where either is not known: records from before this was noted say nothing.
    """
    try:
        then = str(read_json(record / FILE)["code"])
    except (OSError, ValueError, KeyError, TypeError):
        return "unknown"
    if not (then and today):
        return "unknown"
    return "today" if then == today else "other"
