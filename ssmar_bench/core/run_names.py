"""Readable names of runs' folders: what departs from the defaults is in them. Only the identity at the end counts."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

LONGEST = 60
"""Letters of a note; further settings are counted."""

VALUE = 20
"""Letters of a setting's value."""

NAMED_BY_VALUE = ("backbone.name", "backbone.weights")
"""Settings whose value says enough."""

_IDENTITY = re.compile(r"_([0-9a-f]{16})$")


def note_of(profile: str, settings: Mapping[str, Any]) -> str:
    """``smoke_epochs-3``: a profile, and the settings that depart from it, in letters that every file system takes.

    Args:
        profile: its name, "" without one.
        settings: ``section.key`` -> value.
    """
    words = [_plain(profile)] if profile else []
    texts = [_setting(key, value) for key, value in settings.items()]
    for place, text in enumerate(texts):
        if len("_".join([*words, text])) > LONGEST:
            words.append(f"and-{len(texts) - place}-more")
            break
        words.append(text)
    return "_".join(words)


def _setting(key: str, value: Any) -> str:
    text = _plain(f"{value:g}" if isinstance(value, float) else str(value))[:VALUE].strip("-")
    return text if key in NAMED_BY_VALUE else f"{_plain(key.rpartition('.')[2])}-{text}"


def _plain(text: str) -> str:
    """Small letters, digits, dots and dashes."""
    return re.sub(r"[^a-z0-9.+]+", "-", text.lower()).strip("-.")


def identity_in(name: str) -> str:
    """The identity at the end of a folder's name; "" without one."""
    found = _IDENTITY.search(name)
    return found[1] if found else ""


def is_name_of(name: str, benchmark: str, method: str, identity: str) -> bool:
    """Whether a folder called ``name`` holds that run, whatever else its name says."""
    return name.startswith(f"{benchmark}_{method}_") and name.endswith(f"_{identity}")


def sorted_names(runs: Path) -> list[str]:
    """The names of the folders in ``runs``, read once for thousands of questions."""
    return sorted(_names(runs))


def names_by_identity(names: Sequence[str]) -> dict[str, str]:
    """Identity -> the name that ends with it; of several the first."""
    found: dict[str, str] = {}
    for name in names:
        if identity := identity_in(name):
            found.setdefault(identity, name)
    return found


def beginning_with(start: str, names: Sequence[str]) -> Sequence[str]:
    """Those of the sorted ``names`` that begin with ``start``; the thousands of others are not looked at."""
    first, last = (bisect_left(names, end) for end in (start, f"{start}\U0010ffff"))
    return names[first:last]


def _names(runs: Path) -> Iterator[str]:
    if runs.is_dir():
        with os.scandir(runs) as entries:
            yield from (entry.name for entry in entries if not entry.name.startswith("."))
