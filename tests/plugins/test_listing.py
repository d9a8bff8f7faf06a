"""``methods list`` and ``methods show`` of what others bring: where it comes from, and what is broken."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ssmar_bench import __version__, api
from ssmar_bench.core import catalog, method_config
from tests.conftest import Finished
from tests.plugins.conftest import FILE, METHOD_CONFIG, MINE, Install

Call = Callable[..., Finished]
Write = Callable[..., Path]


def row(text: str, method: str) -> str:
    """The first line of a method's row."""
    return next(line for line in text.splitlines() if line.startswith(f"{method}\t"))


def test_the_list_says_where_each_comes_from(mine: Path, plugin: Write, call: Call) -> None:
    text = FILE.replace("name: mine", "name: yours").replace("algorithm: mine", "algorithm: yours")
    path = plugin(text.replace("class Mine", "class Yours"))
    ended = call("methods", "list", "--plugin", path)
    assert (ended.status, ended.err) == (0, "")
    assert f"\tssmar-bench {__version__}" in row(ended.out, "fixmatch")
    assert row(ended.out, "mine").split("\t") == [*("mine", "Mine", "mine", "nothing", "my-package 1.2")]
    assert f"\t{path.name}" in row(ended.out, "yours")
    assert "Broken" not in ended.out


def test_a_method_config_of_ones_own_is_listed_with_its_path(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("extends: fixmatch\nname: my-fixmatch\nlabel: My FixMatch\n")
    ended = call("methods", "list", path, "fixmatch")
    assert "\tmy.yaml" in row(ended.out, "my-fixmatch")
    assert "\tsemilearn's fixmatch, to 1e-05\t" in row(ended.out, "my-fixmatch"), "it is the same algorithm"
    assert "\tFixMatch\t" in row(ended.out, "fixmatch")


def test_broken_plugins_are_listed_with_their_reasons_and_hurt_nothing(install: Install, call: Call) -> None:
    bad = {catalog.METHODS: "bad = bad_code:Mine"}
    install(
        "bad-code",
        bad,
        **{"bad_code/__init__.py": "class Mine(\n", "bad_code/methods/bad.yaml": METHOD_CONFIG.replace("mine", "bad")},
    )
    thief = {catalog.METHODS: "stolen = thief:Mine"}
    install(
        "thief",
        thief,
        **{"thief/__init__.py": MINE, "thief/methods/uda.yaml": METHOD_CONFIG.replace("name: mine", "name: uda")},
    )
    install("no-recipe", {catalog.METHODS: "lonely = no_recipe:Mine"}, **{"no_recipe/__init__.py": MINE})
    install("gone", {catalog.METHODS: "gone = gone_away:Mine"})
    lost = METHOD_CONFIG.replace("mine", "lost").replace("algorithm: lost", "algorithm: fixmach")
    files = {
        "wrong/__init__.py": MINE,
        "wrong/methods/lost.yaml": lost,
        "wrong/methods/typo.yaml": "name: typo\nlabell: x\n",
    }
    install("wrong", {catalog.METHODS: "wrong = wrong:Mine"}, **files)
    ended = call("methods", "list")
    assert (ended.status, ended.err) == (0, "")
    broken = [line.removeprefix("Broken: ") for line in ended.out.splitlines() if line.startswith("Broken: ")]
    wanted = (
        (
            "method 'bad' of bad-code 1.2: algorithm 'bad': ",
            "bad_code/__init__.py:1: not valid Python: '(' was never closed.",
        ),
        ("method 'lost' of wrong 1.2: ", "lost.yaml:5: Unknown algorithm 'fixmach'; did you mean 'fixmatch'?"),
        ("method 'typo' of wrong 1.2: ", "typo.yaml:2: labell: unknown key; did you mean 'label'?"),
        (
            f"method 'uda' of ssmar-bench {__version__} and thief 1.2: method 'uda' is defined twice: ",
            "give one another name.",
        ),
        ("a method of gone 1.2: ", "its package is not there, so it has no folder of method configs"),
        ("a method of no-recipe 1.2: it has no method config in ", "no_recipe/methods"),
    )
    assert len(broken) == len(wanted), broken
    for line, (start, end) in zip(broken, wanted, strict=True):
        assert line.startswith(start)
        assert line.endswith(end)
    listed = {line.partition("\t")[0] for line in ended.out.splitlines() if "\t" in line}
    assert set(method_config.METHODS.names()) - listed == {"bad", "lost", "typo", "uda"}
    assert [found.name for found in api.methods(["fixmatch"])] == ["fixmatch"]


def test_listing_with_plugins_loads_no_torch(plugin: Write) -> None:
    path = plugin("raise SystemExit('it was run')\n" + FILE)
    code = (
        "import sys\n"
        f"sys.argv = ['ssmar-bench', 'methods', 'list', '--plugin', {str(path)!r}]\n"
        "from ssmar_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print('status', end.code)\n"
        "print('loaded', sorted({'torch', 'timm', 'pandas'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-2:] == ["status 0", "loaded []"]
    assert "mine\t" in ended.stdout


def test_show_tells_where_it_comes_from(mine: Path, call: Call) -> None:
    ended = call("methods", "show", "mine")
    assert "From my-package 1.2" in ended.out.splitlines()
    assert "Views a step: labelled weak; unlabelled weak, strong" in ended.out


def test_show_of_a_method_whose_code_is_broken_tells_the_method_config_and_why(plugin: Write, call: Call) -> None:
    ended = call("methods", "show", "mine", "--plugin", plugin(f"import no_such_thing\n{FILE}"))
    assert (ended.status, ended.err) == (0, "")
    said = " ".join(ended.out.split())
    assert "cannot be loaded: ModuleNotFoundError: No module named 'no_such_thing'." in said
    assert "threshold" in ended.out
    raising = FILE.replace(
        "    revision = 1", "    revision = 1\n\n    def views(self):\n        raise OSError('no disk')"
    )
    said = " ".join(call("methods", "show", "mine", "--plugin", plugin(raising)).out.split())
    assert "it raised OSError: no disk; `ssmar-bench methods check mine` says more." in said


def test_a_name_that_a_file_takes_twice_is_reported_with_both_origins(plugin: Write, call: Call) -> None:
    path = plugin(FILE.replace("name: mine", "name: fixmatch"))
    ended = call("run", "--methods", "fixmatch", "--plugin", path)
    assert ended.status == 2
    assert ended.err.startswith("ssmar-bench: method 'fixmatch' is defined twice: by ssmar-bench ")
    assert f" and by {path} ({path}); give one another name." in ended.err
