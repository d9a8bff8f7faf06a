"""The embedded benchmarks are what they claim to be: learnable from motion and its order, not from a single frame."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.core.split import Split, opaque_id, salted_id
from ssmar_bench.runs import execute, prepare_data
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.training.predict import uncounted_evaluation
from ssmar_bench.training.train import Trainer

MOTION = """\
extends: micro-motion-12
name: medium-fewer-test-clips
source:
  options:
    test_clips: 600
"""
CENTRE_FRAME = """\
extends: micro-motion-easy
name: easy-centre-frame
source:
  options:
    test_clips: 600
frame_cache:
  segments: 1
  candidates: 1
backbone:
  weights: none
  input: rgb
train:
  epochs: 10
  lr: 0.05
"""


def _train(folder: Path, text: str) -> RunFolder:
    """The labelled-only method with all labels on the benchmark that ``text`` defines."""
    folder.mkdir()
    benchmark_config = folder / "benchmark.yaml"
    benchmark_config.write_text(text)
    states = execute.run(
        resolve(Grid(str(benchmark_config), ["supervised"], [1.0], [0])),
        Execution(folder, {}),
        ignore_events,
    )
    ((name, state),) = states.items()
    assert state == "done"
    return RunFolder(folder / "runs" / name)


def _score(run: RunFolder) -> dict[str, float]:
    metrics = json.loads((run.record / "metrics.json").read_text())
    return {"accuracy": metrics["test"]["accuracy"], "majority": metrics["majority"]}


def _accuracy_of_shuffled(run: RunFolder) -> float:
    """Test accuracy of the trained model when the frames of every test clip are in a random order."""
    split = Split.from_json(read_json(run.work / "split.json"))
    launch = read_json(run.work / "launch.json")
    trainer = Trainer(run.spec(), split, Launch(launch["frame_cache"]), run, ignore_events)
    trainer.resume()
    order = torch.Generator().manual_seed(0)
    with torch.no_grad(), uncounted_evaluation(trainer.method):
        logits = [
            trainer.method.predict(clips[:, torch.randperm(clips.shape[1], generator=order)])
            for clips in trainer.data.fixed("test")
        ]
    prediction = torch.cat(logits).argmax(1).tolist()
    index = prepare_data.prepare_source(
        benchmark_configs.read_benchmark_config(str(run.path.parents[1] / "benchmark.yaml")), {}, 1, ignore_events
    )
    names = {opaque_id(clip): salted_id(split.benchmark, clip) for clip in index.clips["clip_id"]}
    lines = (line.split(",") for line in (run.record / "predictions.csv").read_text().splitlines()[1:])
    labels = {clip: int(label) for clip, _, label, *_ in lines}
    return sum(a == labels[names[clip]] for a, clip in zip(prediction, split.test, strict=True)) / len(labels)


@pytest.mark.minutes
def test_motion_in_its_order_teaches_and_a_single_frame_does_not(tmp_path: Path) -> None:
    """The easy level moves most: a centre frame that tells nothing there tells nothing on the others."""
    motion = _train(tmp_path / "motion", MOTION)
    centre = _train(tmp_path / "centre", CENTRE_FRAME)
    learned, frame = _score(motion), _score(centre)

    assert learned["majority"] == frame["majority"] == pytest.approx(1 / 12)
    assert learned["accuracy"] >= 0.55
    assert frame["accuracy"] <= frame["majority"] + 0.05
    assert _accuracy_of_shuffled(motion) <= learned["accuracy"] - 0.10
