"""Files that are whole or not there: written aside, flushed to the disk, renamed.

A name that is a link is replaced by a file; what it leads to stays as it is. Folders are looked at by
:func:`ssmar_bench.core.links.refuse`.
"""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

LARGEST = 256 * 2**20
"""Bytes of a JSON file that is read; the split of a million clips has 50 million."""

DIGITS = 19
"""Characters of a whole number that is read."""


def temporary_path(path: Path) -> Path:
    """The temporary file of this process beside ``path``."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def write_temporary(path: Path, data: bytes) -> Path:
    """Write ``data`` to a temporary file beside ``path`` and return it; the caller renames it.

    Raises:
        OSError: it cannot be written; no temporary file is left.
    """
    aside = temporary_path(path)
    try:
        with _new_file(aside) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return aside


def _new_file(path: Path) -> BinaryIO:
    """Opens a file that was not there, in place of what was; its folder is made where it is missing."""
    while True:
        try:
            return path.open("xb")  # follows no link
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            path.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` in one step, as far as a reader can tell.

    Raises:
        OSError: it cannot be written; the old file is, and no temporary one.
    """
    aside = write_temporary(path, data)
    try:
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends, in one step."""
    write_bytes(path, text.encode())


def write_changed(path: Path, content: str | bytes) -> None:
    """Write in one step, unless the file holds this content already."""
    data = content.encode() if isinstance(content, str) else content
    if path.is_symlink() or not path.is_file() or path.stat().st_size != len(data) or path.read_bytes() != data:
        write_bytes(path, data)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON with sorted keys, in one step."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """``value`` as :func:`write_json` writes it."""
    return f"{json.dumps(value, indent=1, sort_keys=True, allow_nan=False)}\n".encode()


def read_json(path: Path) -> Any:
    """Read what :func:`write_json` wrote.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no file, no UTF-8 or no JSON, is larger than ``LARGEST`` bytes or nested too deeply, or has a
            number that is not finite or a whole one of more than 64 bits.
    """
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
        raise ValueError("it is no file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
    return parse_json(path.read_bytes())


def parse_json(data: bytes) -> Any:
    """What :func:`read_json` reads, from the content of a file; its ValueErrors."""
    try:
        return json.loads(data.decode(), parse_constant=_finite, parse_float=_finite, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"a whole number has more than {DIGITS} digits")
    return int(text)
