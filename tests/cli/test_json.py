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

from ssmar_bench import __version__, api
from ssmar_bench.cli.json_output import json_text
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
    assert [(row["method"], row["state"], row["seconds"]) for row in plan["runs"]] == [
        ("supervised", "missing", None), ("aplt", "missing", None),
    ]  # fmt: skip


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
