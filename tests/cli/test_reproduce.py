"""``ssmar-bench reproduce``: exactly the cells of a table, trained if they are missing, then shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ssmar_bench.api import example_frames
from ssmar_bench.core import benchmark_config, published_tables
from ssmar_bench.core import method_config as method_configs
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.split import salted_id
from ssmar_bench.results.examples import Example, Examples, picture
from ssmar_bench.runs import prepare_data, step_guess
from tests.conftest import Finished, timings

Call = Callable[..., Finished]
TABLE3 = {
    "Baseline (Labeled Only)": "supervised",
    "SSL": "fixmatch",
    "SSL + KM": "aplt-km",
    "SSL + SSKM (W)": "aplt-sskm-weak",
    "SSL + SSKM (S)": "aplt-sskm-strong",
    "SSL + SSKM (S) + LA": "aplt-sskm-la",
    "SSL + SSKM (S) + SAT": "aplt-sskm-sat",
    "SSL + SSKM (S) + LA + SAT": "aplt",
}


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step with FixMatch's views takes a second."""
    monkeypatch.setattr(step_guess, "_remembered", lambda *_: 1.0)


def listed(text: str) -> list[list[str]]:
    """The cells of every line of a printed plan."""
    return [line.split("\t") for line in text.splitlines() if "\t" in line][1:]


def test_the_plan_of_table_3_is_its_cells(call: Call, untimed: None, tmp_path: Path) -> None:
    ended = call("reproduce", "table3", "--plan", "--seeds", "0,1", "--out", tmp_path / "out")
    assert ended.status == 0, ended.err
    lines = listed(ended.out)
    assert [tuple(line[:6]) for line in lines] == [
        (row, method, "micro-motion-12", "", ratio, seed)
        for row, method in TABLE3.items()
        for ratio in ("0.25", "0.4", "0.5")
        for seed in ("0", "1")
    ]
    assert {line[6] for line in lines} == {"missing"}
    # 510 clips, 8 a step, 20 epochs: 1280 steps of a second each for FixMatch's views; 3/7 and 10/7 of that for others
    assert {line[7] for line in lines} == {"9 min", "21 min", "30 min"}
    assert ended.out.splitlines()[-1].startswith("48 runs, 48 to train: ")
    assert ended.out.splitlines()[-1].endswith("(guessed: 48 by a timed step)")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("table", "runs"),
    [("table1", 390), ("table4", 12), ("table5", 36), ("fig2b", 27), ("fig4", 12), ("sensitivity", 66)],
)
def test_every_plan_has_the_papers_size(call: Call, untimed: None, tmp_path: Path, table: str, runs: int) -> None:
    ended = call("reproduce", table, "--plan", "--out", tmp_path)
    assert ended.status == 0, ended.err
    assert ended.out.splitlines()[-1].startswith(f"{runs} runs, {runs} to train: ")
    known = set(method_configs.METHODS.names())
    assert {line[1] for line in listed(ended.out)} <= known
    assert len({tuple(line[1:6]) for line in listed(ended.out)}) == runs


def test_semilearns_rows_stand_below_ours(call: Call, untimed: None, tmp_path: Path) -> None:
    ended = call(
        "reproduce", "table1", "--as-published", "--plan", "--ratios", "0.1", "--seeds", "0", "--out", tmp_path
    )
    rows = list(dict.fromkeys(line[0] for line in listed(ended.out)))
    assert len(rows) == 13 + 10
    assert rows[13:] == [f"{row}, as published" for row in published_tables.read_paper_table("table1").as_published]


def test_data_that_are_not_here_are_planned_from_their_owners_numbers(
    call: Call, untimed: None, tmp_path: Path
) -> None:
    ended = call("reproduce", "table4", "--on", "real", "--plan", "--seeds", "0", "--out", tmp_path)
    assert ended.status == 0, ended.err
    assert {line[6] for line in listed(ended.out)} == {"no data"}
    # 7028 clips without a tenth, 8 a step, 55 epochs: 43505 steps; a third view in some rows
    assert {line[7] for line in listed(ended.out)} == {"12.1 h", "17.3 h"}
    without = call("reproduce", "table4", "--on", "real", "--out", tmp_path)
    assert without.status == 2
    assert "--data ma52=FOLDER" in without.err


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["table9"], "Unknown table 'table9'"),
        (["table3", "--on", "reel"], "not defined on 'reel'"),
        (["table3", "--ratios", "0.1"], "--ratios 0.1: this table has columns at 0.25, 0.4, 0.5"),
        (["table3", "--seeds", "x"], "--seeds x: expected numbers"),
    ],
)
def test_what_is_wrong_is_named(call: Call, tmp_path: Path, words: list[str], fault: str) -> None:
    ended = call("reproduce", *words, "--out", tmp_path / "out")
    assert ended.status == 2
    assert fault in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["micro-tsm", "timesformer-micro"])
def test_the_timed_step_is_of_the_benchmark_configs_network(name: str) -> None:
    from ssmar_bench.runs.step_timing import time_step

    small = benchmark_config.read_benchmark_config("micro-motion-12")
    network = small.backbone.model_copy(update={"name": name})
    assert 0 < time_step(small.model_copy(update={"backbone": network}), "cpu") < 60


@pytest.mark.slow
def test_missing_cells_are_trained_and_the_table_has_its_rows(
    call: Call, tiny: Path, trained: Any, tmp_path: Path
) -> None:
    out = trained.copy(tmp_path / "out")
    before = timings(out)
    table = tmp_path / "mine.yaml"
    table.write_text(
        "name: mine\ntitle: Mine\n"
        "rows: {Plain: supervised, Stronger: supervised-strong, Ours: aplt}\n"
        f"columns: {{small: [{{label: 'Tiny, 50%', benchmark: {tiny}, ratio: 0.5}}]}}\n"
    )
    ended = call("reproduce", table, "--on", "small", "--out", out, "--jobs", 1, "--quiet")
    assert (ended.status, ended.err) == (0, "")
    lines = [line for line in ended.out.splitlines() if line.startswith("|")][2:5]
    assert [line.split("|")[1].strip() for line in lines] == ["Plain", "Stronger", "Ours"]
    assert all("(1)" in line for line in lines)
    after = timings(out)
    assert set(after) - set(before) == {name for name in after if "_supervised-strong_" in name}
    assert {name: after[name] for name in before} == before
    assert (out / "reports" / "index.html").is_file()
    planned = call("reproduce", table, "--on", "small", "--out", out, "--plan").out
    assert [(line[1], line[6]) for line in listed(planned)] == [
        ("supervised", "done"),
        ("supervised-strong", "done"),
        ("aplt", "done"),
    ]


@pytest.mark.slow
def test_frames_are_recorded_once_and_those_of_others_only_if_asked_for(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = benchmark_config.read_benchmark_config(str(tiny))
    index = prepare_data.prepare_source(small, {}, 1, ignore_events)
    name = salted_id("tiny-motion", str(index.clips["clip_id"].iloc[3]))
    example = Example(name, "nodding", ("nodding", "tiptoe"))
    found = Examples(("A", "B"), "50%", "tiny-motion", 0, 1, 1, 1, 1, (example,))
    monkeypatch.setattr(example_frames, "examples", lambda *_: found)
    monkeypatch.setattr(example_frames.benchmark_configs, "read_benchmark_config", lambda _: small)  # type: ignore[attr-defined]
    path = picture(tmp_path, "tiny-motion", name)

    monkeypatch.setattr(example_frames, "SOURCE", "another")  # as if the data had owners
    assert example_frames.record_frames(tmp_path, "real", {}).endswith("--include-frames does.")
    assert not path.exists()
    assert example_frames.record_frames(tmp_path, "real", {}, include=True) == ""
    assert path.with_name(".gitignore").read_text() == "*\n"
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert image.size == (8 * 33 - 1, 32)

    written = path.stat().st_mtime_ns
    path.with_name("old.jpg").write_bytes(b"of a run that is shown no more")
    assert example_frames.record_frames(tmp_path, "real", {}) == ""
    assert path.stat().st_mtime_ns == written
    assert [*path.parent.glob("*.jpg")] == [path]
    monkeypatch.setattr(example_frames, "examples", lambda *_: None)
    assert "no run of the same seed" in example_frames.record_frames(tmp_path, "micro-motion", {})
