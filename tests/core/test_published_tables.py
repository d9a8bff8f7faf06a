"""The paper's numbers as they are printed, and the tables that say what stands for them here."""

from __future__ import annotations

import pytest

from ssmar_bench.core import benchmark_config, method_config, published_tables
from ssmar_bench.core.errors import UserError

PAPER = {"table1": (13, 10), "table2": (5, 4), "table3": (8, 3), "table4": (4, 1), "table5": (4, 3)}


def test_there_are_190_numbers_each_once_and_each_a_percentage() -> None:
    found = {name: published_tables.printed_numbers(name) for name in PAPER}
    assert {name: len(values) for name, values in found.items()} == {
        n: rows * columns for n, (rows, columns) in PAPER.items()
    }
    assert sum(map(len, found.values())) == 190
    for values in found.values():
        for number in values.values():
            assert 8.5 <= number.value <= 63.9
            assert round(number.value, 1) == number.value
            assert number.emphasis in ("bold", "underline", "")


@pytest.mark.parametrize("name", PAPER)
def test_every_printed_number_has_its_cell(name: str) -> None:
    table = published_tables.read_paper_table(name)
    assert set(published_tables.printed_numbers(name)) == {
        (row, column.published) for row in table.rows for column in table.of("real")
    }
    assert [column.published for column in table.of("micro-motion")] == [c.published for c in table.of("real")]
    assert len(table.rows) == PAPER[name][0]


def test_tables_agree_where_they_print_the_same_runs() -> None:
    one = published_tables.printed_numbers("table1")
    for ratio in (25, 40, 50):
        for name, row, first in (
            ("table2", "APLT (Ours)", "APLT (Ours)"),
            ("table2", "Baseline (Labeled Only)", "Baseline (Labeled Only)"),
            ("table3", "SSL", "FixMatch"),
            ("table3", "SSL + SSKM (S) + LA + SAT", "APLT (Ours)"),
            ("table5", "Baseline", "Baseline (Labeled Only)"),
            ("table5", "APLT (Ours)", "APLT (Ours)"),
        ):
            other = published_tables.printed_numbers(name)[row, f"MA-12, {ratio}%"].value
            assert other == one[first, f"MA-12, ResNet-18, {ratio}%"].value
    four = published_tables.printed_numbers("table4")
    assert four["FixMatch (Baseline), SYN", "MA-12, 50%"].value == one["FixMatch", "MA-12, ResNet-18, 50%"].value
    assert four["APLT (Ours), ASY", "MA-12, 50%"].value == one["APLT (Ours)", "MA-12, ResNet-18, 50%"].value


def test_the_differences_that_the_paper_writes_out() -> None:
    one = {key: number.value for key, number in published_tables.printed_numbers("table1").items()}
    ours = "APLT (Ours)"
    assert one[ours, "MA-12, ResNet-18, 50%"] - one["FixMatch", "MA-12, ResNet-18, 50%"] == pytest.approx(14.5)
    assert one[ours, "MA-12, ResNet-18, 10%"] - one["FixMatch", "MA-12, ResNet-18, 10%"] == pytest.approx(6.1)
    assert one[ours, "MA-12, ResNet-50, 50%"] - one[ours, "MA-12, ResNet-18, 50%"] == pytest.approx(6.6)


@pytest.mark.parametrize("name", ["table1", "table2", "table3", "table5"])
def test_bold_is_the_best_of_its_column_and_underlined_the_second(name: str) -> None:
    values = published_tables.printed_numbers(name)
    for column in {column for _, column in values}:
        own = {row: number for (row, there), number in values.items() if there == column}
        order = sorted({number.value for number in own.values()}, reverse=True)
        assert [n.value for n in own.values() if n.emphasis == "bold"] == order[:1]
        assert [n.value for n in own.values() if n.emphasis == "underline"] == (order[1:2] if name == "table1" else [])


@pytest.mark.parametrize("name", published_tables.TABLES.names())
def test_the_synthetic_benchmarks_and_the_ablations_rows_are_shipped(name: str) -> None:
    table = published_tables.read_paper_table(name)
    assert table.name == name
    assert set(table.columns) == {"micro-motion", "real"}
    for column in table.of("micro-motion"):
        assert column.benchmark in benchmark_config.BENCHMARKS.names()
        assert not column.same
    assert len({column.name for column in table.of("micro-motion")}) == len(table.of("micro-motion"))
    if name not in ("table1", "table2"):  # those rows are methods of their own
        assert set(table.rows.values()) <= set(method_config.METHODS.names())


def test_table_1_is_390_runs_on_two_networks_and_three_benchmarks() -> None:
    table = published_tables.read_paper_table("table1")
    columns = table.of("micro-motion")
    assert len(table.rows) * len(columns) * 3 == 390
    assert {(column.benchmark, column.backbone) for column in columns} == {
        ("micro-motion-12", None), ("micro-motion-12", "micro-tsm-wide"), ("micro-motion-5", None),
        ("micro-motion-11", None),
    }  # fmt: skip
    assert {
        name: len(benchmark_config.read_benchmark_config(name).classes)
        for name in ("micro-motion-5", "micro-motion-11")
    } == {
        "micro-motion-5": 5,
        "micro-motion-11": 11,
    }


def test_what_is_unknown_is_refused_by_name() -> None:
    with pytest.raises(UserError, match="Unknown table 'table9'"):
        published_tables.read_paper_table("table9")
    with pytest.raises(UserError, match="not defined on 'reel'"):
        published_tables.read_paper_table("table3").of("reel")
    with pytest.raises(UserError, match=r"--ratios 0\.1: .*0\.25, 0\.4, 0\.5"):
        published_tables.columns_at(published_tables.read_paper_table("table3").of("real"), [0.1])
    assert published_tables.printed_numbers("sensitivity") == {}
