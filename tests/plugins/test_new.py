"""``methods new``: what it writes works at once."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.api.scaffold import HERE
from ssmar_bench.core import method_config
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.testing import CHECKS, MethodUnderTest, examine
from tests.conftest import Finished, folder_of
from tests.plugins.conftest import Install

Call = Callable[..., Finished]
FAST = [name for name, check in CHECKS.items() if not check.slow]


@pytest.fixture
def written(install: Install, tmp_path: Path) -> Callable[..., Path]:
    """Writes a package and installs it."""

    def write(name: str, template: str) -> Path:
        folder = api.new_method(name, template, tmp_path)
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        entries = {
            group: "\n".join(f"{key} = {value}" for key, value in table.items())
            for group, table in project["entry-points"].items()
        }
        package = folder / name.replace("-", "_")
        files = {str(path.relative_to(folder)): path.read_text() for path in package.rglob("*") if path.is_file()}
        install(project["name"], entries, project["version"], **files)
        return folder

    return write


@pytest.mark.parametrize("template", api.TEMPLATES)
def test_every_template_passes_every_check(written: Callable[..., Path], template: str) -> None:
    written("my-idea", template)
    examined = MethodUnderTest.of("my-idea")
    outcomes = [examine(examined, check) for check in FAST]
    assert [outcome.message for outcome in outcomes if outcome.state == "failed"] == []
    assert len([outcome for outcome in outcomes if outcome.state == "passed"]) >= len(FAST) - 5
    assert api.provider("my-idea") == "my-idea 0.1.0"


@pytest.mark.slow
@pytest.mark.parametrize("template", api.TEMPLATES)
def test_every_template_trains(
    written: Callable[..., Path], template: str, tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("my-idea", template)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}:{Path(__file__).parents[2]}")
    ended = call("run", "--benchmark", tiny, "--methods", "my-idea", "--set", "train.epochs=6", "--out", tmp_path)
    assert ended.status == 0, ended.err
    assert "| My idea " in ended.out
    assert RunFolder(folder_of(tmp_path, "my-idea")).done()


def test_names_are_put_in_everywhere(tmp_path: Path) -> None:
    folder = api.new_method("two-words2", "teacher", tmp_path / "my_method" / "my-method")
    assert folder == tmp_path / "my_method" / "my-method" / "two-words2"
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        "README.md",
        "pyproject.toml",
        "test_two_words2.py",
        "two_words2/__init__.py",
        "two_words2/algorithm.py",
        "two_words2/methods/two-words2.yaml",
    ]
    for name in files:
        text = (folder / name).read_text()
        assert not any(word in text for word in ("my-method", "my_method", "MyMethod", "My method")), name
    assert "class TwoWords2(Method):" in (folder / "two_words2" / "algorithm.py").read_text()
    assert method_config.read_method_config(str(folder / "two_words2/methods/two-words2.yaml"))[0].label == "Two words2"
    assert [path.name for path in folder.parent.iterdir()] == ["two-words2"], "nothing is left aside"


@pytest.mark.parametrize("template", api.TEMPLATES)
def test_a_template_is_the_package_that_it_becomes(template: str, tmp_path: Path) -> None:
    """The files in the repository are whole: renaming changes nothing when the name is the template's own."""
    folder = api.new_method("my-method", template, tmp_path)
    assert (folder / "my_method/algorithm.py").read_text() == (HERE / template / "algorithm.py").read_text()
    assert ast.parse((folder / "test_my_method.py").read_text())


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("My-Method", "'My-Method' cannot be a method's name; use small letters, digits and hyphens: my-method."),
        ("2fast", "'2fast' cannot be a method's name"),
        ("class", "'class' cannot be a method's name"),
        ("../up", "'../up' cannot be a method's name"),
        ("", "'' cannot be a method's name"),
        ("fixmatch", "There is a method 'fixmatch' already; choose another name."),
        ("fixmatch-offline", "There is an algorithm 'fixmatch-offline' already"),
        ("table1", "There is a set of methods 'table1' already"),
        ("json", "There is a Python module 'json' already, which the new one would hide."),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, fault: str) -> None:
    with pytest.raises(UserError) as error:
        api.new_method(name, "fixmatch", tmp_path)
    assert fault in str(error.value)
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    with pytest.raises(UserError) as error:
        api.new_method("my-idea", out=file)
    assert str(error.value) == f"--out {file}: {file} is a file, not a folder; give another folder."
    assert [*tmp_path.iterdir()] == [file]


def test_the_command_says_what_comes_next_and_overwrites_nothing(call: Call, tmp_path: Path) -> None:
    words: tuple[Any, ...] = ("methods", "new", "my-idea", "--template", "offline", "--out", tmp_path)
    ended = call(*words)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"{tmp_path / 'my-idea'}: {api.TEMPLATES['offline']}",
        f"next: pip install --editable {tmp_path / 'my-idea'}; ssmar-bench methods check my-idea",
    ]
    (tmp_path / "my-idea" / "README.md").write_text("changed")
    again = call(*words)
    assert (again.status, again.out) == (2, "")
    assert again.err == f"ssmar-bench: {tmp_path / 'my-idea'}: this exists already; choose another name or --out.\n"
    assert (tmp_path / "my-idea" / "README.md").read_text() == "changed"
    unknown = call("methods", "new", "my-idea", "--template", "fixmach", "--out", tmp_path)
    assert unknown.err == "ssmar-bench: Unknown template 'fixmach'; did you mean 'fixmatch'?\n"


def test_templates_bring_no_method_of_their_own() -> None:
    assert "my-method" not in method_config.METHODS.names()
    assert "my-method" not in ALGORITHMS
