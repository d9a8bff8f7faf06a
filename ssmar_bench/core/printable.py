"""Text of others that is shown: on a terminal, in a table, on a page.

A control character moves a terminal's cursor, a sign that turns the direction of writing hides what is there, and
a sign without width makes two names look like one. Configs and records may not hold them; what else is shown has them
written out.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

LONGEST = 200
"""Characters of a value that a message repeats."""


def visible(text: str) -> str:
    r"""``text`` in which every sign that is not printable is written out: an escape sign as ``\x1b``."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else _escape(sign) for sign in text)


def visible_lines(text: str) -> str:
    """As :func:`visible`, for text of several lines: line ends and tabs stay."""
    return "".join(sign if sign in "\n\t" else visible(sign) for sign in text)


def odd_sign(text: str, lines: bool = False) -> str:
    r"""The first sign of ``text`` that is not printable, written out (``\x1b``); "" if there is none.

    With ``lines``, line ends and tabs count as printable.
    """
    if (text.replace("\n", "").replace("\t", "") if lines else text).isprintable():
        return ""
    return next((_escape(sign) for sign in text if not (sign.isprintable() or (lines and sign in "\n\t"))), "")


def shortened(text: str) -> str:
    """``text`` for a message: at most ``LONGEST`` characters, all of them printable."""
    return visible(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def _one_line(text: str) -> str:
    sign = odd_sign(text)
    if sign:
        raise ValueError(f"expected printable text in one line, found the sign {sign}")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
"""Printable text in one line: a name, a label, a title."""


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
