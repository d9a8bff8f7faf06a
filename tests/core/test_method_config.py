from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import benchmark_config, method_config
from ssmar_bench.core.config_layers import resolve_config
from ssmar_bench.core.contract import HyperParameters, Method
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.identity import canonical_json

NAMES = method_config.METHODS.names()


def write(folder: Path, text: str) -> str:
    (folder / "mine.yaml").write_text(text)
    return str(folder / "mine.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_method_config_is_valid_and_says_where_its_values_come_from(name: str) -> None:
    found, source = method_config.read_method_config(name)
    assert found.name == name
    assert found.label.strip()
    assert found.citation.strip()
    for key, value in found.hyperparameters.items():
        assert value.source.strip(), key
        assert source.where(("hyperparameters", key)).partition(":")[0].endswith(".yaml")
    for benchmark in benchmark_config.BENCHMARKS.names():
        resolve_config(benchmark, None, found, {})


@pytest.mark.parametrize("name", NAMES)
def test_a_method_config_fits_its_algorithms_config_exactly(name: str) -> None:
    found, _ = method_config.read_method_config(name)
    algorithm = ALGORITHMS.load(found.algorithm)
    assert issubclass(algorithm, Method)
    assert set(found.hyperparameters) == set(algorithm.Config.model_fields)
    config = algorithm.Config.model_validate({key: value.value for key, value in found.hyperparameters.items()})
    plain = config.model_dump(mode="json")  # what a run's spec carries: plain data that gives the same config again
    assert canonical_json(plain)
    assert algorithm.Config.model_validate(plain) == config
    for key, value in found.hyperparameters.items():
        assert type(value.value) is not str or isinstance(plain[key], str), f"{key} is quoted and becomes a number"


@pytest.mark.parametrize("name", ALGORITHMS.names())
def test_an_algorithms_config_has_no_defaults_and_refuses_what_it_does_not_know(name: str) -> None:
    algorithm = ALGORITHMS.load(name)
    assert issubclass(algorithm.Config, HyperParameters)
    assert algorithm.Config is not HyperParameters
    assert isinstance(algorithm.revision, int)
    for key, field in algorithm.Config.model_fields.items():
        assert field.is_required(), f"{key} has a default; hyper-parameters are in methods/ alone"
    rows = [found for found in (method_config.read_method_config(row)[0] for row in NAMES) if found.algorithm == name]
    assert rows, "no method config uses it"
    values = {key: value.value for key, value in rows[0].hyperparameters.items()}
    config = algorithm.Config.model_validate(values)
    with pytest.raises(ValueError, match="no_such_key"):
        algorithm.Config.model_validate({**values, "no_such_key": 1})
    key = next(iter(values))
    with pytest.raises(ValueError, match="frozen"):
        setattr(config, key, values[key])
    with pytest.raises(ValueError, match=key):
        algorithm.Config.model_validate({k: v for k, v in values.items() if k != key})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("hyperparameters:\n  weight: 2.0\n", 4, ["hyperparameters.weight", "HyperParameter"]),
        ("hyperparameters:\n  weight: {value: 2.0, source: ''}\n", 4, ["hyperparameters.weight.source"]),
        ("hyperparameters:\n  extra: {value: 2.0}\n", 4, ["hyperparameters.extra.source", "missing"]),
        ("hyperparameters:\n  weight: {source: paper}\n  extra: {source: paper}\n", 5, ["extra.value", "missing"]),
        ("deviations: none\n", 3, ["deviations", "list"]),
        ("algoritm: aplt\n", 3, ["algoritm", "unknown key", "did you mean 'algorithm'?"]),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path: Path, text: str, line: int, words: list[str]) -> None:
    path = write(tmp_path, "extends: fixmatch\nname: mine\n" + text)
    with pytest.raises(UserError) as error:
        method_config.read_method_config(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    for word in words:
        assert word in str(error.value)


def test_an_ablation_row_changes_what_it_names_alone() -> None:
    base, literal = method_config.read_method_config("aplt")[0], method_config.read_method_config("aplt-literal")[0]
    changed = {key for key, value in literal.hyperparameters.items() if value != base.hyperparameters[key]}
    assert changed == {"unit_clustering", "similarity"}
    assert (literal.citation, literal.algorithm) == (base.citation, base.algorithm)
    assert literal.label != base.label


@pytest.mark.parametrize(("name", "hint"), [("fixmtch", "did you mean 'fixmatch'?"), ("x.yaml", "no such file")])
def test_an_unknown_method_gets_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError) as error:
        method_config.read_method_config(name)
    assert f"'{name}'" in str(error.value)
    assert hint in str(error.value)


def test_a_new_value_does_not_keep_the_old_values_source(tmp_path: Path) -> None:
    path = write(tmp_path, "extends: fixmatch\nname: mine\nhyperparameters:\n  threshold: {value: 0.5}\n")
    with pytest.raises(UserError, match="threshold"):
        method_config.read_method_config(path)


def test_the_missing_source_of_a_new_value_is_reported_where_the_value_is(tmp_path: Path) -> None:
    path = write(tmp_path, "extends: fixmatch\nname: mine\nhyperparameters:\n  threshold: {value: 0.5}\n")
    with pytest.raises(UserError, match=r"mine\.yaml:4: hyperparameters\.threshold\.source: is missing"):
        method_config.read_method_config(path)


@pytest.mark.parametrize("name", [name for name in NAMES if method_config.read_method_config(name)[0].as_semilearn])
def test_semilearns_reading_differs_from_the_papers_and_fits_the_config(name: str) -> None:
    found, _ = method_config.read_method_config(name)
    assert set(found.as_semilearn) <= set(found.hyperparameters)
    for key, value in found.as_semilearn.items():
        assert value.source.strip(), key
        assert value.value != found.hyperparameters[key].value, f"{key} is the paper's value anyway"
    assert ALGORITHMS.load(found.algorithm).Config.model_validate(found.values(as_semilearn=True))


def test_semilearns_reading_is_laid_over_the_hyper_parameters() -> None:
    found, _ = method_config.read_method_config("uda")
    paper, semilearn = found.values(), found.values(as_semilearn=True)
    assert (paper["temperature"], semilearn["temperature"]) == (0.4, 1.0)
    assert {key for key in paper if paper[key] != semilearn[key]} == set(found.as_semilearn)
