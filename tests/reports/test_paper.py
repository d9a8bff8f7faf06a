"""The paper's tables and claims from made-up records: what is shown, what is said, what is left out."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from _records import Real, say
from _reports import claims, paper_sections, table_text, write_sections

from ssmar_bench.core.published_tables import PaperTable
from ssmar_bench.reports import paper_notes, rank_figure
from ssmar_bench.reports.latex import latex
from ssmar_bench.reports.line_styles import drawing
from ssmar_bench.results.claim_rules import ColumnEvidence
from ssmar_bench.results.claims import claim_verdict
from ssmar_bench.results.filled_table import fill_table
from ssmar_bench.results.records import Runs, load_runs

TABLE4 = {"fixmatch": 0.42, "fixmatch-asy": 0.43, "aplt-syn": 0.54, "aplt": 0.70}


def table4(root: Path, seeds: int, but: str = "", **changed: Any) -> Runs:
    for method, accuracy in TABLE4.items():
        for seed in range(seeds):
            if method != but:
                Real(method, 0.5, seed, accuracy + 0.01 * (seed % 2), **changed).write(root)
    return load_runs(root)


def test_a_table_has_its_rows_in_the_papers_order_with_gains_and_ranks(tmp_path: Path) -> None:
    text = table_text(table4(tmp_path, 3), "table4", "micro-motion")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line]
    assert [line[0] for line in cells[2:6]] == [
        "FixMatch (Baseline), SYN", "FixMatch, ASY", "APLT (Ours), SYN", "APLT (Ours), ASY",
    ]  # fmt: skip
    assert cells[2][1] == "42.3 ± 0.6 / 37.3 ± 0.6 (3)"
    assert ["APLT (Ours), ASY", "1.00", "1.00", "1.00"] in cells
    assert ["APLT (Ours), ASY", "57.3"] in cells
    assert any(line[0] == "APLT (Ours), ASY" and line[1].endswith("[+14.5]") for line in cells)
    assert "Other data than the paper's" in text
    assert "No Friedman or Nemenyi test" in text
    assert "are on 1 (micro-motion)" in text


def test_bold_needs_five_seeds(tmp_path: Path) -> None:
    three = table_text(table4(tmp_path / "three", 3), "table4", "micro-motion")
    assert "**" not in three
    assert "fewer than 5 seeds" in three
    five = table_text(table4(tmp_path / "five", 5), "table4", "micro-motion")
    assert five.count("**") == 2
    assert "**70.4 ± 0.5 / 65.4 ± 0.5 (5)**" in five
    assert "fewer than 5 seeds" not in five
    found = [part.section for part in paper_sections(load_runs(tmp_path / "five"))]
    table = next(one for one in found if one.name == "table4-micro-motion").tables[0]
    assert r"\textbf{70.4 $\pm$ 0.5 / 65.4 $\pm$ 0.5 (5)}" in latex(table, "t")


def test_equals_are_marked_and_nobody_is_bold(tmp_path: Path) -> None:
    for seed in range(5):
        for method in ("fixmatch", "aplt"):
            Real(method, 0.5, seed, 0.5).write(tmp_path)
    text = table_text(load_runs(tmp_path), "fig4", "micro-motion")
    assert "**" not in text
    assert text.count("(5) =") == 2


def test_what_was_not_run_failed_or_was_run_otherwise_is_shown_as_such(tmp_path: Path) -> None:
    table4(tmp_path, 2, but="aplt-syn")
    Real("fixmatch", 0.5, 2, state="failed").write(tmp_path)
    Real("aplt-syn", 0.5, 0, epochs=99).write(tmp_path)  # another schedule is another experiment
    text = table_text(load_runs(tmp_path), "table4", "micro-motion")
    assert "Not measured, and therefore missing here: rows APLT (Ours), SYN." in text
    assert "(2; 1 failed)" in text
    assert any(line.startswith("| APLT (Ours), SYN") and "—" in line for line in text.splitlines())


def test_a_reduced_table_names_every_cell_that_it_left_out(tmp_path: Path) -> None:
    table4(tmp_path, 1)
    Real("supervised", 0.5, 0).write(tmp_path)
    Real("supervised", 0.25, 0).write(tmp_path)
    told = " ".join(
        next(p.section for p in paper_sections(load_runs(tmp_path)) if p.section.name.startswith("table5")).words
    )
    assert (
        "missing here: rows Variant I of APLT; Variant II of APLT. Also columns Micro-Motion-12, 40%. "
        "Also of Micro-Motion-12, 25% the rows APLT (Ours)."
    ) in told


def test_every_section_is_written_three_ways_and_alike_each_time(tmp_path: Path) -> None:
    runs = table4(tmp_path, 2)
    paths = write_sections(runs, tmp_path / "a")
    names = {path.name for path in paths}
    assert {f"{stem}-micro-motion.{kind}" for stem in ("table4", "claims") for kind in ("md", "tex", "csv")} <= names
    assert not any("real" in name for name in names)
    again = write_sections(runs, tmp_path / "b")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert paper_sections(load_runs(tmp_path / "nothing")) == []
    empty = table_text(load_runs(tmp_path / "nothing"), "table4", "real")
    assert "are on 0 (none)" in empty
    assert "Not measured, and therefore missing here: rows FixMatch (Baseline), SYN" in empty


def test_claims_speak_of_what_is_there(tmp_path: Path) -> None:
    answers = {answer.claim.claim: answer for answer in claims(table4(tmp_path, 5), "micro-motion")}
    assert answers["APLT benefits from the asynchronous strategy."].verdict == "supported"
    gain = answers["APLT gains more from the asynchronous strategy than FixMatch."]
    assert gain.verdict == "agrees, not tested (5 seeds)"
    assert gain.seen[0].words == "+15.0 ± 0.0"
    assert answers["Labelled augmentation helps."].verdict == "not measured"
    assert answers["Our method clearly outperforms all baselines in every setting."].verdict.endswith("not be made")


def test_verdicts_need_every_comparison_and_five_seeds() -> None:
    yes, no = ColumnEvidence("a", "", True, 5, 0.001), ColumnEvidence("a", "", False, 5, 0.001)
    untested = ColumnEvidence("a", "", True, 3, math.nan)
    assert claim_verdict(()) == "not measured"
    assert claim_verdict((yes, yes)) == "supported"
    assert claim_verdict((no,)) == "contradicted"
    assert claim_verdict((yes, no)) == "mixed: 1 of 2 agree"
    assert claim_verdict((yes, untested)) == "agrees, not tested (3 seeds)"
    assert (
        claim_verdict((ColumnEvidence("a", "", True, 5, 0.04), ColumnEvidence("a", "", True, 5, 0.04)))
        == "agrees, not significant"
    )
    assert claim_verdict((yes,), missing=2) == "agrees, significant; 2 of 3 comparisons could not be made"


def test_most_methods_are_not_judged_by_a_few(tmp_path: Path) -> None:
    """The claim that most of eleven methods fail needs six that do, or six that do not."""
    claim = "Most of the compared methods fail to improve with 10% and 25% labeled data."

    def found() -> Any:
        answers = claims(load_runs(tmp_path), "micro-motion")
        return next(answer for answer in answers if answer.claim.claim == claim)

    Real("supervised", 0.25, 0, 0.5).write(tmp_path)
    for method in ("fixmatch", "uda", "vat", "mixmatch", "flexmatch"):
        Real(method, 0.25, 0, 0.9).write(tmp_path)
    assert found().verdict == "not measured"
    Real("freematch", 0.25, 0, 0.9).write(tmp_path)
    assert found().verdict == "disagrees, not tested (1 seed); 3 of 4 comparisons could not be made"
    assert found().seen[0].words == "6 of 6 methods above Baseline (Labeled Only)"


def test_what_prints_as_zero_agrees_with_nothing(tmp_path: Path) -> None:
    """Equal answers but for 4 of 10 000: not a word of who is ahead."""
    assert (
        claim_verdict((ColumnEvidence("a", "", False, 3, math.nan, 0.0004),)) == "no difference, not tested (3 seeds)"
    )
    assert claim_verdict((ColumnEvidence("a", "", False, 3, math.nan, -0.004),)) == "disagrees, not tested (3 seeds)"
    for method in ("fixmatch", "fixmatch-asy"):
        folder = Real(method, 0.5, 0).write(tmp_path)
        lines = [f"c{i},p{i % 20},0,{int(i < 900 + (method == 'fixmatch-asy'))},0.5,0" for i in range(10_000)]
        head = "clip,subject,label,prediction,confidence,prediction_ema"
        say(folder, "\n".join([head, *lines]) + "\n")
    answers = {answer.claim.claim: answer for answer in claims(load_runs(tmp_path), "micro-motion")}
    found = answers["FixMatch benefits from the asynchronous strategy."]
    assert found.verdict == "no difference, not tested (1 seed)"


def test_a_damaged_prediction_file_is_named_and_its_run_left_out(tmp_path: Path) -> None:
    table4(tmp_path, 2)
    path = next((tmp_path / "runs").glob("*_aplt_*")) / "record" / "predictions.csv"
    path.write_text("clip,who\n1,2\n")
    runs = load_runs(tmp_path)
    assert [one.why.startswith(f"{path}: damaged record") for one in runs.damage] == [True]
    line = next(line for line in table_text(runs, "table4", "micro-motion").splitlines() if "APLT (Ours), ASY" in line)
    assert "(1)" in line


def test_ranks_compare_rows_on_the_same_seeds(tmp_path: Path) -> None:
    """Seed 0 is a bad one for everybody: a method that ran it alone must not be last for it."""
    for seed, shift in ((0, -0.3), (1, 0.0), (2, 0.0)):
        Real("fixmatch", 0.5, seed, 0.6 + shift).write(tmp_path)
        Real("aplt", 0.5, seed, 0.5 + shift).write(tmp_path)
    Real("fixmatch-asy", 0.5, 0, 0.35).write(tmp_path)
    ranks = next(
        part.section for part in paper_sections(load_runs(tmp_path)) if part.section.name == "table4-micro-motion"
    ).tables[-1]
    assert [row[:2] for row in ranks.rows] == [
        ("FixMatch, ASY", "1.00"), ("FixMatch (Baseline), SYN", "2.00"), ("APLT (Ours), ASY", "3.00"),
    ]  # fmt: skip


def test_the_papers_ranks_stand_beside_ours_of_the_same_rows(tmp_path: Path) -> None:
    """Rows that the paper does not have push others down: LTG is fourth of four here, third of the paper's three."""
    for method, accuracy in {"supervised": 0.4, "ltg": 0.2, "aplt": 0.5, "supervised-r3d": 0.6}.items():
        Real(method, 0.5, 0, accuracy).write(tmp_path)
    tables = {one.name: one for part in paper_sections(load_runs(tmp_path)) for one in part.section.tables}
    assert tables["table2-micro-motion-ranks"].header == ("Method", "Ours", "Ours, balanced", "Ours, its rows", "Paper")
    assert tables["table2-micro-motion-ranks"].rows == (
        ("Baseline on LTG's network", "1.00", "1.00", "—", "—"),
        ("APLT (Ours)", "2.00", "2.00", "1.00", "1.00"),
        ("Baseline (Labeled Only)", "3.00", "3.00", "2.00", "2.00"),
        ("LTG", "4.00", "4.00", "3.00", "3.00"),
    )
    assert tables["table5-micro-motion-ranks"].header == ("Method", "Ours", "Ours, balanced", "Paper")


def test_a_table_without_printed_figures_speaks_of_none(tmp_path: Path) -> None:
    text = table_text(table4(tmp_path, 2), "fig4", "micro-motion")
    assert "| Method      | Ours |" in text
    assert "square brackets" not in text
    assert "The paper's ranks" not in text


def test_a_cell_is_of_one_device_and_the_newest_revision(tmp_path: Path) -> None:
    runs = table4(tmp_path, 2)
    for seed, changed in ((0, {"device": "cuda"}), (0, {"revision": 2}), (1, {"revision": 2})):
        own = Real("aplt", 0.5, seed, 0.9)
        spec = replace(own.spec(), **changed)
        moved = own.write(tmp_path / str(changed))
        target = tmp_path / "runs" / spec.folder()
        moved.rename(target)
        (target / "record" / "spec.json").write_text(json.dumps(spec.to_json()))
        metrics = json.loads((target / "record" / "metrics.json").read_text())
        (target / "record" / "metrics.json").write_text(json.dumps({**metrics, "identity": spec.identity()}))
    again = load_runs(tmp_path)
    assert len(again.runs) == len(runs.runs) + 3
    assert "90.0 ± 0.0 / 85.0 ± 0.0 (2)" in table_text(again, "table4", "micro-motion")


def test_rows_of_another_schedule_are_compared_with_each_other_alone(tmp_path: Path) -> None:
    rounds = {"aplt-every-1": 0.9, "aplt-every-10": 0.6}
    for method, accuracy in {"fixmatch": 0.3, "aplt": 0.7, **rounds}.items():
        for seed in range(5):
            Real(method, 0.5, seed, accuracy).write(tmp_path)
    part = next(part for part in paper_sections(load_runs(tmp_path)) if part.section.name == "sensitivity-micro-motion")
    table = part.section.tables[0]
    assert {table.rows[row][0] for row, _ in table.bold} == {"APLT", "Rounds every epoch"}
    assert table.rows[min(table.rules)][0] == "Rounds every epoch"
    gains = next(one for one in part.section.tables if one.title.startswith("Gain over FixMatch"))
    assert not any(row[0].startswith("Rounds") for row in gains.rows)
    ranks = [one for one in part.section.tables if one.title.startswith("Mean ranks")]
    assert [[row[0] for row in one.rows] for one in ranks] == [
        ["APLT", "FixMatch"], ["Rounds every epoch", "Rounds every 10 epochs"],
    ]  # fmt: skip
    assert len({one.name for one in part.section.tables}) == len(part.section.tables)


def test_five_independent_data_sets_are_tested_and_drawn(tmp_path: Path) -> None:
    """Benchmarks of one source are one data set, however many."""
    names = ("micro-motion-12", "ma-12", "smg-5", "imigue-11", "ucf101", "hmdb51")
    columns = [
        {"label": f"{name} {ratio}", "benchmark": name, "ratio": ratio} for name in names for ratio in (0.2, 0.5)
    ]
    rows = {"Plain": "supervised", "FixMatch": "fixmatch", "Ours": "aplt"}
    table = PaperTable.model_validate({"name": "mine", "title": "Mine", "rows": rows, "columns": {"real": columns}})
    for name in names:
        for ratio in (0.2, 0.5):
            for number, method in enumerate(rows.values()):
                Real(method, ratio, 0, 0.3 + 0.2 * number, benchmark=name).write(tmp_path)
    runs = load_runs(tmp_path)
    found = fill_table(runs, table, "real").test
    assert found is not None
    assert (found.sets, list(found.ranks)) == (6, [3, 2, 1])
    assert "Friedman's test over 6 data sets" in " ".join(paper_notes.table_notes(fill_table(runs, table, "real")))
    with drawing():
        axes = rank_figure.ranks(found).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Ours", "FixMatch", "Plain"]
    assert len(axes.lines) == 3  # the points, and two bars: Ours and Plain are 2 ranks apart
    few = table.model_copy(update={"columns": {"real": table.of("real")[:8]}})
    assert fill_table(runs, few, "real").test is None
