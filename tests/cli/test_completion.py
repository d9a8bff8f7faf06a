"""Shells complete values: methods behind commas, sets, benchmarks, runs, sources, tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake

BASH = """
eval "$(_SSMAR_BENCH_COMPLETE=source_bash ssmar-bench)"
[[ $(complete -p ssmar-bench) =~ -F\\ ([^ ]+) ]]
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
${BASH_REMATCH[1]} ssmar-bench "${COMP_WORDS[-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = "_SSMAR_BENCH_COMPLETE=source_fish ssmar-bench | source; complete -C (string join ' ' -- $argv)"
ZSH = (
    "functions_of=$(_SSMAR_BENCH_COMPLETE=source_zsh ssmar-bench); compdef() {}; eval $functions_of; "
    'eval $(env _TYPER_COMPLETE_ARGS="$*" _SSMAR_BENCH_COMPLETE=complete_zsh ssmar-bench | '
    'sed "s/^_arguments/print -r --/")'
)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder for PATH, with the program under the name that shells complete."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "ssmar-bench"
    code = "import sys; sys.argv[0] = 'ssmar-bench'; from ssmar_bench.cli import main; main()"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -c "{code}" "$@"\n')
    script.chmod(0o755)
    return folder


def offered(program: Path, shell: Sequence[str], words: Sequence[str]) -> list[str]:
    environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([*shell, *words], capture_output=True, text=True, env=environment, check=False)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["run", "--methods", "fixmatch-as"], ["fixmatch-asy"]),
        (["run", "-m", "supervised,infom"], ["supervised,infomatch"]),
        (["run", "-m", "table1"], ["table1"]),
        (["run", "-b", "micro-motion-e"], ["micro-motion-easy"]),
        (["methods", "show", "infom"], ["infomatch"]),
        (["reproduce", "sens"], ["sensitivity"]),
        (["data", "check", "smg"], ["smg"]),
    ],
    ids=" ".join,
)
def test_bash_completes_values(program: Path, typed: list[str], expected: list[str]) -> None:
    found = offered(program, ["bash", "--norc", "-c", BASH, "bash"], ["ssmar-bench", *typed])
    assert [name for name in found if name in expected] == expected
    assert all(name.casefold().startswith(typed[-1].casefold()) for name in found)


def test_bash_completes_runs_of_the_folder_that_was_given(program: Path, tmp_path: Path) -> None:
    run = Fake("fixmatch").write(tmp_path / "out")
    Fake("uda").write(tmp_path / "out")
    bash = ["bash", "--norc", "-c", BASH, "bash"]
    for words in (["runs", "show"], ["runs", "rm"], ["runs", "verify"], ["predict"]):
        typed = ["ssmar-bench", *words, "--results", str(tmp_path / "out"), "micro-motion-12_f"]
        assert offered(program, bash, typed) == [run.name]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_values(program: Path) -> None:
    assert offered(program, ["fish", "-c", FISH], ["ssmar-bench", "run", "-m", "supervised,infom"]) == [
        "supervised,infomatch"
    ]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_is_offered_values(program: Path) -> None:
    words = ["zsh", "-f", "-c", ZSH, "zsh"]
    assert "infomatch" in " ".join(offered(program, words, ["ssmar-bench", "methods", "show", "infom"]))
