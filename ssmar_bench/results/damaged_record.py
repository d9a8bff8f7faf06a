"""The error of a record that cannot be used; of one that a newer version wrote, it says so."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from ssmar_bench import __version__
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.results.record_place import RecordPlace


def damaged_record(path: RecordPlace, why: str) -> UserError:
    """What is wrong with a record, which file it is, and what to do.

    Args:
        path: the file, or the record's folder.
        why: what is wrong with it.
    """
    if newer := _newer_version(path):
        return UserError(
            f"{path}: {why}; this record was written by ssmar-bench {newer}, and here is {__version__}: "
            "install that version, or read another folder."
        )
    return UserError(f"{path}: damaged record: {why}; restore the file, or remove the run's folder and run it again.")


def _newer_version(path: RecordPlace) -> str:
    """The version that wrote a record, if it is newer than this one; "" where it is not, or nobody knows."""
    version = ""
    if isinstance(path, Path):
        folder = path if path.name == "record" else path.parent
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            version = str(read_json(folder / "environment.json")["ssmar_bench"])
    return version if _numbers(version) > _numbers(__version__) else ""


def _numbers(version: str) -> tuple[int, ...]:
    """``0.2.0.dev0`` as (0, 2, 0)."""
    found = re.match(r"\d{1,9}(\.\d{1,9})*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
