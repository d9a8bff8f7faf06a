"""A trained model says of a video file what its run's test said of the same clip, and refuses in one sentence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from ssmar_bench import api
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import salted_id
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from tests.conftest import METHODS, Finished, folder_of

pytestmark = pytest.mark.slow
Call = Callable[..., Finished]


@pytest.fixture(scope="module")
def videos(tiny: Path) -> dict[str, Path]:
    """Clip id -> video of the tiny benchmark."""
    index = prepare_data.prepare_source(
        resolve(Grid(str(tiny), ["supervised"])).benchmark_config, {}, os.cpu_count() or 1, ignore_events
    )
    return {clip: Path(path) for clip, path in zip(index.clips["clip_id"], index.clips["path"], strict=True)}


@pytest.mark.parametrize("method", METHODS)
def test_a_video_is_predicted_as_the_test_clip_was(trained: Any, videos: dict[str, Path], method: str) -> None:
    folder = folder_of(trained.out, method)
    model = api.load_model(folder)
    record = pd.read_csv(folder / "record" / "predictions.csv")
    named = {salted_id("tiny-motion", clip): video for clip, video in videos.items()}
    assert len(record) == 24
    for _, row in record.iterrows():
        found = model.predict(named[row["clip"]])
        assert found.label == model.classes[row["prediction"]]
        assert found.ranked[0][1] == pytest.approx(row["confidence"], abs=1.5e-4)  # kept to four digits


def test_a_model_has_the_benchmarks_classes_and_probabilities_that_add_up(
    trained: Any, videos: dict[str, Path]
) -> None:
    model = api.load_model("tiny-motion_aplt_r50_s0", trained.out)
    assert model.run == folder_of(trained.out, "aplt").name
    assert len(model.classes) == 12
    found = model.predict(str(next(iter(videos.values()))))
    names, probabilities = zip(*found.ranked, strict=True)
    assert sorted(names) == sorted(model.classes)
    assert list(probabilities) == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)
    assert found.label == names[0]
    assert str(found).startswith(f"{names[0]} {100 * probabilities[0]:.1f} %, {names[1]} ")
    assert repr(model) == f"<model of {model.run}, 12 classes>"


def test_a_part_of_a_video_is_another_clip(trained: Any, videos: dict[str, Path]) -> None:
    model = api.load_model(folder_of(trained.out, "supervised", 100))
    video = next(iter(videos.values()))
    whole, part = model.predict(video, 0, 7), model.predict(video, 2, 5)
    assert whole == model.predict(video)  # it has eight frames
    assert part != whole


@pytest.mark.parametrize(("start", "end"), [(2, 8), (0, 8), (7, 35), (20, 35)])
def test_a_part_beyond_a_video_is_refused_with_its_length(
    trained: Any, videos: dict[str, Path], start: int, end: int
) -> None:
    model = api.load_model(folder_of(trained.out, "supervised", 100))
    video = next(iter(videos.values()))
    lacking = max(start, 8) if start > 7 else end
    with pytest.raises(UserError) as raised:
        model.predict(video, start, end)
    assert str(raised.value) == (
        f"The video {video} cannot be used: it has no frame {lacking}: only 8 can be decoded; "
        "choose other frames, or replace the file."
    )
    model.predict(video, 7, 7)
    for wrong in ((5, 4), (-3, 4)):
        with pytest.raises(UserError, match=r"ends \(frame 4\) before it starts|has the frame number -3"):
            model.predict(video, *wrong)


def test_weights_need_no_pickled_code(trained: Any) -> None:
    for method in METHODS:
        state = torch.load(RunFolder(folder_of(trained.out, method)).weights, weights_only=True)
        assert "network.classifier.weight" in state


def copied(trained: Any, tmp_path: Path, method: str = "supervised") -> RunFolder:
    return RunFolder(folder_of(trained.copy(tmp_path, method), method))


def refused(run: str | Path, results: Path) -> str:
    with pytest.raises(UserError) as raised:
        api.load_model(run, results)
    return str(raised.value)


def test_unknown_and_ambiguous_runs(trained: Any, tmp_path: Path) -> None:
    results = trained.copy(tmp_path, "supervised")
    (folder,) = (results / "runs").iterdir()
    assert refused("tiny-motion_supervise_r50_s0", results) == (
        f"There is no run tiny-motion_supervise_r50_s0, neither as a folder nor under {results / 'runs'}"
        f"; did you mean '{folder.name}'?"
    )
    shutil.copytree(folder, results / "runs" / "tiny-motion_supervised_r50_s0_0123456789abcdef")
    said = refused("tiny-motion_supervised_r50_s0", results)
    assert f"_0123456789abcdef, {folder.name}; give one of these names, whose" in said
    assert refused("supervised", tmp_path / "none").startswith("There is no run supervised, neither")


def test_runs_that_are_not_done(trained: Any, tmp_path: Path) -> None:
    folder = copied(trained, tmp_path)
    (folder.record / "metrics.json").unlink()
    name = folder.path.name
    assert refused(folder.path, tmp_path) == (
        f"Run {name} is not finished; the `ssmar-bench run` that began it finishes it."
    )
    with folder.lease():
        assert f"Run {name} is being trained by another command;" in refused(folder.path, tmp_path)
    (folder.work / "failure.txt").write_text("Traceback\nDivergedError: loss/total became infinite.\n")
    assert refused(folder.path, tmp_path) == (
        f"Run {name} has failed (DivergedError: loss/total became infinite); run it again."
    )


def test_a_record_alone_says_how_to_train_it_again(trained: Any, tmp_path: Path) -> None:
    folder = copied(trained, tmp_path, "aplt")
    shutil.rmtree(folder.work)
    assert refused(folder.path, tmp_path) == (
        f"Run {folder.path.name} has its record here and no weights; train it again with: ssmar-bench run --benchmark "
        "BENCHMARK.yaml --methods aplt --ratios 0.5 --seeds 0 --out FOLDER, and look for it in FOLDER."
    )


def test_weights_of_another_code(trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(trained, tmp_path)
    weights = folder.weights.read_bytes()
    folder.weights.write_bytes(weights[: len(weights) // 2])
    assert refused(folder.path, tmp_path) == (
        f"{folder.weights} is damaged: its SHA-256 is not the one in SHA256SUMS; train the run again: "
        "`ssmar-bench run` with --overwrite always."
    )
    folder.keep({"weights.pt": weights[: len(weights) // 2]})
    assert refused(folder.path, tmp_path).startswith(f"{folder.weights} does not hold the weights of supervised (")
    folder.keep({"weights.pt": RunFolder(folder_of(trained.out, "aplt")).weights.read_bytes()})
    assert "does not hold the weights of supervised (RuntimeError)" in refused(folder.path, tmp_path)
    folder.keep({"weights.pt": weights})
    api.load_model(folder.path)
    with monkeypatch.context() as patch:
        patch.setattr("ssmar_bench.core.catalog.ObjectCatalog.names", lambda _: ["aplt"])
        assert "trained by the algorithm 'supervised', which is not known here" in refused(folder.path, tmp_path)
    monkeypatch.setattr("ssmar_bench.algorithms.supervised.Supervised.revision", 7)
    assert refused(folder.path, tmp_path) == (
        f"Run {folder.path.name} was trained by revision 1 of supervised, which is at 7 by now; train it again."
    )


def test_the_device_that_is_there_is_the_default(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a GPU ``auto`` asks for it: here the check of what torch finds stops at that."""
    run = folder_of(trained.out, "supervised")
    for device in ("auto", "AUTO", "cpu"):
        assert next(api.load_model(run, device=device).network.parameters()).device.type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UserError, match="--device cuda: torch finds 0 CUDA devices here"):
        api.load_model(run)


def test_the_command_prints_the_most_probable_classes(trained: Any, videos: dict[str, Path], call: Call) -> None:
    results, (one, two) = trained.out, [*videos.values()][:2]
    ended = call("predict", "tiny-motion_aplt_r50_s0", one, two, "--top", 3, "--results", results)
    assert ended.status == 0, ended.err
    assert ended.err.startswith("This run named ")
    assert ended.err.count("\n") == 1
    lines = ended.out.splitlines()
    assert [line for line in lines if not line.startswith("  ")] == [str(one), str(two)]
    assert len(lines) == 8
    ranked = api.load_model("tiny-motion_aplt_r50_s0", results).predict(one).ranked
    for line, (name, probability) in zip(lines[1:4], ranked, strict=False):
        assert line.split("  ")[1] == name
        assert line.endswith(f"{100 * probability:5.1f} %")
    whole = call("predict", folder_of(trained.out, "aplt"), one, "--start", 0, "--end", 7, "--top", 3)
    assert whole.out.splitlines() == lines[:4]
    assert len(call("predict", folder_of(trained.out, "aplt"), one).out.splitlines()) == 6


def test_the_command_refuses_in_a_sentence(trained: Any, videos: dict[str, Path], tmp_path: Path, call: Call) -> None:
    run, video = folder_of(trained.out, "aplt"), next(iter(videos.values()))
    (tmp_path / "empty").mkdir()
    listed = tmp_path / "list.txt"
    listed.write_text(str(video))
    cases = {
        f"{tmp_path / 'empty'}: there is no video in this folder": (run, video, tmp_path / "empty"),
        "it has no frame 90: only 8 can be decoded": (run, video, "--start", 90, "--end", 99),
        "ends (frame 2) before it starts (frame 5)": (run, video, "--start", 5, "--end", 2),
        "Give both --start and --end": (run, video, "--start", 5),
        "--start and --end are of one video, not of 2.": (run, video, video, "--start", 0, "--end", 7),
        "--start and --end are of one video, not of a folder.": (run, tmp_path, "--start", 0, "--end", 7),
        "--start and --end are of one video, not of a list.": (run, listed, "--start", 0, "--end", 7),
        "There is no run x, neither as a folder nor under": ("x", video),
        "--device gpu: expected auto, cpu, cuda or cuda:N.": (run, video, "--device", "gpu"),
    }
    for fault, words in cases.items():
        ended = call("predict", *words)
        assert (ended.status, ended.out) == (2, ""), fault
        assert ended.err.startswith("ssmar-bench: ")
        assert ended.err.count("\n") == 1
        assert fault in ended.err
