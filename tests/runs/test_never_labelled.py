"""What a record says of unlabelled clips that were never labelled: all but the accuracy of pseudo-labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ssmar_bench import api
from ssmar_bench.core import digests
from ssmar_bench.core.index import UNKNOWN
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import GroundTruth
from ssmar_bench.results.clip_counts import calibrations
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.record import pseudo_label_rows, write_record
from ssmar_bench.runs.resolve import resolve
from tests.runs.test_record import FIELDS, run  # noqa: F401 - a fixture


def values(truth: list[int], **fields: Any) -> dict[str, float]:
    rows = pseudo_label_rows({"online": {**FIELDS, **fields}}, np.array(truth), epoch=1)
    return {row[2]: row[3] for row in rows}


def test_accuracies_are_of_the_clips_whose_label_is_known() -> None:
    found = values([0, 1, UNKNOWN, UNKNOWN])  # of clips 0 (right, not used) and 1 (wrong, used)
    assert found["clips"] == 4
    assert found["coverage"] == 0.5
    assert found["accuracy"] == 0.5
    assert found["accuracy_selected"] == 0
    assert found["accuracy_at_50"] == 1


def test_where_none_is_known_there_is_no_accuracy() -> None:
    assert values([UNKNOWN] * 4) == {"clips": 4, "coverage": 0.5}


def recorded(known: Any, folder: RunFolder, never: tuple[str, ...], subjects: bool = True) -> None:
    """Write the record of the trained run as if nobody had labelled ``never`` of its unlabelled clips."""
    planned_run = known.planned_runs["aplt", 0.5]
    label = known.truth.label | dict.fromkeys(never, UNKNOWN)
    subject = known.truth.subject if subjects else dict.fromkeys(known.truth.subject, "")
    split = replace(planned_run.split, never_labelled=never)
    write_record(folder, planned_run.label, split, GroundTruth(label, subject))


@pytest.mark.slow
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_record_of_them_is_whole(known: Any, run: RunFolder, share: float, tmp_path: Path) -> None:  # noqa: F811
    unlabelled = known.planned_runs["aplt", 0.5].split.unlabelled
    never = unlabelled[: round(share * len(unlabelled))]
    recorded(known, run, never, subjects=False)
    results = run.path.parent.parent
    loaded = load_runs(results)
    assert not loaded.damage_of(known.benchmark_config.name)
    row = loaded.runs.set_index("folder").loc[run.path.name]
    assert (row["count_unlabelled"], row["count_never_labelled"]) == (len(unlabelled), len(never))
    assert row["count_test_subjects"] == 0
    curves = pd.read_csv(run.record / "curves.csv")
    logged = set(curves.loc[curves["series"] == "full_pool", "quantity"])
    assert {"clips", "coverage"} <= logged
    assert ("accuracy" in logged) == (share < 1)
    assert not curves["value"].isna().any()
    kept = pd.read_csv(run.record / "pseudo_labels.csv")
    assert (kept["label"] == UNKNOWN).any()
    loaded = load_runs(results)
    numbers = dict.fromkeys(loaded.specs, 0)
    assert bool(calibrations(loaded.logs, numbers).any()) == (share < 1)
    written = api.report(results, tmp_path / "reports")
    assert any(path.suffix == ".html" for path in written)
    text = "".join(path.read_text() for path in written if path.suffix in (".md", ".csv"))
    assert "nan" not in text.lower().replace("finan", "")


@pytest.mark.slow
def test_a_hidden_label_that_is_missing_is_still_damage(known: Any, run: RunFolder) -> None:  # noqa: F811
    recorded(known, run, ())
    frame = pd.read_csv(run.record / "pseudo_labels.csv").assign(label=UNKNOWN)
    digests.write_files(run.record, {"pseudo_labels.csv": frame.to_csv(index=False).encode()})
    damage = load_runs(run.path.parent.parent).damage
    assert [one.folder for one in damage] == [run.path.name]
    assert "a label is outside 0 to 11" in damage[0].why


def test_at_ratio_1_methods_run_where_there_are_such_clips(tiny: Path, known: Any) -> None:
    resolved = resolve(api.Grid(str(tiny), ["supervised", "fixmatch"], [1.0], [0]))
    skips = {one.spec.method: one.skip for one in plan_runs(resolved, known.index)}
    assert skips["supervised"] == ""
    assert skips["fixmatch"].startswith("FixMatch".lower())
    part, clips = known.benchmark_config.parts, known.index.clips.copy()
    ours = clips["part"].isin(part.train) & clips["label"].isin(list(known.benchmark_config.classes))
    chosen = clips[ours].groupby("label").head(1).index
    clips.loc[chosen, ["label", "part"]] = [UNKNOWN, "pool"]
    config = resolved.benchmark_config.model_copy(update={"parts": part.model_copy(update={"unlabelled": ["pool"]})})
    found = plan_runs(replace(resolved, benchmark_config=config), replace(known.index, clips=clips))
    assert [one.skip for one in found] == ["", ""]
    assert {len(one.split.never_labelled) for one in found} == {len(chosen)}
