"""Errors that a user can act on: one sentence with what, where and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ssmar_bench.core.renamed import RENAMED, renamed_note


class UserError(Exception):
    """Something in the input, the data or the machine that the user can mend.

    The command line prints its message alone and exits with status 2; nothing has been written.
    """


class BusyError(UserError):
    """Another process holds what was asked for."""


class DivergedError(RuntimeError):
    """A method gave something that is not a finite number; its message says what and when."""


LONGEST = 100
"""Characters of a name to which a known one can be near."""

LISTED = 40
"""Names that an error lists at most: timm alone has more than a thousand."""


def nearest(name: str, known: Iterable[str]) -> str:
    """How a sentence about an unknown name ends: ``"; did you mean 'x'?"``, or with the list of names."""
    names = sorted(known)
    if RENAMED.get(name) in names:
        return f"{renamed_note(name)}."
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1) if len(name) <= LONGEST else []
    if near:
        return f"; did you mean '{folded[near[0]]}'?"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"; known: {', '.join(names[:LISTED])}{more}." if names else "."


def meant(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` that a user means by ``name``, whatever its case; ``name`` itself if there is none."""
    names = list(known)
    alike = [one for one in names if one.casefold() == name.casefold()]
    return alike[0] if name not in names and len(alike) == 1 else name


def name_taken_twice(kind: str, name: str, origins: list[str]) -> UserError:
    """The error of a name that several claim; it names them all."""
    return UserError(f"{kind} '{name}' is defined twice: by {' and by '.join(origins)}; give one another name.")
