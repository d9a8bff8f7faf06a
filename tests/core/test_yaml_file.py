from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.yaml_file import extend_document, load_yaml, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rate: float
    steps: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    inner: Inner
    rows: list[Inner] = []
    table: dict[int, str] = {}


GOOD = """\
name: x
inner:
  rate: 1e-4
"""


def write(folder: Path, text: str | bytes, name: str = "file.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fault(path: Path, under: Path | None = None) -> str:
    with pytest.raises(UserError) as error:
        validate(Outer, load_yaml(path) if under is None else extend_document(load_yaml(under), load_yaml(path)))
    return str(error.value)


def test_scalars_are_plain_python(tmp_path: Path) -> None:
    text = "a: 1e-4\nb: 5E+3\nc: 010\nd: yes\ne: true\nf: '1e-4'\ng: 1_000\nh: null\n5: 0.10  # note\ni: &n 3\nj: *n\n"
    data = load_yaml(write(tmp_path, text)).data
    expected = {"a": 1e-4, "b": 5000.0, "c": 10, "d": "yes", "e": True, "f": "1e-4", "g": 1000, "h": None, 5: 0.1}
    assert data == {**expected, "i": 3, "j": 3}
    kinds = (float, float, int, str, bool, str, int, type(None), float, int, int)
    assert [type(value) for value in data.values()] == list(kinds)


def test_a_valid_file_is_what_it_says(tmp_path: Path) -> None:
    assert validate(Outer, load_yaml(write(tmp_path, GOOD))) == Outer(name="x", inner=Inner(rate=0.0001))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: x\ninner:\n  steps: 2\n  rate: fast\n", 4, ["inner.rate", "number", "'fast'"]),
        ("name: x\ninner:\n  rate: 1\n  steps: 2.5\n", 4, ["inner.steps", "integer", "2.5"]),
        ("name: x\ninner: 3\n", 2, ["inner", "dictionary"]),
        ("name: [1]\ninner: {rate: 1}\n", 1, ["name", "string"]),
        (GOOD + "inne: 3\n", 4, ["inne", "unknown key", "did you mean 'inner'?"]),
        (GOOD + "  stepz: 3\n", 4, ["inner.stepz", "unknown key"]),
        ("name: x\n\ninner:\n  steps: 3\n", 3, ["inner.rate", "missing"]),
        ("inner:\n  rate: 1\n", 1, ["name", "missing"]),
        (GOOD + "rows:\n- rate: 1\n- rate: 1\n  steps: many\n", 7, ["rows.1.steps", "'many'"]),
        (GOOD + "table:\n  1: a\n  two: b\n", 6, ["table.two", "integer"]),
        (GOOD + "name: y\n", 4, ["duplicate key", '"name"']),
        ("name: x\ninner: [1, 2\nrows: 3\n", 3, ["not valid YAML"]),
        ("name: x\n\tinner: 2\n", 2, ["not valid YAML"]),
        ("name: *nobody\n", 1, ["not valid YAML", "nobody"]),
        ("name: x\n---\nname: y\n", 2, ["not valid YAML", "another document"]),
        ("- name\n- x\n", 1, ["mapping"]),
        ("", 1, ["mapping"]),
        ("just words\n", 1, ["mapping"]),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path: Path, text: str, line: int, words: list[str]) -> None:
    path = write(tmp_path, text)
    message = fault(path)
    assert message.startswith(f"{path}:{line}: ")
    for word in words:
        assert word in message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path, write(tmp_path, b"name: \xff\n")):
        with pytest.raises(UserError, match=r"cannot be read|there is no such file") as error:
            load_yaml(path)
        assert str(path) in str(error.value)


def test_extending_merges_mappings_and_replaces_the_rest(tmp_path: Path) -> None:
    below = write(tmp_path, GOOD + "rows: [{rate: 1}, {rate: 2}]\ntable: {1: a, 2: b}\n", "below.yaml")
    above = write(tmp_path, "inner: {steps: 7}\nrows: [{rate: 3}]\ntable: {2: c}\n", "above.yaml")
    base = load_yaml(below)
    merged = extend_document(base, load_yaml(above))
    assert validate(Outer, merged).model_dump() == {
        "name": "x",
        "inner": {"rate": 1e-4, "steps": 7},
        "rows": [{"rate": 3.0, "steps": 1}],
        "table": {1: "a", 2: "c"},
    }
    assert base.data == load_yaml(below).data  # the parent is left as it was


@pytest.mark.parametrize(
    ("above", "file", "line", "word"),
    [
        ("name: z\ninner:\n  rate: fast\n", "above", 3, "inner.rate"),
        ("inner:\n  stepz: 1\n", "above", 2, "inner.stepz"),
        ("rows: 3\n", "above", 1, "rows"),
        ("name: z\n", "below", 3, "inner.steps"),
    ],
)
def test_through_extends_a_fault_is_in_the_file_that_wrote_it(
    tmp_path: Path, above: str, file: str, line: int, word: str
) -> None:
    below = write(tmp_path, "name: x\ninner:\n  steps: many\n  rate: 1\n", "below.yaml")
    if file == "above":
        write(tmp_path, "name: x\ninner:\n  rate: 1\n", "below.yaml")
    message = fault(write(tmp_path, above, "above.yaml"), below)
    assert message.startswith(f"{tmp_path / file}.yaml:{line}: {word}:")


def test_a_control_character_is_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not valid YAML"):
        load_yaml(write(tmp_path, "name: a\x01b\n"))


def test_a_merge_key_is_followed(tmp_path: Path) -> None:
    text = "one: &one {rate: 1}\ntwo:\n  <<: *one\n  steps: 2\n"
    assert load_yaml(write(tmp_path, text)).data["two"] == {"rate": 1, "steps": 2}


def test_an_anchored_boolean_stays_one(tmp_path: Path) -> None:
    assert load_yaml(write(tmp_path, "a: &yes true\nb: *yes\n")).data["b"] is True


def test_a_file_is_parsed_once_and_again_when_it_says_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    assert load_yaml(path) is load_yaml(path)
    path.write_text("a: 2\n")
    assert load_yaml(path).data == {"a": 2}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_a_text_that_is_not_utf_8_is_told_as_that(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("title: Gebärden\n".encode(encoding))
    with pytest.raises(UserError, match=r"a\.yaml cannot be read: it is no text in UTF-8; save it as UTF-8\."):
        load_yaml(path)
