"""A method config that only changes hyper-parameters: ``--methods ./my-fixmatch.yaml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.core import method_config
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.paths import shipped_folder
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.resolve import resolve

MY_FIXMATCH = """\
extends: fixmatch
name: my-fixmatch
label: FixMatch, half sure
hyperparameters:
  threshold: {value: 0.5, source: "tried on the validation part"}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "my-fixmatch.yaml"
    path.write_text(MY_FIXMATCH)
    return path


def test_it_is_a_row_beside_the_one_that_it_extends(path: Path) -> None:
    ours, theirs = resolve(Grid("micro-motion-12", ["fixmatch", str(path)])).methods
    assert (ours.method_config.name, theirs.method_config.name) == ("fixmatch", "my-fixmatch")
    assert (ours.hyperparameters.threshold, theirs.hyperparameters.threshold) == (0.95, 0.5)  # type: ignore[attr-defined]
    assert theirs.method_config.citation == ours.method_config.citation


def test_it_may_extend_a_file_beside_it(path: Path) -> None:
    (path.parent / "more").mkdir()
    other = path.parent / "more" / "other.yaml"
    other.write_text("extends: ../my-fixmatch.yaml\nname: other\nlabel: Other\n")
    assert method_config.read_method_config(str(other))[0].values()["threshold"] == 0.5


@pytest.mark.parametrize("text", [MY_FIXMATCH.replace("name: my-fixmatch", "name: fixmatch"), "extends: fixmatch\n"])
def test_a_name_that_is_taken_is_an_error_that_names_both(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError) as error:
        method_config.read_method_config(str(path))
    assert str(error.value).startswith("method 'fixmatch' is defined twice: by ssmar-bench ")
    assert str(error.value).endswith(f"(fixmatch.yaml) and by {path}; give one another name.".replace(
        "(fixmatch.yaml)", f"({shipped_folder('methods') / 'fixmatch.yaml'})"
    ))  # fmt: skip


def test_our_own_file_may_be_named_by_its_path() -> None:
    assert method_config.read_method_config(str(shipped_folder("methods") / "fixmatch.yaml"))[0].name == "fixmatch"


def test_two_files_with_one_name_are_an_error_in_a_grid(path: Path) -> None:
    other = path.with_name("other.yaml")
    other.write_text(MY_FIXMATCH)
    with pytest.raises(UserError) as error:
        resolve(Grid("micro-motion-12", [str(path), str(other)]))
    assert (
        str(error.value) == f"method 'my-fixmatch' is defined twice: by {path} and by {other}; give one another name."
    )


@pytest.mark.parametrize(
    ("change", "line", "fault"),
    [
        (("value: 0.5", "value: 5"), 5, "threshold: input should be less than or equal to 1 (it is 5)"),
        (("threshold", "treshold"), 5, "treshold: unknown key; did you mean 'threshold'?"),
        ((', source: "tried on the validation part"', ""), 5, "hyperparameters.threshold.source: is missing"),
        (("extends: fixmatch", "extends: [fixmatch]"), 1, "extends: expected the name of a method or a .yaml file"),
    ],
)
def test_a_fault_names_file_and_line(path: Path, change: tuple[str, str], line: int, fault: str) -> None:
    path.write_text(MY_FIXMATCH.replace(*change))
    with pytest.raises(UserError) as error:
        resolve(Grid("micro-motion-12", [str(path)]))
    assert str(error.value).startswith(f"{path}:{line}: {fault}")


def test_extending_nothing_known_gets_the_nearest(path: Path) -> None:
    path.write_text(MY_FIXMATCH.replace("extends: fixmatch", "extends: fixmach"))
    with pytest.raises(UserError) as error:
        method_config.read_method_config(str(path))
    assert str(error.value) == f"{path}:1: extends: Unknown method 'fixmach'; did you mean 'fixmatch'?"
