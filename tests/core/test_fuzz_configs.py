"""Thousands of changed configs: each is read, or refused in one sentence that names its file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmar_bench.core import benchmark_config, method_config, paths
from ssmar_bench.core.config_layers import parse_set, resolve_config
from ssmar_bench.core.errors import UserError

ODD = (
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        "&a ",
        "*a",
        "<<: *a",
        "!!int ",
        "!x ",
        "? ",
        "| ",
        "> ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
    ),
    *(
        "'",
        '"',
        "\t",
        "\0",
        "\x1b",
        "\u202e",
        "\ufeff",
        "\n",
        "\r",
        "#",
        "@",
        "`",
        "\\",
        "~",
        "null",
        "true",
        "yes",
        "0x1F",
    ),
    *("1e999", "-1", "1_000", "1:30", "2024-01-01", "9" * 30, "1" * 5000, ".nan", "[[[[", "{a: {a: ", "x" * 2000),
    *("extends: mine\n", "extends: ./mine.yaml\n", "extends: fixmatch\n", "name: x\n", "classes: {}\n", "label: $x\n"),
)
METHODS = [path.read_text(encoding="utf-8") for path in sorted(paths.shipped_folder("methods").glob("*.yaml"))]
BENCHMARKS = [path.read_text(encoding="utf-8") for path in sorted(paths.shipped_folder("splits").glob("*.yaml"))]
QUIET = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def changed(draw: st.DrawFn, texts: list[str]) -> str:
    """A shipped config with some of its lines, signs and values changed, lost, doubled or swapped."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        lines = text.splitlines(keepends=True) or [""]
        row, other = draw(st.tuples(*[st.integers(0, len(lines) - 1)] * 2))
        at = draw(st.integers(0, len(lines[row])))
        match draw(st.sampled_from(["insert", "value", "cut", "lose", "double", "swap", "indent"])):
            case "insert":
                odd = draw(st.one_of(st.sampled_from(ODD), st.text(max_size=4)))
                lines[row] = lines[row][:at] + odd + lines[row][at:]
            case "value":
                lines[row] = lines[row].partition(":")[0] + ": " + draw(st.sampled_from(ODD)) + "\n"
            case "cut":
                lines[row] = lines[row][:at]
            case "lose":
                del lines[row]
            case "double":
                lines.insert(other, lines[row])
            case "swap":
                lines[row], lines[other] = lines[other], lines[row]
            case "indent":
                lines[row] = "  " + lines[row]
        text = "".join(lines)
    return text


def read(path: Path, text: str, kind: str) -> None:
    """As a command reads it; whatever else than a sentence with the file is raised is a fault."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    began, said = time.process_time(), str(path)
    try:
        if kind == "method":
            found, document = method_config.read_method_config(str(path))
            resolve_config("micro-motion-12", None, found, {}, document)
        else:
            resolve_config(str(path), None, None, {})
    except UserError as error:
        said = str(error)
    assert ".yaml" in said or "overrides of method" in said  # its own, or that of a file that it extends
    assert len(said) < 2000
    assert time.process_time() - began < 5


@pytest.mark.slow
@given(text=changed(METHODS))
@settings(QUIET, max_examples=100)
def test_a_changed_method_is_read_or_refused(tmp_path: Path, text: str) -> None:
    read(tmp_path / "mine.yaml", text, "method")


@pytest.mark.slow
@given(text=changed(BENCHMARKS))
@settings(QUIET, max_examples=100)
def test_a_changed_benchmark_is_read_or_refused(tmp_path: Path, text: str) -> None:
    read(tmp_path / "mine.yaml", text, "benchmark")


@given(data=st.one_of(st.binary(max_size=60), st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace"))))
@settings(QUIET, max_examples=150)
def test_whatever_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(data)
    for wanted in (method_config.read_method_config, benchmark_config.read_benchmark_config):
        with pytest.raises(UserError, match=r"mine\.yaml"):
            wanted(str(path))


@given(value=st.one_of(st.text(max_size=20), st.sampled_from(ODD)))
@settings(QUIET, max_examples=200)
def test_whatever_value_of_a_setting_is_read_or_refused(value: str) -> None:
    said = "train.lr"
    try:
        resolve_config("micro-motion-12", None, None, dict([parse_set(f"train.lr={value}")]))
    except UserError as error:
        said = str(error)
    assert "train.lr" in said
