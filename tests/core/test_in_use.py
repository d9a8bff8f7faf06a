"""A folder that a process uses is held by it, and free again when the process ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ssmar_bench.core import in_use

HOLDER = """
import sys
from pathlib import Path
from ssmar_bench.core import in_use
with in_use.holding(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_several_hold_a_folder_and_none_is_alone_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "kind" / "a"
    assert in_use.last_held(folder) is None
    assert not in_use.is_held(folder)
    with in_use.holding(folder):
        pass
    assert [*tmp_path.iterdir()] == []  # no folder has come of it
    folder.mkdir(parents=True)
    with in_use.holding(folder), in_use.holding(folder):
        assert in_use.is_held(folder)
        with in_use.alone(folder) as free:
            assert not free
    assert not in_use.is_held(folder)
    assert (in_use.last_held(folder) or 0) > 0
    with in_use.alone(folder) as free:
        assert free
        assert in_use.is_held(folder)


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "kind" / "a"
    entry = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(entry, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert in_use.is_held(folder)
        process.kill()
        process.wait()
        assert not in_use.is_held(folder)


def test_where_nothing_can_be_locked_nothing_is_held(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with in_use.holding(tmp_path / "file" / "kind" / "a"):
        assert not in_use.is_held(tmp_path / "file" / "kind" / "a")
