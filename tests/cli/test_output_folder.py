"""Every command understands the folder that ``run`` was given; without one it is ``./ssmar-runs``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Finished, Trained

Call = Callable[..., Finished]


@pytest.mark.slow
def test_without_out_everything_is_below_ssmar_runs(
    trained: Trained, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call
) -> None:
    monkeypatch.chdir(tmp_path)
    trained.copy(tmp_path / "ssmar-runs", "supervised")
    assert call("run", "--benchmark", tiny, "--methods", "supervised").status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["ssmar-runs"]
    assert sorted(path.name for path in (tmp_path / "ssmar-runs").iterdir()) == ["reports", "runs"]
    shutil.rmtree(tmp_path / "ssmar-runs" / "reports")
    assert call("report").status == 0
    assert (tmp_path / "ssmar-runs" / "reports" / "index.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("layout", [".", "results"])
def test_the_folder_of_results_and_the_one_around_it_are_understood(
    layout: str, trained: Trained, tmp_path: Path, call: Call, videos: Any
) -> None:
    results = trained.copy(tmp_path / "out" / layout, "supervised")
    video = next(videos.rglob("*.mp4"))
    for folder in {tmp_path / "out", results}:
        ended = call("predict", "tiny-motion_supervised_r50_s0", video, "--results", folder)
        assert ended.status == 0, ended.err
        assert call("report", "--results", folder, "-o", tmp_path / "reports").status == 0
