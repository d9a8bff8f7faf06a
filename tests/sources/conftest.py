"""Small folders in every layout that owners distribute, with empty videos, to be read and to be damaged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.sources import SOURCES, mock

LAYOUTS = [(name, layout) for name, source in SOURCES.items() if source.facts for layout in (source.layouts or ("",))]
"""Every source that has owners, with each of its layouts."""


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Writes a folder once; nobody may change anything in it."""
    made: dict[tuple[str, str], Path] = {}

    def original(name: str, layout: str = "") -> Path:
        layout = layout or next(iter(SOURCES[name].layouts), "")
        if (name, layout) not in made:
            out = tmp_path_factory.mktemp("sources") / f"{name}-{layout}"
            mock.write_mock(name, out, layout or None, lists_only=True, clips=60)
            made[name, layout] = out
        return made[name, layout]

    return original


@pytest.fixture
def copy(originals: Callable[[str, str], Path], tmp_path: Path) -> Callable[[str, str], Path]:
    """A copy of such a folder, to be damaged."""

    def copied(name: str, layout: str = "") -> Path:
        return shutil.copytree(originals(name, layout), tmp_path / "root")

    return copied
