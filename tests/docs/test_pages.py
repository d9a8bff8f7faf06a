"""README and docs/ hold what they show: blocks run or parse, links lead somewhere (see ``_pages`` for the rules)."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from ssmar_bench import api
from ssmar_bench.cli import app
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import method_config as method_configs
from tests.conftest import Finished

sys.path.insert(0, str(Path(__file__).parent))
from _pages import LANGUAGES, PAGES, ROOT, Block, blocks, commands, missing, name, prose

Call = Callable[..., Finished]
OTHER_PROGRAMS = ("cd", "export", "for", "git", "pip", "python", "source", "unrar", "unzip")
"""What a page may type besides ssmar-bench and make; it is not looked into."""


def program(words: list[str]) -> Any:
    """The parsed ``ssmar-bench`` command; raises the parser's error."""
    context: Any = get_command(app).make_context("ssmar-bench", list(words))
    while hasattr(context.command, "resolve_command"):
        rest = [*getattr(context, "_protected_args", []), *context.args]
        called, command, rest = context.command.resolve_command(context, rest)
        context = command.make_context(called, rest, parent=context)
    return context


def options(words: list[str]) -> set[str]:
    """All options of the command that ``words`` begin with."""
    command: Any = get_command(app)
    for word in words:
        if word not in getattr(command, "commands", {}):
            break
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}


def parsed(block: Block) -> None:
    """Every command of a block is one that its program knows."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for command in commands(block):
        words = shlex.split(command.words.partition(";")[0])
        if words[0] == "ssmar-bench":
            try:
                program(words[1:])
            except Exception as error:
                raise AssertionError(f"{block}: {command.words}: {getattr(error, 'message', error)}") from error
        elif words[0] == "make":
            assert {*words[1:]} <= targets, f"{block}: {command.words}"
        else:
            assert words[0] in OTHER_PROGRAMS, f"{block}: {command.words}: which program is this?"


def executed(block: Block, call: Call) -> None:
    """Runs a block's ``ssmar-bench`` commands and compares what they print."""
    for command in commands(block):
        words = shlex.split(command.words)
        assert words[0] == "ssmar-bench", f"{block}: {command.words} cannot be run here"
        ended = call(*words[1:])
        assert "Traceback" not in ended.err, f"{block}: {command.words}\n{ended.err}"
        lacking = missing(command.output, ended.out + ended.err)
        assert not lacking, f"{block}: {command.words}\ndid not print: {lacking}\nbut:\n{ended.out}{ended.err}"
        if not any(line.startswith("ssmar-bench: ") for line in command.output):
            assert ended.status == 0, f"{block}: {command.words}\n{ended.err}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{block}: a block is one of {', '.join(LANGUAGES)}"
        assert not block.words or block.file or block.words in (("run",), ("error",)), f"{block}: {block.words}"
    indented = [line for line in prose(page).split("\n\n") if re.match(r" {4}\S", line)]
    assert not indented, f"{page.name}: an indented block is not tested; fence it: {indented[0]}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_is_known(page: Path) -> None:
    for block in blocks(page):
        if block.language == "console":
            parsed(block)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_option_in_the_prose_is_known(page: Path) -> None:
    for words in re.findall(r"`ssmar-bench ([^`]+)`", prose(page)):
        said = [word.partition("=")[0] for word in words.split()]
        unknown = [word for word in said if word.startswith("--") and word not in options(said)]
        assert not unknown, f"{page.name}: `ssmar-bench {words}`"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose(page)):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_is_listed() -> None:
    listed = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [page.name for page in PAGES if page.parent.name == "docs" and page.name != "README.md"]
    assert not [name for name in pages if f"]({name})" not in listed]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_piece_of_yaml_is_valid(page: Path, tmp_path: Path) -> None:
    """What extends a shipped benchmark or method config is one itself."""
    for block in blocks(page):
        if block.language == "yaml":
            data = YAML(typ="safe", pure=True).load(block.text)
            path = tmp_path / "block.yaml"
            path.write_text(block.text)
            if data.get("extends") in benchmark_configs.BENCHMARKS.names():
                benchmark_configs.read_benchmark_config(str(path))
            elif data.get("extends") in method_configs.METHODS.names():
                method_configs.read_method_config(str(path))


def test_every_name_of_the_interface_in_a_table_exists() -> None:
    table = (ROOT / "docs" / "python.md").read_text(encoding="utf-8").partition("## All of it")[2]
    named = re.findall(r"`(\w+)`", "".join(line for line in table.splitlines() if line.startswith("|")))
    assert len(named) > 20
    assert not [word for word in named if word not in api.__all__ and not hasattr(api.Model, word)]


def installed(project: Path) -> None:
    """The metadata of an editable installation of a package, beside it."""
    said = tomllib.loads(project.read_text())["project"]
    folder = project.parent / f"{said['name'].replace('-', '_')}-{said['version']}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in said["entry-points"].items()
    ]
    (folder / "entry_points.txt").write_text("".join(groups))


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any(b.language != "text" for b in blocks(page))], ids=name)
def test_what_is_executed(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    notebook: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text)
            if Path(block.file).name == "pyproject.toml":
                installed(Path(block.file))
                monkeypatch.syspath_prepend(str(tmp_path / Path(block.file).parent))
        elif block.language == "python":
            place = "\n" * block.line  # a traceback shows the page's own lines
            exec(compile(place + block.text, page.name, "exec"), notebook)
        elif block.language == "console" and "run" in block.words:
            executed(block, call)


@pytest.mark.parametrize(
    "words", ["run --methods a --nosuch", "run", "predict a", "data lists", "predict a b --top 0", "nosuch"]
)
def test_an_unknown_command_would_be_noticed(words: str) -> None:
    block = Block(Path("page.md"), 1, "console", (), f"$ ssmar-bench {words}\n")
    with pytest.raises(AssertionError, match=r"page\.md:1: ssmar-bench "):
        parsed(block)


def test_the_comparison_of_outputs_can_fail() -> None:
    printed = "a table\n| method |   50 % |\n| FixMatch | 49.6 (1) |\nTables: here\n"
    assert not missing(("| method | 50 % |", "...", "Tables: ..."), printed)
    assert not missing(("| FixMatch | ... (1) |",), printed)
    assert missing(("| APLT | ... |",), printed) == "| APLT | ... |"
    assert missing(("Tables: here", "a table"), printed) == "a table"
