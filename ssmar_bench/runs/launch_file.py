"""``launch.json`` of a run's folder as whoever executes it reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import parse_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch


def read_launch(folder: RunFolder) -> dict[str, Any]:
    """``launch.json`` as plain data; empty if it cannot be read."""
    try:
        found = parse_json(folder.kept("launch.json"))
    except (UserError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def weight_files(launch: Mapping[str, Any]) -> list[str]:
    """The paths of all files of initial weights that the run of a ``launch.json`` reads."""
    return [*Launch(**{"frame_cache": "", **launch}).weight_files.values()]
