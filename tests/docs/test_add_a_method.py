"""``docs/add-a-method.md``, typed word for word in an empty folder where the wheel alone is installed.

What a block is, ``_pages`` says; here all ``console`` blocks are executed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ssmar_bench.core import catalog
from ssmar_bench.testing import CHECKS, MethodUnderTest, examine, ordered_checks
from tests.packaging.test_packaging import built

sys.path.insert(0, str(Path(__file__).parent))
from _pages import ROOT, blocks, commands, missing

PAGE = ROOT / "docs" / "add-a-method.md"


def test_the_page_names_every_check_and_what_holds() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", PAGE.read_text(), flags=re.MULTILINE)
    assert listed == [(name, CHECKS[name].holds) for name in ordered_checks()]


def test_the_methods_of_the_page_keep_the_contract(tmp_path: Path) -> None:
    files = [block for block in blocks(PAGE) if block.language == "python" and block.file]
    assert len(files) == 2
    try:
        for block in files:
            (tmp_path / block.file).write_text(block.text)
            (name,) = catalog.use_plugin_file(tmp_path / block.file).method_configs
            outcomes = [examine(MethodUnderTest.of(name), check) for check in CHECKS if not CHECKS[check].slow]
            assert [outcome.message for outcome in outcomes if outcome.state == "failed"] == []
    finally:
        catalog.forget_plugin_files()


@pytest.fixture(scope="module")
def tools(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a new environment with the wheel; what it depends on is that of the tests, and nothing is loaded.

    Its pip neither asks an index nor builds in isolation, so that the page's own ``pip install`` needs no network.
    """
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(place)}))
    builder = importlib.util.find_spec("hatchling")
    assert builder is not None
    folders = {sysconfig.get_path("purelib"), str(Path(str(builder.origin)).parents[1])}
    (site / "dependencies.pth").write_text("\n".join(sorted(folders)) + "\n")
    python = place / "bin" / "python"
    wheel = built("wheel", ROOT, shared / "wheel")
    offline = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    subprocess.run([python, "-m", "pip", "install", *offline, "--target", site, wheel], check=True, env=plain())
    scripts = {
        "ssmar-bench": f"{python} -P -c 'from ssmar_bench.cli import main; main()' \"$@\"",
        "pip": f'{python} -m pip "$@" {" ".join(offline)} --no-build-isolation',
    }
    for name, command in scripts.items():
        (place / "bin" / name).write_text(f"#!/bin/sh\nexec {command}\n")
        (place / "bin" / name).chmod(0o755)
    return place / "bin"


def plain(**more: str) -> dict[str, str]:
    """The environment without what leads to the checkout."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more


@pytest.mark.slow
@pytest.mark.minutes
@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed")
def test_word_for_word(tools: Path, tmp_path: Path, cache: Path) -> None:
    environment = plain(PATH=f"{tools}:{os.environ['PATH']}", SSMAR_BENCH_CACHE=str(cache))
    typed = 0
    for block in blocks(PAGE):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        for command in commands(block) if block.language == "console" else ():
            words = shlex.split(command.words)
            ended = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
            assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
            assert missing(command.output, ended.stdout) == "", f"{command}\n{ended.stdout}"
            typed += 1
    assert typed == 9
    code = "import ssmar_bench, my_idea; print(ssmar_bench.__file__, my_idea.__file__)"
    found = subprocess.run(
        [tools / "python", "-P", "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert all(str(tools.parent) in path for path in found.stdout.split()), "the checkout was used, not the wheel"
    table = (tmp_path / "ssmar-runs" / "reports" / "quick" / "comparison.md").read_text()
    for label in ("FixMatch", "APLT", "FixMatch, half sure", "My idea", "My method"):
        assert re.search(rf"^\| {label} +\| +\d+\.\d .*\(1\)[ †]*\|$", table, flags=re.MULTILINE), label
