"""The summary is of records alone: what a config or an algorithm says today changes nothing in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from _records import Real

from ssmar_bench.core.errors import UserError
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.summary_builder import summarise

ROOT = Path(__file__).parents[2]
SHOW = """
import hashlib, sys
from pathlib import Path
from ssmar_bench import api
from ssmar_bench.reports.render import page
from ssmar_bench.results.records import load_runs
from ssmar_bench.results.summary_builder import summarise
assert Path(api.__file__).is_relative_to(Path.cwd()), api.__file__
summary = summarise(load_runs(Path(sys.argv[1])))
print(summary.digest, hashlib.sha256(page(summary)["index.html"].replace(summary.digest, "").encode()).hexdigest())
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what is installed, so that it can be edited."""
    copy = tmp_path / "repository"
    for name in ("ssmar_bench", "methods", "splits", "results/paper"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def show(repository: Path, results: Path) -> tuple[str, str]:
    """The digest of the records, and that of the page without it, by the program of the copy."""
    done = subprocess.run([sys.executable, "-c", SHOW, str(results)], cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    digest, page = done.stdout.split()
    return digest, page


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


EDITS: dict[str, Callable[[Path], None]] = {
    "method config": lambda root: edit(root / "methods" / "fixmatch.yaml", "label: FixMatch", "label: Another name"),
    "benchmark config": lambda root: edit(root / "splits" / "micro-motion-12.yaml", "seeds:", "# edited\nseeds:"),
    "algorithm": lambda root: edit(root / "ssmar_bench" / "algorithms" / "fixmatch.py", '"""', '"""Edited. '),
}


@pytest.mark.slow
def test_a_config_or_an_algorithm_changes_neither_digest_nor_page_and_a_record_both(
    repository: Path, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    folders = [Real(method, 0.5, seed).write(results) for method in ("supervised", "fixmatch") for seed in (0, 1)]
    first = show(repository, results)
    for change in EDITS.values():
        change(repository)
    assert show(repository, results) == first
    edit(folders[0] / "record" / "metrics.json", '"majority": 0.125', '"majority": 0.25')
    digest, page = show(repository, results)
    assert digest != first[0]
    assert page != first[1]


def test_equal_records_give_equal_summaries_and_nobody_changes_one(tmp_path: Path) -> None:
    for root in (tmp_path / "a", tmp_path / "b"):
        for method in ("supervised", "fixmatch"):
            Real(method, 0.5, 0).write(root)
    one, other = (summarise(load_runs(tmp_path / name)) for name in "ab")
    assert one.digest == other.digest
    assert one.benchmarks[0].comparison.equals(other.benchmarks[0].comparison)
    with pytest.raises(FrozenInstanceError):
        one.digest = "x"  # type: ignore[misc]


def test_nothing_to_summarise_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There are no runs"):
        summarise(load_runs(tmp_path))


def test_the_papers_tables_are_there_if_they_are_asked_for(tmp_path: Path) -> None:
    Real("fixmatch", 0.5, 0).write(tmp_path)
    assert summarise(load_runs(tmp_path), paper=False).paper == ()
    assert [one.on for one in summarise(load_runs(tmp_path)).paper] == ["micro-motion"]
