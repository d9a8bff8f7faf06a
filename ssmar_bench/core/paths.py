"""Where the shipped method configs, benchmark configs and published figures are, and where caches go.

A wheel carries them in ``_bundled`` beside this package; a checkout has them at its root. The working directory is
never looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from ssmar_bench.core.errors import UserError

PACKAGE = Path(__file__).resolve().parent.parent


def shipped_folder(folder: str) -> Path:
    """The folder ``methods``, ``splits`` or ``results/paper`` of this installation."""
    bundled = PACKAGE / "_bundled" / folder
    return bundled if bundled.is_dir() else PACKAGE.parent / folder


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
