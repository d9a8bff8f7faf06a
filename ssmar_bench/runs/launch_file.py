"""``launch.json`` of a run's folder as whoever executes it reads it."""

from __future__ import annotations

from typing import Any

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import parse_json
from ssmar_bench.core.run_folder import RunFolder


def read_launch(folder: RunFolder) -> dict[str, Any]:
    """``launch.json`` as plain data; empty if it cannot be read."""
    try:
        found = parse_json(folder.kept("launch.json"))
    except (UserError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
