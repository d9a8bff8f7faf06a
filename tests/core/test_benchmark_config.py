from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core import benchmark_config, paths
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.config_layers import resolve_config
from ssmar_bench.core.errors import UserError

MICRO_MOTION = ("micro-motion-easy", "micro-motion-12", "micro-motion-hard")


def write(folder: Path, text: str, name: str = "mine.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("name", benchmark_config.BENCHMARKS.names())
def test_every_shipped_benchmark_config_is_valid_under_every_profile(name: str) -> None:
    found = benchmark_config.read_benchmark_config(name)
    assert found.name == name
    assert found.title
    assert sorted(set(found.ratios)) == found.ratios
    assert len(set(found.seeds)) == len(found.seeds)
    assert not set(found.parts.train) & set(found.parts.test)
    assert found.frame_cache.short_side >= found.clips.size
    for profile in found.profiles:
        resolve_config(name, profile, None, {})


def test_the_three_micro_motion_benchmarks_differ_in_amplitude_alone() -> None:
    plain = {name: benchmark_config.read_benchmark_config(name).model_dump() for name in MICRO_MOTION}
    amplitudes = [plain[name]["source"]["options"].pop("amplitude") for name in MICRO_MOTION]
    assert amplitudes == sorted(set(amplitudes), reverse=True)
    for name in MICRO_MOTION:
        del plain[name]["name"], plain[name]["title"]
    assert plain[MICRO_MOTION[0]] == plain[MICRO_MOTION[1]] == plain[MICRO_MOTION[2]]


def test_a_users_file_extends_a_shipped_one(tmp_path: Path) -> None:
    mine = benchmark_config.read_benchmark_config(
        write(tmp_path, "extends: micro-motion-12\nname: mine\ntrain: {lr: 1e-2}\n")
    )
    theirs = benchmark_config.read_benchmark_config("micro-motion-12")
    assert mine == theirs.model_copy(
        update={"name": "mine", "train": theirs.train.model_copy(update={"lr": 0.01})},
    )


def test_extending_twice(tmp_path: Path) -> None:
    amplitude = benchmark_config.read_benchmark_config("micro-motion-hard").source.options["amplitude"]
    first = write(tmp_path, "extends: micro-motion-hard\nname: one\nseeds: [7]\n", "one.yaml")
    second = benchmark_config.read_benchmark_config(write(tmp_path, f"extends: {first}\nname: two\n", "two.yaml"))
    assert (second.name, second.seeds, second.source.options["amplitude"]) == ("two", [7], amplitude)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("ratios: [0.1, 0]\n", 3, ["ratios", "(0, 1]", "0"]),
        ("ratios: [1.2]\n", 3, ["ratios", "(0, 1]", "1.2"]),
        ("ratios: []\n", 3, ["ratios"]),
        ("seeds: []\n", 3, ["seeds"]),
        ("ratios: [0.1, 0.25, 0.1]\n", 3, ["ratios", "0.1 occurs twice"]),
        ("ratios: [0.1, 0.10000001]\n", 3, ["ratios", "0.1 occurs twice"]),
        ("ratios: [true]\n", 3, ["ratios.0", "expected a number", "True"]),
        ("seeds: [true]\n", 3, ["seeds.0", "integer", "True"]),
        ("seeds: [1.0]\n", 3, ["seeds.0", "integer"]),
        ("seeds: [0, 1, 0]\n", 3, ["seeds", "0 occurs twice"]),
        ("train:\n  lr: 0\n", 4, ["train.lr", "greater than 0"]),
        ("train:\n  lr: .nan\n", 4, ["train.lr", "finite"]),
        ("train:\n  momentum: 1\n", 4, ["train.momentum", "less than 1"]),
        ("train:\n  precision: fp16\n", 4, ["train.precision", "'fp32', 'tf32' or 'bf16'"]),
        ("train:\n  learning_rate: 1\n", 4, ["train.learning_rate", "unknown key"]),
        ("parts:\n  validation: 1\n", 4, ["parts.validation"]),
        ("parts:\n  validation_by: video\n", 4, ["parts.validation_by", "'subject' or 'clip'"]),
        ("parts:\n  test: []\n", 4, ["parts.test", "name the parts that are tested on"]),
        ("parts:\n  test: [train]\n", 4, ["parts.test", "'train' is trained on"]),
        ("parts:\n  test: [val]\n  carved_test: {subjects: 0.3}\n", 4, ["parts.test", "write test: []"]),
        ("parts:\n  test: []\n  carved_test: {}\n", 5, ["parts.carved_test", "either clips_per_class or subjects"]),
        (
            "parts:\n  test: []\n  carved_test:\n    subjects: 0.3\n    clips_per_class: 5\n",
            5,
            ["parts.carved_test", "either clips_per_class or subjects"],
        ),
        ("parts:\n  test: []\n  carved_test:\n    subjects: 1\n", 6, ["parts.carved_test.subjects", "less than 1"]),
        (
            "parts:\n  test: []\n  carved_test:\n    clips_per_class: true\n",
            6,
            ["carved_test.clips_per_class", "integer"],
        ),
        ("parts:\n  labelled_by: video\n", 4, ["parts.labelled_by", "'clip' or 'subject'"]),
        ("parts:\n  labelled_per_class: -1\n", 4, ["parts.labelled_per_class", "greater than or equal to 0"]),
        (
            "parts:\n  labelled_by: subject\n  labelled_per_class: 5\n",
            5,
            ["parts.labelled_per_class", "use labelled_by: clip"],
        ),
        ("ratios: [0.1, 0.2]\nparts:\n  labelled_per_class: 5\n", 1, ["there is one ratio"]),
        ("expected_clips: {train: many}\n", 3, ["expected_clips.train", "integer"]),
        ("class_list: {rule: all}\n", 3, ["class_list.evidence", "missing"]),
        ("backbone:\n  input: rgbd\n", 4, ["backbone.input"]),
        ("classes:\n  nodding: 9\n", 4, ["classes.nodding", "integer"]),
        ("classes:\n  9: turning head\n", 3, ["classes", "the classes 8 and 9 have the same name"]),
        ("classes:\n  9: ' Turning  HEAD '\n", 3, ["classes", "the classes 8 and 9 have the same name"]),
        ("classes:\n  9: ''\n", 3, ["classes", "class 9 has no name"]),
        ("classes:\n  '9': sneezing\n", 3, ["classes", "as a number and as a text"]),
        ("clips:\n  mean: [0.5, 0.5]\n", 4, ["clips.mean.2", "missing"]),
        ("trains: {}\n", 3, ["trains", "unknown key", "did you mean 'train'?"]),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path: Path, text: str, line: int, words: list[str]) -> None:
    path = write(tmp_path, "extends: micro-motion-12\nname: mine\n" + text)
    with pytest.raises(UserError) as error:
        benchmark_config.read_benchmark_config(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    "section", [name for name, field in BenchmarkConfig.model_fields.items() if field.is_required()]
)
def test_a_missing_section_is_named(tmp_path: Path, section: str) -> None:
    lines = (paths.shipped_folder("splits") / "micro-motion-12.yaml").read_text().splitlines(keepends=True)
    kept, inside = [], False
    for line in lines:
        if line[0] not in " #\n":
            inside = line.startswith(f"{section}:")
        if not inside:
            kept.append(line)
    path = write(tmp_path, "".join(kept))
    with pytest.raises(UserError, match=rf"mine\.yaml:1: {section}: is missing"):
        benchmark_config.read_benchmark_config(path)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("micro-motion-21", "did you mean 'micro-motion-12'?"), ("zzz", "known: "), ("no/such.yaml", "no such file")],
)
def test_an_unknown_benchmark_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        benchmark_config.read_benchmark_config(name)
    assert f"'{name}'" in str(error.value)
    assert hint in str(error.value)


def test_many_seeds_are_no_repetition(tmp_path: Path) -> None:
    seeds = [1234567, 1234568]
    assert (
        benchmark_config.read_benchmark_config(
            write(tmp_path, f"extends: micro-motion-12\nname: mine\nseeds: {seeds}\n")
        ).seeds
        == seeds
    )


@pytest.mark.parametrize("name", MICRO_MOTION)
def test_what_a_benchmark_config_learnt_to_say_is_silent_where_nobody_says_it(name: str) -> None:
    """Neutral values: none of them reaches a split or a run's name."""
    found = benchmark_config.read_benchmark_config(name)
    assert found.model_dump(exclude_defaults=True)["parts"].keys() == {"train", "test", "validation", "validation_by"}
    assert (found.variant_of, found.class_list, found.expected_clips) == ("", None, {})


def test_a_benchmark_config_cannot_be_changed() -> None:
    found: Any = benchmark_config.read_benchmark_config("micro-motion-12")
    with pytest.raises(ValueError, match="frozen"):
        found.train.lr = 1.0


def test_a_circle_of_extends_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, f"extends: {tmp_path / 'b.yaml'}\nname: a\n", "a.yaml")
    with pytest.raises(UserError, match="extends"):
        benchmark_config.read_benchmark_config(write(tmp_path, f"extends: {tmp_path / 'a.yaml'}\nname: b\n", "b.yaml"))


@pytest.mark.parametrize("parent", ["12", "[micro-motion-12]", "{a: b}"])
def test_extends_must_be_a_name(tmp_path: Path, parent: str) -> None:
    with pytest.raises(UserError, match="extends"):
        benchmark_config.read_benchmark_config(write(tmp_path, f"extends: {parent}\nname: mine\n"))


def test_extends_is_relative_to_the_file_that_says_it(tmp_path: Path) -> None:
    write(tmp_path, "extends: micro-motion-hard\nname: one\n", "one.yaml")
    assert (
        benchmark_config.read_benchmark_config(write(tmp_path, "extends: one.yaml\nname: two\n", "two.yaml")).name
        == "two"
    )


@pytest.mark.parametrize("name", ["a/b", "../up", "a b", "''"])
def test_a_name_must_fit_into_a_folders_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="name"):
        benchmark_config.read_benchmark_config(write(tmp_path, f"extends: micro-motion-12\nname: {name}\n"))
