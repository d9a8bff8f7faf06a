"""A file of initial weights is copied once a grid, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssmar_bench import api
from ssmar_bench.core.errors import UserError
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.packed_weights import FOLDER, pack_weights
from ssmar_bench.runs.plan import PlannedRun, plan_runs


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.pth"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def runs(tiny: Path, file: Path) -> list[PlannedRun]:
    sets = {"backbone.weights": str(file)}
    resolved = api.resolve(api.Grid(str(tiny), ["supervised", "aplt"], seeds=[0, 1], device="cpu", sets=sets))
    return plan_runs(resolved, prepare_data.planning_index(resolved.benchmark_config, {}))


def test_many_runs_share_one_copy(runs: list[PlannedRun], file: Path, tmp_path: Path) -> None:
    (place,) = {Path(path) for path in pack_weights(runs, tmp_path).values()}
    assert len(runs) == 4
    assert place == tmp_path / FOLDER / runs[0].spec.weights / file.name
    assert [path for path in (tmp_path / FOLDER).rglob("*") if path.is_file()] == [place]
    assert place.read_bytes() == file.read_bytes()
    written = place.stat().st_mtime_ns
    file.unlink()
    pack_weights(runs, tmp_path)
    assert place.stat().st_mtime_ns == written


def test_a_damaged_copy_is_made_again(runs: list[PlannedRun], file: Path, tmp_path: Path) -> None:
    (place,) = pack_weights(runs, tmp_path).values()
    Path(place).write_bytes(b"wei")
    pack_weights(runs, tmp_path)
    assert Path(place).read_bytes() == file.read_bytes()


def test_a_file_that_was_changed_meanwhile_is_not_taken(runs: list[PlannedRun], file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"others")
    with pytest.raises(UserError, match=r"own\.pth was changed after this command had begun; start it again\.$"):
        pack_weights(runs, tmp_path)
    assert not [path for path in (tmp_path / FOLDER).rglob("*") if path.is_file()]


def test_no_copy_goes_through_a_link(runs: list[PlannedRun], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / FOLDER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="this is a symbolic link"):
        pack_weights(runs, tmp_path)
    assert not [*(tmp_path / "elsewhere").iterdir()]


def test_a_run_without_such_a_file_needs_no_copy(tiny: Path, tmp_path: Path) -> None:
    resolved = api.resolve(api.Grid(str(tiny), ["supervised"], device="cpu"))
    assert pack_weights(plan_runs(resolved, prepare_data.planning_index(resolved.benchmark_config, {})), tmp_path) == {}
    assert not (tmp_path / FOLDER).exists()
