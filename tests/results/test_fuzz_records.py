"""Hundreds of damaged records: each is left out and named, or read; the tables of the others are always there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _records import Real
from _reports import comparison_text, html, paper_sections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmar_bench.core.identity import digest
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.results.records import load_runs

BENCHMARK = "micro-motion-12"
FILES = ("spec.json", "metrics.json", "timings.json", "environment.json", "curves.csv", "predictions.csv")
ODD: tuple[Any, ...] = (
    *(None, True, [], {}, "", "x", "\x1b[31m", "$\\frac{$", "=1+1", "../..", "1/0", "\ud800", [[]], {"a": {"a": []}}),
    *(-1, 0, 0.5, 1e308, -1e308, float("nan"), float("inf"), 2**63, 10**400, "9" * 5000, [1] * 50),
)
CELLS = ("", "-1", "99", "1e308", "nan", "inf", "x", "\x1b", '"', "9" * 30, "1.5", "0", "NA", ",", "\n")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("fuzz")
    for method in ("supervised", "fixmatch"):
        Real(method, 0.5, 0).write(root)
    yield root
    shutil.rmtree(root)


def changed_json(draw: st.DrawFn, text: str) -> str:
    """One value, wherever it is, is another, lost, or under another key."""
    value = json.loads(text)
    places = list(_places(value))
    inside, key = draw(st.sampled_from(places))
    match draw(st.sampled_from(["other", "other", "lose", "further"])):
        case "other":
            inside[key] = draw(st.sampled_from(ODD))
        case "lose":
            del inside[key]
        case "further":
            inside["further"] = draw(st.sampled_from(ODD))
    return json.dumps(value)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for key, inner in list(value.items()):
            yield value, key
            yield from _places(inner)


def changed_csv(draw: st.DrawFn, text: str) -> str:
    """A cell is another, a line is lost or doubled, the end is cut."""
    lines = text.splitlines()
    row = draw(st.integers(0, len(lines) - 1))
    match draw(st.sampled_from(["cell", "cell", "lose", "double", "cut", "head"])):
        case "cell":
            cells = lines[row].split(",")
            cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(CELLS))
            lines[row] = ",".join(cells)
        case "lose":
            del lines[row]
        case "double":
            lines.append(lines[row])
        case "cut":
            return text[: draw(st.integers(0, len(text)))]
        case "head":
            lines = lines[:1]
    return "\n".join(lines) + "\n"


@st.composite
def damage(draw: st.DrawFn) -> tuple[str, Any]:
    """A file's name, and what makes another text of the one it holds."""
    file = draw(st.sampled_from(FILES))
    if draw(st.integers(0, 3)) == 0:
        cut, odd = draw(st.integers(0, 400)), draw(st.binary(max_size=5))
        return file, lambda text: text.encode()[:cut] + odd + text.encode()[cut + draw(st.integers(0, 3)) :]
    change = changed_json if file.endswith(".json") else changed_csv
    return file, lambda text: change(draw, text).encode("utf-8", "surrogatepass")


@pytest.mark.slow
@given(found=damage(), fits=st.booleans())
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_a_damaged_record_is_left_out_or_read(results: Path, found: tuple[str, Any], fits: bool) -> None:
    file, change = found
    folder = Real("fixmatch-asy", 0.5, 0).write(results)
    try:
        path = folder / "record" / file
        path.write_bytes(change(path.read_text()))
        if fits and file == "spec.json":
            folder = _renamed(folder)
        runs = load_runs(results)
        assert len(runs.runs) + len(runs.damage) == 3
        for one in runs.damage:
            assert "damaged record: " in one.why
            assert str(results) in one.why
        assert "Supervised" in comparison_text(results, BENCHMARK)
        assert html(results)
        assert paper_sections(runs)
    finally:
        shutil.rmtree(folder)


def _renamed(folder: Path) -> Path:
    """The folder under the name that its changed spec asks for, if it has one: damage that nobody's digest shows."""
    try:
        spec = json.loads((folder / "record" / "spec.json").read_text(encoding="utf-8"))
        identity = digest(spec)
        target = folder.with_name(f"{spec['benchmark']}_{spec['method']}_x_{identity}")
        metrics = json.loads((folder / "record" / "metrics.json").read_text(encoding="utf-8"))
        (folder / "record" / "metrics.json").write_text(json.dumps({**metrics, "identity": identity}))
        return folder.rename(target) if target.parent == folder.parent else folder
    except (ValueError, TypeError, KeyError, OSError):
        return folder


@pytest.mark.parametrize("place", ["", "record", "record/metrics.json", "record/curves.csv", "work"])
def test_a_record_behind_a_link_is_damaged(tmp_path: Path, place: str) -> None:
    Real("supervised", 0.5, 0).write(tmp_path)
    folder = Real("fixmatch", 0.5, 0).write(tmp_path)
    (folder / "work").mkdir(exist_ok=True)
    link = folder / place if place else folder
    link.rename(tmp_path / "elsewhere")
    link.symlink_to(tmp_path / "elsewhere")
    runs = load_runs(tmp_path)
    assert list(runs.runs["method"]) == ["supervised"]
    assert "symbolic link" in runs.damage[0].why


def test_a_pipe_in_a_record_is_damage(tmp_path: Path) -> None:
    import os

    folder = RunFolder(Real("fixmatch", 0.5, 0).write(tmp_path))
    for name in ("curves.csv", "metrics.json"):
        (folder.record / name).unlink()
        os.mkfifo(folder.record / name)
    assert "no file" in load_runs(tmp_path).damage[0].why


def test_half_of_the_predictions_are_damage_and_so_are_those_of_other_clips(tmp_path: Path) -> None:
    folders = [Real("fixmatch", 0.5, seed).write(tmp_path) / "record" / "predictions.csv" for seed in range(4)]
    folders[0].write_text("".join(folders[0].read_text().splitlines(keepends=True)[:100]))
    folders[1].write_text(folders[1].read_text().replace("c0,p0,", "c0,p1,"))
    runs = load_runs(tmp_path)
    assert list(runs.runs["seed"]) == [2, 3]
    assert "metrics.json counts 200" in runs.damage[0].why
    assert "not those of the other seeds" in runs.damage[1].why
    assert paper_sections(runs)
