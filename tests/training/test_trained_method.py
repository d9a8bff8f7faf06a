"""What a run keeps predicts as the run did, whatever its method remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.train import Trainer
from ssmar_bench.training.trained_method import TrainedMethod

from .conftest import EPOCHS

REMEMBERING = ["supervised", "mean-teacher", "freematch", "finessl", "aplt", "aplt-variant-2", "usb-meanteacher"]
"""Methods that predict with teachers, averages, heads or prototypes, one of which are only after the last epoch."""


@pytest.mark.slow
@pytest.mark.parametrize("method", REMEMBERING)
def test_a_video_is_predicted_as_the_test_clip_was(prepared: Any, tiny: Path, tmp_path: Path, method: str) -> None:
    grid = Grid(str(tiny), [method], [0.5], [0], sets={"train.epochs": EPOCHS})
    try:
        (planned_run,) = plan_runs(resolve(grid), prepared.index)
    except UserError as error:
        pytest.skip(str(error))  # semilearn is not installed
    folder = RunFolder(tmp_path / planned_run.spec.folder())
    folder.begin(planned_run.spec)
    trainer = Trainer(
        planned_run.spec, planned_run.split.with_opaque_ids(), Launch(str(prepared.frame_cache)), folder, ignore_events
    )
    trainer.run()
    folder.keep({"split.json": planned_run.split.to_json()})
    (folder.record / "metrics.json").write_text(json.dumps({"steps": trainer.steps}))
    with np.load(folder.work / "predictions.npz") as predictions:
        tested = predictions["test"]

    model = TrainedMethod(folder, torch.device("cpu"))
    assert model.classes == planned_run.split.classes
    clips = prepared.index.clips.set_index("clip_id")
    found = [
        model.answer(Path(clips.loc[clip, "path"])).probabilities for clip in planned_run.split.in_opaque_order().test
    ]
    np.testing.assert_allclose(np.array(found), tested, atol=1e-5)
    assert np.ptp(tested, axis=0).max() > 1e-3, "a network that says the same of every clip would pass"
