"""An installed package is found by its metadata, and its code is imported when it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core import benchmark_config, catalog, method_config
from ssmar_bench.core.errors import UserError
from tests.plugins.conftest import METHOD_CONFIG, MINE


def test_method_config_and_algorithm_of_a_package_are_as_ours(mine: Path) -> None:
    found, _ = method_config.read_method_config("mine")
    assert (found.label, found.algorithm) == ("Mine", "mine")
    assert found.hyperparameters.keys() == method_config.read_method_config("fixmatch")[0].hyperparameters.keys()
    assert "mine" in method_config.METHODS.names()
    assert str(method_config.METHODS.entry("mine").provider) == "my-package 1.2"
    assert ALGORITHMS.load("mine").__name__ == "Mine"
    assert str(ALGORITHMS.entry("mine").provider) == "my-package 1.2"
    assert method_config.expand_method_sets(["mine", "fixmatch"]) == ["mine", "fixmatch"]


def test_nothing_of_a_package_is_imported_to_list_it(mine: Path) -> None:
    (mine / "my_package" / "__init__.py").write_text("raise SystemExit('it was imported')")
    code = (
        "import sys; from ssmar_bench.core import method_config; from ssmar_bench.algorithms import ALGORITHMS; "
        "print(method_config.read_method_config('mine')[0].label, 'mine' in ALGORITHMS, 'torch' in sys.modules, "
        "'my_package' in sys.modules)"
    )
    words = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(mine)!r}); {code}"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "Mine True False False\n"


def test_a_package_brings_sets_and_benchmarks(install: Any) -> None:
    install(
        "my-package",
        {catalog.METHODS: "mine = my_package:Mine"},
        **{
            "my_package/__init__.py": MINE,
            "my_package/methods/mine.yaml": METHOD_CONFIG,
            "my_package/methods/sets/ours.yaml": "title: Ours\nmethods: [mine, fixmatch]\n",
            "my_package/splits/small.yaml": "extends: micro-motion-12\nname: small\n",
        },
    )
    assert method_config.expand_method_sets(["ours"]) == ["mine", "fixmatch"]
    assert benchmark_config.read_benchmark_config("small").source.name == "micro-motion"


def test_a_method_that_is_called_as_ours_is_an_error_for_that_name_alone(install: Any) -> None:
    site = install(
        "thief",
        {catalog.METHODS: "fixmatch = thief:Mine"},
        **{
            "thief/__init__.py": MINE,
            "thief/methods/fixmatch.yaml": METHOD_CONFIG.replace("name: mine", "name: fixmatch"),
        },
    )
    with pytest.raises(UserError) as error:
        method_config.read_method_config("fixmatch")
    assert str(error.value).startswith("method 'fixmatch' is defined twice: by ssmar-bench ")
    assert f"and by thief 1.2 ({site / 'thief/methods/fixmatch.yaml'}); give one another name." in str(error.value)
    with pytest.raises(UserError) as error:
        ALGORITHMS.load("fixmatch")
    assert "(ssmar_bench.algorithms.fixmatch:FixMatch) and by thief 1.2 (thief:Mine)" in str(error.value)
    assert method_config.read_method_config("aplt")[0].name == "aplt"
    assert ALGORITHMS.load("aplt").__name__ == "APLT"


def test_a_method_that_is_called_as_a_set_is_an_error(install: Any) -> None:
    files = {
        "thief/__init__.py": MINE,
        "thief/methods/table1.yaml": METHOD_CONFIG.replace("name: mine", "name: table1"),
    }
    install("thief", {catalog.METHODS: "mine = thief:Mine"}, **files)
    with pytest.raises(UserError, match=r"'table1' is a set of methods of ssmar-bench \S+ and a method of thief 1.2;"):
        method_config.expand_method_sets(["table1"])


@pytest.mark.parametrize(
    ("entry", "text", "reason"),
    [
        ("mine = my_package", MINE, "its entry point 'mine = my_package' names no class; write MODULE:CLASS"),
        ("mine = nowhere.at_all:Mine", MINE, "its module 'nowhere.at_all' is not there"),
        ("mine = my_package.other:Mine", MINE, "its module 'my_package.other' is not there"),
        ("mine = !?", MINE, "its entry point 'mine = !?' names no class; write MODULE:CLASS"),
        ("mine = my package:Mine", MINE, "names no class; write MODULE:CLASS"),
        ("mine = my_package:Mine", "class Mine(:\n", "my_package/__init__.py:1: not valid Python: invalid syntax"),
        ("mine = my_package:Mine", "import no_such_thing", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("mine = my_package:Mine", "raise SystemExit(3)", "SystemExit: 3"),
        ("mine = my_package:Mine", "Yours = 1", "AttributeError: module 'my_package' has no attribute 'Mine'"),
    ],
)
def test_a_broken_package_says_why(install: Any, entry: str, text: str, reason: str) -> None:
    files = {"my_package/__init__.py": text, "my_package/methods/mine.yaml": METHOD_CONFIG}
    install("my-package", {catalog.METHODS: entry}, **files)
    with pytest.raises(UserError) as error:
        ALGORITHMS.load("mine")
    assert str(error.value).startswith("algorithm 'mine' of my-package 1.2 cannot be loaded: ")
    assert reason in str(error.value)
    assert ALGORITHMS.load("fixmatch").revision == 1


HEAD = "from ssmar_bench.core.contract import *\nfrom ssmar_bench.core.contract import HyperParameters, Method\n"
WHOLE = "class Mine(Method):\n    class Config(HyperParameters): ...\n    revision = 1\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Mine = 3", "3 is no subclass of ssmar_bench.core.contract.Method"),
        ("class Mine: ...", "is no subclass of ssmar_bench.core.contract.Method"),
        (f"{HEAD}class Mine(Method): ...", "it needs a class Config(HyperParameters)"),
        (HEAD + WHOLE.replace("revision = 1", "revision = '1'"), "it needs a revision, a whole number"),
        (HEAD + WHOLE, "it does not define loss, predict, views()"),
    ],
)
def test_what_does_not_keep_the_contract_is_refused(install: Any, text: str, reason: str) -> None:
    install("my-package", {catalog.METHODS: "mine = my_package:Mine"}, **{"my_package/__init__.py": text})
    with pytest.raises(UserError) as error:
        ALGORITHMS.load("mine")
    assert str(error.value).startswith("algorithm 'mine' of my-package 1.2: ")
    assert reason in str(error.value)


def test_an_unknown_name_gets_the_nearest_of_a_package(mine: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'mine'"):
        method_config.read_method_config("minee")
    with pytest.raises(UserError, match="did you mean 'mine'"):
        ALGORITHMS.load("minee")


def test_a_method_config_is_called_as_its_file(mine: Path) -> None:
    path = mine / "my_package" / "methods" / "mine.yaml"
    path.write_text(METHOD_CONFIG.replace("name: mine", "name: yours"))
    with pytest.raises(UserError) as error:
        method_config.read_method_config("mine")
    assert str(error.value) == f"{path}:2: name: 'yours' is not 'mine', as the file is called."
