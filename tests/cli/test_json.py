"""``--json`` gives what the lists and plans show, as JSON alone; and the module is the program."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssmar_bench import __version__, api
from ssmar_bench.cli.json_output import json_text
from ssmar_bench.runs import step_guess
from tests.conftest import Finished

Call = Callable[..., Finished]


def test_lists_and_plans_are_json(call: Call, tiny: Path, tmp_path: Path) -> None:
    methods = json.loads(call("methods", "list", "--json").out)
    assert [row["name"] for row in methods] == [config.name for config, _ in api.list_methods()]
    assert [row["name"] for row in json.loads(call("methods", "list", "fixmatch", "--json").out)] == ["fixmatch"]
    data = json.loads(call("data", "list", "--json").out)
    assert [row["name"] for row in data["benchmarks"]] == [config.name for config in api.benchmarks()]
    assert [row["name"] for row in data["sources"]] == [source.name for source in api.sources()]
    words = ("run", "--benchmark", tiny, "--methods", "supervised,aplt", "--ratios", "0.5", "--plan", "--out", tmp_path)
    plan = json.loads(call(*words, "--json").out)
    found = [(row["method"], row["state"]) for row in plan["runs"]]
    assert found == [("supervised", "missing"), ("aplt", "missing")]
    assert all(row["seconds"] > 0 for row in plan["runs"])


def test_a_splits_summary_is_json(call: Call, tiny: Path, tmp_path: Path) -> None:
    assert call("splits", "build", tiny, "--out", tmp_path).status == 0
    folder = tmp_path / "tiny-motion"
    found = json.loads(call("splits", "show", folder, "--json").out)
    split_set, summary = api.show_split(folder)
    assert found["benchmark"] == "tiny-motion"
    assert found["fingerprints"] == dict(split_set.fingerprints.splits)
    assert found["parts"]["all"]["test"]["clips"] == summary.parts.loc["all"]["test", "clips"]
    assert list(found["labelled"]["all"].values()) == list(summary.labelled.loc["all"])
    assert found["warnings"] == list(summary.warnings)
    assert list(found["classes"].values()) == list(split_set.benchmark_config.classes.values())


def test_the_plan_of_a_preparation_is_json(call: Call, tiny: Path) -> None:
    ended = call("data", "prepare", tiny, "--plan", "--json")
    (cache,) = json.loads(ended.out)["frame_caches"]
    assert (cache["benchmark"], cache["clips"]) == ("tiny-motion", 84)
    assert cache["bytes"] >= cache["bytes_to_write"] >= 0
    assert cache["frame_cache"]["short_side"] == 20
    assert call("data", "prepare", tiny, "--json").status == 2


def test_the_plan_of_a_table_is_json(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_guess, "_remembered", lambda *_: 1.0)
    words = ("reproduce", "table4", "--on", "real", "--seeds", "0", "--out", tmp_path, "--json")
    runs = json.loads(call(*words, "--plan").out)["runs"]
    assert {run["state"] for run in runs} == {"no data"}
    assert [(run["row"], run["ratio"]) for run in runs] == [
        (run.row, run.column.ratio) for run in api.plan_table(api.TableRequest("table4", "real", [0]), api.Execution())
    ]
    told = call(*words)
    assert (told.status, told.err) == (2, "ssmar-bench: reproduce: --json goes with --plan; give both.\n")


def test_numbers_and_signs_that_json_has_not_are_written_so_that_it_has() -> None:
    frame = pd.DataFrame({"a": [1.5, math.nan], "b": ["ü\x1b", None]})
    value = {"frame": frame, "path": Path("x"), "number": np.float32(0.5), "many": (True, np.int64(3), math.inf)}
    text = json_text(value)
    assert text.isascii()
    assert json.loads(text) == {
        "frame": [{"a": 1.5, "b": "ü\x1b"}, {"a": None, "b": None}],
        "path": "x",
        "number": 0.5,
        "many": [True, 3, None],
    }


def test_the_module_is_the_program() -> None:
    words = [sys.executable, "-m", "ssmar_bench", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == f"{__version__}\n"
