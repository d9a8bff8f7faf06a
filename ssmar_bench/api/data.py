"""Sources and the benchmarks that are built from them."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.api.plugins import Broken, broken_benchmarks, broken_entries
from ssmar_bench.core import definition as definitions
from ssmar_bench.core.definition import Definition
from ssmar_bench.core.events import Event, Listener, silence
from ssmar_bench.sources import KNOWN, Source, counterfeit, known, micro_motion, sheet
from ssmar_bench.sources.check import Check, check
from ssmar_bench.sources.micro_motion import MicroMotion


def benchmarks() -> list[Definition]:
    """The benchmarks that can be used."""
    broken = {one.name for one in broken_benchmarks()}
    return [definitions.read(name) for name in definitions.BENCHMARKS.names() if name not in broken]


def benchmark_name(name_or_path: str) -> str:
    """The name of the benchmark that ``name_or_path`` defines."""
    return definitions.read(name_or_path).name


def sources() -> list[Source]:
    """The sources that can be read: what each is, whether it is licensed, and how to get it."""
    broken = {one.name for one in broken_sources()}
    return [known(name) for name in KNOWN.names() if name not in broken]


def broken_sources() -> list[Broken]:
    """Sources of plugins that cannot be loaded."""
    return broken_entries(KNOWN, known)


def check_source(name: str, root: Path, listener: Listener = silence) -> list[Check]:
    """Read everything of a source's folder and compare it with its owners' figures; one a value of its knobs."""
    return check(name, root, listener)


def counterfeit_source(
    name: str,
    out: Path,
    layout: str | None = None,
    lists_only: bool = False,
    clips: int | None = None,
    listener: Listener = silence,
) -> None:
    """Write a counterfeit of a source into the new folder ``out`` (:func:`ssmar_bench.sources.counterfeit.write`)."""
    counterfeit.write(name, out, layout, lists_only, clips, listener)


def synthesize(knobs: MicroMotion, out: Path, sheet_at: Path | None = None, listener: Listener = silence) -> None:
    """Render the synthetic source into the new folder ``out``, with a contact sheet if a file is named for it."""
    micro_motion.write(
        knobs, out, None, lambda done, total: listener(Event("", "prepare", "rendering micro-motion", done, total))
    )
    if sheet_at is not None:
        sheet.contact_sheet(out, sheet_at)
