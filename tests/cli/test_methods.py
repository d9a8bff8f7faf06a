"""``methods list`` and ``methods show``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssmar_bench import api
from ssmar_bench.algorithms.usb import upstream
from ssmar_bench.algorithms.usb.adapter import adapted
from ssmar_bench.core import method_config

Call = Callable[..., Any]


def flat(text: str) -> str:
    """Without the breaks."""
    return " ".join(text.split())


def test_list_has_a_line_for_every_method_config_and_says_what_it_is_compared_with(call: Call) -> None:
    ended = call("methods", "list")
    assert (ended.status, ended.err) == (0, "")
    for found in api.methods():
        (line,) = (line for line in ended.out.splitlines() if line.startswith(f"{found.name}\t"))
        assert found.label in line
        assert api.reference_of(found) in line
    assert "semilearn's flexmatch, to 1e-05" in ended.out
    assert "plain loops, to 2e-05" in ended.out


def test_list_of_a_set_is_in_its_order(call: Call) -> None:
    _, *rows = [line.partition("\t")[0] for line in call("methods", "list", "table1").out.splitlines() if "\t" in line]
    assert rows == method_config.read_method_set("table1").methods
    assert "The tuning budget is the same for every row: none." in call("methods", "list", "table1").out
    ended = call("methods", "list", "table11")
    assert (ended.status, ended.err) == (2, "ssmar-bench: Unknown method 'table11'; did you mean 'table1'?\n")


def test_listing_reads_yaml_alone() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['ssmar-bench', 'methods', 'list']\n"
        "from ssmar_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print('status', end.code)\n"
        "print('loaded', sorted({'torch', 'torchvision', 'timm', 'sklearn', 'semilearn'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-2:] == ["status 0", "loaded []"]


@pytest.mark.parametrize("name", ["uda", "aplt", "supervised", "usb-vat"])
def test_show_tells_all_that_the_method_config_says(call: Call, name: str) -> None:
    ended = call("methods", "show", name)
    assert (ended.status, ended.err) == (0, "")
    said, found = flat(ended.out), method_config.read_method_config(name)[0]
    for text in (found.label, found.citation, *found.deviations):
        assert flat(text) in said
    for key, entry in found.hyperparameters.items():
        assert f" {key} " in said
        for word in entry.source.split():  # a long source is broken over lines
            assert word in said
    assert f"Compared with: {api.reference_of(found)}" in said


@pytest.mark.parametrize(
    ("name", "views", "cost"),
    [
        ("supervised", "labelled weak", "1 pass of 1 clips for each labelled one (1 with gradient)"),
        ("fixmatch", "labelled weak; unlabelled weak, strong", "1 pass of 3 clips for each labelled one (3 with"),
        ("vat", "labelled weak; unlabelled weak", "4 passes of 4 clips for each labelled one (4 with gradient)"),
        ("usb-pimodel", "labelled weak; unlabelled weak, second (weak)", "3 passes of 3 clips"),
        ("tcl", "labelled weak; unlabelled fast (weak), slow (weak, 4 frames)", "later 2 passes of 2 clips"),
        (
            "ltg",
            (
                "labelled weak_rgb (weak), weak_gradient (weak, temporal gradient); unlabelled weak_rgb (weak), "
                "strong_rgb (strong), weak_gradient (weak, temporal gradient), strong_gradient (strong, temporal "
                "gradient)"
            ),
            "2 passes of 6 clips",
        ),
        ("aplt", "labelled weak, strong; unlabelled weak, strong", "(3 with gradient), later 1 pass of 4 clips"),
    ],
)
def test_show_counts_views_and_passes(call: Call, name: str, views: str, cost: str) -> None:
    said = flat(call("methods", "show", name).out)
    assert f"Views a step: {views} Forward passes a step: " in said
    assert cost in said


def test_show_of_a_users_method_config_and_of_nothing(call: Call, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    text = "extends: uda\nname: mine\nlabel: Mine [draft]\nhyperparameters:\n  threshold: {value: VALUE, source: s}\n"
    mine.write_text(text.replace("VALUE", "0.7"))
    said = flat(call("methods", "show", mine).out)
    assert "Mine [draft] (mine; algorithm uda)" in said
    assert "threshold 0.7 loss s" in said
    mine.write_text(text.replace("VALUE", "7"))
    ended = call("methods", "show", mine)
    assert ended.status == 2
    assert f"{mine}:5: threshold: " in ended.err
    assert call("methods", "show", "fixmach").err.startswith("ssmar-bench: Unknown method 'fixmach'; did you mean")


def test_show_without_semilearn_tells_the_method_config_and_how_to_install_it(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cached in (upstream.algorithms, adapted):
        cached.cache_clear()
    monkeypatch.setattr(upstream, "_installed", lambda: None)
    ended = call("methods", "show", "usb-fixmatch")
    assert (ended.status, ended.err) == (0, "")
    assert "pip install --no-deps semilearn==0.3.2" in ended.out
    assert "p_cutoff" in ended.out
