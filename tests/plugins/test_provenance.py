"""A run's record says which code made it; another content of a plugin's file makes another run."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ssmar_bench import __version__, api
from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import catalog
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.runs import environment as environments
from ssmar_bench.runs.environment import environment, git_commit
from ssmar_bench.runs.worker import _use_plugins
from tests._records import Fake
from tests.conftest import Finished, folder_of
from tests.plugins.conftest import FILE

Call = Callable[..., Finished]
Write = Callable[..., Path]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.usefixtures("mine")
def test_of_a_package_the_record_names_distribution_and_version() -> None:
    assert environment("mine", {})["plugin"] == "my-package 1.2"
    assert ALGORITHMS.plugin_file("mine") == ""


def test_of_a_file_the_record_holds_name_and_digest_and_no_folder(plugin: Write, tmp_path: Path) -> None:
    path = plugin(FILE)
    catalog.use_plugin_file(path)
    found = environment("mine", {})
    assert found["plugin"] == f"my_method.py sha256:{sha256(path)}"
    assert str(tmp_path) not in str(found)
    assert ALGORITHMS.plugin_file("mine") == sha256(path)[:16]


def test_of_ours_the_record_holds_version_and_commit() -> None:
    found = environment("fixmatch", {})
    assert found["ssmar_bench"] == __version__
    assert found["git_commit"] == git_commit()
    assert "plugin" not in found
    assert ALGORITHMS.plugin_file("fixmatch") == ""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that ``ssmar_bench`` seems to be imported from."""
    (tmp_path / "ssmar_bench").mkdir()
    (tmp_path / "ssmar_bench" / "code.py").write_text("1\n")
    (tmp_path / "notes.txt").write_text("1\n")
    monkeypatch.setattr(environments, "PACKAGE", tmp_path / "ssmar_bench")
    git_commit.cache_clear()
    yield tmp_path
    git_commit.cache_clear()


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        ("", ""),
        ("notes.txt", ""),
        ("ssmar_bench/code.py", "-dirty"),
        ("ssmar_bench/new.py", "-dirty"),
        ("methods/new.yaml", "-dirty"),
    ],
)
def test_the_commit_is_dirty_where_code_or_configs_differ(checkout: Path, change: str, ending: str) -> None:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "first")
    if change:
        (checkout / change).parent.mkdir(exist_ok=True)
        (checkout / change).write_text("2\n")
    assert git_commit() == git(checkout, "rev-parse", "HEAD") + ending


@pytest.mark.parametrize("begun", [False, True])
def test_there_is_no_commit_outside_of_a_checkout_nor_before_the_first(checkout: Path, begun: bool) -> None:
    if begun:
        git(checkout, "init", "-q")
    assert git_commit() in ("", "(initial)-dirty")


def test_there_is_no_commit_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(checkout, "init", "-q")
    monkeypatch.setenv("PATH", str(checkout))
    assert git_commit() == ""


def spec_of(plugin_file: str = "") -> RunSpec:
    return replace(Fake("mine", benchmark="b").spec(), algorithm="mine", plugin_file=plugin_file)


def test_a_plugins_file_is_part_of_a_runs_identity_and_changes_no_other(plugin: Write) -> None:
    assert "plugin_file" not in spec_of().to_json()
    assert spec_of(plugin_file="a").identity() != spec_of(plugin_file="b").identity() != spec_of().identity()
    assert RunSpec.from_json(spec_of(plugin_file="a").to_json()) == spec_of(plugin_file="a")


def test_a_file_that_changes_after_the_plan_fails_its_runs(plugin: Write) -> None:
    path = plugin(FILE)
    catalog.use_plugin_file(path)
    spec = spec_of(plugin_file=ALGORITHMS.plugin_file("mine"))
    _use_plugins([str(path)], spec)
    plugin(f"{FILE}# changed\n")
    with pytest.raises(
        UserError, match=r"my_method\.py has changed since the run was planned; start the command again"
    ):
        _use_plugins([str(path)], spec)


@pytest.mark.slow
def test_another_content_of_the_file_is_another_run_and_said(
    plugin: Write, tiny: Path, tmp_path: Path, call: Call
) -> None:
    path = plugin(FILE)

    def run(*words: object) -> Finished:
        more = ("--methods", "mine", "--plugin", path, "--set", "train.epochs=2", "--jobs", 1)
        return call("run", "--benchmark", tiny, *more, "--out", tmp_path, *words)

    ended = run()
    assert (ended.status, "another content" in ended.err) == (0, False)
    first = folder_of(tmp_path, "mine")
    assert read_json(first / "record" / "spec.json")["plugin_file"] == sha256(path)[:16]
    assert read_json(first / "record" / "environment.json")["plugin"] == f"my_method.py sha256:{sha256(path)}"

    plugin(FILE.replace("    revision = 1\n", "    revision = 1\n    momentum = 0\n"))
    assert "\tmissing\t" in run("--plan").out
    again = run()
    assert again.status == 0
    assert f"{first.name} is of another content of its plugin's file; the run starts again." in again.err
    (second,) = {*(tmp_path / "runs").glob("*_mine_*")} - {first}
    assert RunFolder(first).done()
    assert RunFolder(second).done()
    table = api.table(tmp_path, "tiny-motion")
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| Mine")]
    assert len(rows) == 2, "results of two contents are two rows"
    assert f"\n  cached  {second.name.rpartition('_')[0]}\n" in run("--verbose").err

    refused = call("predict", first, tiny, "--plugin", path)
    assert refused.status == 2
    assert f"was trained by another content of {path}; give the file as it was, or train the run again." in refused.err
