"""Damage in a folder is noticed file by file; a kill while it is written is no damage."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssmar_bench.core import digests
from ssmar_bench.core.digests import DamagedError
from ssmar_bench.core.errors import UserError

FILES = {"one.json": b'{"a": 1}\n', "below/two.npz": bytes(range(32)), "three.pt": b"", "last.json": b"{}\n"}
WRITE = """
import os, sys
from pathlib import Path
from ssmar_bench.core import digests
left = int(sys.argv[2])
rename = Path.replace
def killed(self, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return rename(self, target)
Path.replace = killed
digests.write_files(Path(sys.argv[1]), {"a": b"new", "b": b"new", "c": b"new"}, forget=["d"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    digests.write_files(tmp_path, FILES)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_read_and_is_as_sha256sum_has_it(folder: Path) -> None:
    assert {name: digests.read_file(folder, name) for name in FILES} == FILES
    assert digests.folder_faults(folder) == {}
    assert names(folder) == {*FILES, digests.FILE}
    check = subprocess.run(["sha256sum", "--check", "--strict", digests.FILE], cwd=folder, check=False)
    assert check.returncode == 0


@pytest.mark.parametrize("name", [name for name, data in FILES.items() if data])
def test_every_flipped_bit_is_noticed(folder: Path, name: str) -> None:
    path = folder / name
    data = path.read_bytes()
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert digests.folder_faults(folder) == {name: digests.DIFFERENT}
        assert digests.file_fault(folder, name) == digests.DIFFERENT
    with pytest.raises(DamagedError, match=rf"{name} is damaged: its SHA-256 is not the one in SHA256SUMS"):
        digests.read_file(folder, name)


def test_every_flipped_bit_of_the_digests_is_noticed(folder: Path) -> None:
    path = folder / digests.FILE
    data = path.read_bytes()
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert digests.folder_faults(folder), bit


def test_digests_that_are_cut_at_the_end_of_a_line_are_damage(folder: Path) -> None:
    lines = (folder / digests.FILE).read_bytes().splitlines(keepends=True)
    for number in range(1, len(lines)):
        (folder / digests.FILE).write_bytes(b"".join(lines[:number]))
        assert digests.folder_faults(folder, ["*.json", "*.pt", "below/*"]) == dict.fromkeys(
            [*FILES][number:], digests.UNLISTED
        )


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda path: path.unlink(), "it is missing"),
        (lambda path: path.write_bytes(b""), digests.DIFFERENT),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), digests.DIFFERENT),
        (lambda path: path.write_bytes(path.read_bytes() + b"\n"), digests.DIFFERENT),
    ],
)
def test_lost_empty_cut_and_longer_files(folder: Path, damage: object, why: str) -> None:
    damage(folder / "one.json")
    assert digests.folder_faults(folder) == {"one.json": why}
    with pytest.raises(DamagedError):
        digests.read_file(folder, "one.json")


def test_a_folder_without_digests_has_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    assert not digests.has_digests(tmp_path)
    assert digests.folder_faults(tmp_path) == {}
    assert digests.read_file(tmp_path, "old.json") == b"{}"


@pytest.mark.parametrize("text", ["", "\n", "no digest\n", "\x00\xff\n"])
def test_digests_that_are_none_are_damage(folder: Path, text: str) -> None:
    (folder / digests.FILE).write_bytes(text.encode("latin-1"))
    assert digests.folder_faults(folder) == {digests.FILE: "line 1 is no SHA-256 with a name"}
    with pytest.raises(DamagedError, match="does not hold its SHA-256"):
        digests.read_file(folder, "one.json")


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", ".hidden", "a//b"])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    (folder / digests.FILE).write_text(f"{'0' * 64}  {name}\n")
    assert digests.read_digests(folder) == {}


@pytest.mark.slow
@pytest.mark.parametrize("renames", range(6))
def test_a_kill_while_files_are_written_leaves_old_or_new_ones(tmp_path: Path, renames: int) -> None:
    old = dict.fromkeys("abcd", b"old")
    digests.write_files(tmp_path, old)
    ended = subprocess.run([sys.executable, "-c", WRITE, str(tmp_path), str(renames)], check=False)
    assert ended.returncode == (9 if renames < 5 else 0)
    digests.finish_write(tmp_path)
    new = dict.fromkeys("abc", b"new")
    assert {name: digests.read_file(tmp_path, name) for name in digests.read_digests(tmp_path)} == (
        new if renames > 1 else old
    )
    assert digests.folder_faults(tmp_path) == {}
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


def test_a_temporary_file_of_nobody_is_removed_and_other_files_are_not(folder: Path) -> None:
    strange = [".git", ".one.json.tmp", "one.json.7.tmp", ".one.json.x.tmp"]
    for name in [*strange, ".one.json.7.tmp", "below/.two.npz.12345.tmp"]:
        (folder / name).write_text("x")
    digests.finish_write(folder)
    assert names(folder) == {*FILES, digests.FILE, *strange}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("writes", range(3))
def test_a_full_disk_leaves_what_was_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, writes: int
) -> None:
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    done: list[int] = []

    def full(_: int) -> None:
        done.append(1)
        if len(done) > writes:
            raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError) as raised:
            digests.write_files(folder, {"one.json": b"1", "five.json": b"5"}, forget=["last.json"])
    assert str(raised.value).startswith(f"{folder / 'one.json'} cannot be written: {os.strerror(number)}; ")
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


def test_what_is_forgotten_is_no_damage(folder: Path) -> None:
    digests.write_files(folder, {}, forget=["one.json"])
    assert digests.folder_faults(folder) == {}
    assert names(folder) == {*FILES, digests.FILE} - {"one.json"}
