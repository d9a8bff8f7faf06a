from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssmar_bench.core.identity import canonical_json, digest


def test_one_text_whatever_the_order_of_keys() -> None:
    value = {"b": [1, 2.5, None, True], "a": {"y": "é", "x": -1}}
    assert canonical_json(value) == r'{"a":{"x":-1,"y":"\u00e9"},"b":[1,2.5,null,true]}'
    assert canonical_json({"a": {"x": -1, "y": "é"}, "b": (1, 2.5, None, True)}) == canonical_json(value)


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1}, {"a": 2}), ({"a": 1}, {"a": "1"}), ([1, 2], [2, 1]), ([[1], 2], [1, [2]]), ({}, [])]
)
def test_different_meanings_have_different_digests(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"deep": [{"down": number}]})


@pytest.mark.parametrize("value", [{1, 2}, Path("x"), np.float32(1), object(), b"x"])
def test_what_is_no_plain_data_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json({"key": value})


def test_the_digest_is_the_head_of_sha256_and_stays_what_it_was() -> None:
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()[:16] == "015abd7f5cc57a2d"
    assert digest({"a": 1}, 40) == hashlib.sha256(b'{"a":1}').hexdigest()[:40]
