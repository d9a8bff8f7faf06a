"""A method names trained teachers: their files are part of what a run is, and their answers those of their own runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from ssmar_bench import api
from ssmar_bench.backbones.build import build_backbone
from ssmar_bench.backbones.fit import check_fit
from ssmar_bench.core import catalog
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.network_names import beside
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import salted_id
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.launch_file import read_launch, weight_files
from ssmar_bench.runs.plan import PlannedRun, plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.testing import MethodUnderTest, examine
from tests.conftest import folder_of

from ._two_teachers import PLUGIN

SHORT = {"train.epochs": 2}


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "two_teachers.py"
    path.write_text(PLUGIN)
    catalog.use_plugin_file(path)
    yield path
    catalog.forget_plugin_files()


def kept(path: Path, seed: int = 0, classes: int = 12, name: str = "micro-tsm") -> Path:
    """What a run of supervised training keeps, without its training."""
    network = build_backbone(BackboneConfig(name=name, weights="none", input="rgb"), 4, classes, seed, 16)
    torch.save({f"network.{key}": value for key, value in network.state_dict().items()}, path)
    return path


def planned(tiny: Path, known: Any, first: str, other: str = "micro-tsm-narrow@none") -> PlannedRun:
    sets = {**SHORT, "two-teachers.first": first, "two-teachers.others": [other]}
    return plan_runs(resolve(Grid(str(tiny), ["two-teachers"], [0.5], [0], sets=sets)), known.index)[0]


def test_a_teachers_content_is_part_of_the_run_and_its_place_is_not(
    plugin: Path, tiny: Path, known: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy").mkdir()
    one, copy = kept(tmp_path / "t.pt"), kept(tmp_path / "copy" / "t.pt")
    monkeypatch.chdir(tmp_path)
    runs = [planned(tiny, known, f"same@{word}") for word in ("t.pt", str(one), "copy/t.pt", str(copy))]
    assert len({run.spec.identity() for run in runs}) == 1
    (mark,) = runs[0].further_weights
    assert [run.further_weights[mark] for run in runs] == [str(one), str(one), str(copy), str(copy)]
    assert runs[0].spec.hyperparameters["first"] == f"same@{mark}"
    assert str(tmp_path) not in str(runs[0].spec.to_json())
    assert planned(tiny, known, f"same@{mark}").spec == runs[0].spec, "the recorded value can be given again"
    kept(one, seed=1)
    assert planned(tiny, known, "same@t.pt").spec.identity() != runs[0].spec.identity()
    with pytest.raises(UserError, match=r"t\.pt is not the file that was meant, its SHA-256 begins with"):
        planned(tiny, known, f"same@{mark}")


def test_without_a_file_nothing_is_added_to_a_run(plugin: Path, tiny: Path, known: Any) -> None:
    run = planned(tiny, known, "same@none")
    assert run.further_weights == {}
    assert run.spec.hyperparameters == {"first": "same@none", "others": ["micro-tsm-narrow@none"]}


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("same@absent.pt", "two-teachers: The weights file .*absent.pt does not exist"),
        ("same@", "two-teachers: 'same@' names no weights behind '@'"),
        ("micro-tsm-narrow@imagenet", "'micro-tsm-narrow' has no pretrained weights"),
        ("tsn:resnet18@pretext", "'tsn:resnet18' has no pretext weights"),
    ],
)
def test_weights_that_are_not_there_are_told_before_anything_runs(
    plugin: Path, tiny: Path, known: Any, first: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        planned(tiny, known, first)


def test_another_networks_weights_are_told_before_anything_is_decoded(plugin: Path, tiny: Path, tmp_path: Path) -> None:
    wide = kept(tmp_path / "wide.pt", name="micro-tsm-wide")
    grid = Grid(str(tiny), ["two-teachers"], [0.5], [0], sets={"two-teachers.first": f"same@{wide}"})
    with pytest.raises(UserError, match=r"wide\.pt does not fit the network: 'backbone\."):
        resolve(grid).check_fits()


def test_a_file_that_no_hyper_parameter_names_is_refused(plugin: Path, tiny: Path, known: Any, tmp_path: Path) -> None:
    hidden = kept(tmp_path / "hidden.pt")
    text = PLUGIN.replace("(self.config.first, *", f'("same@{hidden}", self.config.first, *')
    plugin.write_text(text)
    catalog.use_plugin_file(plugin)
    with pytest.raises(UserError, match="which is the value of no hyper-parameter"):
        planned(tiny, known, "same@none")


def test_a_classifier_of_other_classes_is_left_out_and_told(tmp_path: Path) -> None:
    path = kept(tmp_path / "seven.pt", classes=7)
    config = beside(BackboneConfig(name="micro-tsm", weights="none", input="rgb"), f"same@{path}")
    (sentence,) = check_fit(config, 4, 12, 16, classifier=True)
    assert sentence == f"{path} has no classifier of 12 classes; micro-tsm starts with a random one."
    assert check_fit(config, 4, 7, 16, classifier=True) == ()
    assert check_fit(config, 4, 12, 16) == ()


@pytest.mark.slow
@pytest.mark.parametrize("check", ["further-networks-are-known-from-the-hyper-parameters", "it-survives-kill-9"])
def test_a_method_with_a_teachers_file_keeps_the_contract(plugin: Path, tmp_path: Path, check: str) -> None:
    plugin.write_text(PLUGIN.replace("same@none", f"same@{kept(tmp_path / 't.pt', classes=3)}"))
    catalog.use_plugin_file(plugin)
    assert examine(MethodUnderTest.of("two-teachers"), check).message == ""


@pytest.mark.slow
def test_two_teachers_teach_a_run_that_predicts_and_is_verified(
    plugin: Path, tiny: Path, tmp_path: Path, trained: Any, known: Any
) -> None:
    teachers = [folder_of(trained.out, name) for name in ("supervised", "fixmatch")]
    files = [RunFolder(teacher).weights for teacher in teachers]
    sets = {**SHORT, "two-teachers.first": f"same@{files[0]}", "two-teachers.others": [f"micro-tsm@{files[1]}"]}
    grid = Grid(str(tiny), ["two-teachers"], [0.5], [0], sets=sets)
    states = api.run(grid, api.Execution(tmp_path / "out", jobs=1))
    assert [*states.values()] == ["done"]
    folder = RunFolder(folder_of(tmp_path / "out", "two-teachers"))
    assert weight_files(read_launch(folder)) == [str(file) for file in files]
    heads = read_json(folder.record / "metrics.json")["heads"]
    for head, teacher in zip(("first", "second"), teachers, strict=True):
        own = read_json(teacher / "record" / "metrics.json")["test"]
        assert heads[head]["test"]["accuracy"] == own["accuracy"], "a teacher says what it said in its own run"

    model = api.load_model(folder.path.name, tmp_path / "out")
    record = pd.read_csv(folder.record / "predictions.csv")
    for clip, video in zip(known.index.clips["clip_id"], known.index.clips["path"], strict=True):
        for said in record.loc[record["clip"] == salted_id("tiny-motion", clip), "prediction"]:
            assert model.predict(Path(video)).label == model.classes[said]
    again = api.verify_run(folder.path.name, tmp_path / "out", api.SecondTraining(benchmark=str(tiny)))
    assert again.verdict == "bit-equal", str(again)
    assert again.spec == {}
