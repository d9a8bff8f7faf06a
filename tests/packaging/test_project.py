"""What a project says of itself is the same everywhere: licence, version, citation, changelog, hooks and workflow."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ssmar_bench import __version__

ROOT = Path(__file__).parents[2]


def yaml(path: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / path).read_text(encoding="utf-8"))


def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_citation_is_of_this_version_licence_and_authors() -> None:
    found = yaml("CITATION.cff")
    said = project()
    assert found["cff-version"] == "1.2.0"
    assert (found["version"], found["license"]) == (__version__, said["license"])
    assert [author["name"] for author in found["authors"]] == [author["name"] for author in said["authors"]]
    assert said["authors"][0]["name"] in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_the_citation_refers_to_the_paper_and_so_does_the_metadata() -> None:
    (paper,) = yaml("CITATION.cff")["references"]
    assert paper["type"] == "conference-paper"
    assert paper["url"] == project()["urls"]["Paper"]
    assert {author["family-names"] for author in paper["authors"]} == {"Zhang", "Cheng", "Wang", "Zhong"}


def test_the_changelog_begins_with_this_version() -> None:
    release = re.sub(r"\.?(dev|rc|a|b|post)\d+$", "", __version__)
    entries = re.findall(r"^## \[(.+?)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert entries[0][0] == release
    assert (entries[0][1] == "unreleased") == (release != __version__), "a release has a date, a .dev version has none"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in entries[1:])


def test_the_workflow_runs_what_ci_runs_on_every_python_of_the_metadata() -> None:
    job = yaml(".github/workflows/ci.yml")["jobs"]["test"]
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(project()["classifiers"]), re.MULTILINE)
    assert job["strategy"]["matrix"]["python"] == named
    assert job["steps"][-1]["run"] == ".ci/run"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_the_hooks_are_the_tools_of_make_check() -> None:
    (repository,) = yaml(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local", "versions are pinned in constraints.txt"
    hooks = [hook["entry"] for hook in repository["hooks"] if hook["language"] == "system"]
    called = re.findall(r"^\t\$\(BIN\)/((?:ruff \w+|mypy|lint-imports))", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {re.sub(r"^\.venv/bin/| --\S+", "", entry) for entry in hooks} == {*called}


def test_a_subject_that_is_too_long_or_has_no_area_is_refused() -> None:
    (subject,) = (hook for hook in yaml(".pre-commit-config.yaml")["repos"][0]["hooks"] if hook["language"] == "pygrep")
    pattern = re.compile(subject["entry"], re.MULTILINE)
    assert pattern.search("splits: keep one subject in one part\n\nWhy: " + "x" * 100)
    assert pattern.search("a: " + "x" * 69 + "\n")
    assert not pattern.search("a: " + "x" * 70 + "\n")
    assert not pattern.search("Keep one subject in one part\n\nsplits: why")
