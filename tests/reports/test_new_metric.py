"""A metric that is added to the one list is everywhere; records that are older than it stay readable."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _page_data import parts_of
from _records import Fake
from _reports import html, render

from ssmar_bench import api
from ssmar_bench.core import metrics
from ssmar_bench.core.metrics import Metric
from ssmar_bench.reports import render as rendering
from ssmar_bench.results.records import load_runs

PACKAGE = Path(rendering.__file__).parents[1]
ERROR = Metric("error", "Error rate", lambda label, prediction, _: float(np.mean(label != prediction)),
               higher_is_better=False)  # fmt: skip
KAPPA = Metric("kappa", "Cohen's kappa", lambda *_: -0.25, unit="", low=-1.0)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, ERROR, KAPPA))


def fake(seed: int = 0, **scores: float) -> Fake:
    """A run of accuracy 0.5 whose record has further scores."""
    made = Fake(seed=seed)
    parts = ("test", "test_ema", "validation")
    return Fake(seed=seed, changed={part: {**made.metrics()[part], **scores} for part in parts})


def page_data(root: Path) -> Any:
    return parts_of(html(root))


def rows(markdown: str) -> list[list[str]]:
    """The cells of the table of all scores."""
    lines = markdown.split("## All scores")[1].split("## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def test_a_new_metric_is_a_column_of_every_table_the_page_and_the_frame(tmp_path: Path, added: None) -> None:
    for seed, error in enumerate((0.2, 0.3)):
        fake(seed, error=error, kappa=-0.25).write(tmp_path)
    render(tmp_path, tmp_path / "reports")
    folder = tmp_path / "reports" / "micro-motion-12"

    text = (folder / "comparison.md").read_text()
    head = rows(text)[0]
    assert head[2:-1] == ["Seeds", "Accuracy", "Macro-F1", "Balanced acc.", "Error rate", "Cohen's kappa", "EMA acc.",
                        "Validation acc."]  # fmt: skip
    fixmatch = next(line for line in rows(text) if line[1] == "FixMatch")
    assert fixmatch[6:8] == ["25.0 ± 7.1", "-0.250 ± 0.000"]
    assert "Cohen's kappa is a plain number" in text
    assert "a lower Error rate is better" in text
    latex = (folder / "comparison.tex").read_text()
    assert "Error rate" in latex
    assert r"-0.250 $\pm$ 0.000" in latex

    found = list(csv.DictReader(io.StringIO((folder / "comparison.csv").read_text())))
    row = next(row for row in found if row["label"] == "FixMatch")
    assert (row["error_mean"], row["kappa_mean"], row["kappa_std"]) == ("0.25", "-0.25", "0.0")

    data = page_data(tmp_path)
    assert [metric["key"] for metric in data["core"]["metrics"]] == metrics.metric_keys()
    assert data["core"]["metrics"][-2:] == [
        {"key": "error", "label": "Error rate", "unit": "%", "factor": 100, "places": 1},
        {"key": "kappa", "label": "Cohen's kappa", "unit": "", "factor": 1, "places": 3},
    ]
    assert [run["metrics"]["test"]["error"] for run in data["run/"]["runs"].values()] == [0.2, 0.3]

    frame = api.results(tmp_path)
    assert list(frame["error"]) == list(frame["ema_error"]) == list(frame["validation_error"]) == [0.2, 0.3]


def test_an_older_record_is_readable_and_shows_a_blank(tmp_path: Path, added: None) -> None:
    Fake(seed=0).write(tmp_path)
    fake(1, error=0.2).write(tmp_path)
    Fake("uda").write(tmp_path)
    frame = api.results(tmp_path).set_index(["method", "seed"])
    assert math.isnan(frame.loc[("fixmatch", 0), "error"])  # type: ignore[arg-type]
    assert frame.loc[("fixmatch", 1), "error"] == 0.2
    assert frame.loc[("fixmatch", 0), "accuracy"] == 0.5
    render(tmp_path, tmp_path / "reports")
    table = {row[1]: row for row in rows((tmp_path / "reports/micro-motion-12/comparison.md").read_text())}
    assert table["UDA"][6:8] == ["", ""]
    assert table["FixMatch"][6] == "", "one seed's value is not the mean of two"
    assert table["FixMatch"][3] == "50.0 ± 0.0"
    runs = page_data(tmp_path)["run/"]["runs"]
    assert ["error" in run["metrics"]["test"] for run in runs.values()].count(True) == 1


def test_any_metric_but_the_first_may_be_missing(tmp_path: Path) -> None:
    for seed, key in enumerate(metrics.metric_keys()):
        scores = {name: 0.5 for name in metrics.metric_keys() if name != key}
        Fake(seed=seed, changed={"test": scores}).write(tmp_path / key)
        if seed:
            assert math.isnan(api.results(tmp_path / key)[key].item())
        else:
            (damage,) = load_runs(tmp_path / key).damage
            assert f"test: {key}: field required" in damage.why


@pytest.mark.parametrize(("key", "value"), [("error", 1.2), ("error", -0.1), ("kappa", -1.5), ("macro_f1", 2)])
def test_an_impossible_value_is_damage(tmp_path: Path, added: None, key: str, value: float) -> None:
    fake(0, **{key: value}).write(tmp_path)
    (damage,) = load_runs(tmp_path).damage
    assert f"{key}: input should be within" in damage.why


@pytest.mark.parametrize(("key", "value", "damaged"), [("error", 1.2, 1), ("kappa", -0.5, 0), ("kappa", -1.5, 1)])
def test_a_curve_has_the_bounds_of_its_metric(
    tmp_path: Path, added: None, key: str, value: float, damaged: int
) -> None:
    path = Fake().write(tmp_path) / "record" / "curves.csv"
    path.write_text(f"{path.read_text()}1,validation,{key},{value}\n")
    found = load_runs(tmp_path).damage
    assert len(found) == damaged
    assert all(f"a {key} is outside" in damage.why for damage in found)


def test_a_metric_that_is_not_known_is_ignored(tmp_path: Path) -> None:
    Fake(changed={"test": {**Fake().metrics()["test"], "later": [1, 2]}}).write(tmp_path)
    frame = api.results(tmp_path)
    assert "later" not in frame
    assert list(frame["accuracy"]) == [0.5]


def test_keys_and_labels_are_written_in_the_list_alone() -> None:
    """Accuracy is named by what is about it: ranks, claims and curves of pseudo-labels."""
    words = [word for metric in metrics.METRICS[1:] for word in (metric.key, metric.label)]
    files = [path for kind in ("py", "js", "html") for path in PACKAGE.rglob(f"*.{kind}")]
    found = {path.relative_to(PACKAGE).as_posix() for path in files if any(w in path.read_text() for w in words)}
    assert found == {"core/metrics.py"}
