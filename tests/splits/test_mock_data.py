"""From a source's own files to a split: on mock data set lists with the real number of clips of every class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.splits.split_set import read_split_set
from tests.conftest import Finished

EXPECTED = {  # benchmark: clips of train with validation, and of test
    "ma-12": (7028, 3503),
    "ma-12-balanced-test": (9331, 1200),
    "smg-5": (2889, 250),
    "smg-5-official": (2611, 528),
}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    from ssmar_bench import api

    root = tmp_path_factory.mktemp("lists")

    def of(source: str) -> Path:
        if not (root / source).exists():
            api.mock_source(source, root / source, lists_only=True)
        return root / source

    return of


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_two_commands_lead_to_the_split(call: Callable[..., Finished], lists, tmp_path: Path, name: str) -> None:
    source = "ma52" if name.startswith("ma") else "smg"
    words = ("splits", "build", name, "--data", f"{source}={lists(source)}", "--out", tmp_path, "--no-durations")
    ended = call(*words)
    assert ended.status == 0, ended.err
    sizes = read_split_set(tmp_path / name).clips["role"].value_counts()
    assert (sizes["train"] + sizes["validation"], sizes["test"]) == EXPECTED[name]
    assert "owners' lists" not in ended.out
    assert call("splits", "verify", tmp_path / name, tmp_path / name / "fingerprints.json").out == "The same clips.\n"
