"""Software and hardware that a run was executed with, for its record."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ssmar_bench
from ssmar_bench.algorithms import ALGORITHMS
from ssmar_bench.core.catalog import OURS
from ssmar_bench.core.paths import PACKAGE

PACKAGES = ("torch", "torchvision", "timm", "av", "numpy", "pandas", "scikit-learn")
SOURCES = ("ssmar_bench", "methods", "splits")
"""Folders of a checkout that decide results; changes of other files do not make it dirty."""


def environment(algorithm: str, outcome: Mapping[str, Any]) -> dict[str, str]:
    """Versions, git commit, system, processor and device; of a plugin's ``algorithm`` also its package or file.

    Args:
        algorithm: the run's.
        outcome: what the training left: ``device_model``, as its driver calls it ("" for the processor), and
            ``instruction_set`` of the processor ("" for another device); older ones may have neither.
    """
    provider = ALGORITHMS.entry(algorithm).provider
    plugin = f"{provider.package} {provider.version or f'sha256:{provider.digest}'}"
    return {
        "ssmar_bench": ssmar_bench.__version__,
        "git_commit": git_commit(),
        **({} if provider == OURS else {"plugin": plugin}),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "device_model": outcome.get("device_model") or _processor(),
        **({"instruction_set": outcome["instruction_set"]} if outcome.get("instruction_set") else {}),
        "cores": str(os.cpu_count()),
        **{f"version_{name}": version(name) for name in PACKAGES},
    }


@cache
def git_commit() -> str:
    """The commit of the checkout that ``ssmar_bench`` is imported from; "" if it is no checkout, or git is not there.

    It ends with ``-dirty`` if the code or a config differs from the commit. Git is asked once a process.
    """
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return ""
    command = ["git", "--no-optional-locks", "-C", str(root), "status", "--porcelain=v2", "--branch", "--", *SOURCES]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return ""
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "")
    changed = any(not line.startswith("#") for line in lines)
    return f"{commit}-dirty" if commit and changed else commit


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
