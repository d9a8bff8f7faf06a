"""What plans, trains and records knows no algorithm by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ssmar_bench
from ssmar_bench.core import method_config

ROOT = Path(ssmar_bench.__file__).parent
NAMES = sorted(
    {method_config.read_method_config(name)[0].algorithm for name in method_config.METHODS.names()} - {"supervised"}
)
"""``supervised`` is an English word of docstrings, too."""


@pytest.mark.parametrize("room", ["training", "runs"])
def test_no_algorithm_is_named(room: str) -> None:
    words = re.compile(rf"\b({'|'.join(map(re.escape, NAMES))}|tcl|ltg|svformer)\b", re.IGNORECASE)
    for path in sorted((ROOT / room).rglob("*.py")):
        found = words.search(path.read_text())
        assert found is None, f"{path.relative_to(ROOT)} names {found[0]}"
