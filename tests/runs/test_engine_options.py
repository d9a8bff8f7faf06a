"""Options of engines are read as they are typed, and faults are told in a sentence before any work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.cli.engines import EngineChoice
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs.engine_options import EngineOptions, read_options
from tests.conftest import Finished


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (None, {}),
        ("partition=gpu,gres=gpu:1,time=02:00:00", {"partition": "gpu", "gres": "gpu:1", "time": "02:00:00"}),
        ("exclude=n1,n2, mem=16G", {"exclude": "n1,n2", "mem": "16G"}),
        ("comment=a=b", {"comment": "a=b"}),
    ],
)
def test_a_text_of_options(text: str | None, options: dict[str, Any]) -> None:
    assert read_options(text, "--slurm") == options


def test_a_file_of_options_with_more_for_one_method(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "partition: gpu\ntime: 02:00:00\nsetup: [module load cuda, source venv/bin/activate]\n"
        "methods:\n  svformer: {mem: 64G, array_parallelism: 4}\n"
    )
    options = EngineOptions.of(read_options(str(path), "--slurm"))
    assert options.of_method("aplt") == options.shared
    assert options.shared["time"] == "02:00:00"
    assert options.of_method("svformer") == {**options.shared, "mem": "64G", "array-parallelism": 4}
    assert options.all() == [options.shared, options.of_method("svformer")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("gpu", "--slurm gpu: expected NAME=VALUE,... or the path of a .yaml file."),
        ("a=1,a=2", "--slurm a=1,a=2: 'a=2' has no name, or one that is there twice; give NAME=VALUE,..."),
        ("=1", "--slurm =1: '=1' has no name, or one that is there twice; give NAME=VALUE,..."),
        ("none.yaml", "none.yaml: there is no such file; "),
    ],
)
def test_a_text_that_is_no_option(text: str, fault: str) -> None:
    with pytest.raises(UserError) as error:
        read_options(text, "--slurm")
    assert str(error.value).startswith(fault)


@pytest.mark.parametrize(
    "text", ["time: {a: 1}", "methods: [a]", "methods: {aplt: 3}", "methods: {aplt: {mem: {a: 1}}}"]
)
def test_a_file_with_something_else_than_options(tmp_path: Path, text: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match="expected"):
        read_options(str(path), "--slurm")


@pytest.mark.parametrize(
    ("engine", "text", "asked", "device"),
    [
        ("slurm", "partition=gpu,gres=gpu:1", "auto", "cuda"),
        ("slurm", "gpus_per_node=1", "auto", "cuda"),
        ("ray", "num_gpus=0.5", "auto", "cuda"),
        ("slurm", "partition=gpu", "auto", "cpu"),
        ("ray", "num_gpus=0", "auto", "cpu"),
        ("slurm", None, "auto", "cpu"),
        ("slurm", None, "cuda", "cuda"),
        ("local", None, "auto", "auto"),
    ],
)
def test_the_device_of_other_machines_is_what_their_options_ask_for(
    engine: str, text: str | None, asked: str, device: str
) -> None:
    assert EngineChoice(engine, {engine: text}).device(asked) == device


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--slurm", "time=1"), "--slurm is for --engine slurm; give both, or leave it out."),
        (("--detach",), "--detach is for --engine slurm; --engine local ends with its command."),
    ],
)
def test_options_of_an_engine_that_is_not_asked_for(call: Any, tmp_path: Path, words: Any, fault: str) -> None:
    ended: Finished = call("run", "--methods", "supervised", "--out", tmp_path / "out", *words)
    assert (ended.status, ended.err) == (2, f"ssmar-bench: {fault}\n")
    assert not (tmp_path / "out").exists()


def test_no_slurm_is_told_before_any_work(
    call: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--engine", "slurm", "--out", tmp_path / "out")
    ended: Finished = call(*words)
    assert ended.status == 2
    assert ended.err == (
        "ssmar-bench: --engine slurm: the command sbatch is not on the path; start this on a login node of a SLURM "
        "cluster.\n"
    )
    assert not (tmp_path / "out" / "runs").exists()


def test_options_for_a_method_that_there_is_not(call: Any, tiny: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("methods: {svformer: {num_cpus: 2}, alpt: {num_cpus: 2}}\n")
    words = ("run", "--benchmark", tiny, "--methods", "supervised", "--out", tmp_path / "out")
    ended: Finished = call(*words, "--engine", "ray", "--ray", site)
    assert ended.status == 2
    assert ended.err == (
        "ssmar-bench: methods: alpt: unknown method 'alpt' in the engine's options; did you mean 'aplt'?\n"
    )
    assert not (tmp_path / "out" / "runs").exists()


@pytest.mark.parametrize(
    "words", [["--detach"], ["--overwrite", "always", "--detach"], ["--detach", "--overwrite=always"]]
)
def test_a_detached_grid_is_recorded_by_its_own_command(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["ssmar-bench", "run", *words, "--out", "here"])
    chosen = EngineChoice("slurm", {}, detach=True)
    assert chosen.collect() == ["run", "--out", "here", "--overwrite", "only-record"]
