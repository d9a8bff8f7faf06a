"""Only figures whose content has changed are drawn again."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from _records import Fake
from _reports import render

from ssmar_bench.reports import redraw
from ssmar_bench.reports.line_styles import LineStyle
from ssmar_bench.reports.panels import canvas, handles, legend
from ssmar_bench.reports.web import page


def figure(label: str):
    made = canvas(1.0, [])
    made.subplots().plot([0, 1], [0, len(label)])
    legend(made, handles({label: LineStyle("black", "-", "o")}), "")
    return made


def written(reports: Path, kind: str = "*.p*") -> dict[str, int]:
    return {path.relative_to(reports).as_posix(): path.stat().st_mtime_ns for path in reports.rglob(kind)}


def test_what_has_not_changed_is_left_as_it_is(tmp_path: Path) -> None:
    figures = {name: partial(figure, name) for name in ("a", "b")}
    paths = redraw.draw_changed(figures, tmp_path)
    assert sorted(path.name for path in paths) == ["a.pdf", "a.png", "b.pdf", "b.png"]
    first = written(tmp_path)
    assert redraw.draw_changed(figures, tmp_path) == paths
    assert written(tmp_path) == first
    redraw.draw_changed({**figures, "b": partial(figure, "other")}, tmp_path)
    assert {name for name, time in written(tmp_path).items() if time != first[name]} == {"b.png", "b.pdf"}
    (tmp_path / "a.pdf").unlink()
    redraw.draw_changed(figures, tmp_path)
    assert (tmp_path / "a.pdf").is_file()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}'])
def test_a_state_that_nobody_can_read_means_that_all_is_drawn(tmp_path: Path, text: str) -> None:
    (tmp_path / redraw.STATE).write_text(text)
    redraw.draw_changed({"a": partial(figure, "a")}, tmp_path)
    assert (tmp_path / "a.png").is_file()


@pytest.mark.slow
def test_several_processes_draw_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Fake(clips=True, epochs=1).write
    write(tmp_path)
    Fake("aplt", clips=True).write(tmp_path)
    one = {path.name: path.read_bytes() for path in render(tmp_path, tmp_path / "one")}
    monkeypatch.setattr(redraw, "A_PROCESS", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert {path.name: path.read_bytes() for path in render(tmp_path, tmp_path / "two")} == one


@pytest.mark.slow
def test_one_run_more_writes_the_files_of_its_ratio_and_those_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "ONE_FILE", 1)
    for ratio in (0.1, 0.5):
        for method in ("fixmatch", "aplt"):
            Fake(method, ratio, clips=True).write(tmp_path)
    render(tmp_path, tmp_path / "reports")
    first = written(tmp_path / "reports", "*.*")
    Fake("aplt", 0.5, 1, clips=True).write(tmp_path)
    render(tmp_path, tmp_path / "reports")
    now = written(tmp_path / "reports", "*.*")
    changed = {name for name, time in now.items() if time != first.get(name)}
    assert {"micro-motion-12/pseudo-labels-r50.png", "index-data/curves~micro-motion-12~0.5.js"} <= changed
    other = {name for name in now if "-r10." in name or name.endswith("~0.1.js")}
    assert len(other) > 6
    assert not other & changed
