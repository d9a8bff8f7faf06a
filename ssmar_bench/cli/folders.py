"""The options that name a folder of results: the one that ``run`` writes, every other command reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ssmar_bench.core import links
from ssmar_bench.core.writable import require_writable

Out = Annotated[Path, typer.Option("--out", "-o", help="The folder in which runs/ and reports/ are written.")]
Results = Annotated[Path, typer.Option("--results", help="The folder that `run` was given with --out.")]


def require_output(out: Path) -> None:
    """Try to write ``runs`` and ``reports`` in the folder of ``--out``; nothing is left there.

    Raises:
        UserError: as :func:`ssmar_bench.core.writable.require_writable`.
    """
    for name in ("runs", "reports"):
        require_writable(out / name, f"--out {out}")


def own_folders(out: Path) -> None:
    """A :class:`UserError` if ``runs`` or ``reports`` in the folder of ``--out`` is a symbolic link."""
    for name in ("runs", "reports"):
        links.require_none(out / name)
