"""The committed reports are those of the committed records."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _reports import page, write_sections

from ssmar_bench.results.input_digest import input_digest
from ssmar_bench.results.records import load_runs

ROOT = Path(__file__).parents[2]


def test_the_committed_reports_are_up_to_date() -> None:
    html = (ROOT / "reports" / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<meta name="results-digest" content="(\w+)">', html)
    assert found
    digest = input_digest(ROOT / "results")
    assert found[1] == digest, "results/ has changed since reports/ was rendered: run `make reports` and commit it"
    assert f"digest `{digest}`" in (ROOT / "reports" / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_committed_page_is_what_is_rendered_today() -> None:
    """The digest tells when records have changed; this tells when the rendering has."""
    files = page(ROOT / "results")
    for name, text in files.items():
        assert (ROOT / "reports" / name).read_text(encoding="utf-8") == text, "run `make reports` and commit it"
    data = ROOT / "reports" / "index-data"
    assert {f"index-data/{path.name}" for path in data.glob("*")} == {*files} - {"index.html"}


@pytest.mark.slow
def test_the_committed_tables_of_the_paper_are_what_is_rendered_today(tmp_path: Path) -> None:
    for path in write_sections(load_runs(ROOT / "results"), tmp_path):
        committed = ROOT / "reports" / path.relative_to(tmp_path)
        assert committed.read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), "run `make reports`"


def test_every_committed_file_is_small() -> None:
    files = [path for path in (ROOT / "reports").rglob("*") if path.is_file()]
    assert {path.name: path.stat().st_size for path in files if path.stat().st_size >= 1_000_000} == {}
