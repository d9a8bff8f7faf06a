"""The digest of an algorithm's code changes with what computes, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core.code import code_digest

CODE = '''\
"""A module."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from my_plugin.parts import helper, other as another

if TYPE_CHECKING:
    from my_plugin.types import Thing

SCALE = 2.0
UNUSED = 3.0


def scaled(value: float) -> float:
    """Scaled."""
    return helper(value) * SCALE  # a comment


class Mine:
    """A class."""

    weight: Annotated[float, Acts("loss")]
    """What it is."""

    def loss(self, thing: Thing) -> float:
        return math.exp(scaled(self.weight))


class Yours:
    def loss(self):
        return another(1)
'''
PARTS = (
    "def helper(value):\n    return inner(value) + 1\n\n\ndef inner(value):\n    return value\n\n\ndef other(x): ...\n"
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "my_plugin"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "algorithm.py").write_text(CODE)
    (folder / "parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def now() -> str:
    return code_digest("my_plugin.algorithm:Mine")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("algorithm.py", "# a comment", "# another"),
        ("algorithm.py", '"""A class."""', '"""The class."""'),
        ("algorithm.py", '    """What it is."""\n', ""),
        ("algorithm.py", "def scaled(value: float) -> float:", "def scaled(value) -> int:"),
        ("algorithm.py", 'Acts("loss")', 'Acts("prediction", other=3)'),
        ("algorithm.py", "helper(value) * SCALE", "(helper(value)\n        * SCALE)"),
        ("algorithm.py", "UNUSED = 3.0", "UNUSED = 4.0"),
        ("algorithm.py", "return another(1)", "return another(2)"),
        ("algorithm.py", "class Yours", "def new(): ...\n\n\nclass Yours"),
        ("algorithm.py", "from my_plugin.types import Thing", "from my_plugin.types import Thing, Thought"),
        ("algorithm.py", "other as another", "other as another, inner"),
        ("parts.py", "def other(x): ...", "def other(x): return 1"),
        ("__init__.py", "", "VERSION = 2\n"),
    ],
)
def test_what_computes_nothing_changes_nothing(package: Path, file: str, old: str, new: str) -> None:
    before = now()
    change(package / file, old, new)
    assert now() == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("algorithm.py", "math.exp", "math.log"),
        ("algorithm.py", "import math", "import cmath as math"),
        ("algorithm.py", "SCALE = 2.0", "SCALE = 2.5"),
        ("algorithm.py", "Annotated[float", "Annotated[int"),
        ("algorithm.py", "class Mine:", "class Mine(Yours):"),
        ("algorithm.py", "SCALE = 2.0", "SCALE = 2.0\nsetattr(math, 'exp', math.log)"),
        ("parts.py", "+ 1", "+ 2"),
        ("parts.py", "return value\n", "return -value\n"),
        ("parts.py", "def helper(value):\n", "def helper(value):\n    from my_plugin.more import helper\n"),
    ],
)
def test_what_computes_changes_it(package: Path, file: str, old: str, new: str) -> None:
    before = now()
    change(package / file, old, new)
    assert now() != before


def test_every_way_of_importing_leads_on(package: Path) -> None:
    found = set()
    for words, use in (
        ("from my_plugin.parts import helper", "helper"),
        ("from .parts import helper", "helper"),
        ("from .parts import *", "helper"),
        ("from my_plugin import parts", "parts.helper"),
        ("from . import parts as p", "p.helper"),
        ("import my_plugin.parts", "my_plugin.parts.helper"),
    ):
        (package / "algorithm.py").write_text(f"{words}\nclass Mine:\n    run = {use}\n")
        (package / "parts.py").write_text(PARTS)
        before = now()
        change(package / "parts.py", "+ 1", "+ 2")
        assert now() != before, words
        found.add(before)
    assert len(found) > 1


def test_a_cycle_of_imports_ends(package: Path) -> None:
    (package / "parts.py").write_text("from my_plugin.algorithm import Mine\ndef helper(value): return Mine\n")
    assert len(now()) == 16


def test_nothing_is_imported_for_it(package: Path, tmp_path: Path) -> None:
    (package / "__init__.py").write_text("raise SystemExit('it was imported')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from ssmar_bench.core.code import code_digest; "
        "print(len(code_digest('my_plugin.algorithm:Mine')), len(code_digest('ssmar_bench.algorithms.vat:VAT')), "
        "'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "16 16 False\n"


def test_a_file_is_digested_as_a_module_is(package: Path) -> None:
    whole = (package / "parts.py").read_text().replace("def helper", "class Mine: ...\n\n\ndef helper")
    (package / "parts.py").write_text(whole)
    assert code_digest("x:Mine", package / "parts.py") == code_digest("my_plugin.parts:Mine")


def test_a_plugin_changes_with_the_parts_of_ours_that_it_uses(package: Path) -> None:
    """Of ours, it covers ``algorithms`` alone: what is below has revisions."""
    (package / "algorithm.py").write_text("from ssmar_bench.algorithms.fixmatch import FixMatch as Mine\n")
    same = now()
    assert same != code_digest("ssmar_bench.algorithms.flexmatch:FlexMatch")
    (package / "algorithm.py").write_text(
        "from ssmar_bench.algorithms.fixmatch import FixMatch\nclass Mine(FixMatch):\n    revision = 1\n"
    )
    assert now() != same


@pytest.mark.parametrize("target", ["no_such_module:X", "math:sin", "my_plugin.no:X"])
def test_without_a_source_there_is_no_digest(target: str) -> None:
    assert code_digest(target) == ""


def test_every_algorithm_of_ours_has_one() -> None:
    digests = {entry.name: code_digest(entry.target) for entry in ALGORITHMS.entries()}
    assert all(len(found) == 16 for found in digests.values())
    own = {name: found for name, found in digests.items() if not name.startswith("usb-")}
    assert len(set(own.values())) == len(own)
    assert len({found for name, found in digests.items() if name.startswith("usb-")}) == 1
