"""Every message on the page about trouble is one that the program can say."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from _pages import ROOT, blocks

MESSAGES = [
    line
    for block in blocks(ROOT / "docs" / "troubleshooting.md")
    if block.words == ("error",)
    for line in block.text.splitlines()
]
FIXED = 10
"""Letters that a template must have for a match to mean anything."""


def templates() -> list[re.Pattern[str]]:
    """What is written between quotes anywhere in the package, docstrings apart, with anything in its gaps."""
    found = []
    for path in sorted((ROOT / "ssmar_bench").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                parts = [node.value]
            else:
                continue
            if sum(len(str(part)) for part in parts if part is not None) >= FIXED:
                pattern = "".join(".*" if part is None else re.escape(str(part)) for part in parts)
                found.append(re.compile(pattern))
    return found


TEMPLATES = templates()


def said(message: str) -> bool:
    """Whether a template gives the message, without its place (``FILE:N: KEY:``) and its full stop if need be."""
    rest = re.sub(r"^\S+:N: [\w.]+: ", "", message)
    return any(template.fullmatch(text) for text in (message, message[:-1], rest[:-1]) for template in TEMPLATES)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_program_says_it(message: str) -> None:
    assert said(message), message


def test_a_message_that_nobody_says_would_be_noticed() -> None:
    assert len(MESSAGES) >= 25
    for message in MESSAGES:
        assert not said(f"Perhaps {message.replace(' ', '  ')}"), message
