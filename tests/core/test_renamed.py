"""Whoever types a name of before is told the new one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core.catalog.plugin_file import read_plugin_file
from ssmar_bench.core.config_layers import resolve_config
from ssmar_bench.core.errors import UserError

OLD_BENCHMARK = """\
extends: micro-motion-12
name: old
{section}
"""


@pytest.mark.parametrize(
    ("section", "new"),
    [
        ("store: {short_side: 40}", "frame_cache"),
        ("source: {knobs: {train_clips: 20}}", "options"),
        ("parts: {validation_by: person}", "subject"),
        ("backbone: {input: centred}", "mean_subtracted"),
        ("train: {gradient_norm: 20}", "gradient_clipping"),
    ],
)
def test_a_config_with_an_old_key_is_answered_with_the_new_one(tmp_path: Path, section: str, new: str) -> None:
    config = tmp_path / "old.yaml"
    config.write_text(OLD_BENCHMARK.format(section=section), encoding="utf-8")
    with pytest.raises(UserError, match=rf"old\.yaml:\d+.*it is called '{new}' since 0\.2"):
        resolve_config(str(config), None, None, {})


@pytest.mark.parametrize(
    ("key", "new"), [("store.short_side", "frame_cache"), ("train.gradient_norm", "gradient_clipping")]
)
def test_an_old_key_of_set_is_answered_with_the_new_one(key: str, new: str) -> None:
    with pytest.raises(UserError, match=rf"it is called '{new}' since 0\.2"):
        resolve_config("micro-motion-12", None, None, {key: 40})


@pytest.mark.parametrize(
    ("words", "new"),
    [
        (["data", "counterfeit", "ma52", "--out", "x"], "mock"),
        (["data", "synthesize", "micro-motion", "--out", "x", "--train-people", "3"], "--train-subjects"),
        (["splits", "build", "micro-motion-12", "--labelled-by", "person"], "subject"),
    ],
)
def test_an_old_word_of_a_command_is_answered_with_the_new_one(words: list[str], new: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from ssmar_bench.cli import main; main()", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"it is called '{new}' since 0.2" in done.stderr


def test_an_old_plugin_is_answered_with_the_new_name(tmp_path: Path) -> None:
    plugin = tmp_path / "old.py"
    plugin.write_text("RECI" + 'PE = """\nname: mine\n"""\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"it is called 'METHOD_CONFIG' since 0\.2"):
        read_plugin_file(plugin)


def test_an_old_name_of_the_api_is_answered_with_the_new_one() -> None:
    with pytest.raises(AttributeError, match=r"it is called 'BenchmarkConfig' since 0\.2"):
        _ = getattr(api, "Definition")  # noqa: B009
