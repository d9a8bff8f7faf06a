"""A worker that lost its lease while nobody took it: suspended with its machine, or cut off from its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.runs.execution_options import Execution
from ssmar_bench.runs.local import TRIES, LocalEngine
from ssmar_bench.runs.worker import BUSY, LOST


def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, losses: int) -> tuple[str, int, RunFolder]:
    """How a run ends whose worker loses its lease so many times before it trains to the end, and its starts."""
    engine = LocalEngine(Execution(jobs=1))
    folder = RunFolder(tmp_path / "run")
    folder.keep({"launch.json": {}})
    starts = 0

    def process(_device: str, folder: RunFolder, *_: Any) -> tuple[int, bool, str]:
        nonlocal starts
        starts += 1
        if starts <= losses:
            return BUSY, True, f"{LOST}\n\nstatus 75"
        (folder.work / "outcome.json").write_text("{}")
        return 0, True, ""

    monkeypatch.setattr(engine, "_process_on", process)
    ((_, state),) = engine.run([(folder, 1)], lambda _: None, lambda _: None)
    return state, starts, folder


@pytest.mark.parametrize("losses", [0, 1, TRIES - 1])
def test_it_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, losses: int) -> None:
    assert ended(tmp_path, monkeypatch, losses)[:2] == ("done", losses + 1)


def test_it_is_not_tried_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, starts, folder = ended(tmp_path, monkeypatch, TRIES)
    assert (state, starts) == ("failed", TRIES)
    assert folder.reason() == "it was suspended, or could not write to its folder, for longer than its lease lasts"


def test_what_another_command_has_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunFolder, "held", lambda _: True)
    assert ended(tmp_path, monkeypatch, 1)[:2] == ("held", 1)
