"""Build a benchmark's splits from a source, look at them, compare them with another laboratory's, export them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.clips.video_header import duration_and_rate
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import paths
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event, Listener, ignore_events
from ssmar_bench.core.index import Index
from ssmar_bench.core.numbers import plain_numbers
from ssmar_bench.core.processes import cores
from ssmar_bench.core.short_list import ShortList
from ssmar_bench.core.writable import require_new, require_writable
from ssmar_bench.core.yaml_file import Document, validate
from ssmar_bench.runs import prepare_data
from ssmar_bench.sources import duplicates
from ssmar_bench.splits import clip_differences, export, fingerprints
from ssmar_bench.splits import split_set as split_sets
from ssmar_bench.splits.labelled_clips import ratio_of
from ssmar_bench.splits.split_builder import BenchmarkClips
from ssmar_bench.splits.split_set import SplitSet
from ssmar_bench.splits.summary import SplitSummary, summarise_split


@dataclass(frozen=True)
class SplitOptions:
    """How a split departs from its benchmark config; None and 0: it does not.

    Attributes:
        ratios, seeds: the splits.
        labelled_by: label whole subjects or single clips.
        clips_per_class: labelled clips of every class, in place of ratios.
    """

    ratios: Sequence[float] | None = None
    seeds: Sequence[int] | None = None
    labelled_by: Literal["clip", "subject"] | None = None
    clips_per_class: int = 0


def build_split(
    benchmark: str,
    out: Path | str,
    roots: Mapping[str, Path | str] | None = None,
    options: SplitOptions | None = None,
    durations: bool = True,
    listener: Listener = ignore_events,
) -> Path:
    """Build ``benchmark``'s split into ``out/<benchmark>`` and return that folder.

    A split that is labelled in another way than the benchmark config says is another benchmark, and gets a name of its
    own (``ma-12-by-subject``, ``ma-12-10-per-class``); its ``benchmark_config.yaml`` can be trained on.

    Args:
        benchmark: a name, or the path of a .yaml file.
        out: where the folder is made.
        roots: source -> folder; a synthetic source is rendered without.
        options: how the split departs from the benchmark config.
        durations: read every video's header for its length, which the summary shows.
        listener: hears how far reading has got.

    Raises:
        UserError: anything wrong with benchmark config, options or source, or another split is there.
    """
    options = options or SplitOptions()
    benchmark_config = _departed(benchmark_configs.read_benchmark_config(benchmark), options)
    require_writable(Path(out), str(out))
    index = prepare_data.prepare_source(benchmark_config, _folders(roots), cores(), listener)
    clips = BenchmarkClips.of(index, benchmark_config)
    if options.clips_per_class:
        clips = _per_class(clips, options.clips_per_class)
    seconds = _seconds(clips.clips, index.rates, listener) if durations else None
    paths = clips.clips["path"]
    split_set = split_sets.build_split_set(
        clips, seconds, twins=duplicates.twins(clips.clips, duplicates.same_content(paths, listener))
    )
    frame_cache = _frame_cache_fingerprint(benchmark_config, index, split_set)
    split_set = replace(split_set, fingerprints=split_set.fingerprints.model_copy(update={"frame_cache": frame_cache}))
    return split_sets.write_split_set(split_set, Path(out))


def show_split(folder: Path | str) -> tuple[SplitSet, SplitSummary]:
    """The built split in ``folder``, and its numbers.

    Raises:
        UserError: there is no whole split in it.
    """
    split_set = split_sets.read_split_set(Path(folder))
    return split_set, summarise_split(split_set)


def verify_split(folder: Path | str, against: Path | str | None = None) -> list[str]:
    """What differs between the split in ``folder`` and another, a line each; empty if they hold the same clips.

    Args:
        folder: a built split.
        against: another laboratory's ``fingerprints.json`` (differences by class, part and ratio), its built split or
            one of its splits (differences by clip); None for what is published with the benchmark config.

    Raises:
        UserError: one of them is no split, or they cannot be compared.
    """
    split_set = split_sets.read_split_set(Path(folder))
    against = None if against is None else Path(against)
    if against is None:
        against = paths.shipped_folder("splits") / "fingerprints" / f"{split_set.benchmark_config.name}.json"
        if not against.is_file():
            raise UserError(
                f"No fingerprints of {split_set.benchmark_config.name} are published here; give the file of those who "
                "have them."
            )
    if against.is_file() and _holds_fingerprints(against):
        return ShortList(fingerprints.differences(split_set.fingerprints, fingerprints.read_fingerprints(against)))
    found = clip_differences.clip_differences(split_set, split_sets.read_splits(against))
    if not found and against.is_dir():  # splits hold no label of unlabelled and test clips
        found = fingerprints.differences(
            split_set.fingerprints, fingerprints.read_fingerprints(against / "fingerprints.json")
        )
    return ShortList(found)


def export_split(
    folder: Path | str, form: str, out: Path | str, roots: Mapping[str, Path | str] | None = None
) -> list[Path]:
    """Write a built split as plain lists for other code; the files written.

    Args:
        folder: the built split.
        form: ``mmaction2`` or ``semilearn``.
        out: a new folder.
        roots: source -> folder; a synthetic source is rendered without.

    Raises:
        UserError: no such form, no split, another source than it was built from, or ``out`` exists.
    """
    split_set = split_sets.read_split_set(Path(folder))
    export.require_format(form)
    require_new(Path(out), str(out))
    folders = _folders(roots)
    root = prepare_data.source_root(split_set.benchmark_config, folders)
    index = prepare_data.prepare_source(split_set.benchmark_config, folders, cores(), ignore_events)
    return ShortList(export.export_lists(split_set, export.clip_locations(index, root.absolute()), form, Path(out)))


def _folders(roots: Mapping[str, Path | str] | None) -> dict[str, Path]:
    return {name: Path(root) for name, root in (roots or {}).items()}


def _departed(benchmark_config: BenchmarkConfig, options: SplitOptions) -> BenchmarkConfig:
    """The benchmark config with the options' ratios, seeds and way of labelling."""
    if options.clips_per_class and options.ratios is not None:
        raise UserError("Give either ratios or clips per class: so many clips of every class are one ratio.")
    if options.clips_per_class and options.labelled_by == "subject":
        raise UserError("Subjects cannot be labelled by a number of clips of every class; give one of the two.")
    values: dict[str, Any] = benchmark_config.model_dump()
    if options.labelled_by not in (None, benchmark_config.parts.labelled_by):
        values["name"] += f"-by-{options.labelled_by}"
        values["variant_of"] = values["variant_of"] or benchmark_config.name
        values["parts"]["labelled_by"] = options.labelled_by
    given = {"ratios": options.ratios, "seeds": options.seeds}
    values |= {key: plain_numbers(list(numbers)) for key, numbers in given.items() if numbers is not None}
    return validate(BenchmarkConfig, Document(values, {}))


def _per_class(benchmark: BenchmarkClips, count: int) -> BenchmarkClips:
    """The benchmark with ``count`` labelled clips of every class, at the ratio that this amounts to."""
    if count < 1:
        raise UserError(f"--clips-per-class {count}: expected 1 or more.")
    values = benchmark.benchmark_config.model_dump()
    values["name"] += f"-{count}-per-class"
    values["variant_of"] = values["variant_of"] or benchmark.benchmark_config.name
    values["parts"]["labelled_per_class"] = count
    train = int((benchmark.clips["role"] == "train").sum())
    values["ratios"] = [min(ratio_of(benchmark.benchmark_config, count, train), 1)]
    return replace(benchmark, benchmark_config=validate(BenchmarkConfig, Document(values, {})))


def _seconds(clips: pd.DataFrame, rates: Mapping[str, float], listener: Listener) -> pd.Series[float]:
    """Seconds of every clip by the source's ``rates``, else by the videos' headers; NaN where unknown."""
    paths = [Path(path) for path in clips["path"].unique() if path not in rates]
    found = {path: (math.nan, rate) for path, rate in rates.items()}
    with ThreadPoolExecutor(8) as pool:  # a folder may be far away: waiting, not computing, takes the time
        for done, (path, header) in enumerate(zip(paths, pool.map(duration_and_rate, paths), strict=True), start=1):
            found[str(path)] = header
            if done % 256 == 0 or done == len(paths):
                listener(Event("", "prepare", "reading the videos' headers", done, len(paths)))
    whole, fps = (clips["path"].map({path: pair[i] for path, pair in found.items()}) for i in (0, 1))
    cut = (clips["end"] - clips["start"] + 1) / fps
    return pd.Series(whole.where(clips["end"] < 0, cut).to_numpy(float), index=clips["clip_id"].to_numpy())


def _frame_cache_fingerprint(benchmark_config: BenchmarkConfig, index: Index, split_set: SplitSet) -> str:
    """The fingerprint of the benchmark's decoded frames, "" if they have not been decoded."""
    if not prepare_data.has_frame_caches(benchmark_config):
        return ""  # where its frame cache would be takes as long to tell as the split took to build
    split = next(iter(split_set.splits.values()))
    folder = prepare_data.frame_cache_folder(benchmark_config, prepare_data.clip_files(index, split))
    try:
        return FrameCache.open(folder).fingerprint()
    except UserError:
        return ""


def _holds_fingerprints(path: Path) -> bool:
    """Whether a file is a ``fingerprints.json`` rather than a split, which has labels."""
    try:
        return '"labels"' not in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as fingerprints or as a split.") from error
