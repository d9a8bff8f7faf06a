"""Files that are whole or not there: written aside, flushed to the disk, renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def aside_of(path: Path) -> Path:
    """The temporary file of this process beside ``path``."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def write_aside(path: Path, data: bytes) -> Path:
    """Write ``data`` to a temporary file beside ``path`` and return it; the caller renames it.

    Raises:
        OSError: it cannot be written; no temporary file is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = aside_of(path)
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return aside


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` in one step, as far as a reader can tell.

    Raises:
        OSError: it cannot be written; the old file stands, and no temporary one.
    """
    aside = write_aside(path, data)
    try:
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends, in one step."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON with sorted keys, in one step."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """``value`` as :func:`write_json` writes it."""
    return f"{json.dumps(value, indent=1, sort_keys=True, allow_nan=False)}\n".encode()


def read_json(path: Path) -> Any:
    """Read what :func:`write_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))
