"""A plugin of one file is read without being run, and its faults are told where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import catalog, method_config
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.run_spec import RunSpec
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.rerun_command import rerun_command
from ssmar_bench.runs.resolve import resolve
from tests.plugins.conftest import FILE, METHOD_CONFIG, MINE

Write = Callable[..., Path]


def test_a_file_brings_its_method_config_and_its_class(plugin: Write) -> None:
    path = plugin(FILE)
    catalog.use_plugin_file(path)
    assert method_config.read_method_config("mine")[0].label == "Mine"
    assert str(method_config.METHODS.entry("mine").provider) == str(path)
    assert ALGORITHMS.load("mine") is ALGORITHMS.load("mine")
    assert ALGORITHMS.load("mine").__name__ == "Mine"
    catalog.forget_plugin_files()
    assert "mine" not in method_config.METHODS.names()
    assert "mine" not in ALGORITHMS


def test_reading_a_file_does_not_run_it(plugin: Write) -> None:
    catalog.use_plugin_file(plugin("raise SystemExit('it was run')\n" + FILE))
    assert method_config.read_method_config("mine")[0].name == "mine"
    with pytest.raises(UserError, match=r"algorithm 'mine' of \S+ cannot be loaded: SystemExit: it was run"):
        ALGORITHMS.load("mine")


def test_a_file_that_was_changed_is_read_again(plugin: Write) -> None:
    path = plugin(FILE)
    catalog.use_plugin_file(path)
    before = ALGORITHMS.load("mine")
    plugin(FILE.replace("revision = 1", "revision = 2").replace("label: Mine", "label: Mine, mended"))
    catalog.use_plugin_file(path)
    assert (before.revision, ALGORITHMS.load("mine").revision) == (1, 2)
    assert method_config.read_method_config("mine")[0].label == "Mine, mended"
    assert len(catalog.plugin_files()) == 1


def test_several_method_configs_may_stand_in_a_file_and_extend_each_other(plugin: Write) -> None:
    second = 'METHOD_CONFIG_SURE = """\\\nextends: mine\nname: mine-sure\nlabel: Mine, sure\n"""\n'
    catalog.use_plugin_file(plugin(FILE + second))
    assert method_config.read_method_config("mine-sure")[0].algorithm == "mine"
    assert method_config.read_method_config("mine-sure")[0].label == "Mine, sure"


@pytest.mark.parametrize("name", ["mine", "MINE", "M.i_n-e"])
def test_an_algorithms_name_is_its_classs_whatever_case_and_hyphens(plugin: Write, name: str) -> None:
    catalog.use_plugin_file(plugin(FILE.replace("algorithm: mine", f"algorithm: {name}")))
    assert ALGORITHMS.load(name).__name__ == "Mine"


def test_a_method_config_may_be_of_an_algorithm_that_is_known_already(plugin: Write) -> None:
    catalog.use_plugin_file(plugin('METHOD_CONFIG = """\nextends: fixmatch\nname: mine\nlabel: Mine\n"""\n'))
    assert method_config.read_method_config("mine")[0].algorithm == "fixmatch"
    assert catalog.plugin_files()[0].classes == {}


@pytest.mark.parametrize("start", ['"""\n', '"""\\\n', '"""'])
def test_a_fault_in_a_method_config_is_reported_with_the_files_line(plugin: Write, start: str) -> None:
    text = f"{MINE}\nMETHOD_CONFIG = {start}{METHOD_CONFIG}labell: x\n" + '"""\n'
    path = plugin(text)
    catalog.use_plugin_file(path)
    with pytest.raises(UserError) as error:
        method_config.read_method_config("mine")
    line = text.splitlines().index("labell: x") + 1
    assert str(error.value) == f"{path}:{line}: labell: unknown key; did you mean 'label'?"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("class X(:\n", "my_method.py:1: not valid Python: invalid syntax."),
        ("\0", "my_method.py:1: not valid Python: "),
        (MINE, "my_method.py: it has no method config; write one at its top level"),
        (
            "METHOD_CONFIG = open('x').read()\n",
            "my_method.py:1: a method config is one string of YAML, without a call or an f-string.",
        ),
        ("\nMETHOD_CONFIG = f'name: {1}'\n", "my_method.py:2: a method config is one string of YAML"),
        ('METHOD_CONFIG = """\nname: [\n"""\n', "my_method.py:3: not valid YAML"),
        (
            'METHOD_CONFIG = """\nlabel: x\n"""\n',
            "my_method.py:1: name: is missing; a method config says its own name.",
        ),
        ("METHOD_CONFIG = 'mine'\n", "my_method.py:1: expected a mapping of keys to values."),
        (
            "METHOD_CONFIG = 'name: a'\nMETHOD_CONFIG_2 = 'name: a'\n",
            "method 'a' is defined twice: by {path}:1 and by {path}:2; give one another name.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_at_once(plugin: Write, text: str, fault: str) -> None:
    path = plugin(text)
    with pytest.raises(UserError) as error:
        catalog.use_plugin_file(path)
    assert fault.format(path=path) in str(error.value)
    assert catalog.plugin_files() == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"my\.py: there is no such file; a plugin is a \.py file with a method config"):
        catalog.use_plugin_file(tmp_path / "my.py")


def test_two_files_with_one_name_are_an_error_that_names_both(plugin: Write) -> None:
    one, two = plugin(FILE), plugin(FILE, "other.py")
    catalog.use_plugin_file(one)
    catalog.use_plugin_file(two)
    with pytest.raises(UserError) as error:
        method_config.read_method_config("mine")
    assert str(one) in str(error.value)
    assert str(two) in str(error.value)
    with pytest.raises(UserError, match="algorithm 'mine' is defined twice"):
        ALGORITHMS.load("mine")


def test_a_class_that_is_called_as_one_of_our_algorithms_is_an_error(plugin: Write) -> None:
    catalog.use_plugin_file(
        plugin(FILE.replace("algorithm: mine", "algorithm: aplt").replace("class Mine", "class Aplt"))
    )
    with pytest.raises(UserError, match="algorithm 'aplt' is defined twice: by ssmar-bench "):
        ALGORITHMS.load("aplt")
    assert ALGORITHMS.load("fixmatch").__name__ == "FixMatch"


def test_the_command_that_trains_a_run_again_names_the_file(plugin: Write) -> None:
    path = plugin(FILE)
    catalog.use_plugin_file(path)
    (row,) = resolve(Grid("micro-motion-12", ["mine"])).methods
    config = row.benchmark_config
    plain = {
        **{name: getattr(config, name) for name in ("source", "frame_cache", "clips", "backbone", "train")},
        "split": "",
        "ratio": 0.5,
        "seed": 0,
        "method": "mine",
        "algorithm": "mine",
        "revision": 1,
        "hyperparameters": row.hyperparameters.model_dump(mode="json"),
    }
    spec = RunSpec.from_json({"benchmark": config.name, **plain})
    words = f"--benchmark micro-motion-12 --methods mine --ratios 0.5 --seeds 0 --plugin {path}"
    assert rerun_command(spec) == f"ssmar-bench run {words}"
