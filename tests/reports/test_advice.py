from __future__ import annotations

from pathlib import Path

from _records import Fake

from ssmar_bench.reports import advice
from ssmar_bench.reports.web.page import Answer
from ssmar_bench.results.compare import comparison
from ssmar_bench.results.records import load

B = "micro-motion-12"


def told(root: Path) -> Answer:
    runs = load(root)
    return advice.answer(runs, {B: comparison(runs, B)}, {B: "Medium"})


def write(root: Path, method: str, *accuracies: float, ratio: float = 0.1) -> None:
    for seed, accuracy in enumerate(accuracies):
        Fake(method, ratio, seed, accuracy).write(root)


def test_the_first_its_gain_and_who_is_not_separated(tmp_path: Path) -> None:
    write(tmp_path, "supervised", 0.40, 0.40)
    write(tmp_path, "fixmatch", 0.50, 0.60)
    write(tmp_path, "aplt", 0.47, 0.51)
    found = told(tmp_path)
    assert found.headline == (
        "FixMatch had the highest mean accuracy in the only setting. Where a semi-supervised method came first, it was "
        "15.0 points above training on the labels alone."
    )
    assert found.tables[0].rows == (("Medium", "10 %", "FixMatch", "APLT", "55.0 ± 7.1", "+15.0", "2"),)
    assert [row[:3] for row in found.tables[1].rows] == [
        ("FixMatch", "1.0", "+15.0"),
        ("APLT", "2.0", "+9.0"),
        ("Supervised", "3.0", "+0.0"),
    ]
    assert "2 seeds: fewer than five support no claim" in found.limits[0]


def test_labels_alone_may_come_first(tmp_path: Path) -> None:
    write(tmp_path, "supervised", 0.6, 0.6)
    write(tmp_path, "fixmatch", 0.5, 0.5)
    assert told(tmp_path).headline == (
        "Supervised had the highest mean accuracy in the only setting. No semi-supervised method was above training on "
        "the labels alone."
    )


def test_a_method_with_a_missing_seed_neither_leads_nor_is_ranked(tmp_path: Path) -> None:
    write(tmp_path, "supervised", 0.4, 0.4)
    write(tmp_path, "fixmatch", 0.5, 0.5)
    write(tmp_path, "aplt", 0.9)
    found = told(tmp_path)
    assert found.tables[0].rows[0][2] == "FixMatch"
    assert "APLT" not in [row[0] for row in found.tables[1].rows]


def test_ranks_are_means_over_the_shares_of_labels(tmp_path: Path) -> None:
    for ratio, better in ((0.1, "fixmatch"), (0.5, "supervised")):
        for method in ("supervised", "fixmatch"):
            write(tmp_path, method, 0.6 if method == better else 0.5, ratio=ratio)
    found = told(tmp_path)
    assert {row[0]: row[1] for row in found.tables[1].rows} == {"Supervised": "1.5", "FixMatch": "1.5"}
    assert found.headline.startswith("FixMatch and Supervised had the highest mean accuracy in 1 of 2 settings each.")


def test_nothing_to_compare_is_said(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", 0.5)
    found = told(tmp_path)
    assert "nothing to compare" in found.headline
    assert found.tables == ()


def test_five_seeds_are_enough_not_to_be_warned_of(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", *[0.5] * 5)
    write(tmp_path, "supervised", *[0.4] * 5)
    assert not any("fewer than five" in limit for limit in told(tmp_path).limits)
