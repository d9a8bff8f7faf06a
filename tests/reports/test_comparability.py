"""Tables say where rows differ in network, initial weights or optimiser, and say nothing where they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from _records import Fake, Real
from _reports import comparison_text

from ssmar_bench.core import method_config, published_tables
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.reports import paper_tables
from ssmar_bench.results.comparability import TrainingSetup, own_columns, own_optimisers
from ssmar_bench.results.filled_table import fill_table
from ssmar_bench.results.records import load_runs

SHARED = TrainingSetup("micro-tsm", "from scratch", (0.05, 0.9, True, 5e-4, 0.0))
OTHER = TrainingSetup("micro-r3d", "from scratch", (0.04, 0.9, False, 1e-4, 40.0))


def test_rows_on_one_training_setup_need_no_words() -> None:
    assert own_columns({"a": SHARED, "b": SHARED}) == {}
    assert own_optimisers({"a": SHARED, "b": SHARED}) == ()
    assert own_columns({}) == {}
    assert own_optimisers({}) == ()


def test_networks_and_initial_weights_stand_in_columns() -> None:
    pretrained = replace(SHARED, start="from ImageNet weights")
    assert own_columns({"a": SHARED, "b": pretrained}) == {
        "Network": {"a": "micro-tsm", "b": "micro-tsm"},
        "Initial weights": {"a": "from scratch", "b": "from ImageNet weights"},
    }
    assert own_columns({"a": SHARED, "b": OTHER})["Network"] == {"a": "micro-tsm", "b": "micro-r3d"}


def test_optimisers_are_said_by_rows_in_what_they_differ() -> None:
    (said,) = own_optimisers({"Supervised": SHARED, "LTG": OTHER, "APLT": SHARED})
    assert said == (
        "Not all rows have one optimiser. Supervised, APLT: rate 0.05, nesterov yes, weight decay 0.0005, "
        "gradient clipping 0; LTG: rate 0.04, nesterov no, weight decay 0.0001, gradient clipping 40."
    )


class Own(Fake):
    def spec(self) -> RunSpec:
        plain = super().spec()
        backbone = plain.backbone.model_copy(update={"name": "r3d18", "weights": "kinetics400"})
        return replace(plain, backbone=backbone, train=plain.train.model_copy(update={"lr": 0.04}))


def test_the_comparison_has_the_columns_where_rows_differ_and_only_there(tmp_path: Path) -> None:
    for method in ("supervised", "fixmatch"):
        Fake(method).write(tmp_path)
    Fake("supervised", ratio=1.0).write(tmp_path)
    assert "Initial weights" not in comparison_text(tmp_path, "micro-motion-12")
    Own("ltg", label="LTG").write(tmp_path)
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in comparison_text(tmp_path, "micro-motion-12").splitlines()
        if line.startswith("|")
    ]
    assert lines[0][:3] == ["Method", "Network", "Initial weights"]
    rows = {line[0]: line[1:3] for line in lines[2:]}
    assert rows["LTG"] == ["r3d18", "from Kinetics-400 weights"]
    assert rows["FixMatch"] == ["micro-tsm", "from scratch"]
    assert rows["Supervised, all labels"] == ["micro-tsm", "from scratch"]
    assert rows["Most frequent class"] == ["", ""]


def test_table_2_tells_network_initial_weights_and_optimiser_of_every_row(tmp_path: Path) -> None:
    table = published_tables.read_paper_table("table2")
    assert list(table.methods().values()) == method_config.read_method_set("table2").methods
    for method in table.methods().values():
        Real(method, 0.1, 0, benchmark="ma-12").write(tmp_path)
    for method in ("supervised", "fixmatch"):
        Real(method, 0.1, 0, benchmark="ma-12").write(tmp_path / "one")
    found = paper_tables.section(fill_table(load_runs(tmp_path), table, "real"))
    shown = found.tables[0]
    assert shown.header[1:3] == ("Network", "Initial weights")
    rows = {row[0]: row[1:3] for row in shown.rows}
    assert rows["TCL"] == ("tsm:resnet18", "from scratch")
    assert rows["LTG"] == rows["APLT on LTG's network"] == ("r3d18", "from scratch")
    assert rows["SVFormer"] == ("timesformer-base", "from ImageNet-21k weights")
    assert rows["APLT (Ours)"] == ("tsn:resnet18", "from ImageNet weights")
    assert "LTG, Baseline on LTG's network, APLT on LTG's network: rate 0.04" in shown.caption
    assert "a row from scratch is no reproduction of one from pretrained weights" in " ".join(found.words)
    one = paper_tables.section(
        fill_table(load_runs(tmp_path / "one"), published_tables.read_paper_table("table1"), "real")
    )
    assert one.tables[0].header[1] == "MA-12, ResNet-18, 10%"
