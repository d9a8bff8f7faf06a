"""Every known error is a line or two on standard error and status 2, and leaves nothing behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import Commands, Finished

Call = Callable[..., Finished]

WORDS = {
    "unknown method": (["--methods", "fixmach"], "Unknown method 'fixmach'; did you mean 'fixmatch'?"),
    "no method": (["--methods", ","], "--methods ,: there is nothing before or behind one of the commas"),
    "no such method config": (["--methods", "./mine.yaml"], "Unknown method './mine.yaml': there is no such file; "),
    "unknown benchmark": (
        ["--benchmark", "micro-motion-easi"],
        "Unknown benchmark 'micro-motion-easi'; did you mean 'micro-motion-easy'?",
    ),
    "ratio 0": (["--ratios", "0.5,0"], "A labelled ratio lies in (0, 1]; 0 does not."),
    "ratio above 1": (["--ratios", "1.5"], "A labelled ratio lies in (0, 1]; 1.5 does not."),
    "negative ratio": (["--ratios=-0.1"], "A labelled ratio lies in (0, 1]; -0.1 does not."),
    "ratio nan": (["--ratios", "nan"], "A labelled ratio lies in (0, 1]; nan does not."),
    "ratio in words": (["--ratios", "half"], "--ratios half: expected numbers separated by commas"),
    "seed in words": (["--seeds", "one"], "--seeds one: expected numbers separated by commas"),
    "unknown key": (["--set", "train.lrr=0.1"], "train.lrr: unknown key"),
    "near key": (["--set", "train.epoch=3"], "--set: train.epoch: unknown key; did you mean 'epochs'?"),
    "near key of a method": (
        ["--methods", "fixmatch", "--set", "fixmatch.threshhold=3"],
        "--set: threshhold: unknown key; did you mean 'threshold'?",
    ),
    "unknown section": (["--set", "trian.lr=0.1"], "--set trian.lr: unknown section 'trian'; did you mean 'train'?"),
    "another method's section": (["--set", "aplt.weight=1"], "--set aplt.weight: unknown section 'aplt'"),
    "wrong type": (["--set", "train.lr=fast"], "train.lr: input should be a valid number"),
    "out of range": (["--set", "train.batch=0"], "train.batch: input should be greater than or equal to 1"),
    "not YAML": (["--set", "train.lr=["], "--set train.lr=[: the value is not valid YAML: "),
    "no value": (["--set", "train.lr"], "--set train.lr: expected SECTION.KEY=VALUE"),
    "no section": (["--set", "lr=0.1"], "--set lr=0.1: expected SECTION.KEY=VALUE"),
    "an algorithm's key": (["--set", "fixmatch.treshold=1"], "treshold: unknown key; did you mean 'threshold'?"),
    "an algorithm's value": (["--set", "fixmatch.threshold=2"], "threshold: input should be less than or equal to 1"),
    "too few epochs": (
        ["--methods", "aplt", "--set", "train.epochs=3"],
        "aplt needs a longer run: in 3 epochs its offline rounds would be after epochs 1, 1, 2, 2",
    ),
    "unknown backbone": (
        ["--backbone", "nosuch"],
        "Unknown backbone 'nosuch' (tsn:NAME, tsm:NAME, manet:NAME: of timm); known: mc3_18, micro-r3d, micro-tsm, ",
    ),
    "unknown network of timm": (["--backbone", "tsn:resnet81"], "timm knows no network 'resnet81'; did you mean "),
    "unfit network of timm": (["--backbone", "tsm:vgg11"], "tsm:vgg11: temporal shift needs residual blocks"),
    "no such weights": (
        ["--backbone", "tsn:resnet18", "--set", "backbone.weights=my.pth"],
        "The weights file my.pth does not exist",
    ),
    "unknown profile": (["--profile", "smok"], "has no profile 'smok'; did you mean 'smoke'?"),
    "unknown word": (["--overwrite", "alway"], "--overwrite alway: unknown; did you mean 'always'?"),
    "no folder": (["--data", "micro-motion"], "--data micro-motion: expected SOURCE=FOLDER"),
    "absent folder": (["--data", "micro-motion=/no/such"], "--data micro-motion=/no/such: expected SOURCE=FOLDER"),
    "unknown source": (["--data", "micromotion=."], "unknown source 'micromotion'; did you mean 'micro-motion'?"),
    "another folder": (["--data", "micro-motion=FOLDER"], "expected the options of a micro-motion data set"),
    "unknown device": (["--device", "gpu"], "--device gpu: expected auto, cpu, cuda or cuda:N."),
}


def told(ended: Finished, out: Path) -> str:
    """The error's text, after everything that every error has in common."""
    assert ended.status == 2
    assert ended.out == ""
    lines = [line for line in ended.err.splitlines() if not line.startswith((" prepare  ", "     run  "))]
    assert 1 <= len(lines) <= 2, ended.err
    assert lines[0].startswith("ssmar-bench: ")
    assert not out.exists()
    return " ".join(lines)


@pytest.mark.parametrize("case", WORDS)
def test_wrong_words(tiny: Path, rendered: Path, tmp_path: Path, call: Call, case: str) -> None:
    words, fault = WORDS[case]
    words = [word.replace("FOLDER", str(tmp_path)) for word in words]
    defaults = {"--benchmark": str(tiny), "--methods": "fixmatch", "--out": str(tmp_path / "out")}
    for option, value in defaults.items():
        words = [*words, option, value] if option not in words else words
    assert fault in told(call("run", *words), tmp_path / "out")


METHOD_CONFIG = """\
extends: fixmatch
name: mine
label: Mine
"""
FILES = {
    "wrong type": ('hyperparameters:\n  threshold: {value: high, source: "me"}\n', ":5: threshold: input should be a "),
    "unknown hyper-parameter": (
        'hyperparameters:\n  treshold: {value: 1, source: "me"}\n',
        ":5: treshold: unknown key; did you mean 'threshold'?",
    ),
    "no source of a value": (
        "hyperparameters:\n  threshold: {value: 0.9, source: ''}\n",
        ":5: hyperparameters.threshold.source: string should have at least 1 character",
    ),
    "unknown key": ("lable: Mine\n", ":4: lable: unknown key; did you mean 'label'?"),
    "unknown override": ("overrides:\n  train.lrr: 1\n", "train.lrr: unknown key"),
    "unknown algorithm": ("algorithm: fixmach\n", "Unknown algorithm 'fixmach'; did you mean 'fixmatch'?"),
    "twice": ("label: Other\n", "not valid YAML"),
    "not YAML": ("notes: [\n", "not valid YAML"),
}


@pytest.mark.parametrize("case", FILES)
def test_wrong_method_configs(tiny: Path, tmp_path: Path, call: Call, case: str) -> None:
    text, fault = FILES[case]
    method_config = tmp_path / "mine.yaml"
    method_config.write_text(METHOD_CONFIG + text)
    error = told(
        call("run", "--benchmark", tiny, "--methods", method_config, "--out", tmp_path / "out"), tmp_path / "out"
    )
    assert (f"{method_config}{fault}" if fault.startswith(":") else fault) in error


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("train:\n  epochs: many\n", ":4: train.epochs: input should be a valid integer"),
        ("train:\n  epoch: 6\n", ":4: train.epoch: unknown key"),
        (
            "source:\n  options:\n    amplitud: 2\n",
            "source.options.amplitud: unknown option; did you mean 'amplitude'?",
        ),
        ("ratios: [0.5, 2]\n", ":3: ratios: value error, a labelled ratio lies in (0, 1], not 2"),
    ],
)
def test_wrong_benchmark_configs(tiny: Path, tmp_path: Path, call: Call, text: str, fault: str) -> None:
    benchmark_config = tmp_path / "mine.yaml"
    benchmark_config.write_text(f"extends: {tiny}\nname: mine\n{text}")
    ended = call("run", "--benchmark", benchmark_config, "--methods", "supervised", "--out", tmp_path / "out")
    assert (f"{benchmark_config}{fault}" if fault.startswith(":") else fault) in told(ended, tmp_path / "out")


def run_on(videos: Path, tiny: Path, out: Path, call: Call) -> str:
    words = ("--benchmark", tiny, "--methods", "supervised", "--data", f"micro-motion={videos}", "--out", out)
    return told(call("run", *words), out)


def test_a_class_without_a_training_clip(videos: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    listed = videos / "train_list_videos.txt"
    lines = [line for line in listed.read_text().splitlines() if not line.endswith(" 31")]
    listed.write_text("\r\n".join(lines))
    error = run_on(videos, tiny, tmp_path / "out", call)
    assert "Class 31 (tiptoe) of tiny-motion has no training clip in micro-motion" in error


def test_a_missing_video(videos: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    lost = sorted((videos / "videos_train").iterdir())[7]
    lost.unlink()
    error = run_on(videos, tiny, tmp_path / "out", call)
    assert f"1 of the 60 videos that train_list_videos.txt names is missing, the first is '{lost.name}'" in error


def test_an_unreadable_video(videos: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    broken = sorted((videos / "videos_val").iterdir())[7]
    broken.write_text("this was a video\n")
    error = run_on(videos, tiny, tmp_path / "out", call)
    assert f"The video {broken} of the clip 'val/{broken.stem}' cannot be used: it is not a video, or it is" in error


def test_too_little_disk(videos: Path, tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=2**40, used=2**40, free=2**20))
    error = run_on(videos, tiny, tmp_path / "out", call)
    assert "for 84 clips, but only 0.0 GB are free on its disk" in error
    assert not (tmp_path / "cache").exists()


def test_out_is_a_file(tiny: Path, tmp_path: Path, call: Call) -> None:
    (tmp_path / "out").write_text("mine")
    ended = call("run", "--benchmark", tiny, "--methods", "supervised", "--out", tmp_path / "out")
    assert ended.status == 2
    out = tmp_path / "out"
    assert ended.err == f"ssmar-bench: --out {out}: {out} is a file, not a folder; give another folder.\n"
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["run"], "run needs --methods; see `ssmar-bench run --help`."),
        (["predict"], "predict needs RUN; see `ssmar-bench predict --help`."),
        (["run", "--methods", "aplt", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["run", "--methods", "aplt", "--jobs", "two"], "Invalid value for '--jobs'"),
        (["run", "--methods", "aplt", "--ration", "0.5"], "No such option"),
        (["rum"], "There is no command `ssmar-bench rum`; did you mean `ssmar-bench run`?"),
    ],
)
def test_usage(call: Call, words: list[str], fault: str) -> None:
    ended = call(*words)
    assert ended.status == 2
    assert fault in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_the_module_names_a_command_by_its_own_words() -> None:
    def said(*words: str) -> str:
        command = [sys.executable, "-m", "ssmar_bench", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr

    assert said("run") == "ssmar-bench: run needs --methods; see `python -m ssmar_bench run --help`.\n"
    meant = "did you mean `python -m ssmar_bench run --methods aplt`?"
    assert said("run", "aplt") == f"ssmar-bench: run takes methods as an option; {meant}\n"


def test_a_config_that_is_not_there(call: Call) -> None:
    said = "grid.yaml: there is no such file; give the path of one that is there."
    assert call("run", "--config", "grid.yaml").err == f"ssmar-bench: {said}\n"


@pytest.mark.slow
def test_a_real_process_says_it_the_same_way(commands: Commands, tiny: Path, tmp_path: Path) -> None:
    ended = commands.run("run", "--benchmark", tiny, "--methods", "fixmach", "--out", tmp_path / "out")
    assert ended.status == 2
    assert ended.err == "ssmar-bench: Unknown method 'fixmach'; did you mean 'fixmatch'?\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "name", "said"),
    [
        (("run", "--methods", "supervised"), "grids.run", "interrupted; the same command continues where it stopped."),
        (("reproduce", "table1"), "reproduce.train_table", "interrupted; the same command continues where it stopped."),
        (("methods", "list"), "method_list.list_methods", "interrupted."),
    ],
)
def test_ctrl_c_promises_only_what_a_command_keeps(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], name: str, said: str
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"ssmar_bench.api.{name}", stopped)
    monkeypatch.chdir(tmp_path)
    ended = call(*words)
    assert ended.status == 130
    assert ended.err.splitlines()[-1] == f"ssmar-bench: {said}"
