from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from ssmar_bench.reports.formatting import cell_text, count_text, percent_text, seconds_text, seeds_text
from ssmar_bench.reports.latex import LINES, PAGE, escape_latex, latex
from ssmar_bench.reports.table_formats import Table, csv_text, markdown, markdown_page

TABLE = Table(
    name="t",
    title="Accuracy of A & B.",
    notes=("5 % of clips.",),
    header=("Method", "10 %"),
    rows=(("A_1 | x", "51.2 ± 1.4 (3)"), ("[B]", "—"), ("Floor", "1")),
    rules=frozenset({2}),
)


def row(**changed: Any) -> dict[str, Any]:
    gaps = dict.fromkeys(("failed", "unfinished", "missing"), 0)
    return {"seeds": 3, **gaps, "accuracy_mean": 0.5124, "accuracy_std": 0.0139, **changed}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "51.2 ± 1.4 (3)"),
        ({"seeds": 1, "accuracy_std": math.nan}, "51.2 (1)"),
        ({"missing": 1}, "51.2 ± 1.4 (3; 1 missing)"),
        ({"seeds": 2, "failed": 1}, "51.2 ± 1.4 (2; 1 failed)"),
        ({"seeds": 1, "missing": 2, "unfinished": 1}, "51.2 ± 1.4 (1; 1 unfinished; 2 missing)"),
        ({"seeds": 0, "failed": 3, "missing": 1, "accuracy_mean": math.nan}, "3 failed"),
        ({"seeds": 0, "failed": 1, "unfinished": 2, "accuracy_mean": math.nan}, "1 failed; 2 unfinished"),
        ({"seeds": 0, "missing": 3, "accuracy_mean": math.nan}, "—"),
    ],
)
def test_a_cell_shows_its_seeds_and_its_gaps(changed: dict[str, Any], text: str) -> None:
    assert cell_text(row(**changed), "accuracy") == text


def test_numbers_for_readers() -> None:
    assert [percent_text(0.1), percent_text(0.07), percent_text(0.125)] == ["10 %", "7 %", "12.5 %"]
    assert [count_text(1234567.0), count_text(math.nan)] == ["1 234 567", ""]
    assert [seconds_text(12.34), seconds_text(300), seconds_text(9000), seconds_text(math.nan)] == [
        "12.3 s",
        "5.0 min",
        "2.5 h",
        "",
    ]
    assert seeds_text(row()) == "3"


def test_markdown_is_aligned_and_escaped() -> None:
    lines = markdown(TABLE).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1] == "| -------- | -------------: |"
    assert lines[2] == r"| A_1 \| x | 51.2 ± 1.4 (3) |"


def test_a_reason_of_several_lines_stays_in_its_row() -> None:
    table = Table("t", "T.", (), ("a",), (("x\ny <b> `c`",),))
    assert markdown(table).splitlines()[2] == r"| x y \<b> \`c\` |"


def test_latex_is_escaped_and_ruled() -> None:
    text = latex(TABLE, "x")
    assert r"\caption{Accuracy of A \& B. 5 \% of clips.}" in text
    assert r"A\_1 \textbar{} x & 51.2 $\pm$ 1.4 (3) \\" in text
    assert "{[}B] & --- \\\\\n\\midrule\nFloor & 1" in text  # a bare [ would be the line break's argument
    assert text.startswith("\\begin{table}\n")
    assert text.count("\\midrule") == 2


def test_a_wide_table_spans_two_columns() -> None:
    wide = Table("t", "T.", (), tuple("abcdefg"), (tuple("1234567"),))
    assert latex(wide, "x").startswith("\\begin{table*}")
    assert latex(wide, "x").endswith("\\end{table*}\n")


def test_what_a_page_does_not_hold_is_continued() -> None:
    names = ("Method", *(f"Data, network {i}, 10%" for i in range(10)))
    wide = Table("t", "T.", ("Note.",), names, (("A", *["12.3 ± 4.5 (3)"] * 10),) * 60)
    text = latex(wide, "x")
    assert max(len(line) for line in text.splitlines() if line.startswith("A &")) < 1.3 * PAGE
    assert text.count("\\begin{table*}") == text.count("T. (continued)") + 1
    assert sum(line.startswith("A &") for line in text.splitlines()) == 120
    pieces = text.split("\\begin{table*}")[1:]
    assert max(piece.count("A &") for piece in pieces) <= LINES
    assert text.count("Note.") == text.count("\\label{tab:x}") == 1
    assert r"\shortstack[r]{Data \\ network 9 \\ 10\%}" in text


def test_every_special_sign_is_written_out() -> None:
    assert escape_latex(r"a&b%c$d#e_f{g}h~i^j\k") == (
        r"a\&b\%c\$d\#e\_f\{g\}h\textasciitilde{}i\textasciicircum{}j\textbackslash{}k"
    )
    assert escape_latex("é 動 λ") == r"é ? $\lambda$"


def test_a_page_says_a_note_once() -> None:
    text = markdown_page("Title", [TABLE, TABLE])
    assert text.startswith("# Title\n\n## Accuracy of A & B\n")
    assert text.count("5 % of clips.") == 1


def test_csv_leaves_unknown_numbers_empty() -> None:
    assert csv_text(pd.DataFrame({"a": [0.1 + 0.2, math.nan], "b": ["x", "y,z"]})) == 'a,b\n0.3,x\n,"y,z"\n'
