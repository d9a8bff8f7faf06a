"""Predictions and confusion of a run are those of its record; two methods are compared paired by seed."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from ssmar_bench import api
from ssmar_bench.core.errors import UserError
from ssmar_bench.results.paired_test import correct_counts, paired_difference
from ssmar_bench.results.records import load_runs

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake, Real


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for seed in range(6):
        Real("supervised", seed=seed, accuracy=0.4).write(tmp_path)
        Real("fixmatch", seed=seed, accuracy=0.7).write(tmp_path)
    Real("uda", seed=0, accuracy=0.5).write(tmp_path)
    Fake("vat", state="failed").write(tmp_path)
    return tmp_path


def test_predictions_have_names_of_classes(out: Path) -> None:
    frame = api.predictions("micro-motion-12_fixmatch_r10_s2", out)
    assert {"clip", "subject", "label", "prediction", "correct"} <= set(frame)
    assert len(frame) == 200
    assert (frame["correct"] == (frame["label"] == frame["prediction"])).all()
    assert frame.loc[13, "label"] == "class 1"
    assert 0.6 < frame["correct"].mean() < 0.8


def test_confusion_counts_the_same_clips(out: Path) -> None:
    counts = api.confusion("micro-motion-12_fixmatch_r10_s2", out)
    frame = api.predictions("micro-motion-12_fixmatch_r10_s2", out)
    assert list(counts.index) == list(counts.columns) == [f"class {i}" for i in range(12)]
    assert np.trace(counts.to_numpy()) == frame["correct"].sum()
    row = frame[(frame["label"] == "class 3") & (frame["prediction"] == "class 4")]
    assert counts.loc["class 3", "class 4"] == len(row) > 0


def test_methods_are_compared_paired_by_seed(out: Path) -> None:
    (row,) = api.compare("FixMatch", "supervised", out).to_dict("records")
    loaded = load_runs(out)
    counts = [correct_counts(loaded, loaded.runs[loaded.runs["method"] == name]) for name in ("fixmatch", "supervised")]
    expected = paired_difference(*counts)
    assert expected is not None
    assert (row["difference"], row["error"], row["p"]) == pytest.approx((expected.mean, expected.error, expected.p))
    assert (row["seeds"], row["significant"]) == (6, "yes")
    back = api.compare("supervised", "fixmatch", out)["difference"].item()
    assert back == pytest.approx(-row["difference"])
    few = api.compare("uda", "fixmatch", out)
    assert math.isnan(few["p"].item())
    assert (few["seeds"].item(), few["significant"].item()) == (1, "not tested")


def test_what_cannot_be_answered_is_told(out: Path) -> None:
    with pytest.raises(UserError, match="has no predictions: it is not finished"):
        api.predictions("micro-motion-12_vat", out)
    with pytest.raises(UserError, match=r"There is no finished run of fixmach; did you mean 'fixmatch'\?"):
        api.compare("fixmach", "supervised", out)
    Real("pseudolabel", ratio=0.5, seed=0).write(out)
    with pytest.raises(UserError, match="have no finished runs on one benchmark with one ratio and one seed"):
        api.compare("pseudolabel", "supervised", out)
