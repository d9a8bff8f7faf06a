"""The walk from records to a report crosses between ``results`` and ``reports`` once, in the summary."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "ssmar_bench"
CROSSING = "ssmar_bench.results.summary"


def imports(path: Path) -> set[str]:
    """Every module of the package that a file imports from, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{name.name}" for name in node.names if node.module == "ssmar_bench.results"}
    return {name for name in found if name.startswith("ssmar_bench")}


@pytest.mark.parametrize("path", sorted((PACKAGE / "reports").rglob("*.py")), ids=lambda path: path.stem)
def test_reports_see_of_the_results_the_summary_alone(path: Path) -> None:
    assert {name for name in imports(path) if name.startswith("ssmar_bench.results")} <= {CROSSING}


@pytest.mark.parametrize("path", sorted((PACKAGE / "results").rglob("*.py")), ids=lambda path: path.stem)
def test_results_see_no_report_and_no_algorithm(path: Path) -> None:
    rooms = {name.split(".")[1] for name in imports(path) if "." in name}
    assert rooms <= {"core", "results", "backbones"}
    assert {name for name in imports(path) if ".backbones" in name} <= {"ssmar_bench.backbones.timm_tags"}
