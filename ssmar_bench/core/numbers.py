"""Numbers as a user means them, whatever type or rounding error a script gives them with."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from numbers import Real
from typing import Any

import numpy as np

_LARGEST_DENOMINATOR = 10_000
_CLOSE = 1e-7
"""Relative error of a 32-bit float: nearer to a simple fraction, a ratio is that fraction."""


def plain_numbers(value: Any) -> Any:
    """``value`` with Python's own numbers in place of numpy's, inside lists, tuples and mappings too.

    A number of low precision becomes the decimal that it prints: ``np.float32(0.1)`` is 0.1, not 0.10000000149.
    """
    if isinstance(value, np.floating):
        return float(str(value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return [plain_numbers(item) for item in value] if value.ndim else plain_numbers(value[()])
    if isinstance(value, Mapping):
        return {plain_numbers(key): plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_numbers(item) for item in value]
    return value


@lru_cache(maxsize=1024)  # a grid asks for a few ratios thousands of times
def exact_ratio(ratio: float) -> Fraction:
    """A finite ratio without its rounding error: a simple fraction that is next to it, else its decimal."""
    simple = Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR)
    return simple if math.isclose(simple, ratio, rel_tol=_CLOSE) else Fraction(f"{ratio:.12g}")


def parse_ratio(value: Any) -> float:
    """A ratio that a user gave: 0.1, ``np.float32(0.1)`` and 0.1 + 1e-17 are one.

    Raises:
        TypeError: it is no number; a text and a truth value are none.
    """
    value = plain_numbers(value)
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise TypeError(f"{value!r} is no number")
    number = float(value)
    return float(exact_ratio(number)) if math.isfinite(number) else number


def parse_whole(value: Any) -> int:
    """A whole number that a user gave, of Python's or numpy's.

    Raises:
        TypeError: it is something else; a truth value and 1.0 are.
    """
    value = plain_numbers(value)
    if isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return operator.index(value)
