"""Sources and the benchmarks that are built from them."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.core import definition as definitions
from ssmar_bench.core.definition import Definition
from ssmar_bench.core.events import Event, Listener, silence
from ssmar_bench.sources import micro_motion, sheet
from ssmar_bench.sources.micro_motion import MicroMotion


def benchmarks() -> list[Definition]:
    """The shipped benchmarks."""
    return [definitions.read(name) for name in definitions.BENCHMARKS.names()]


def benchmark_name(name_or_path: str) -> str:
    """The name of the benchmark that ``name_or_path`` defines."""
    return definitions.read(name_or_path).name


def synthesize(knobs: MicroMotion, out: Path, sheet_at: Path | None = None, listener: Listener = silence) -> None:
    """Render the synthetic source into the new folder ``out``, with a contact sheet if a file is named for it."""
    micro_motion.write(
        knobs, out, None, lambda done, total: listener(Event("", "prepare", "rendering micro-motion", done, total))
    )
    if sheet_at is not None:
        sheet.contact_sheet(out, sheet_at)
