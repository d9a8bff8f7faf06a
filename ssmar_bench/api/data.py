"""Sources and the benchmarks that are built from them."""

from __future__ import annotations

from pathlib import Path

from ssmar_bench.api.plugins import BrokenPlugin, broken_benchmarks
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.sources import KNOWN, Source, known_source, mock, synthetic
from ssmar_bench.sources.source_check import Opener, SourceCheck, check_source_folder
from ssmar_bench.sources.synthetic import SyntheticOptions


def benchmarks() -> ShortList[BenchmarkConfig]:
    """The benchmarks that can be used."""
    broken = {one.name for one in broken_benchmarks()}
    return ShortList(
        benchmark_configs.read_benchmark_config(name)
        for name in benchmark_configs.BENCHMARKS.names()
        if name not in broken
    )


def benchmark_name(name_or_path: str) -> str:
    """The name of the benchmark that ``name_or_path`` (a name, or the path of a .yaml file) defines.

    Raises:
        UserError: there is none, or its benchmark config is wrong; with file, line and key.
    """
    return benchmark_configs.read_benchmark_config(name_or_path).name


def sources() -> ShortList[Source]:
    """The sources that can be read: what each is, whether it is licensed, and how to get it."""
    broken = {one.name for one in broken_sources()}
    return ShortList(known_source(name) for name in KNOWN.names() if name not in broken)


def broken_sources() -> list[BrokenPlugin]:
    """Sources of plugins that cannot be loaded."""
    return KNOWN.broken(known_source)


def check_source(
    name: str, root: Path | str, listener: Listener = ignore_events, deep: bool = False
) -> list[SourceCheck]:
    """Read everything of a source's folder and compare it with its owners' figures.

    Args:
        name: a source (:func:`sources`).
        root: its folder, as its owners distribute it.
        listener: hears how far it is.
        deep: decode every video, too.

    Returns:
        One check for each value of the source's options (UCF101's three splits), one for a source without.

    Raises:
        UserError: no such source, or the folder is not what its owners distribute; with file and line.
    """
    return check_source_folder(KNOWN.named(name), Path(root), listener, _opener(listener) if deep else None)


def _opener(listener: Listener) -> Opener:
    from ssmar_bench.api.decoding import undecodable  # a listing of the sources loads no decoder

    return lambda videos: undecodable(videos, listener)


def mock_source(
    name: str,
    out: Path | str,
    layout: str | None = None,
    lists_only: bool = False,
    clips: int | None = None,
    listener: Listener = ignore_events,
) -> None:
    """Write a folder with the layout of a real source and synthetic subjects in it, to try everything without the data.

    Args:
        name: a source that has owners.
        out: a folder that does not exist or is empty.
        layout: one of the source's layouts; None for its usual one.
        lists_only: the real number of clips of every class in the lists, and empty video files.
        clips: about how many clips; None for 240, or with ``lists_only`` the real number.
        listener: hears how far it is.

    Raises:
        UserError: no such source or layout, or ``out`` holds something.
    """
    mock.write_mock(KNOWN.named(name), Path(out), layout, lists_only, clips, listener)


def render_synthetic(
    options: SyntheticOptions, out: Path | str, sheet_at: Path | str | None = None, listener: Listener = ignore_events
) -> None:
    """Render the embedded source as mp4 files in MA-52's layout.

    Args:
        options: how many clips, subjects, pixels and frames, and how difficult.
        out: a folder that does not exist or is empty.
        sheet_at: a PNG file for a contact sheet; None for none.
        listener: hears how far it is.

    Raises:
        UserError: ``out`` holds something.
    """
    synthetic.write_dataset(
        options,
        Path(out),
        None,
        lambda done, total: listener(Event("", "prepare", "rendering micro-motion", done, total)),
    )
    if sheet_at is not None:
        synthetic.write_contact_sheet(Path(out), Path(sheet_at))
