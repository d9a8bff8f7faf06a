"""The runs of a folder are listed, shown, removed and verified; none that is being trained is removed."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ssmar_bench import api
from ssmar_bench.api.run_list import age
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.results.publish import publish
from ssmar_bench.training.instruction_set import instruction_set
from tests.conftest import Finished, folder_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake, Real

Call = Callable[..., Finished]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A finished, a failed, an interrupted and a damaged run."""
    Fake("fixmatch", seed=1, accuracy=0.625).write(tmp_path)
    Fake("uda", state="failed").write(tmp_path)
    begun = Fake("vat", state="unfinished").write(tmp_path)
    (begun / "work").mkdir()
    (begun / "work" / "checkpoint-odd.pt").write_bytes(b"x")
    broken = Fake("mixmatch").write(tmp_path)
    (broken / "record" / "metrics.json").write_text("{")
    return tmp_path


def run_named(out: Path, method: str) -> Path:
    (path,) = (out / "runs").glob(f"*_{method}_*")
    return path


def test_a_list_has_states_accuracy_and_size(out: Path, call: Call) -> None:
    ended = call("runs", "list", "--results", out)
    assert ended.status == 0
    head, *lines = (line.split("\t") for line in ended.out.splitlines())
    assert head == ["run", "state", "method", "ratio", "seed", "accuracy", "age", "size"]
    assert [line[1:4] for line in lines] == [
        ["done", "fixmatch", "0.1"], ["damaged", "", ""], ["failed", "uda", "0.1"], ["interrupted", "vat", "0.1"],
    ]  # fmt: skip
    assert lines[0][5:] == ["62.5 %", "", "0.0 MB"]
    said = ended.err.splitlines()
    assert f"failed: {run_named(out, 'uda').name}: ValueError: loss is not finite" in said
    assert any(line.startswith("damaged: ") and "metrics.json" in line for line in said)
    rows = json.loads(call("runs", "list", "-o", out, "--json").out)
    assert [row["state"] for row in rows] == ["done", "damaged", "failed", "interrupted"]
    assert rows[0]["accuracy"] == 0.625
    assert rows[2]["accuracy"] is None
    size = sum(path.stat().st_size for path in run_named(out, "fixmatch").rglob("*") if path.is_file())
    assert rows[0]["bytes"] == size


def test_an_empty_folder_has_no_runs(tmp_path: Path, call: Call) -> None:
    ended = call("runs", "list", "--results", tmp_path)
    assert (ended.status, ended.out) == (0, "")
    assert f"There is no run in {tmp_path}" in ended.err
    assert json.loads(call("runs", "list", "--results", tmp_path, "--json").out) == []


def test_ages_are_in_the_largest_unit() -> None:
    now = datetime.now(UTC)
    cases = {timedelta(seconds=5): "5 s", timedelta(minutes=3): "3 min", timedelta(hours=5): "5 h", timedelta(9): "9 d"}
    assert [age(now - since) for since in cases] == [*cases.values()]
    assert age(None) == age(pd.NaT) == ""


def test_a_run_is_shown_with_the_command_that_repeats_it(tmp_path: Path, call: Call) -> None:
    folder = Real("fixmatch", ratio=0.5, seed=3, epochs=7, accuracy=0.5).write(tmp_path)
    (folder / "record" / "environment.json").write_text('{"git_commit": "abc-dirty", "device_model": "NVIDIA H100"}')
    ended = call("runs", "show", "micro-motion-12_fixmatch_r50_s3", "--results", tmp_path)
    assert ended.status == 0, ended.err
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0] == folder.name
    for fact in ("state done", "ratio and seed 0.5, 3", "test accuracy 50.0 %", "training ended unknown",
                 "git_commit abc-dirty", "device_model NVIDIA H100", f"record {folder / 'record'}"):  # fmt: skip
        assert fact in lines
    words = shlex.split(lines[-1].removeprefix("train it again: "))
    assert words[:2] == ["ssmar-bench", "run"]
    assert {"--methods", "fixmatch", "--ratios", "0.5", "--seeds", "3", "train.epochs=7"} <= set(words)
    shown = json.loads(call("runs", "show", folder, "--json").out)
    assert shown["command"] == lines[-1].removeprefix("train it again: ")
    assert shown["facts"]["state"] == "done"
    assert len(repr(api.show_run(folder))) < 2000


def test_a_run_may_be_given_by_a_start_that_it_alone_has(out: Path, call: Call) -> None:
    ended = call("runs", "show", "Micro-motion-12_u", "--out", out)
    assert (ended.status, ended.out.splitlines()[0]) == (0, run_named(out, "uda").name)
    assert "ValueError: loss is not finite" in ended.out
    several = call("runs", "show", "micro", "--results", out)
    assert several.status == 2
    assert "stands for several runs" in several.err


def test_an_unknown_run_among_many_names_few(tmp_path: Path, call: Call) -> None:
    for seed in range(12):
        Fake("fixmatch", seed=seed).write(tmp_path)
    unknown = call("runs", "show", "12_fixmatch", "-o", tmp_path)
    assert unknown.status == 2
    assert "and 4 more hold it in their names; `ssmar-bench runs list` has all 12." in unknown.err
    assert unknown.err.count("micro-motion-12_fixmatch") == 8
    other = call("runs", "show", "walk", "-o", tmp_path)
    assert other.err.endswith(f"There is no run walk, neither as a folder nor under {tmp_path / 'runs'}; "
                              "`ssmar-bench runs list` has all 12.\n")  # fmt: skip


def test_removing_asks_and_never_removes_a_run_that_is_being_trained(
    out: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    uda, vat = run_named(out, "uda"), run_named(out, "vat")
    unasked = call("runs", "rm", "micro-motion-12_uda", "--results", out)
    assert (unasked.status, unasked.err) == (2, "ssmar-bench: runs rm: nobody can be asked here; give --yes.\n")
    with RunFolder(vat).lease():
        assert list(api.list_runs(out).set_index("method")["state"])[-1] == "running"
        busy = call("runs", "rm", uda.name, vat.name, "--results", out, "--yes")
    assert busy.status == 2
    assert f"Run {vat.name} is being trained; stop that command first. Nothing was removed." in busy.err
    assert uda.is_dir()
    gone = call("runs", "rm", uda.name, vat, "--results", out, "-y")
    assert (gone.status, gone.out) == (0, f"removed {uda}\nremoved {vat}\n")
    assert sorted(path.name for path in (out / "runs").iterdir()) == sorted(
        run_named(out, method).name for method in ("fixmatch", "mixmatch")
    )
    assert call("runs", "rm", "nosuch", "--results", out, "-y").status == 2
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda text, abort: (_ for _ in ()).throw(KeyboardInterrupt))
    kept = call("runs", "rm", "micro-motion-12_fixmatch", "--results", out)
    assert kept.status == 130
    assert run_named(out, "fixmatch").is_dir()


@pytest.mark.slow
def test_a_run_that_is_trained_again_is_bit_equal(trained: Any, tiny: Path, call: Call, tmp_path: Path) -> None:
    folder = folder_of(trained.out, "supervised")
    ended = call("runs", "verify", folder, "--benchmark", tiny)
    assert ended.status == 0, ended.err
    assert ended.out.startswith(f"{folder.name}: bit-equal\n")
    changed = folder_of(trained.copy(tmp_path, "supervised"), "supervised")
    (changed / "record" / "SHA256SUMS").unlink()
    (changed / "work" / "SHA256SUMS").unlink()
    metrics = read_json(changed / "record" / "metrics.json")
    metrics["test"]["accuracy"] = 1 - metrics["test"]["accuracy"] / 2
    (changed / "record" / "metrics.json").write_text(json.dumps(metrics))
    about = read_json(changed / "record" / "environment.json")
    (changed / "record" / "environment.json").write_text(json.dumps(about | {"version_torch": "1.0"}))
    different = call("runs", "verify", changed, "--benchmark", tiny, "--json")
    assert different.status == 1
    found = json.loads(different.out)
    assert (found["verdict"], found["files"]) == ("different", ["metrics.json"])
    assert found["environment"] == {"version_torch": ["1.0", about["version_torch"]]}


@pytest.mark.slow
@pytest.mark.skipif(instruction_set() != "AVX512", reason="this processor has no other instruction set")
def test_a_run_is_trained_again_with_the_recorded_instruction_set(
    trained: Any, tiny: Path, call: Call, tmp_path: Path
) -> None:
    changed = folder_of(trained.copy(tmp_path, "supervised"), "supervised")
    for part in ("record", "work"):
        (changed / part / "SHA256SUMS").unlink()
    about = read_json(changed / "record" / "environment.json")
    assert about["instruction_set"] == "AVX512"
    (changed / "record" / "environment.json").write_text(json.dumps(about | {"instruction_set": "AVX2"}))
    found = json.loads(call("runs", "verify", changed, "--benchmark", tiny, "--json").out)
    assert found["environment"] == {}  # so that, too, was trained with AVX2


def test_what_cannot_be_verified_is_told_before_any_training(out: Path, trained: Any, call: Call) -> None:
    assert "is failed; only a finished run can be verified." in call("runs", "verify", run_named(out, "uda")).err
    own = call("runs", "verify", folder_of(trained.out, "aplt"))
    assert own.status == 2
    assert "The config tiny-motion.yaml of the run" in own.err
    assert "give its path with --benchmark." in own.err


def test_a_run_in_an_archive_is_listed_shown_and_never_removed(tmp_path: Path, call: Call) -> None:
    folder = Real("fixmatch", ratio=0.5, seed=3, accuracy=0.5).write(tmp_path / "one")
    publish([tmp_path / "one"], tmp_path / "published")
    listed = json.loads(call("runs", "list", "--results", tmp_path / "published", "--json").out)
    assert [(row["run"], row["state"], row["accuracy"]) for row in listed] == [(folder.name, "done", 0.5)]
    shown = call("runs", "show", "micro-motion-12_fix", "--results", tmp_path / "published")
    assert shown.status == 0, shown.err
    both = [
        call("runs", "show", "micro-motion-12_fix", "--results", tmp_path / place).out for place in ("one", "published")
    ]
    assert both[0].splitlines()[-1] == both[1].splitlines()[-1]
    assert "archived" in both[1].splitlines()[1]
    assert call("runs", "rm", folder.name, "--results", tmp_path / "published", "-y").status == 2
