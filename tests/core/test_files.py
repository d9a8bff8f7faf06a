from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmar_bench.core.files import json_bytes, parse_json, read_json, write_bytes, write_json, write_text


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folders" / "x.json"
    write_json(path, {"b": [1, 0.1, None], "a": "é"})
    assert read_json(path) == {"a": "é", "b": [1, 0.1, None]}
    assert path.read_bytes().endswith(b"}\n")
    assert path.read_text().index('"a"') < path.read_text().index('"b"')


def test_text_is_utf8_with_unix_line_ends(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "é\nz\n")
    assert (tmp_path / "x").read_bytes() == "é\nz\n".encode()


class Crash(BaseException):
    pass


def test_a_crash_before_the_rename_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    write_text(path, "old")

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(Crash):
            write_text(path, "new and longer")
    assert path.read_text() == "old"
    write_text(path, "new")
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]


def test_a_process_that_dies_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_text(path, "old")
    program = (
        "import os, sys; from pathlib import Path; from ssmar_bench.core.files import write_bytes\n"
        "Path.replace = lambda *_: os._exit(9)\n"
        "write_bytes(Path(sys.argv[1]), b'n' * 100_000)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 9
    assert path.read_text() == "old"


def test_bytes_are_on_the_disk_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def recorded_sync(file: int) -> None:
        done.append("sync")
        sync(file)

    def recorded_replace(self: Path, target: Path) -> Path:
        done.append(f"rename {self.stat().st_size}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    write_bytes(tmp_path / "x", b"12345")
    assert done == ["sync", "rename 5"]


@pytest.mark.parametrize("value", [float("nan"), {1, 2}])
def test_what_json_cannot_say_leaves_the_old_file(tmp_path: Path, value: object) -> None:
    write_json(tmp_path / "x", {"a": 1})
    with pytest.raises((ValueError, TypeError)):
        write_json(tmp_path / "x", {"a": value})
    assert read_json(tmp_path / "x") == {"a": 1}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "number",
    ["NaN", "-Infinity", "1e999", "-1.5E+400", "1" * 20, f"-{'1' * 19}", f"{'9' * 400}.0", f"\t{'9' * 400}.5"],
)
@pytest.mark.parametrize("text", ["{}", "[0.5,{}]", '{{"a":{}, "b": 1}}', "[\n {}\n]"])
def test_a_number_that_is_not_finite_or_too_long_is_refused_wherever_it_is(text: str, number: str) -> None:
    with pytest.raises(ValueError, match=r"number|digits"):
        parse_json(text.format(number).encode())


@given(st.recursive(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**59), 2**59) | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_every_other_value_is_read_as_it_was_written(value: object) -> None:
    assert parse_json(json_bytes(value)) == value
