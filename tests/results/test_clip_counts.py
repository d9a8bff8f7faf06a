from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.clip_counts import calibration, confusion
from ssmar_bench.results.record_tables import predictions

PREDICTIONS = "clip,subject,label,prediction,confidence,prediction_ema\na,p,0,0,0.5,0\nb,p,0,1,0.5,0\nc,q,1,1,0.5,0\n"
PSEUDO = (
    "series,clip,label,pseudo_label,weight,confidence\n"
    "offline,a,0,0,1,-1.5\noffline,b,0,0,1,-0.5\n"
    "full_pool,a,0,0,1,0.05\nfull_pool,b,0,1,1,0.15\nfull_pool,c,0,0,1,0.15\nfull_pool,d,1,1,1,1.0\n"
)


def test_confusion_counts_true_rows_and_predicted_columns(tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text(PREDICTIONS)
    found = confusion(tmp_path, 3)
    assert found is not None
    assert found.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_calibration_counts_clips_confidence_and_hits_in_each_bin(tmp_path: Path) -> None:
    (tmp_path / "pseudo_labels.csv").write_text(PSEUDO)
    found = calibration(tmp_path)
    assert list(found) == ["full_pool"]  # a distance is no probability
    assert found["full_pool"][:, [0, 1, 9]].tolist() == [[1, 2, 1], [0.05, pytest.approx(0.3), 1], [1, 1, 1]]
    assert found["full_pool"].sum() == pytest.approx(4 + 1.35 + 3)


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_run_without_such_a_file_has_none(tmp_path: Path, text: str | None) -> None:
    for name in ("predictions.csv", "pseudo_labels.csv"):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert predictions(tmp_path).empty
    assert confusion(tmp_path, 3) is None
    assert calibration(tmp_path) == {}


@pytest.mark.parametrize(
    "text", ["clip,label\na,0\n", PREDICTIONS.replace("c,q,1", "c,q,x"), PREDICTIONS.replace("c,q,1", "c,q,3")]
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "predictions.csv").write_text(text)
    with pytest.raises(UserError, match=r"predictions\.csv: damaged record"):
        confusion(tmp_path, 3)
