from __future__ import annotations

import collections

import pytest

from ssmar_bench.core.catalog import ObjectCatalog
from ssmar_bench.core.errors import UserError


def some() -> ObjectCatalog:
    return ObjectCatalog("thing", {"ordered": "collections:OrderedDict", "broken": "no_such_module_at_all:X"})


def test_a_name_is_imported_when_asked_for() -> None:
    catalog = some()  # "broken" harms nobody who does not ask for it
    assert catalog.names() == ["broken", "ordered"]
    assert "ordered" in catalog
    assert catalog.load("ordered") is collections.OrderedDict


def test_what_cannot_be_imported_is_reported_with_its_origin() -> None:
    with pytest.raises(UserError, match=r"thing 'broken' of ssmar-bench \S+ cannot be loaded: ModuleNotFoundError: "):
        some().load("broken")


def test_a_thing_may_stand_in_the_registry_itself() -> None:
    assert ObjectCatalog("thing", {"counter": collections.Counter}).load("counter") is collections.Counter


@pytest.mark.parametrize(
    ("name", "hint"), [("orderd", "did you mean 'ordered'?"), ("zzz", "known: broken, ordered"), ("", "known: broken")]
)
def test_an_unknown_name_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        some().load(name)
    assert f"Unknown thing '{name}'" in str(error.value)
    assert hint in str(error.value)
