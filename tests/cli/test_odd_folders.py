"""Every command that reads a folder of runs answers one that is none, or a strange one, in a sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.core.digests import FILE, write_files
from ssmar_bench.core.files import json_bytes, read_json
from ssmar_bench.core.identity import digest
from tests.conftest import Finished, Trained, folder_of

Call = Callable[..., Finished]

READERS: dict[str, tuple[str, ...]] = {
    "list": ("runs", "list", "--results"),
    "show": ("runs", "show", "tiny-motion_aplt_r50_s0", "--results"),
    "rm": ("runs", "rm", "tiny-motion_aplt_r50_s0", "--yes", "--results"),
    "verify": ("runs", "verify", "tiny-motion_aplt_r50_s0", "--results"),
    "watch": ("watch", "--once"),
    "check": ("results", "check"),
    "export": ("results", "export"),
    "report": ("report", "--results"),
    "predict": ("predict", "tiny-motion_aplt_r50_s0", "video.mp4", "--results"),
}
"""The folder comes last."""


@pytest.fixture(params=["empty", "missing", "of another project", "ünïcode and spaces"])
def without_runs(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / request.param
    if request.param == "of another project":
        (folder / "runs" / "experiment-1").mkdir(parents=True)
        (folder / "runs" / "experiment-1" / "log.txt").write_text("loss 0.1\n")
        (folder / "runs" / "notes.txt").write_text("nothing\n")
    elif request.param != "missing":
        folder.mkdir()
    return folder


@pytest.mark.parametrize("reader", READERS)
def test_without_runs_it_says_so(reader: str, without_runs: Path, call: Call, tmp_path: Path) -> None:
    more = ("-o", tmp_path / "rendered") if reader == "report" else ()
    ended = call(*READERS[reader], without_runs, *more)
    if reader == "export":  # a table without rows is a table
        assert (ended.status, ended.err, ended.out.count("\n")) == (0, "", 1)
        return
    assert ended.out == ""
    assert ended.err.count("\n") == 1
    assert str(without_runs) in ended.err
    assert ended.err.removeprefix("ssmar-bench: ").startswith(("There is no run ", "There are no runs "))
    assert ended.status == (0 if reader == "list" else 2)
    assert not (tmp_path / "rendered").exists()


@pytest.mark.parametrize("reader", READERS)
def test_a_file_is_no_folder_of_runs(reader: str, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("a,b\n")
    more = ("-o", tmp_path / "rendered") if reader == "report" else ()
    ended = call(*READERS[reader], path, *more)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"ssmar-bench: {path} is a file, not a folder; give the folder of `ssmar-bench run`.\n"


@pytest.mark.slow
def test_a_run_that_is_not_at_its_end_is_not_called_whole(trained: Trained, tmp_path: Path, call: Call) -> None:
    out = trained.copy(tmp_path / "out", "supervised", "aplt")
    for name in ("metrics.json", FILE):
        (folder_of(out, "aplt") / "record" / name).unlink()
    assert call("results", "check", out).out == "1 run is whole.\n"
    assert call("watch", out, "--once").out == "2 runs: 1 done, 1 waiting\n"
    assert "\tinterrupted\taplt\t" in call("runs", "list", "--results", out).out
    shutil.rmtree(folder_of(out, "supervised"))
    assert "There are no runs in " in call("results", "check", out).err


@pytest.mark.slow
@pytest.mark.filterwarnings("default::UserWarning")
@pytest.mark.parametrize("reader", ["list", "show", "verify", "check", "export", "predict"])
def test_a_record_of_a_newer_version_is_not_called_damaged(
    reader: str, trained: Trained, tmp_path: Path, call: Call
) -> None:
    out = trained.copy(tmp_path / "out", "supervised", "aplt")
    folder = folder_of(out, "aplt")
    spec = read_json(folder / "record" / "spec.json") | {"schedule": "one that is not known yet"}
    name = f"{folder.name.rpartition('_')[0]}_{digest(spec)}"
    record = folder.rename(folder.with_name(name)) / "record"
    changed = {
        "metrics.json": {"identity": digest(spec)},
        "environment.json": {"ssmar_bench": "9.0.0"},
        "spec.json": spec,
    }
    write_files(record, {name: json_bytes(read_json(record / name) | change) for name, change in changed.items()})
    ended = call(*READERS[reader], out)
    assert "this record was written by ssmar-bench 9.0.0, and here is " in ended.err
    assert "damaged record" not in ended.err
    assert "UserWarning" not in ended.err
    assert ended.err.count("\n") == 1
