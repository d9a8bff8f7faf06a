from __future__ import annotations

from pathlib import Path

from _records import Fake, Real

from ssmar_bench.reports.summary_findings import FirstView, first_view
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.summary_builder import summarise

B = "micro-motion-12"


def told(root: Path) -> FirstView:
    return first_view(summarise(load_runs(root), paper=False).benchmarks)


def write(root: Path, method: str, *accuracies: float, ratio: float = 0.1) -> None:
    for seed, accuracy in enumerate(accuracies):
        Fake(method, ratio, seed, accuracy).write(root)


def test_the_first_its_gain_and_its_lead(tmp_path: Path) -> None:
    write(tmp_path, "supervised", 0.40, 0.40)
    write(tmp_path, "fixmatch", 0.50, 0.60)
    write(tmp_path, "aplt", 0.51, 0.51)
    write(tmp_path, "aplt-km", 0.90, 0.90, 0.90)  # an ablation neither competes nor asks others for its seeds
    write(tmp_path, "vat", 0.70)
    found = told(tmp_path)
    assert found.headline == (
        "No method is shown to be better than training on the labels alone: fewer than five seeds support no claim. "
        "To try first: FixMatch, with the highest mean accuracy in the only setting. Where a semi-supervised method "
        "had the highest mean, it was 15.0 points above the best training on the labels alone."
    )
    assert found.tables[0].rows == (
        (
            f"{B} (medium)",
            "10 %",
            "FixMatch",
            "APLT",
            "not tested (2 seeds)",
            "55.0 ± 7.1",
            "50.0 ± 7.1",
            "+15.0",
            "+4.0 ± 7.1 (1 of 2)",
            "3",
        ),
    )
    assert [row[:3] for row in found.tables[1].rows] == [
        ("FixMatch", "1.0", "+15.0"),
        ("APLT", "2.0", "+11.0"),
        ("Supervised", "3.0", "+0.0"),
    ]
    assert f"Left out on {B} (medium), for lack of seeds: VAT." in found.limits
    assert "2 seeds: fewer than five support no claim" in found.limits[0]


def test_accuracies_on_a_small_part_have_their_intervals(tmp_path: Path) -> None:
    counts = {**Fake().metrics()["counts"], "test": 16, "test_subjects": 0}
    for method, accuracy in (("supervised", 0.5), ("fixmatch", 0.875)):
        Fake(method, accuracy=accuracy, changed={"counts": counts}).write(tmp_path)
    leaders, ranks = told(tmp_path).tables
    assert leaders.rows[0][5] == "87.5 [64.0, 96.5]"
    assert [row[3] for row in ranks.rows] == ["87.5 [64.0, 96.5]", "50.0 [28.0, 72.0]"]
    for table in (leaders, ranks):
        assert any("[a, b]: 95 % interval of the mean accuracy" in note for note in table.notes)


def test_labels_alone_may_come_first(tmp_path: Path) -> None:
    write(tmp_path, "supervised", 0.6, 0.6)
    write(tmp_path, "fixmatch", 0.5, 0.5)
    assert told(tmp_path).headline == (
        "No method is shown to be better than training on the labels alone: fewer than five seeds support no claim. "
        "To try first: Supervised, with the highest mean accuracy in the only setting. No semi-supervised method had a "
        "higher mean than the best training on the labels alone."
    )


def test_strong_augmentation_of_labelled_clips_is_no_semi_supervision(tmp_path: Path) -> None:
    """What it gives by itself is no merit of the unlabelled clips."""
    for method, accuracy in (("supervised", 0.4), ("supervised-strong", 0.5), ("fixmatch", 0.6)):
        Real(method, 0.1, 0, accuracy).write(tmp_path)
    found = told(tmp_path)
    assert "it was 10.0 points above the best training on the labels alone." in found.headline
    assert found.tables[0].rows[0][7] == "+20.0"  # over the ordinary labelled-only method, as the note says
    Real("supervised-strong", 0.5, 0, 0.9).write(tmp_path)
    Real("fixmatch", 0.5, 0, 0.8).write(tmp_path)
    assert "in 1 of 2 settings none was." in told(tmp_path).headline


def test_equal_accuracies_share_their_places(tmp_path: Path) -> None:
    for method in ("supervised", "fixmatch", "aplt"):
        write(tmp_path, method, 0.6 if method == "supervised" else 0.5)
    ranks = {row[0]: row[1] for row in told(tmp_path).tables[1].rows}
    assert ranks == {"Supervised": "1.0", "FixMatch": "2.5", "APLT": "2.5"}


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
    assert "To try first: FixMatch or Supervised, with the highest mean accuracy in 1 of 2 settings each." in (
        found.headline
    )


def test_ranks_are_among_the_methods_that_are_listed(tmp_path: Path) -> None:
    for ratio in (0.1, 0.5):
        write(tmp_path, "supervised", 0.4, ratio=ratio)
        write(tmp_path, "fixmatch", 0.5, ratio=ratio)
    write(tmp_path, "uda", 0.9, ratio=0.1)  # not at 50 %
    assert [row[:2] for row in told(tmp_path).tables[1].rows] == [("FixMatch", "1.0"), ("Supervised", "2.0")]


def test_nothing_to_compare_is_said(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", 0.5)
    found = told(tmp_path)
    assert "nothing to compare" in found.headline
    assert found.tables == ()


def test_five_seeds_are_enough_not_to_be_warned_of(tmp_path: Path) -> None:
    write(tmp_path, "fixmatch", *[0.5] * 5)
    write(tmp_path, "supervised", *[0.4] * 5)
    assert not any("fewer than five" in limit for limit in told(tmp_path).limits)


def test_with_five_seeds_the_lead_is_tested(tmp_path: Path) -> None:
    for method, accuracy in (("supervised", 0.3), ("fixmatch", 0.3), ("aplt", 0.9)):
        for seed in range(5):
            Real(method, 0.1, seed, accuracy).write(tmp_path)
    found = told(tmp_path)
    assert found.tables[0].rows[0][4] == "all others"
    assert found.headline.startswith(
        "APLT is best in the only setting: significantly better than every other method there."
    )
    for seed in range(5):
        Real("uda", 0.1, seed, 0.9).write(tmp_path)
    found = told(tmp_path)
    assert found.tables[0].rows[0][4] == "Supervised, FixMatch"  # those that it beats, not those that it does not
    assert found.headline.startswith(
        "In the only setting a semi-supervised method is significantly better than training on the labels alone, but "
        "none is better than all others."
    )


def test_nobody_is_best_where_no_difference_is_significant(tmp_path: Path) -> None:
    for method, accuracy in (("supervised", 0.5), ("fixmatch", 0.51), ("aplt", 0.5)):
        for seed in range(5):
            Real(method, 0.1, seed, accuracy).write(tmp_path)
    found = told(tmp_path)
    headline = found.headline
    assert found.tables[0].rows[0][4] == "none"
    assert headline.startswith(
        "No method is shown to be better than training on the labels alone: the differences are not significant."
    )
    assert "best in" not in headline


def test_methods_with_the_same_highest_mean_are_named_together(tmp_path: Path) -> None:
    for method in ("fixmatch", "aplt"):
        write(tmp_path, method, 0.5, 0.7)
    write(tmp_path, "supervised", 0.4, 0.4)
    found = told(tmp_path)
    assert found.tables[0].rows[0][2] == "FixMatch, APLT"
    assert "To try first: FixMatch or APLT" in found.headline


def test_a_test_needs_predictions_and_subjects(tmp_path: Path) -> None:
    for method in ("supervised", "fixmatch"):
        for seed in range(5):
            Fake(method, 0.1, seed, clips=method == "fixmatch").write(tmp_path)
            Fake(method, 0.5, seed, clips=True).write(tmp_path)  # of five subjects
    assert [row[4] for row in told(tmp_path).tables[0].rows] == [
        "not tested (no predictions)", "not tested (few subjects)",
    ]  # fmt: skip
