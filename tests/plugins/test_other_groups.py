"""Sources, networks and engines of packages, each in a group of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ssmar_bench import api
from ssmar_bench.backbones import build
from ssmar_bench.core import catalog
from ssmar_bench.core.benchmark_config import BackboneConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.engines import ENGINES
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.sources import known_source, read_source
from tests.conftest import Finished, folder_of
from tests.plugins.conftest import Install

Call = Callable[..., Finished]

SOURCE = """\
from ssmar_bench.sources.source_catalog import Source

MINE = Source(
    "mine", "Mine: my own videos", "my_package.reader:survey", "", licensed=False, terms="mine", get="ask me",
    options={"half": (0, 1)},
)
"""
READER = """\
from ssmar_bench.core.index import Index
from ssmar_bench.sources.ma52 import survey as of_ma52
from ssmar_bench.sources.listing import SourceListing


def survey(root, source, options, listener):
    found = of_ma52(root, source, {}, listener)
    clips = found.index.clips[: len(found.index.clips) // (1 + options["half"])]
    return SourceListing(Index(source, clips, found.index.classes), "mine")
"""
NETWORK = """\
import torch
from torch import nn


class Mean(nn.Module):
    def __init__(self, segments):
        super().__init__()
        self.features = 3
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, frames):
        return frames.mean((2, 3)) * self.scale
"""
ENGINE = """\
import pathlib

from ssmar_bench.runs.local import LocalEngine


class Noting(LocalEngine):
    def run(self, folders, listener, finish):
        pathlib.Path("NOTE").write_text(" ".join(folder.path.name for folder, _ in folders))
        yield from super().run(folders, listener, finish)
"""


@pytest.fixture
def package(install: Install, tiny: Path, tmp_path: Path) -> Path:
    """One package with an entry in three groups, and a benchmark of its own source."""
    benchmark_config = tiny.read_text().replace("source:\n", "source:\n  name: mine\n").partition("  options:")
    rest = benchmark_config[2].partition("parts:")
    return install(
        "my-package",
        {
            catalog.SOURCES: "mine = my_package.source:MINE",
            catalog.BACKBONES: "mean = my_package.network:Mean",
            catalog.ENGINES: "noting = my_package.engine:Noting",
        },
        **{
            "my_package/__init__.py": "",
            "my_package/source.py": SOURCE,
            "my_package/reader.py": READER,
            "my_package/network.py": NETWORK,
            "my_package/engine.py": ENGINE.replace("NOTE", str(tmp_path / "note.txt")),
            "my_package/splits/my-motion.yaml": (
                benchmark_config[0].replace("tiny-motion", "my-motion")
                + "  options: {train_clips: , test_clips: , train_subjects: , "
                "test_subjects: , amplitude: , balanced_test: , seed: }\nparts:" + rest[2]
            ),
        },
    )


def test_a_network_of_a_package_is_built_by_name(package: Path) -> None:
    method_config = BackboneConfig(name="mean", weights="none", input="rgb")
    network = build.build_backbone(method_config, 4, 5, seed=0)
    assert network(torch.rand(2, 4, 3, 8, 8)).logits.shape == (2, 5)
    with pytest.raises(UserError, match="Backbone 'mean' has no pretrained weights"):
        build.build_backbone(method_config.model_copy(update={"weights": "imagenet"}), 4, 5, seed=0)
    with pytest.raises(UserError, match="did you mean 'mean'"):
        build.build_backbone(method_config.model_copy(update={"name": "meann"}), 4, 5, seed=0)


def test_a_source_of_a_package_is_read_by_name(package: Path, tiny: Path) -> None:
    benchmark_config = resolve(Grid(str(tiny), ["supervised"])).benchmark_config
    prepare_data.prepare_source(benchmark_config, {}, 1, ignore_events)
    root = prepare_data.source_root(benchmark_config, {})
    assert known_source("mine").title == "Mine: my own videos"
    assert len(read_source("mine", root).clips) == 84
    assert len(read_source("mine", root, {"half": 1}).clips) == 42
    with pytest.raises(UserError, match="mine: half is 2, expected one of 0, 1"):
        read_source("mine", root, {"half": 2})
    with pytest.raises(UserError, match="mine has no option 'whole'"):
        read_source("mine", root, {"whole": 1})
    assert "mine" in [source.name for source in api.sources()]


def test_listing_them_shows_them_and_tells_what_is_broken(package: Path, install: Install, call: Call) -> None:
    install(
        "broken-package",
        {catalog.SOURCES: "yours = broken_package:YOURS\nma52 = broken_package:YOURS\nint = broken_package:INT"},
        **{"broken_package/__init__.py": "INT = 3", "broken_package/splits/worse.yaml": "name: worse\n"},
    )
    ended = call("data", "list")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert any(line.startswith("my-motion\t") for line in lines)
    assert any(line.startswith("mine\t") for line in lines)
    assert any(line.startswith("smg\t") for line in lines)
    broken = [line for line in lines if line.startswith("Broken: ")]
    assert broken[0].startswith("Broken: benchmark 'worse' of broken-package 1.2: ")
    assert "worse.yaml:1: title: is missing" in broken[0]
    assert broken[1].endswith("source 'int' of broken-package 1.2: 3 is no ssmar_bench.sources.source_catalog.Source.")
    assert broken[2].startswith("Broken: source 'ma52' of ssmar-bench ")
    assert "is defined twice: by ssmar-bench " in broken[2]
    assert broken[3].startswith("Broken: source 'yours' of broken-package 1.2: ")
    assert "AttributeError: module 'broken_package' has no attribute 'YOURS'" in broken[3]
    assert len(broken) == 4


def test_an_unknown_engine_is_reported_before_anything_starts(call: Call, tiny: Path, tmp_path: Path) -> None:
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--out", tmp_path / "out")
    ended = call(*words, "--engine", "locall")
    assert (ended.status, ended.err) == (2, "ssmar-bench: Unknown engine 'locall'; did you mean 'local'?\n")
    assert not (tmp_path / "out").exists()
    assert ENGINES.names() == ["local", "ray", "slurm"]


@pytest.mark.slow
def test_a_grid_runs_on_a_packages_source_network_and_engine(
    package: Path, tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{package}:{Path(__file__).parents[2]}")
    benchmark_config = resolve(Grid(str(tiny), ["supervised"])).benchmark_config
    prepare_data.prepare_source(benchmark_config, {}, 1, ignore_events)
    shutil.copytree(prepare_data.source_root(benchmark_config, {}), tmp_path / "videos")
    words = ("--benchmark", "my-motion", "--data", f"mine={tmp_path / 'videos'}", "--backbone", "mean")
    ended = call("run", "--methods", "supervised", *words, "--engine", "noting", "--out", tmp_path)
    assert ended.status == 0, ended.err
    folder = folder_of(tmp_path, "supervised")
    assert RunFolder(folder).done()
    assert folder.name.startswith("my-motion_supervised_r50_s0_")
    assert (tmp_path / "note.txt").read_text() == folder.name
