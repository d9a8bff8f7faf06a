"""A second training is bit-equal, equal within the tolerance, or different; and what differs is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ssmar_bench.results.verification import compare_records

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake


def write(place: Path, **changed: object) -> Path:
    return Fake(clips=True, **changed).write(place) / "record"


def test_the_same_content_is_bit_equal_whenever_and_wherever_it_was_made(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one"), write(tmp_path / "other")
    (other / "timings.json").write_text('{"train_seconds": 7.0, "epochs": []}')
    (other / "environment.json").write_text('{"python": "3.12.1", "system": "Linux x86_64", "device_model": "H100"}')
    found = compare_records("a", one, other)
    assert (found.verdict, found.files, found.spec, found.same_predictions) == ("bit-equal", (), {}, 1.0)
    assert found.environment == {"python": ("3.11.7", "3.12.1"), "device_model": (None, "H100")}
    assert str(found) == (
        "a: bit-equal\n  accuracy: recorded 50.00 %, now 50.00 %\n  macro_f1: recorded 40.00 %, now 40.00 %\n"
        "  balanced_accuracy: recorded 45.00 %, now 45.00 %\n  same predicted class: 100.0 % of the test clips\n"
        "  machine and versions:\n    device_model: recorded unknown, now H100\n    python: recorded 3.11.7, now 3.12.1"
    )


@pytest.mark.parametrize(
    ("accuracy", "tolerance", "verdict"),
    [(0.505, 0.01, "equal within the tolerance"), (0.505, 0.004, "different"), (0.6, 0.01, "different")],
)
def test_scores_decide_when_bits_differ(tmp_path: Path, accuracy: float, tolerance: float, verdict: str) -> None:
    found = compare_records("a", write(tmp_path / "one"), write(tmp_path / "other", accuracy=accuracy), tolerance)
    assert found.verdict == verdict
    assert found.scores["accuracy"] == pytest.approx((0.5, accuracy))
    assert found.same_predictions == pytest.approx(1 - round(200 * accuracy - 100) / 200)
    assert set(found.files) == {"predictions.csv", "metrics.json"}
    stated = " of 1 points" if verdict.startswith("equal") else ""
    assert str(found).startswith(f"a: {verdict}{stated}\n")


def test_another_setting_is_never_bit_equal_and_is_named(tmp_path: Path) -> None:
    found = compare_records("a", write(tmp_path / "one"), write(tmp_path / "other", threshold=0.9))
    assert found.verdict == "equal within the tolerance"
    assert found.spec == {"hyperparameters.threshold": (0.95, 0.9)}


def test_other_test_clips_are_different_whatever_the_scores(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one"), write(tmp_path / "other")
    text = (other / "predictions.csv").read_text()
    (other / "predictions.csv").write_text(text.replace("clip000,", "other00,"))
    found = compare_records("a", one, other)
    assert (found.verdict, found.same_predictions, found.files) == ("different", None, ("predictions.csv",))


def test_one_clip_that_is_answered_differently_is_not_bit_equal(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one"), write(tmp_path / "other")
    curves = (other / "curves.csv").read_text()
    (other / "curves.csv").write_text(curves.replace("loss/labelled,1.75", "loss/labelled,1.7500001"))
    assert compare_records("a", one, other).verdict == "equal within the tolerance"


def test_what_newer_records_hold_besides_is_no_difference(tmp_path: Path) -> None:
    one, other = write(tmp_path / "one"), write(tmp_path / "other")
    metrics = json.loads((other / "metrics.json").read_text())
    (other / "metrics.json").write_text(json.dumps(metrics | {"truth": "abcd", "videos": "ef"}))
    assert compare_records("a", one, other).verdict == "bit-equal"
