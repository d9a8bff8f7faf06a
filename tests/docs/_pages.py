"""README, CONTRIBUTING, CHANGELOG and docs/ as blocks of code, and what a reader would do with each of them.

What a block is, its first line says (``language words``):

- ``python``: executed, the blocks of a page one after the other in one namespace, as in a notebook.
- ``python NAME``, ``yaml NAME``, ``toml NAME``: a file of that name, written where the page's other blocks run. The
  folder of a ``pyproject.toml`` is put on the path with its entry points, as ``pip install --editable`` does.
- ``yaml``: a part of a file; it is YAML.
- ``console``: commands behind ``$``. Every ``ssmar-bench`` command is parsed by the command line's own parser: command,
  options and arguments exist; every ``make`` target exists. Nothing is executed.
- ``console run``: the same, and ``ssmar-bench`` commands are executed too, in the page's folder. The lines below a
  command must occur in what it prints, in this order; ``...`` stands for anything between them.
- ``text``: what is looked at, not executed. ``text error``: messages of the program, a line each
  (``test_troubleshooting`` compares them with the code).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FILES = ("python", "yaml", "toml")
LANGUAGES = (*FILES, "console", "text")


@dataclass(frozen=True)
class Block:
    """A fenced block: the page, the line of its opening fence, its language and further words, its text."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def file(self) -> str:
        """The name of the file that it is, "" if it is none."""
        return self.words[0] if self.words and self.language in FILES else ""


@dataclass(frozen=True)
class Command:
    """A command of a ``console`` block, and what the page shows of its output."""

    words: str
    output: tuple[str, ...]


def name(page: Path) -> str:
    """What a test calls a page."""
    return page.name


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    opened: tuple[int, list[str]] | None = None
    kept: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if opened is None and line.startswith("```"):
            opened, kept = (number, line[3:].split()), []
        elif opened is not None and line == "```":
            start, words = opened
            found.append(Block(page, start, words[0] if words else "", tuple(words[1:]), "\n".join(kept) + "\n"))
            opened = None
        elif opened is not None:
            kept.append(line)
    assert opened is None, f"{page.name}:{opened}: this block is not closed"
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a ``console`` block; a backslash at a line's end continues it, ``#`` begins a remark."""
    found: list[Command] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append(Command(re.sub(r"\s+#\s.*$", "", line[2:]).strip(), ()))
        elif line.strip():
            assert found, f"{block}: output before any command"
            found[-1] = Command(found[-1].words, (*found[-1].output, line))
    return found


def missing(expected: tuple[str, ...], printed: str) -> str:
    """The first line of ``expected`` that does not occur in ``printed`` in its turn; "" if all do.

    Spaces are compared as one, as are the lines of tables and tabs; ``...`` within a line stands for anything.
    """
    lines = [_words(line) for line in printed.splitlines()]
    at = 0
    for wanted in expected:
        if wanted.strip() == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in _words(wanted).split("...")))
        place = next((place for place in range(at, len(lines)) if pattern.fullmatch(lines[place])), None)
        if place is None:
            return wanted
        at = place + 1
    return ""


def _words(line: str) -> str:
    return " ".join(line.translate({ord("│"): " ", ord("┃"): " "}).split())
