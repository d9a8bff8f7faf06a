"""``run --tensorboard``: each run's curves are written when it has ended."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.core.events import Event, Listener
from ssmar_bench.core.run_folder import RunFolder


def require_tensorboard() -> None:
    """A :class:`UserError` where the package is missing."""
    from ssmar_bench.api.tensorboard import summary_writer

    summary_writer()


def with_scalars(listener: Listener, out: Path) -> Listener:
    """``listener``, and for every run below ``out`` that has ended, or had before, its scalars."""
    from ssmar_bench.api.tensorboard import write_scalars

    def hear(event: Event) -> None:
        listener(event)
        if event.kind in ("done", "cached"):
            write_scalars(RunFolder(out / "runs" / event.run))

    return hear
