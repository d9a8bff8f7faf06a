"""The page of the architecture names the packages that there are, in the order of imports that is held."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from _pages import ROOT, blocks

PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "ssmar_bench"


def test_it_lists_every_package_and_no_other() -> None:
    listed = re.findall(r"^\| `(\w+)/` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def test_its_order_of_imports_is_the_one_that_is_held() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert contract["contracts"][0]["layers"] in [block.text.splitlines() for block in blocks(PAGE)]


def test_every_file_that_it_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 8
    assert not [name for name in named if not (PACKAGE / name).is_file() and not (ROOT / name).is_file()]


def test_the_glossary_explains_every_term_once_and_names_its_source() -> None:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    rows = [row for row in rows if row[0] != "term"]
    assert len(rows) > 60
    assert all(len(row) == 3 and all(row) for row in rows)
    terms = [row[0] for row in rows]
    assert len(terms) == len(set(terms))
