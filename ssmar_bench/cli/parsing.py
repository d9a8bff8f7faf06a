"""What a user types, as values; and values as a user reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from ssmar_bench.core.catalog import is_path
from ssmar_bench.core.config_layers import parse_set
from ssmar_bench.core.errors import UserError, meant, nearest
from ssmar_bench.core.paths import expand_home
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.sources import KNOWN

AUTO = "auto"
DEVICES = "auto (a GPU if there is one), cpu, cuda or cuda:N."
ON_BAD_CLIP = ("stop", "skip")
LONGEST_MINUTES = 525_600
"""A year."""
MOST_SEEDS = 1000


def parse_words(text: str, option: str) -> list[str]:
    """The words between commas; a comma in the path of a file that is there splits nothing.

    Raises:
        UserError: there is nothing between two commas; names ``option``.
    """
    pieces, found = text.split(","), []
    while pieces:
        ends = [end for end in range(len(pieces), 1, -1) if _is_file(",".join(pieces[:end]).strip())]
        end = ends[0] if ends else 1
        found.append(",".join(pieces[:end]).strip())
        pieces = pieces[end:]
    if "" in found:
        raise UserError(f"{option} {text}: there is nothing before or behind one of the commas; give each value.")
    return found


def _is_file(path: str) -> bool:
    try:
        return is_path(path) and expand_home(path).is_file()
    except OSError:  # no path at all: too long
        return False


def parse_numbers(text: str | None, kind: type, option: str) -> list[Any] | None:
    """The numbers between commas; None stays None. A :class:`UserError` names ``option``."""
    if text is None:
        return None
    example = "0,1 or 0-4" if kind is int else "0.1,0.5"
    try:
        return [_number(word, kind) for word in parse_words(text, option)]
    except ValueError as error:
        raise UserError(f"{option} {text}: expected numbers separated by commas, for instance {example}.") from error


def parse_ratios(text: str | None) -> list[float] | None:
    """Labelled ratios between commas: ``0.1``, or ``10%``. None stays None, and errors are as of :func:`parse_numbers`.

    Raises:
        UserError: a word that is no number, or a ratio above 1 without a sign of per cent.
    """
    if text is None:
        return None
    words = []
    for word in parse_words(text, "--ratios"):
        share = word.removesuffix("%").strip()
        try:
            words.append(f"{_number(share, float) / 100:.12g}" if word.endswith("%") else word)
        except ValueError as error:
            raise UserError(f"--ratios {text}: {word} is no number; give for instance 0.1,0.5 or 10%,50%.") from error
    return parse_numbers(",".join(words), float, "--ratios")


def parse_seeds(text: str | None) -> list[int] | None:
    """Seeds between commas, and ranges of them: ``0-4`` is 0 to 4. None stays None.

    Raises:
        UserError: something else, or more than :data:`MOST_SEEDS`.
    """
    if text is None:
        return None
    found: list[int] = []
    for word in parse_words(text, "--seeds"):
        limits = re.fullmatch(r"([0-9]{1,10})\s*-\s*([0-9]{1,10})", word)
        if limits is None:
            found += parse_numbers(word, int, "--seeds") or []
            continue
        first, last = map(int, limits.groups())
        if not 0 <= last - first < MOST_SEEDS:
            raise UserError(f"--seeds {word}: give the first and the last seed of at most {MOST_SEEDS}: 0-4.")
        found += range(first, last + 1)
    return found


def _number(word: str, kind: type) -> Any:
    """A number as programs write it: Python also reads ``1_0`` and the digits of other scripts."""
    if not word.isascii() or "_" in word:
        raise ValueError(word)
    return kind(word)


def check_choice(option: str, word: str, known: Sequence[str]) -> str:
    """The one of ``known`` that ``word`` means, whatever its case.

    Raises:
        UserError: it means none; names ``option`` and what is near.
    """
    if meant(word, known) not in known:
        raise UserError(f"{option} {word}: unknown{nearest(word, known)}")
    return meant(word, known)


def parse_roots(entries: list[str]) -> dict[str, Path]:
    """``SOURCE=FOLDER`` entries as source -> folder that exists.

    Raises:
        UserError: something else, or two folders for a source.
    """
    folders: dict[str, Path] = {}
    for entry in entries:
        name, _, folder = entry.partition("=")
        name = KNOWN.named(name.strip())
        if not name or not folder.strip() or not expand_home(folder).is_dir():
            raise UserError(f"--data {entry}: expected SOURCE=FOLDER with a folder that exists.")
        if name in folders:
            raise UserError(f"--data gives two folders for {name}, {folders[name]} and {folder}; give one.")
        folders[name] = expand_home(folder)
    return folders


def settings(entries: Sequence[str]) -> dict[str, Any]:
    """``SECTION.KEY=VALUE`` entries as key -> value.

    Raises:
        UserError: something else, or two values for a key.
    """
    values: dict[str, Any] = {}
    for entry in entries:
        key, value = parse_set(entry)
        if key in values:
            raise UserError(f"--set gives two values for {key}; give one.")
        values[key] = value
    return values


def minutes(limit: float | None) -> float | None:
    """``--time-limit`` in seconds; None stays None. A :class:`UserError` for what is no time to run."""
    if limit is not None and not 0 < limit <= LONGEST_MINUTES:
        raise UserError(f"--time-limit {limit:g}: expected minutes above 0, at most {LONGEST_MINUTES:,}.")
    return None if limit is None else 60 * limit


def print_failures(states: Mapping[str, str], results: Path) -> bool:
    """Says of every failed run why it failed and where its traceback lies; whether one failed or is damaged.

    Args:
        states: run folder's name -> state.
        results: the folder that holds ``runs/``.
    """
    failed = [RunFolder(results / "runs" / name) for name, state in states.items() if state == "failed"]
    for folder in failed:
        typer.echo(f"failed: {folder.path.name}: {folder.reason()} (see {folder.work / 'failure.txt'})", err=True)
    return bool(failed) or "damaged" in states.values()


def tell_damage(damage: Iterable[str]) -> None:
    """Says of every damaged record which file it is and what to do; the report of the others is."""
    for why in damage:
        typer.echo(f"left out: {why}", err=True)


def count_text(number: int, thing: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def duration_text(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes:.0f} min" if minutes < 90 else f"{hours:.1f} h"


def size_text(count: int) -> str:
    """Bytes as MB or GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
