"""Where the shipped method configs, benchmark configs and published figures are, and where results and caches go.

A wheel carries the shipped files in ``_bundled`` beside this package; a checkout has them at its root. The working
directory is not looked at for them; it is where :data:`RESULTS` is.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from ssmar_bench.core.errors import UserError

PACKAGE = Path(__file__).resolve().parent.parent

RESULTS = Path("ssmar-runs")
"""Where runs and reports are written unless a user names a folder: in the working directory."""


def shipped_folder(folder: str) -> Path:
    """The folder ``methods``, ``splits`` or ``results/paper`` of this installation."""
    bundled = PACKAGE / "_bundled" / folder
    return bundled if bundled.is_dir() else PACKAGE.parent / folder


def results_of(folder: Path | str) -> Path:
    """The folder that holds ``runs/`` or archives (``<benchmark>/runs.parquet``), of a folder that a user names.

    That is ``folder`` itself, or ``folder/results`` if only that one holds some, as in a clone of this repository.

    Raises:
        UserError: it is a file, or as :func:`expand_home`.
    """
    folder = expand_home(folder)
    if folder.is_file():
        raise UserError(f"{folder} is a file, not a folder; give the folder of `ssmar-bench run`.")
    if not _holds_results(folder) and _holds_results(folder / "results"):
        return folder / "results"
    return folder


def _holds_results(folder: Path) -> bool:
    return (folder / "runs").is_dir() or any(folder.glob("*/runs.parquet"))


def expand_home(path: Path | str) -> Path:
    """``path`` with the user's folder in place of a ``~`` at its beginning.

    Raises:
        UserError: it names a user that does not exist.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UserError(f"{path}: there is no such user, so ~ stands for no folder; give the whole path.") from None


def cache_folder() -> Path:
    """Where synthetic videos and frame cache are kept (``SSMAR_BENCH_CACHE`` overrides the user's cache).

    Raises:
        UserError: as :func:`expand_home`.
    """
    return expand_home(os.environ.get("SSMAR_BENCH_CACHE") or platformdirs.user_cache_dir("ssmar-bench"))
