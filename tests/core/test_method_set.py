"""Named sets of methods, and what ``--methods`` makes of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ssmar_bench.core import method_config
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.method_config import expand_method_sets
from ssmar_bench.results.table_order import PUBLISHED

TABLE_2 = {"tcl", "ltg", "svformer"}


def test_table_1_has_the_thirteen_rows_in_the_papers_order() -> None:
    rows = method_config.read_method_set("table1").methods
    assert rows == [name for name in PUBLISHED if name not in TABLE_2]
    assert len(rows) == 13
    assert expand_method_sets(["table1"]) == rows


@pytest.mark.parametrize("name", method_config.METHOD_SETS.names())
def test_a_set_names_methods_that_exist_and_is_no_method_itself(name: str) -> None:
    found = method_config.read_method_set(name)
    assert found.title.strip()
    assert set(found.methods) <= set(method_config.METHODS.names())
    assert name not in method_config.METHODS.names()


def test_a_set_is_where_it_was_named_and_no_method_twice() -> None:
    names = expand_method_sets(["aplt-literal", "fixmatch", "table1", "aplt", "mine.yaml"])
    assert names[:3] == ["aplt-literal", "fixmatch", "supervised"]
    assert names[-2:] == ["aplt", "mine.yaml"]
    assert len(names) == len(set(names)) == 13 + 2


@pytest.mark.parametrize(
    ("word", "hint"), [("tabel1", "did you mean 'table1'?"), ("fixmach", "did you mean 'fixmatch'?")]
)
def test_an_unknown_word_gets_the_nearest_set_or_method(word: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"Unknown method '{word}'") as error:
        expand_method_sets(["aplt", word])
    assert hint in str(error.value)


def test_reading_sets_and_method_configs_imports_no_torch() -> None:
    code = (
        "import sys; from ssmar_bench.core import method_config; "
        "[method_config.read_method_config(name) for name in method_config.expand_method_sets(['table1'])]; "
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
