from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from ssmar_bench.results.clip_counts import calibrations, confusion_entries, confusions
from ssmar_bench.results.folder_logs import read_folders
from ssmar_bench.results.record_logs import KINDS
from ssmar_bench.results.run_logs import RunLogs

PREDICTIONS = "clip,subject,label,prediction,confidence,prediction_ema\na,p,0,0,0.5,0\nb,p,0,1,0.5,0\nc,q,1,1,0.5,0\n"
PSEUDO = (
    "series,clip,label,pseudo_label,weight,confidence\n"
    "offline,a,0,0,1,-1.5\noffline,b,0,0,1,-0.5\n"
    "full_pool,a,0,0,1,0.05\nfull_pool,b,0,1,1,0.15\nfull_pool,c,0,0,1,0.15\nfull_pool,d,1,1,1,1.0\n"
)


def tables(root: Path, files: Mapping[str, str]) -> RunLogs:
    """Of records of which each has one file: path -> text."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    records = {path.name: path for path in root.iterdir()}
    return RunLogs({}, {table: read_folders(records, table)[0] for table in KINDS})


def test_confusion_counts_true_rows_and_predicted_columns_of_each_group(tmp_path: Path) -> None:
    found = tables(tmp_path, {f"{name}/predictions.csv": PREDICTIONS for name in "xyz"})
    counts = confusions(found, {"x": 0, "y": 1, "z": 1}, 3)
    assert counts[0].tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert counts[1].tolist() == (2 * counts[0]).tolist()
    entries = confusion_entries(found, {"x": 7}, 3)
    assert {number: pairs.tolist() for number, pairs in entries.items()} == {7: [[0, 1], [1, 1], [4, 1]]}


def test_calibration_counts_clips_confidence_and_hits_in_each_bin(tmp_path: Path) -> None:
    found = tables(tmp_path, {"x/pseudo_labels.csv": PSEUDO})
    (bins,) = calibrations(found, {"x": 0})
    assert bins[:, [0, 1, 9]].tolist() == [[1, 2, 1], [0.05, pytest.approx(0.3), 1], [1, 1, 1]]
    assert bins.sum() == pytest.approx(4 + 1.35 + 3)
    assert not calibrations(found, {"x": 0}, "offline").any()  # a distance is no probability


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_run_without_such_a_file_has_none(tmp_path: Path, text: str | None) -> None:
    files = {} if text is None else {f"x/{name}.csv": text for name in ("predictions", "pseudo_labels")}
    found = tables(tmp_path, files)
    assert not np.any(confusions(found, {"x": 0}, 3))
    assert confusion_entries(found, {"x": 0}, 3) == {}
    assert not np.any(calibrations(found, {"x": 0}))
