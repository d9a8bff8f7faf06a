"""Which methods compete, and which of them a figure has room for."""

from __future__ import annotations

from pathlib import Path

from _records import LABELS, Fake

from ssmar_bench.results import plot_selection
from ssmar_bench.results.records import load_runs

B = "micro-motion-12"


def test_ablations_are_rows_of_the_tables_that_say_so() -> None:
    found = plot_selection.ablations()
    assert {"aplt-km", "aplt-variant-1", "fixmatch-asy", "aplt-every-20", "usb-fixmatch"} <= found
    assert not found & {"aplt", "fixmatch", "supervised", "fixmatch-strong-labelled", "svformer", "my-own"}


def test_methods_compete_by_their_main_setting_without_ablations(tmp_path: Path) -> None:
    for method in ("aplt", "aplt-km", "my-own", "fixmatch"):
        Fake(method).write(tmp_path)
    Fake("fixmatch", seed=1).write(tmp_path)
    Fake("fixmatch", epochs=9).write(tmp_path)
    Fake("supervised", 1.0).write(tmp_path)
    Fake("uda", state="failed").write(tmp_path)
    assert plot_selection.compared_methods(load_runs(tmp_path), B) == ["FixMatch [train.epochs=4]", "APLT", "my-own"]


def test_seven_are_drawn_by_their_validation_never_by_their_test_accuracy(tmp_path: Path) -> None:
    scores = {"accuracy": 0.9, "macro_f1": 0.9, "balanced_accuracy": 0.9}
    for number, method in enumerate(LABELS):
        worse = {key: value - 0.05 * number for key, value in scores.items()}
        Fake(method, accuracy=0.1 + 0.1 * number, changed={"validation": worse}).write(tmp_path)
    drawn = plot_selection.drawn_methods(load_runs(tmp_path), B)
    assert drawn[:3] == ["Supervised", "FixMatch", "APLT"]  # the paper's Fig. 2b
    assert set(drawn[3:]) == {"SoftMatch", "FlexMatch", "FreeMatch", "UDA"}
    ranked = plot_selection.ranked_methods(load_runs(tmp_path), B)
    assert ranked[:7] == drawn
    assert set(ranked) == set(LABELS.values())


def test_a_method_is_judged_against_others_at_the_same_ratio(tmp_path: Path) -> None:
    """UDA ran at the easy ratio alone: its better mean says nothing."""
    for number, method in enumerate(LABELS):
        if method in ("uda", "vat"):
            continue
        for ratio, base in ((0.1, 0.2), (0.5, 0.8)):
            Fake(method, ratio, accuracy=base - 0.01 * number).write(tmp_path)
    Fake("uda", 0.5, accuracy=0.6).write(tmp_path)
    assert "UDA" not in plot_selection.drawn_methods(load_runs(tmp_path), B)


def test_a_method_that_lacks_seeds_comes_after_those_that_have_them(tmp_path: Path) -> None:
    """The second draw is hard for all: UDA, which did not run there, has the highest mean and not the best runs."""
    for number, method in enumerate(LABELS):
        for seed, base in enumerate((0.8, 0.3)):
            if (method, seed) != ("uda", 1):
                better = 0.005 if method == "uda" else 0.01 * number
                Fake(method, seed=seed, accuracy=base + better).write(tmp_path)
    ranked = plot_selection.ranked_methods(load_runs(tmp_path), B)
    assert "UDA" in ranked[plot_selection.LINES :]
    assert len(ranked) == len(LABELS)


def test_nothing_finished_is_nothing_drawn(tmp_path: Path) -> None:
    Fake(state="failed").write(tmp_path)
    assert plot_selection.ranked_methods(load_runs(tmp_path), B) == []
