"""What a saved baseline tells of the machine and of the rounds: enough to compare with, no more."""

from __future__ import annotations

from typing import Any


def pytest_benchmark_update_json(config: Any, benchmarks: Any, output_json: dict[str, Any]) -> None:
    """Keeps the processor and the versions; leaves out a host's name, the commit and every single round."""
    machine = output_json["machine_info"]
    kept = {key: machine[key] for key in ("system", "machine", "python_version")}
    output_json["machine_info"] = kept | {"processor": machine["cpu"].get("brand_raw", machine["processor"])}
    output_json["commit_info"] = {}
    for one in output_json["benchmarks"]:
        one["stats"].pop("data", None)
