"""What a person types, as values; and values as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.run_folder import RunFolder

ON_BAD_CLIP = ("stop", "skip")


def words(text: str) -> list[str]:
    """The words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def numbers(text: str | None, kind: type, option: str) -> list[Any] | None:
    """The numbers between commas; None stays None. A :class:`UserError` names ``option``."""
    if text is None:
        return None
    try:
        return [kind(word) for word in words(text)]
    except ValueError as error:
        raise UserError(f"{option} {text}: expected numbers separated by commas, for instance 0.1,0.5.") from error


def one_of(option: str, word: str, known: Sequence[str]) -> None:
    """A :class:`UserError` unless ``word`` is ``known``; it names ``option`` and what is near."""
    if word not in known:
        raise UserError(f"{option} {word}: unknown{nearest(word, known)}")


def roots(entries: list[str]) -> dict[str, Path]:
    """``SOURCE=FOLDER`` entries as source -> folder that exists."""
    folders = {}
    for entry in entries:
        name, equals, folder = entry.partition("=")
        if not equals or not Path(folder).is_dir():
            raise UserError(f"--data {entry}: expected SOURCE=FOLDER with a folder that exists.")
        folders[name] = Path(folder)
    return folders


def tell_failures(states: Mapping[str, str], results: Path) -> bool:
    """Says of every failed run why it failed and where its traceback lies; whether one failed or is damaged.

    Args:
        states: run folder's name -> state.
        results: the folder that holds ``runs/``.
    """
    failed = [RunFolder(results / "runs" / name) for name, state in states.items() if state == "failed"]
    for folder in failed:
        typer.echo(f"failed: {folder.path.name}: {folder.reason()} (see {folder.work / 'failure.txt'})", err=True)
    return bool(failed) or "damaged" in states.values()


STALE = "Stale: made by other code of the method than today's"


def state_of(entry: Any) -> str:
    """The state of a planned cell, and whether its result is stale."""
    return f"{entry.state}, stale" if entry.stale else str(entry.state)


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes:.0f} min" if minutes < 90 else f"{hours:.1f} h"


def size(count: int) -> str:
    """Bytes as MB or GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
