"""The curves of a run for TensorBoard; without the package that is told before any work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ssmar_bench.api.tensorboard import write_scalars
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.results import record_logs
from tests.conftest import Finished

sys.path.insert(0, str(Path(__file__).parents[1]))
from _records import Fake

Call = Callable[..., Finished]
MODULE = "torch.utils.tensorboard"


class Writer:
    """What is asked of torch's ``SummaryWriter``."""

    def __init__(self, folder: str) -> None:
        self.folder, self.lines = Path(folder), list[str]()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.folder.mkdir()
        (self.folder / "scalars").write_text("\n".join(self.lines))

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.lines.append(f"{name} {step} {value:g}")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType(MODULE)
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, MODULE, module)


def test_a_scalar_is_a_series_and_its_quantity(installed: None, tmp_path: Path) -> None:
    run = RunFolder(Fake(epochs=3).write(tmp_path))
    for _ in range(2):  # again: what was there is replaced
        lines = (write_scalars(run) / "scalars").read_text().splitlines()
    frame = record_logs.curves(run.record)
    assert len(lines) == len(frame) > 3
    first = frame.iloc[0]
    assert lines[0] == f"{first['series']}/{first['quantity']} {first['epoch']} {first['value']:g}"


def test_a_missing_package_is_told_before_any_work(
    tiny: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, None)
    ended = call("run", "-b", tiny, "-m", "supervised", "-o", tmp_path / "out", "--tensorboard")
    assert ended.status == 2
    assert "pip install 'ssmar-bench[tensorboard]'" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_run_writes_them_for_trained_and_for_known_runs(
    installed: None, tiny: Path, tmp_path: Path, call: Call
) -> None:
    words = ("run", "-b", tiny, "-m", "supervised", "--set", "train.epochs=1", "-o", tmp_path, "--tensorboard", "-q")
    for _ in range(2):
        ended = call(*words)
        assert ended.status == 0, ended.err
        (scalars,) = (tmp_path / "runs").glob("*/tensorboard/scalars")
        assert "validation/accuracy 1 " in scalars.read_text()
        scalars.unlink()
