"""Errors name what is near, and do not fill a screen with names."""

from __future__ import annotations

from ssmar_bench.core.errors import LISTED, nearest


def test_a_near_name_or_the_names() -> None:
    assert nearest("aptl", ["aplt", "uda"]) == "; did you mean 'aplt'?"
    assert nearest("zzz", ["uda", "aplt"]) == "; known: aplt, uda."
    assert nearest("zzz", []) == "."


def test_a_long_list_is_cut() -> None:
    said = nearest("zzz", [f"network{number:04d}" for number in range(1000)])
    assert said.count("network") == LISTED
    assert said.endswith(f", network{LISTED - 1:04d} and {1000 - LISTED} more.")
