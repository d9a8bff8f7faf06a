"""Words that say nothing, or say one thing twice: a sentence, status 2, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.cli.parsing import parse_numbers, parse_roots, parse_words
from ssmar_bench.core.errors import UserError
from tests.conftest import Finished

Call = Callable[..., Finished]
RUN = ("run", "--methods", "fixmatch")
EMPTY = {
    "ratios": (*RUN, "--ratios", ""),
    "seeds of spaces": (*RUN, "--seeds", "  "),
    "methods": ("run", "--methods="),
    "benchmark": (*RUN, "--benchmark", ""),
    "profile": (*RUN, "--profile", ""),
    "backbone": (*RUN, "--backbone", ""),
    "setting": (*RUN, "--set", ""),
    "one of two settings": (*RUN, "--set", "train.lr=1", "--set", ""),
    "data": (*RUN, "--data", ""),
    "out": (*RUN, "--out", ""),
    "device": (*RUN, "--device", ""),
    "engine": (*RUN, "--engine", ""),
    "plugin": (*RUN, "--plugin", ""),
    "report": ("report", "--results", ""),
    "run of predict": ("predict", "", "video.mp4"),
    "one of two videos": ("predict", "run", "video.mp4", ""),
    "table": ("reproduce", ""),
    "method to show": ("methods", "show", ""),
    "source": ("data", "check", "", "--root", "."),
    "root": ("data", "check", "ma52", "--root", ""),
    "target": ("data", "prepare", ""),
    "benchmark to split": ("splits", "build", ""),
    "split": ("splits", "show", ""),
    "zero byte": (*RUN, "--out", "a\0b"),
}


def refused(ended: Finished) -> str:
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("ssmar-bench: ")
    assert len(ended.err.splitlines()) == 1, ended.err
    return ended.err


@pytest.mark.parametrize("case", EMPTY)
def test_an_empty_word_is_refused(case: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ": the value " in refused(call(*EMPTY[case]))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("text", [",", "0.1,", ",0.1", "0.1,,0.5"])
def test_an_empty_word_between_commas_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="nothing before or behind one of the commas"):
        parse_numbers(text, float, "--ratios")


@pytest.mark.parametrize("option", ["--ratios", "--benchmark", "--out", "--jobs"])
def test_an_option_of_one_value_is_given_once(option: str, call: Call) -> None:
    assert f"{option} is given 2 times; give it once." in refused(call(*RUN, option, "1", option, "1"))


def test_options_that_may_be_repeated_say_each_thing_once(call: Call, tmp_path: Path) -> None:
    sets = ("--set", "train.lr=1", "--set", "train.lr = 2", "--plan")
    assert "--set gives two values for train.lr; give one." in refused(call(*RUN, *sets))
    two = ("--data", f"ma52={tmp_path}", "--data", f"MA52={tmp_path.parent}", "--plan")
    assert f"--data gives two folders for ma52, {tmp_path} and {tmp_path.parent}; give one." in refused(
        call(*RUN, *two)
    )
    with pytest.raises(UserError, match="expected SOURCE=FOLDER"):
        parse_roots(["ma52="])


@pytest.mark.parametrize("text", ["\u0661", "1_0", "1.5", "0x1", "1e3", "9" * 5000])
def test_seeds_are_plain_whole_numbers(text: str) -> None:
    with pytest.raises(UserError, match="expected numbers separated by commas, for instance 0,1"):
        parse_numbers(text, int, "--seeds")


BOUNDS = {
    "a negative seed": (("--seeds", "0,-1"), "A seed is a whole number from 0 to 2147483647; -1 is not."),
    "a huge seed": (("--seeds", "9" * 30), "A seed is a whole number from 0 to "),
    "per cent": (("--ratios", "10"), "(0, 1]; 10 does not; did you mean 0.1?"),
    "no time": (("--time-limit", "0"), "--time-limit 0: expected minutes above 0"),
    "endless time": (("--time-limit", "1e300"), "--time-limit 1e+300: expected minutes above 0"),
    "time that is no number": (("--time-limit", "nan"), "--time-limit"),
    "no jobs": (("--jobs", "0"), "--jobs"),
    "an unknown option": (("--ratioz", "1"), "--ratioz"),
    "the crop": (("--set", "clips.size=300"), "the crop of 300 pixels (clips.size) is larger than the stored frames"),
    "one frame": (("--set", "frame_cache.segments=1", "--set", "backbone.input=diff"), "cannot take clips of 1 frames"),
}


@pytest.mark.parametrize("case", BOUNDS)
def test_numbers_out_of_bounds_are_reported_by_the_plan(case: str, call: Call) -> None:
    given, fault = BOUNDS[case]
    assert fault in refused(call(*RUN, "--plan", *given))


def test_a_comma_in_the_path_of_a_file_splits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("x.yaml", "a,b.yaml", "b.yaml", "c, d,e.yml"):
        (tmp_path / name).touch()
    assert parse_words("x.yaml,./a,b.yaml", "--methods") == ["x.yaml", "./a,b.yaml"]
    assert parse_words("./a,b.yaml , aplt", "--methods") == ["./a,b.yaml", "aplt"]
    assert parse_words("c, d,e.yml,b.yaml", "--methods") == ["c, d,e.yml", "b.yaml"]
    assert parse_words("y,b.yaml", "--methods") == ["y", "b.yaml"]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "f,g.yaml").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert parse_words("~/f,g.yaml", "--methods") == ["~/f,g.yaml"]
