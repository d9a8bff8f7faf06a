"""YAML that is made to take all time or memory, or to be read as something else, is a sentence with file and line."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from ssmar_bench.core import benchmark_config, method_config
from ssmar_bench.core.config_layers import parse_set
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.yaml_file import parse_yaml

ALIASES = "".join(f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefghi"))

HOSTILE = {
    "an alias to what holds it": ("a: &r {extends: *r}\n", 1),
    "an alias to the whole": ("&r\na: 1\nb: *r\n", 3),
    "a merge of what holds it": ("a: &a\n  <<: *a\n", 2),
    "many levels of lists": ("a: " + "[" * 3000 + "]" * 3000, 1),
    "many levels of mappings": ("a: " + "{a: " * 3000 + "1" + "}" * 3000, 1),
    "many levels in lines": ("".join(f"{' ' * i}k:\n" for i in range(200)), 32),
    "aliases that multiply": ("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + ALIASES, 5),
    "many values": ("a: [" + "1," * 100_000 + "]", 1),
    "a long text": ("a: " + "x" * 600_000, 1),
    "a whole number of many digits": ("a: 1\nb: " + "9" * 5000, 2),
    "one in hexadecimal": ("a: 0x" + "f" * 5000, 1),
    "a tag of Python": ("a: !!python/object/apply:os.system [ls]\n", 1),
    "a tag of its own": ("a: 1\nb: !mine x\n", 2),
    "binary data": ("a: !!binary aGVsbG8=\n", 1),
    "a set": ("a: !!set {x, y}\n", 1),
    "a date": ("a: 2024-01-01\n", 1),
    "a date that there is not": ("a: 2024-99-99\n", 1),
    "a number that is none": ("a: !!int foo\n", 1),
    "infinity": ("a: 1\nb: 1e999\n", 2),
    "no number": ("a: {b: [1, .nan]}\n", 1),
    "a list as key": ("? [a, b]\n: c\n", 1),
    "a mapping as key": ("? {a: b}\n: c\n", 1),
    "a sign beyond Unicode": ('a: "\\UFFFFFFFF"\n', 1),
    "half a sign": ('a: "\\ud800"\n', 1),
    "an escape sign": ('a: "\\e[31m"\n', 1),
    "a sign that turns the direction": ("a: x\u202ey\n", 1),
    "a sign without width in a key": ("a\u200bb: 1\n", 1),
    "two documents": ("a: 1\n---\nb: 2\n", 2),
    "a version that there is not": ("%YAML 9.9\n---\na: 1\n", 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_a_sentence_with_its_line(tmp_path: Path, name: str) -> None:
    text, line = HOSTILE[name]
    path = tmp_path / "hostile.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    began = time.process_time()
    with pytest.raises(UserError) as error:
        parse_yaml(text, path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert len(str(error.value)) < 500 + len(str(path))
    assert str(error.value).isprintable()
    for read in (method_config.read_method_config, benchmark_config.read_benchmark_config):
        with pytest.raises(UserError, match=str(path)):
            read(str(path))
    assert time.process_time() - began < 10


@pytest.mark.parametrize("value", ["&r [*r]", "[" * 3000, "9" * 5000, "!!python/name:os.system", ".nan", '"\\e"'])
def test_so_is_a_hostile_value_on_the_command_line(value: str) -> None:
    with pytest.raises(UserError, match=r"--set train\.lr=") as error:
        parse_set(f"train.lr={value}")
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 600


def test_an_anchor_and_a_merge_that_end_are_read(tmp_path: Path) -> None:
    assert parse_yaml("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a\n", tmp_path).data == {
        "a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1},
    }  # fmt: skip


def test_files_that_extend_each_other_are_so_many_at_most(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.yaml").write_text(f"extends: ./{number + 1}.yaml\n")
    with pytest.raises(UserError, match="more than 20 files extend each other"):
        method_config.read_method_config(str(tmp_path / "0.yaml"))


@pytest.mark.parametrize("key", ["label", "citation"])
def test_a_name_in_two_lines_is_refused(tmp_path: Path, key: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f'extends: fixmatch\nname: mine\n{key}: "a\\nb"\n')
    with pytest.raises(UserError, match=rf"mine.yaml:3: {key}: .*in one line"):
        method_config.read_method_config(str(path))
