"""With clips that were never labelled, methods compete at ratio 1, too; else supervised is the upper bound there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ssmar_bench.results.comparison_table import comparison
from ssmar_bench.results.competing import competing
from ssmar_bench.results.plot_selection import compared_methods
from ssmar_bench.results.records import load_runs
from tests._records import Fake


def kinds(results: Path, never: int) -> dict[str, str]:
    for method in ("supervised", "fixmatch", "aplt"):
        counts: dict[str, Any] = {**Fake(method=method).metrics()["counts"], "unlabelled": never}
        if never:
            counts["never_labelled"] = never
        Fake(method=method, ratio=1.0, changed={"counts": counts}).write(results)
    runs = load_runs(results)
    assert not runs.damage
    rows = runs.of("micro-motion-12")
    assert competing(rows).all() == bool(never)
    assert len(compared_methods(runs, "micro-motion-12")) == (3 if never else 0)
    frame = comparison(runs, "micro-motion-12")
    return dict(zip(frame["label"], frame["kind"], strict=True))


@pytest.mark.parametrize(
    ("never", "supervised", "kind"),
    [(200, "Supervised", "method"), (0, "Supervised, all labels", "upper bound")],
)
def test_who_is_compared_at_ratio_1(tmp_path: Path, never: int, supervised: str, kind: str) -> None:
    found = kinds(tmp_path, never)
    assert found[supervised] == kind
    assert found["FixMatch"] == "method"
