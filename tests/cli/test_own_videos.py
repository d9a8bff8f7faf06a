"""``run --videos`` and ``data new``: what is chosen, what is written, and what is told before anything is decoded."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ssmar_bench import api
from ssmar_bench.cli import own_videos
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.yaml_file import load_yaml
from ssmar_bench.runs import prepare_data

Call = Callable[..., Any]
PLAN = ("--methods", "supervised,fixmatch,aplt", "--network", "small", "--plan")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixty labelled files and twenty others, none of which is a video: whoever decodes one fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    rows = ["file,label"]
    for number in range(60):
        name = f"day {number % 3}/clip {number:02d} ü.mp4"
        rows.append(f"{name},{('nod', 'shake', 'bow')[number % 3]}")
        (tmp_path / "clips" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clips" / name).write_text(f"no video {number}")
    (tmp_path / "more").mkdir()
    for number in range(20):
        (tmp_path / "more" / f"{number}.avi").write_text(f"nothing {number}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return tmp_path


def test_a_plan_shows_what_was_chosen_and_decodes_nothing(call: Call, lab: Path) -> None:
    ended = call("run", "--videos", "clips", "--labels", "labels.csv", "--unlabelled", "more", *PLAN)
    assert ended.status == 0, ended.err
    for said in (
        "nod",
        "Unlabelled videos: 20",
        "Parts: by clip, since subjects are not known: the same person may be in training and test",
        "Test: 15 clips, so one clip is 6.7 points of accuracy.",
        "ssmar-runs/videos/clips/benchmark.yaml",
        "Network: micro-tsm at 48 pixels, 30 epochs; no GPU is used, and on the CPU 9 runs take about",
    ):
        assert said in ended.out
    assert "needs unlabelled clips" not in ended.out
    assert not (lab / "cache" / "frame_caches").exists()
    config = benchmark_configs.read_benchmark_config("ssmar-runs/videos/clips/benchmark.yaml")
    assert (config.ratios, config.backbone.name, config.backbone.weights) == ([1.0], "tsn:resnet18", "imagenet")
    assert (config.clips.size, config.parts.unlabelled) == (224, ["unlabelled"])


def test_the_time_is_weighed_by_views_also_where_only_clips_without_a_label_are_unlabelled(
    call: Call, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssmar_bench.runs.step_guess.time_step", lambda *_: 0.7)
    words = ("run", "--videos", "clips", "--labels", "labels.csv", "--unlabelled", "more", *PLAN, "--jobs", 1)
    told = call(*words).out
    (about,) = re.findall(r"on the CPU 9 runs take about ([^.]+)\.", told)
    assert f"To train: {about} (guessed: 9 by a timed step)" in told
    (own,) = (lab / "ssmar-runs" / "videos").iterdir()
    plan = call(
        "run", "-b", own / "benchmark.yaml", "--profile", "small", "-m", "supervised,fixmatch", *PLAN[-1:], "--json"
    )
    seconds = {run["method"]: run["seconds"] for run in json.loads(plan.out)["runs"]}
    assert seconds["fixmatch"] == pytest.approx(seconds["supervised"] * 7 / 3)


def test_a_network_of_which_no_step_can_be_made_is_of_unknown_time(
    call: Call, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> float:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("ssmar_bench.runs.step_guess.time_step", fails)
    ended = call("run", "--videos", "clips", "--labels", "labels.csv", *PLAN)
    assert ended.status == 0, ended.err
    assert "9 runs take an unknown time, since no step of it can be timed here." in ended.out


def test_the_same_videos_are_the_same_benchmark_and_others_are_another(call: Call, lab: Path) -> None:
    words = ("run", "--videos", lab / "clips", "--labels", "labels.csv", *PLAN)
    first = call(*words)
    assert first.status == 0
    assert "Unlabelled videos: none, so methods that need some are skipped; --unlabelled FOLDER adds" in first.out
    assert "Parts: as in ssmar-runs/videos/clips/benchmark.yaml." in call(*words).out
    labels = lab / "labels.csv"
    labels.write_text(labels.read_text().replace("clip 00 ü.mp4,nod", "clip 00 ü.mp4,bow"))
    ended = call(*words)
    assert (
        "The videos or labels are not those of the benchmark clips, made here before: these are clips-2." in ended.out
    )
    assert {path.name for path in (lab / "ssmar-runs" / "videos").iterdir()} == {"clips", "clips-2"}


def test_a_new_benchmark_is_run_from_its_file(call: Call, lab: Path) -> None:
    ended = call("data", "new", "mine", "--videos", "clips", "--labels", "labels.csv", "--unlabelled", "more")
    assert ended.status == 0, ended.err
    assert "ssmar-bench run --benchmark mine/benchmark.yaml --methods supervised,fixmatch,aplt" in ended.out
    assert load_yaml(lab / "mine" / "videos.yaml").data == {
        "videos": "../clips", "labels": "../labels.csv", "unlabelled": ["../more"],
    }  # fmt: skip
    words = (
        "run",
        "--benchmark",
        "mine/benchmark.yaml",
        "--profile",
        "small",
        "--methods",
        "supervised,aplt",
        "--plan",
    )
    ended = call(*words)
    assert ended.status == 0, ended.err
    assert "supervised" in ended.out
    again = call("data", "new", "mine", "--videos", "clips", "--labels", "labels.csv")
    assert (again.status, "exists already" in again.err) == (2, True)


def test_the_split_and_the_record_know_the_unlabelled(lab: Path) -> None:
    own = api.new_benchmark("mine", "clips", "labels.csv", ["more"])
    index = prepare_data.planning_index(own.benchmark_config, {"videos": own.folder})
    split = prepare_data.any_split(index, own.benchmark_config)
    assert len(split.never_labelled) == 20 == len(split.unlabelled)
    assert len(split.to_json()["never_labelled"]) == 20
    assert len(prepare_data.clip_files(index, split)) == 80


def rewritten(lab: Path, change: Callable[[str], str]) -> None:
    (lab / "labels.csv").write_text(change((lab / "labels.csv").read_text()))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file twice with two labels": (
        lambda lab: rewritten(lab, lambda text: f"{text}\nday 0/clip 00 ü.mp4,bow\n"),
        "labels.csv:62: the label of 'day 0/clip 00 ü.mp4' is 'bow' here and 'nod' in line 2; keep one of the two",
    ),
    "a label once": (
        lambda lab: rewritten(lab, lambda text: text.replace("clip 00 ü.mp4,nod", "clip 00 ü.mp4,nodd")),
        "labels.csv: the class 'nodd' has 1 clip (did you mean 'nod'?); a class needs 3 clips",
    ),
    "a list of another folder": (
        lambda lab: rewritten(lab, lambda text: text.replace("day ", "tag ")),
        "labels.csv:2: none of its 60 videos is in clips, the first is 'tag 0/clip 00 ü.mp4'; 'day 0/clip 00",
    ),
    "a video that is missing": (
        lambda lab: (lab / "clips" / "day 0" / "clip 00 ü.mp4").unlink(),
        "1 of the 60 videos that labels.csv names is missing, the first is 'day 0/clip 00 ü.mp4'",
    ),
    "a video that is empty": (
        lambda lab: (lab / "clips" / "day 0" / "clip 00 ü.mp4").write_text(""),
        "1 video cannot be used, the first is 'day 0/clip 00 ü.mp4': it is empty; replace it or leave such clips out",
    ),
    "a copy with another label": (
        lambda lab: shutil.copy(lab / "clips" / "day 0" / "clip 00 ü.mp4", lab / "clips" / "day 1" / "clip 01 ü.mp4"),
        "labels.csv: 'day 1/clip 01 ü.mp4' is a copy of 'day 0/clip 00 ü.mp4', but they are labelled 'shake' and 'nod'",
    ),
    "all in the test part": (
        lambda lab: rewritten(
            lab, lambda text: text.replace("\n", ",test\n").replace("label,test", "label,part") + ",test"
        ),
        "labels.csv: the list has all clips of every class in the part test, so there is nothing to train on",
    ),
    "three clips in all": (
        lambda lab: rewritten(lab, lambda text: "\n".join(text.splitlines()[:4])),
        "labels.csv: the class 'bow' has 1 clip; the class 'nod' has 1 clip; the class 'shake' has 1 clip;",
    ),
    "no list": (lambda lab: (lab / "labels.csv").unlink(), "labels.csv: there is no such file; give the list"),
    "a folder without videos": (
        lambda lab: shutil.rmtree(lab / "more") or (lab / "more").mkdir(),  # type: ignore[func-returns-value]
        "--unlabelled more: there is no video in this folder or below it",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_is_told_before_anything_is_decoded(call: Call, lab: Path, fault: str) -> None:
    spoil, said = FAULTS[fault]
    spoil(lab)
    ended = call("run", "--videos", "clips", "--labels", "labels.csv", "--unlabelled", "more", *PLAN[:-1])
    assert ended.status == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert not (lab / "cache" / "frame_caches").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--labels", "labels.csv"), "--labels is of your own videos; give their folder with --videos."),
        (("--network", "small"), "--network is of your own videos"),
        (("--videos", "clips", "--benchmark", "ma-12"), "so give no --benchmark"),
        (("--videos", "clips", "--network", "smal"), "--network smal: unknown; did you mean 'small'?"),
        (("--videos", "clips", "--network", "small", "--profile", "small"), "give either --network or --profile"),
        (("--videos", "clipz"), "clipz: there is no such folder; give a folder that holds videos"),
    ],
)
def test_options_that_do_not_go_together(call: Call, lab: Path, words: tuple[str, ...], said: str) -> None:
    ended = call("run", "--methods", "supervised", *words)
    assert ended.status == 2
    assert said in ended.err


@pytest.mark.parametrize("name", ["Mine", "a b", "-", "ma-12"])
def test_a_name_that_is_none(call: Call, lab: Path, name: str) -> None:
    ended = call("data", "new", "--videos", "clips", "--labels", "labels.csv", "--", name)
    assert ended.status == 2
    assert "benchmark" in ended.err
    assert {path.name for path in lab.iterdir()} == {"clips", "more", "labels.csv"}


def test_weights_that_cannot_be_had_offer_the_small_network(
    call: Call, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ssmar_bench.core.errors import UserError
    from ssmar_bench.runs.resolve import Resolved

    def refuse(_: object) -> None:
        raise UserError("The ImageNet weights of resnet18 cannot be fetched.")

    monkeypatch.setattr(Resolved, "check_fits", refuse)
    monkeypatch.setattr("ssmar_bench.runs.step_guess.time_step", lambda *_: 0.1)
    ended = call("run", "--videos", "clips", "--labels", "labels.csv", "--methods", "supervised")
    assert ended.status == 2
    assert "cannot be fetched; no GPU is used, and on the CPU 3 runs would take about" in ended.err
    assert "; --network small needs no weights and takes about" in ended.err


def test_every_problem_of_an_edited_config_is_told_at_once(call: Call, lab: Path) -> None:
    api.new_benchmark("mine", "clips", "labels.csv")
    path = lab / "mine" / "benchmark.yaml"
    path.write_text(path.read_text().replace("epochs: 55", "epochs: none").replace("seeds:", "seedz:"))
    ended = call("run", "--benchmark", path, "--methods", "supervised", "--plan")
    assert ended.status == 2
    for said in ("train.epochs: ", "seedz: unknown key; did you mean 'seeds'?", "seeds: is missing"):
        assert said in ended.err


def test_a_schedule_that_is_too_short_says_what_suffices(call: Call, lab: Path) -> None:
    words = ("--videos", "clips", "--labels", "labels.csv", "--methods", "aplt", "--network", "small", "--plan")
    ended = call("run", *words, "--set", "train.epochs=4")
    assert ended.status == 2
    assert "raise train.epochs to 5 or more" in ended.err
    assert call("run", *words, "--set", "train.epochs=5").status == 0


def test_a_check_compares_with_no_published_counts(call: Call, lab: Path) -> None:
    api.new_benchmark("mine", "clips", "labels.csv", ["more"])
    ended = call("data", "check", "videos", "--root", "mine")
    assert ended.status == 0
    assert "Readable, every video is there; nobody has published how many clips there are." in ended.out


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        ([0.5, 0.7, 0.6], "(by the run that validated best): ssmar-bench predict b "),
        ([0.7, 0.5, 0.7], "(by the first of 2 runs that validated best alike, beside c): ssmar-bench predict a "),
        (
            [0.7] * 5,
            "(by the first of 5 runs that validated best alike, beside b, c and 2 more): ssmar-bench predict a ",
        ),
    ],
)
def test_runs_that_validated_best_alike_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, accuracies: Any, said: str
) -> None:
    folders = [*"abcde"][: len(accuracies)]
    runs = pd.DataFrame({"folder": folders, "validation_accuracy": accuracies})
    monkeypatch.setattr(api, "results", lambda _: runs)
    monkeypatch.setattr(api, "trust", lambda run, _: f"How good {run} is.")
    own_videos.print_next(folders, tmp_path)
    told = capsys.readouterr()
    told_in_one_line = " ".join((told.out + told.err).split())
    assert said in told_in_one_line
    assert told_in_one_line.endswith(f"How good {said.split()[-1]} is.")
