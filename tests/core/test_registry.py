from __future__ import annotations

import collections

import pytest

from ssmar_bench.core.errors import UserError, nearest
from ssmar_bench.core.registry import Registry


def some() -> Registry:
    return Registry("thing", {"ordered": "collections:OrderedDict", "broken": "no_such_module_at_all:X"})


def test_a_name_is_imported_when_asked_for() -> None:
    registry = some()  # "broken" harms nobody who does not ask for it
    assert registry.names() == ["broken", "ordered"]
    assert registry.load("ordered") is collections.OrderedDict
    with pytest.raises(ModuleNotFoundError):
        registry.load("broken")


@pytest.mark.parametrize(
    ("name", "hint"), [("orderd", "did you mean 'ordered'?"), ("zzz", "known: broken, ordered"), ("", "known: broken")]
)
def test_an_unknown_name_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        some().load(name)
    assert f"Unknown thing '{name}'" in str(error.value)
    assert hint in str(error.value)


def test_a_name_taken_twice_names_both_origins() -> None:
    entries = {"a": "first:A"}
    registry = Registry("thing", entries)
    registry.add("b", "collections:Counter")
    assert registry.load("b") is collections.Counter
    with pytest.raises(UserError) as error:
        registry.add("a", "second:A")
    assert "first:A" in str(error.value)
    assert "second:A" in str(error.value)
    assert registry.names() == ["a", "b"]
    assert entries == {"a": "first:A"}  # the caller's own mapping is left alone


def test_nearest_of_nothing_says_nothing() -> None:
    assert nearest("a", []) == ""
    assert nearest("fixmtch", iter(["fixmatch", "aplt"])) == "; did you mean 'fixmatch'?"
