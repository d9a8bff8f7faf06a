"""Draws the figures whose content has changed since they were drawn, many of them in several processes."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from ssmar_bench.core.files import read_json, write_json
from ssmar_bench.core.paths import PACKAGE
from ssmar_bench.reports.line_styles import drawing
from ssmar_bench.reports.panels import KINDS, save

STATE = ".drawn.json"
"""Beside the figures: name of each -> digest of what it was drawn from. Without it, all are drawn."""

A_PROCESS = 10
"""Figures that are worth a process of their own."""

Draw = Callable[[], Figure]
"""A function with what it draws, which can be sent to another process."""


def draw_changed(figures: Mapping[str, Draw], reports: Path) -> list[Path]:
    """Draw what has changed as ``<name>.png`` and ``<name>.pdf`` below ``reports``; the files of all figures."""
    kept, now = _read(reports / STATE), {name: _digest(draw) for name, draw in figures.items()}
    files = {name: [reports / f"{name}.{kind}" for kind in KINDS] for name in figures}
    changed = [
        name for name in figures if kept.get(name) != now[name] or not all(path.is_file() for path in files[name])
    ]
    if changed:
        write_json(reports / STATE, {name: digest for name, digest in kept.items() if name not in changed})
        _draw({name: figures[name] for name in changed}, reports)
        write_json(reports / STATE, kept | now)
    return [path for paths in files.values() for path in paths]


def _read(path: Path) -> dict[str, str]:
    try:
        found = read_json(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(draw: Draw) -> str:
    return hashlib.sha256(_program() + pickle.dumps(draw, protocol=5)).hexdigest()


@cache
def _program() -> bytes:
    """What draws: of another version, every figure is another one."""
    total = hashlib.sha256(mpl.__version__.encode())
    for path in sorted([*(PACKAGE / "reports").rglob("*.py"), *(PACKAGE / "results").rglob("*.py")]):
        total.update(path.read_bytes())
    return total.digest()


def _draw(figures: Mapping[str, Draw], reports: Path) -> None:
    """In this process, and in one more for every ``A_PROCESS`` figures, as far as there are processors."""
    names = list(figures)
    count = max(1, min(os.cpu_count() or 1, len(names) // A_PROCESS))
    shares = [{name: figures[name] for name in names[i::count]} for i in range(count)]
    command = [sys.executable, "-P", "-m", __name__, str(reports)]
    others = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in shares[1:]]
    try:
        for process, share in zip(others, shares[1:], strict=True):
            assert process.stdin is not None
            with suppress(OSError), process.stdin:  # one that has died is noticed below
                process.stdin.write(pickle.dumps(share, protocol=5))
        draw_here(shares[0], reports)
    except BaseException:
        for process in others:
            process.kill()
        raise
    failed = [share for process, share in zip(others, shares[1:], strict=True) if process.wait()]
    for share in failed:  # for instance for lack of memory
        draw_here(share, reports)


def draw_here(figures: Mapping[str, Draw], reports: Path) -> None:
    """Draw figures in this process."""
    with drawing():
        for name, draw in figures.items():
            save(draw(), reports / name)


def main(arguments: Sequence[str]) -> None:
    """What another process does: figures come from its standard input, of the process that started it."""
    draw_here(pickle.load(sys.stdin.buffer), Path(arguments[0]))  # noqa: S301


if __name__ == "__main__":
    main(sys.argv[1:])
