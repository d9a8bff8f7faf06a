"""Frame caches are listed with their size and use; what nobody uses is removed, what a process uses never."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core import in_use
from ssmar_bench.runs import prepare_data
from tests.conftest import Finished

Call = Callable[..., Finished]


@pytest.fixture
def root(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole frame cache, one that was stopped, one of long ago, and a file of the user's own."""
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    api.prepare(str(tiny))
    root = tmp_path / "cache" / prepare_data.FRAME_CACHES
    (whole,) = (path for path in root.iterdir() if path.is_dir())
    (root / "halved-0123456789abcdef").mkdir()
    (root / "halved-0123456789abcdef" / "clip.npy").write_bytes(b"x" * 1000)
    old = root / "long-ago-0123456789abcdef"
    old.mkdir()
    (old / "frame_cache.json").write_bytes((whole / "frame_cache.json").read_bytes())
    then = time.time() - 40 * 86_400
    os.utime(old / "frame_cache.json", (then, then))
    (root / "notes.txt").write_text("mine")
    return root


def names(root: Path) -> set[str]:
    return {path.name.rpartition("-")[0] for path in root.iterdir() if path.is_dir() and path.name[0] != "."}


def test_frame_caches_are_listed(root: Path, call: Call) -> None:
    ended = call("cache", "size")
    assert ended.status == 0, ended.err
    head, *lines = (line.split("\t") for line in ended.out.splitlines())
    assert head == ["frame cache", "benchmark", "clips", "size", "used", "state", "unused"]
    found = {line[1]: (line[2], *line[5:]) for line in lines}
    assert found == {
        "tiny-motion": ("84", "whole", ""), "halved": ("unknown", "in parts", "unused"),
        "long-ago": ("84", "whole", "unused"),
    }  # fmt: skip
    assert ended.err.startswith("3 frame caches: ")
    rows = json.loads(call("cache", "size", "--json", "--days", "60").out)
    assert [row["benchmark"] for row in rows if row["unused"]] == ["halved"]
    held = next(row["bytes"] for row in rows if row["benchmark"] == "halved")
    assert held == 1000
    with in_use.holding(Path(rows[0]["folder"])):
        states = {row["benchmark"]: row["state"] for row in json.loads(call("cache", "size", "--json").out)}
    assert states["tiny-motion"] == "in use"


def test_what_is_unused_is_removed_after_a_yes(root: Path, call: Call) -> None:
    asked = call("cache", "clean")
    assert (asked.status, asked.err) == (2, "ssmar-bench: cache clean: nobody can be asked here; give --yes.\n")
    assert len(names(root)) == 3
    ended = call("cache", "clean", "--yes")
    assert ended.status == 0
    assert [line.split()[0] for line in ended.out.splitlines()] == ["removed", "removed"]
    assert names(root) == {"tiny-motion"}
    assert (root / "notes.txt").exists()
    assert "No frame cache is unused" in call("cache", "clean", "-y").err
    assert call("cache", "clean", "tiny-motion", "-y").status == 0
    assert names(root) == set()
    assert "There is no frame cache" in call("cache", "size").err
    wrong = call("cache", "clean", "tiny-motio", "-y")
    assert (wrong.status, "There is no frame cache of tiny-motio" in wrong.err) == (2, True)


def test_what_a_process_uses_stays(root: Path, call: Call) -> None:
    (used,) = root.glob("tiny-motion-*")
    with in_use.holding(used):
        ended = call("cache", "clean", "tiny-motion", "--days", "0", "-y")
    assert ended.status == 0
    assert ended.err == f"kept {used}: a running process uses it\n"
    assert (used / "frame_cache.json").is_file()


def test_a_grid_holds_what_it_is_trained_from(
    tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    holding = in_use.holding

    def listed(folder: Path) -> AbstractContextManager[None]:
        held.append(folder.name)
        return holding(folder)

    monkeypatch.setattr(in_use, "holding", listed)
    prepared = api.prepare(str(tiny))[0].folder.name
    call("run", "-b", tiny, "-m", "supervised", "-o", tmp_path, "--overwrite", "only-missing", "--time-limit", "0.0001")
    assert held == [prepared, prepared]
