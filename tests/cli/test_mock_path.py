"""The whole way on a mock data set of every source: check, prepare, split, train, report; and what its record tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.sources import SOURCES
from tests.conftest import Finished, folder_of

Call = Callable[..., Finished]
BENCHMARKS = {"ma52": "ma-12", "imigue": "imigue-11", "smg": "smg-5-official", "ucf101": "ucf101", "hmdb51": "hmdb51"}
COUNTERFEIT = "These runs are of a mock data set: nothing here says anything about the real one."


@pytest.mark.slow
@pytest.mark.parametrize("source", BENCHMARKS)
def test_the_whole_way(source: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    root, out, name = tmp_path / "data", tmp_path / "out", BENCHMARKS[source]
    layout = ("--layout", SOURCES[source].layouts[-1]) if source == "ma52" else ()  # zips
    ratio = benchmark_configs.read_benchmark_config(name).ratios[-1]
    data, smoke = ("--data", f"{source}={root}"), ("--profile", "smoke")

    def done(*words: object) -> Finished:
        ended = call(*words)
        assert ended.status == 0, ended.err
        return ended

    done("data", "mock", source, "--out", root, *layout)
    done("data", "check", source, "--root", root)
    prepared = done("data", "prepare", name, "--root", root, *smoke, "--jobs", 1)
    done("splits", "build", name, *data, "--out", out)
    words = ("--methods", "supervised", "--ratios", ratio, "--seeds", 0, "--set", "train.epochs=1", "--jobs", 1)
    trained = done("run", "--benchmark", name, *data, *smoke, *words, "--out", out)
    if source == "smg":  # it is what `run` has rendered
        (out / "reports").rename(out / "rendered")
        done("report", "--results", out, "--out", out / "reports")

    split_set, _ = api.show_split(out / name)
    assert f"{name}: {len(split_set.clips)} clips decoded, 0 were there" in prepared.out
    assert "decoding clips" not in trained.err
    assert "note  This folder is a mock data set" in trained.err
    record = folder_of(out, "supervised", round(100 * ratio)) / "record"
    assert (
        json.loads((record / "spec.json").read_text())["split"] == split_set.fingerprints.splits[f"r{100 * ratio:g}_s0"]
    )
    assert json.loads((record / "metrics.json").read_text())["mock"] is True
    assert COUNTERFEIT in (out / "reports" / name / "comparison.md").read_text()
    _names_no_clip([*record.iterdir(), *(out / "reports").rglob("*")], split_set.clips["clip_id"].tolist(), tmp_path)


def _names_no_clip(paths: list[Path], clips: list[str], folder: Path) -> None:
    """Neither a record nor a report shows what a licensed list holds, or where it was."""
    for path in paths:
        if path.suffix in (".csv", ".json", ".md", ".tex", ".html"):
            text = path.read_text()
            assert str(folder) not in text, path
            assert not [clip for clip in clips if clip in text or clip.partition("/")[2] in text], path
