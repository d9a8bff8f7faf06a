"""Writes plugins as others would: installed packages, and single files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ssmar_bench.core import catalog

MINE = """\
from ssmar_bench.algorithms.fixmatch import FixMatch


class Mine(FixMatch):
    revision = 1
"""
METHOD_CONFIG = """\
extends: fixmatch
name: mine
label: Mine
citation: nobody, nowhere
algorithm: mine
"""
FILE = f'''\
"""A method of one file."""

{MINE}

METHOD_CONFIG = """
{METHOD_CONFIG}"""
'''

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package beside a distribution's metadata, as pip does; nothing is left behind."""
    before = set(sys.modules)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(name: str, entries: dict[str, str], version: str = "1.2", **files: str) -> Path:
        """``entries``: group -> lines; ``files``: path in the site folder -> text."""
        metadata = site / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        text = "".join(f"[{group}]\n{lines}\n" for group, lines in entries.items())
        (metadata / "entry_points.txt").write_text(text)
        for path, content in files.items():
            place = site / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        catalog.providers._entry_points.cache_clear()
        return site

    yield install
    catalog.providers._entry_points.cache_clear()
    for module in set(sys.modules) - before:
        if str(site) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]


@pytest.fixture
def mine(install: Install) -> Path:
    """An installed package with the method ``mine``."""
    return install(
        "my-package",
        {catalog.METHODS: "mine = my_package.algorithm:Mine"},
        **{
            "my_package/__init__.py": "",
            "my_package/algorithm.py": MINE,
            "my_package/methods/mine.yaml": METHOD_CONFIG,
        },
    )


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Writes a plugin's file; whatever is used is forgotten afterwards."""

    def write(text: str, name: str = "my_method.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    yield write
    catalog.forget_plugin_files()
