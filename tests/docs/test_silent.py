"""The page about the paper's silences says what method configs, benchmark config and code say."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core import paths
from ssmar_bench.core.config_layers import SECTIONS, parse_set
from ssmar_bench.core.published_tables import printed_numbers

sys.path.insert(0, str(Path(__file__).parent))
from _pages import ROOT

PAGE = ROOT / "docs" / "where-the-paper-is-silent.md"
TEXT = PAGE.read_text(encoding="utf-8")
SPANS = re.findall(r"`([^`]+)`", TEXT)
SETTINGS = [span for span in SPANS if re.fullmatch(r"[a-z0-9._-]+\.[a-z_]+=\S+", span)]


def settled(place: str) -> Any:
    """The value of ``train.batch`` in ma-12, or of ``aplt-km.clusters`` in the method config."""
    name, _, key = place.rpartition(".")
    if name in SECTIONS:
        return getattr(getattr(benchmark_configs.read_benchmark_config("ma-12"), name), key)
    return method_configs.read_method_config(name)[0].values()[key]


def test_every_value_is_the_one_that_is_trained_with() -> None:
    assert len(SETTINGS) >= 35
    for span in SETTINGS:
        place, value = parse_set(span)
        found = settled(place)
        if isinstance(found, str) and "/" in found:
            found, value = Fraction(found), Fraction(value)
        assert found == value, f"`{span}`: it is {found}"


def test_every_method_that_it_names_is_there() -> None:
    named = {span for span in SPANS if re.fullmatch(r"(aplt|fixmatch)-[a-z0-9.-]+", span)}
    assert len(named) >= 8
    assert named <= {*method_configs.METHODS.names()}


def test_every_name_in_the_code_is_in_the_file_that_it_names() -> None:
    found = re.findall(r"`(\w+)` in \[`[\w/]+\.py`\]\(\.\./([\w/]+\.py)\)", TEXT)
    assert len(found) >= 6
    for name, path in found:
        assert re.search(rf"def {name}\(", (ROOT / path).read_text()), f"{name} in {path}"


def test_every_profile_and_table_is_there() -> None:
    assert {"tsm", "scratch"} <= {*benchmark_configs.read_benchmark_config("ma-12").profiles}
    assert (paths.shipped_folder("results/paper") / "tables" / "sensitivity.yaml").is_file()


def test_every_decision_has_its_row() -> None:
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", TEXT, flags=re.MULTILINE)]
    assert numbers == [*range(1, 37)]


def test_what_it_says_of_the_papers_figures() -> None:
    tables = {name: printed_numbers(name) for name in ("table1", "table2", "table3", "table5")}
    baseline, ratios = "Baseline (Labeled Only)", (25, 40, 50)
    for name, row, columns, values in [
        ("table1", baseline, "MA-12, ResNet-18, {}%", [30.7, 35.8, 36.3]),
        ("table2", baseline, "MA-12, {}%", [30.7, 35.8, 36.3]),
        ("table5", "Baseline", "MA-12, {}%", [30.7, 35.8, 36.3]),
        ("table3", baseline, "MA-12, {}%", [32.0, 36.0, 41.4]),
    ]:
        assert [tables[name][row, columns.format(ratio)].value for ratio in ratios] == values, name
    others = {row for row, _ in tables["table1"]} - {baseline, "APLT (Ours)"}
    assert len(others) == 11
    for column, improved in (("MA-12, ResNet-18, 10%", 6), ("MA-12, ResNet-18, 25%", 7)):
        floor = tables["table1"][baseline, column].value
        assert sum(tables["table1"][row, column].value > floor for row in others) == improved
