"""README is read in a minute: short sentences, one figure, one animation, a short table, and pictures that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 25
"""Words of a sentence."""


def sentences(text: str) -> list[str]:
    """The sentences of a page's prose: without code, tables and pictures, and with the words of its links alone."""
    text = re.sub(r"```.*?```|^\|.*?$|!\[[^\]]*\]\([^)]*\)", "\n\n", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=- |#)", text))
    return [one for part in paragraphs for one in re.split(r"(?<=[.?!:]) +(?=[A-Z\"`*])", part) if one]


def test_a_long_sentence_would_be_noticed() -> None:
    assert sentences("A [short](x.md) one. `b` is\nlong.\n\n| a |\n- c") == ["A short one.", "`b` is long.", "- c"]


def test_no_sentence_is_longer_than_a_breath() -> None:
    assert [one for one in sentences(README) if len(one.split()) > LONGEST] == []


def test_it_shows_moving_clips_a_figure_and_a_short_table_before_it_says_how_to_start() -> None:
    before = README.partition("\n## Start\n")[0]
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", before)
    assert [name.rpartition("/")[2] for name in pictures] == ["examples.webp", "label-share.png"]
    assert all((ROOT / name).is_file() for name in pictures)
    rows = [line for line in before.splitlines() if line.startswith("|")]
    assert 5 <= len(rows) - 2 <= 8  # without its head
    assert "- **It shows**" in before
    assert "- **It does not show**" in before
