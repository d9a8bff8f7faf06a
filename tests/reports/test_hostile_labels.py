"""A label is text, whatever signs it holds: in Markdown, LaTeX, CSV, pictures, the page and on the terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from _page_data import parts_of
from _records import Fake
from _reports import comparison_text, html, render

from ssmar_bench.reports import table_formats
from ssmar_bench.reports.latex import escape_latex
from ssmar_bench.results.records import load_runs

LABELS = (
    r"$\frac{$",
    "$x$ and $y$",
    "</script><script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "[red]bold[/]",
    "_hidden_",
    "a | b ` c",
    r"\input{/etc/passwd} ^^41",
)


@pytest.mark.slow
def test_a_label_is_shown_as_it_is_everywhere(tmp_path: Path) -> None:
    for number, label in enumerate(LABELS):
        changed = {"classes": [f"{label} {i}" for i in range(12)]}
        Fake(f"m{number}", 0.5, label=label, clips=True, changed=changed).write(tmp_path / str(number))
        paths = render(tmp_path / str(number), tmp_path / str(number) / "reports")
        assert any(path.suffix == ".png" for path in paths)
        (path,) = [path for path in paths if path.name == "comparison.csv"]
        labels = {row["label"] for row in csv.DictReader(io.StringIO(path.read_text()))}
        assert (f"'{label}" if label.startswith("=") else label) in labels
        page = (tmp_path / str(number) / "reports" / "index.html").read_text()
        assert "<script>alert" not in page
        assert [run["label"] for run in parts_of(page)["run/"]["runs"].values()] == [label]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("+x", "'+x"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        ("-1.5", "-1.5"),
        ("+1.2 ± 0.3", "+1.2 ± 0.3"),
        ("a=1", "a=1"),
    ],
)
def test_a_spreadsheet_computes_no_text(text: str, expected: str) -> None:
    (row,) = csv.DictReader(
        io.StringIO(table_formats.csv_text(pd.DataFrame({"label": [text], "value": [-0.5]})), newline="")
    )
    assert row == {"label": expected, "value": "-0.5"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[x](javascript:alert(1))", r"[x]\(javascript:alert(1))"),
        ("![x][y]", r"![x]\[y]"),
        ("_a_ and my_own", r"\_a\_ and my_own"),
        ("~~gone~~", r"\~\~gone\~\~"),
        ("&lt;b&#62;", r"\&lt;b\&#62;"),
        ("a & b", "a & b"),
        ("$x$", r"\$x\$"),
        ("<b>", r"\<b>"),
        ("one\n\n# two", "one # two"),
    ],
)
def test_markdown_reads_no_command(text: str, expected: str) -> None:
    assert table_formats.escape_markdown(text) == expected


def test_latex_reads_neither_a_command_nor_an_empty_line() -> None:
    assert escape_latex("a\n\nb^^41%") == r"a b\textasciicircum{}\textasciicircum{}41\%"


@pytest.mark.parametrize("sign", ["\x1b[31m", "\u202e", "\u200b", "\x9b", "\n", "\ud800", "\r", "\x07"])
@pytest.mark.parametrize("key", ["label", "classes"])
def test_a_record_with_a_sign_that_is_not_printable_is_damaged(tmp_path: Path, sign: str, key: str) -> None:
    Fake(seed=1).write(tmp_path)
    value: Any = f"x{sign}y" if key == "label" else [f"x{sign}y", *map(str, range(11))]
    Fake(changed={key: value}).write(tmp_path)
    runs = load_runs(tmp_path)
    assert list(runs.runs["seed"]) == [1]
    (damage,) = runs.damage
    assert "printable text" in damage.why
    text = comparison_text(tmp_path, "micro-motion-12")
    assert "Damaged records, which are left out (1): micro-motion-12" in text
    assert damage.folder in html(tmp_path)
    assert sign not in text.replace("\n", "") or sign == "\n"


def test_a_damaged_record_keeps_no_other_from_being_reported(tmp_path: Path, call: Callable[..., Any]) -> None:
    Fake(seed=1).write(tmp_path)
    (Fake(seed=2).write(tmp_path) / "record" / "metrics.json").write_text("[" * 100_000)
    said = call("report", "--results", tmp_path, "--out", tmp_path / "reports")
    assert said.status == 0
    assert "metrics.json: damaged record: " in said.err
    for name in ("README.md", "index.html", "micro-motion-12/comparison.md"):
        assert "micro-motion-12_fixmatch_r10_s2" in (tmp_path / "reports" / name).read_text()
    assert "50.0 (1)" in (tmp_path / "reports/micro-motion-12/comparison.md").read_text()


def test_records_that_are_all_damaged_are_no_report(tmp_path: Path, call: Callable[..., Any]) -> None:
    (Fake().write(tmp_path) / "record" / "curves.csv").write_text("")
    said = call("report", "--results", tmp_path, "--out", tmp_path / "reports")
    assert said.status == 2
    assert "curves.csv: damaged record: it is empty" in said.err


@pytest.mark.parametrize("place", ["micro-motion-12", "paper", "index.html", "micro-motion-12/comparison.md"])
def test_a_link_in_a_folder_of_reports_is_refused(tmp_path: Path, call: Callable[..., Any], place: str) -> None:
    Fake().write(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    link = tmp_path / "reports" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    said = call("report", "--results", tmp_path, "--out", tmp_path / "reports")
    assert said.status == 2
    assert f"{link}: this is a symbolic link" in said.err
    assert not list(outside.iterdir())


def test_escapes_of_an_error_reach_no_terminal(tmp_path: Path, call: Callable[..., Any]) -> None:
    for name in ("\x1b[31mred", "a\u202eb", "[bold]x[/]", "a\nb"):
        said = call("methods", "show", tmp_path / f"{name}.yaml")
        assert said.status == 2
        assert said.err.rstrip("\n").isprintable()
        assert "Unknown method" in said.err
