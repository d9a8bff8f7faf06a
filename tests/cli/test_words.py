"""Words that people type are understood, or answered with the right ones."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.table import Table

from ssmar_bench import api
from ssmar_bench.cli import completion
from ssmar_bench.cli.parsing import parse_ratios, parse_seeds
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.screen import Screen
from tests.conftest import Finished

Call = Callable[..., Finished]


def test_shares_and_ranges_are_numbers() -> None:
    assert parse_ratios("10%, 0.5,2.5 %") == [0.1, 0.5, 0.025]
    assert parse_seeds("0-4") == [0, 1, 2, 3, 4]
    assert parse_seeds("7,1 - 2") == [7, 1, 2]
    assert (parse_ratios(None), parse_seeds(None)) == (None, None)


@pytest.mark.parametrize("text", ["4-0", "0-1000", "a-b", "-1-3", "0-", "1-2-3"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=f"--seeds {text}"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["%", "ten%", "1_0%", "10%%"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=f"--ratios {text}"):
        parse_ratios(text)


ANSWERS = {
    "a command of groups": (
        ("list",),
        "did you mean `ssmar-bench data list`, `ssmar-bench methods list` or `ssmar-bench runs list`?",
    ),
    "a command with a slip": (("dat",), "did you mean `ssmar-bench data`?"),
    "a command of a group with a slip": (("data", "chek"), "did you mean `ssmar-bench data check`?"),
    "nothing like it": (("xyzzy",), "see `ssmar-bench --help`."),
    "a method without its option": (("run", "fixmatch"), "did you mean `ssmar-bench run --methods fixmatch`?"),
    "all methods": (("run", "-m", "all"), "; sets of methods: beyond, table1, table2; "),
    "a ratio in per cent": (("run", "-m", "fixmatch", "--ratios", "10", "--plan"), "did you mean 0.1?"),
    "a missing option": (("data", "check", "ma52"), "data check needs --root; see `ssmar-bench data check --help`."),
    "opposites": (("run", "-m", "fixmatch", "-q", "-v"), "--quiet and --verbose say the opposite"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_wrong_word_is_answered_with_the_right_one(case: str, call: Call) -> None:
    words, answer = ANSWERS[case]
    ended = call(*words)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("ssmar-bench: ")
    assert answer in ended.err


TYPED: dict[str, tuple[str, ...]] = {
    "--methods FixMatch": ("fixmatch",),
    "--methods fixmatch --ratios 10%": ("0.1",),
    "--methods fixmatch --seeds 0-4": ("0", "1", "2", "3", "4"),
    "list": ("ssmar-bench data list", "ssmar-bench methods list"),
    "--methods fixmatch --ratios 10": ("did you mean 0.1?",),
    "--methods all": ("sets of methods: beyond, table1, table2",),
    "run fixmatch": ("did you mean `ssmar-bench run --methods fixmatch`?",),
}
"""What new users typed -> what the answer must hold: first what is understood, then what is answered."""


@pytest.mark.parametrize("typed", TYPED)
def test_what_new_users_typed(typed: str, tiny: Path, tmp_path: Path, call: Call) -> None:
    words = typed.split()
    if words[0].startswith("--"):
        words = ["run", *words, "--benchmark", str(tiny), "--out", str(tmp_path), "--plan"]
    ended = call(*words)
    understood = [*TYPED].index(typed) < 3
    assert ended.status == (0 if understood else 2)
    for part in TYPED[typed]:
        assert part in (re.split(r"[\t\n]", ended.out) if understood else ended.err)


def test_help_in_place_of_a_command_is_no_error(call: Call) -> None:
    assert "ssmar-bench: " not in call("data").err


def test_one_of_something_is_said_so(call: Call, tiny: Path) -> None:
    ended = call("run", "-m", "FixMatch", "-b", tiny, "--plan")
    first, title, header, *rows = ended.out.splitlines()
    assert first.startswith("1 run (1 method, 1 ratio, 1 seed) of tiny-motion on ")
    assert (title, header.split("\t")) == ("1 run", ["method", "ratio", "seed", "state", "expected"])
    assert rows[0].startswith("fixmatch\t0.5\t0\tmissing\t")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [120, 50, 24])
def test_names_are_never_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table("method", "label", "from")
    table.add_row("supervised-timesformer", "Supervised (TimeSformer)", "ssmar-bench 0.2.0")
    monkeypatch.setattr(sys, "stdout", Terminal())
    screen = Screen()
    screen.width = width
    screen.print(table)
    shown = sys.stdout.getvalue()
    assert "supervised-timesformer" in shown
    assert "…" not in shown


def test_values_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completion.complete_methods("FixMatch-s") == ["fixmatch-strong-labelled"]
    assert "supervised,table1" in completion.complete_methods("supervised,ta")
    assert completion.complete_benchmark("micro-motion-e") == ["micro-motion-easy"]
    monkeypatch.chdir(tmp_path)
    context = type("Context", (), {"params": {}})()
    assert completion.complete_run(context, "") == []
    RunFolder(tmp_path / "ssmar-runs" / "runs" / "tiny_aplt_r50_s0_0123456789abcdef").record.mkdir(parents=True)
    assert completion.complete_run(context, "tiny_") == ["tiny_aplt_r50_s0_0123456789abcdef"]
    context.params = {"results": tmp_path}
    assert completion.complete_run(context, "") == []


def test_a_shell_is_offered_the_values(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_SSMAR_BENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "ssmar-bench run --benchmark micro-motion-h")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert call().out.split() == ["micro-motion-hard"]


def test_the_device_is_chosen_and_said(tiny: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert api.Grid(str(tiny), ["fixmatch"]).device == "cpu"
    assert " on cpu (no GPU is found), into " in call("run", "-m", "fixmatch", "-b", tiny, "--plan").out
    assert " on cpu, into " in call("run", "-m", "fixmatch", "-b", tiny, "--plan", "--device", "CPU").out
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert api.Grid(str(tiny), ["fixmatch"]).device == "cuda"
    assert api.Grid(str(tiny), ["fixmatch"], device="cpu").device == "cpu"


GRID = """\
# a grid
benchmark: BENCHMARK
methods: [supervised, fixmatch]
ratios: [50%]
seeds: 0-1
set: {train.epochs: 2}
device: cpu
"""


def test_a_grid_is_read_from_a_file_and_the_command_line_wins(tiny: Path, tmp_path: Path, call: Call) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(GRID.replace("BENCHMARK", str(tiny)))
    plain = call("run", "--config", path, "--plan")
    assert plain.status == 0, plain.err
    assert plain.out.startswith("4 runs (2 methods, 1 ratio, 2 seeds) of tiny-motion on cpu, into ssmar-runs\n")
    ended = call("run", "--config", path, "--plan", "--seeds", "3", "-m", "supervised", "-o", tmp_path / "out")
    assert ended.out.startswith(f"1 run (1 method, 1 ratio, 1 seed) of tiny-motion on cpu, into {tmp_path / 'out'}\n")
    assert "supervised\t0.5\t3\tmissing" in ended.out


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("method: fixmatch", ":8: method: unknown key; did you mean 'methods'?"),
        ("jobs: many", ":8: jobs: input should be a valid integer"),
        ("data: [ma52]", ":8: data: input should be a valid dictionary"),
        ("seeds: 1", "not valid YAML"),
    ],
)
def test_a_fault_in_the_file_is_said_with_its_line(line: str, fault: str, tmp_path: Path, call: Call) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(f"{GRID}{line}\n")
    ended = call("run", "--config", path, "--plan")
    assert (ended.status, ended.out) == (2, "")
    assert str(path) in ended.err
    assert fault in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "ssmar-runs").exists()
