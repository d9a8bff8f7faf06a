"""What is said of how far the labels of a run can be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from _records import Fake

from ssmar_bench import api
from ssmar_bench.core.errors import UserError


def recorded(root: Path, right: float, **counts: Any) -> str:
    """A run with the accuracy ``right`` and other counts, of which always naming one class names 25 % rightly."""
    folder = Fake("aplt", 0.5, 0).write(root)
    path = folder / "record" / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["test"]["accuracy"], metrics["majority"] = right, 0.25
    metrics["counts"] |= counts
    path.write_text(json.dumps(metrics))
    return folder.name


CHANCE = "always naming one class would name 25.0 %"


@pytest.mark.parametrize(
    ("right", "clips", "subjects", "said"),
    [
        (0.375, 16, 0, f" (95 % interval: 18.5 to 61.4 %); {CHANCE}, and it is not shown to be better."),
        (0.75, 16, 0, f" (95 % interval: 50.5 to 89.8 %); {CHANCE}."),
        (0.6, 1500, 40, f"; {CHANCE}."),
        (0.6, 100, 40, f"; {CHANCE}."),
    ],
)
def test_it_says_how_many_test_clips_were_named_rightly(
    tmp_path: Path, right: float, clips: int, subjects: int, said: str
) -> None:
    run = recorded(tmp_path, right, test=clips, test_subjects=subjects)
    assert api.trust(run, tmp_path) == f"This run named {100 * right:.1f} % of its {clips:,} test clips rightly{said}"


def test_a_run_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    Fake("aplt", 0.5, 0).write(tmp_path)
    with pytest.raises(UserError):
        api.trust("nothing", tmp_path)
