"""Benchmarks of somebody's own videos: a benchmark config that fits them, in a folder to keep, edit and share."""

from __future__ import annotations

import io
import math
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import write_text
from ssmar_bench.core.identity import digest
from ssmar_bench.core.index import Index
from ssmar_bench.core.paths import expand_home, shipped_folder
from ssmar_bench.core.printable import visible
from ssmar_bench.core.processes import default_jobs
from ssmar_bench.core.writable import new_folder, require_writable
from ssmar_bench.core.yaml_file import Document, load_yaml, validate
from ssmar_bench.runs.resolve import Resolved, resolve
from ssmar_bench.runs.step_guess import StepGuesses
from ssmar_bench.sources import own_checks
from ssmar_bench.sources.listing import SourceListing
from ssmar_bench.sources.own_videos import LIST, PLACES, SOURCE, VideoPlaces, survey_videos
from ssmar_bench.splits.own_parts import choose_parts
from ssmar_bench.splits.split_builder import UNLABELLED, BenchmarkClips

CONFIG = "benchmark.yaml"
SMALL = "small"
"""The profile with the small built-in network."""
SEEDS = (0, 1, 2)
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True)
class OwnBenchmark:
    """A benchmark of somebody's own videos.

    Attributes:
        folder: holds its benchmark config (:data:`CONFIG`), and where the videos are (:data:`PLACES`).
        benchmark_config: what the file says.
        clips: every clip in its role.
        chosen: how the parts were chosen, a sentence; "" for a folder that was there already.
        notes: what was found and is not used, or may be wrong; whole sentences.
        unusable: clip id -> why its file cannot be used.
    """

    folder: Path
    benchmark_config: BenchmarkConfig
    clips: BenchmarkClips
    chosen: str
    notes: tuple[str, ...]
    unusable: Mapping[str, str]

    @property
    def training_clips(self) -> int:
        """Labelled and unlabelled clips that are trained on."""
        return int(self.clips.clips["role"].isin(["train", UNLABELLED]).sum())

    @property
    def has_unlabelled(self) -> bool:
        """Whether there are clips that have never had a label."""
        return bool((self.clips.clips["role"] == UNLABELLED).any())

    @property
    def config_file(self) -> Path:
        """The benchmark config, as ``--benchmark`` takes it."""
        return self.folder / CONFIG


def new_benchmark(
    name: str,
    videos: Path | str,
    labels: Path | str | None = None,
    unlabelled: Sequence[Path | str] = (),
    out: Path | str = ".",
) -> OwnBenchmark:
    """Write a benchmark of your own videos into the new folder ``out/name``.

    Args:
        name: of the benchmark: small letters, digits, dots and dashes.
        videos: the folder of the videos.
        labels: the list; None for a folder a class, and perhaps a folder ``unlabelled``.
        unlabelled: folders whose videos have no label.
        out: where the folder is made.

    Raises:
        UserError: a name that is taken or is none, too few clips, a list that does not fit, or the folder exists.
    """
    _require_name(name)
    folder = Path(out) / name
    places = _places(videos, labels, unlabelled)
    listing = _survey(places)
    made = _made(name, folder, places, listing)
    _write(made, places, folder, "")
    return made


def own_benchmark(
    videos: Path | str, labels: Path | str | None, unlabelled: Sequence[Path | str], results: Path | str
) -> OwnBenchmark:
    """The benchmark of your own videos in ``results/videos``: the one of these very clips, or a new one.

    It is named after the folder of the videos. Other clips, or other labels, are another benchmark: their accuracies
    are not comparable.

    Arguments and errors as in :func:`new_benchmark`.
    """
    places = _places(videos, labels, unlabelled)
    listing = _survey(places)
    clips = _digest(listing.index)
    base = _named_after(places.videos)
    number = 1
    while True:
        name = base if number == 1 else f"{base}-{number}"
        folder = Path(results) / "videos" / name
        if not folder.exists():
            made = _made(name, folder, places, listing)
            if number > 1:
                text = (
                    f"The videos or labels are not those of the benchmark {base}, made here before: these are {name}."
                )
                made = replace(made, notes=(*made.notes, text))
            _write(made, places, folder, clips)
            return made
        if (folder / PLACES).is_file() and load_yaml(folder / PLACES).data.get("clips") == clips:
            config = benchmark_configs.read_benchmark_config(str(folder / CONFIG))
            write_text(folder / PLACES, _yaml(_places_text(places, folder, clips)))
            found = BenchmarkClips.of(listing.index, config)
            return OwnBenchmark(folder, config, found, "", listing.notes, own_checks.unusable(listing.index))
        number += 1


def training_seconds(own: OwnBenchmark, resolved: Resolved, jobs: int | None) -> float | None:
    """About how long the runs of a grid on your own videos take, by a step that is timed here; None: nobody knows."""
    guesses, total, runs = StepGuesses(resolved), 0.0, 0
    for row in resolved.methods:
        train = row.benchmark_config.train
        steps = train.epochs * math.ceil(own.training_clips / train.batch)
        for ratio in resolved.ratios:
            unlabelled = own.has_unlabelled or ratio < 1
            if row.algorithm.needs_unlabelled and not unlabelled:
                continue  # it is skipped
            seconds, _ = guesses.of(row.method_config.name, unlabelled)
            if seconds is None:
                return None
            total += seconds * steps * len(resolved.seeds)
            runs += len(resolved.seeds)
    return total / max(1, min(jobs or default_jobs(resolved.benchmark_config.train.threads), runs))


def with_small_network(resolved: Resolved) -> Resolved:
    """The same grid with the small built-in network, for which settings of another network are no good."""
    grid = resolved.grid
    sets = {key: value for key, value in grid.sets.items() if not key.startswith("backbone.")}
    return resolve(replace(grid, profile=SMALL, sets=sets))


def own_roots(benchmark: str) -> dict[str, Path]:
    """Where the videos of a benchmark config are, if a file beside it says so."""
    folder = expand_home(benchmark).parent
    return {SOURCE: folder} if Path(benchmark).suffix and (folder / PLACES).is_file() else {}


def _places(videos: Path | str, labels: Path | str | None, unlabelled: Sequence[Path | str]) -> VideoPlaces:
    """The places with ``~`` written out; a list that lies in the folder under its usual name need not be given."""
    folder = expand_home(videos)
    own = folder / LIST
    found = expand_home(labels) if labels is not None else own if own.is_file() else None
    return VideoPlaces(folder, found, tuple(map(expand_home, unlabelled)))


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UserError(f"'{visible(name)}': a benchmark's name has small letters, digits, dots and dashes alone")
    if name in benchmark_configs.BENCHMARKS:
        raise UserError(f"'{name}' is the name of a benchmark already; give another one")


def _named_after(folder: Path) -> str:
    """A benchmark's name from the folder's."""
    plain = unicodedata.normalize("NFKD", folder.absolute().resolve().name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")[:60] or "my-videos"
    return f"my-{name}" if name in benchmark_configs.BENCHMARKS else name


def _digest(index: Index) -> str:
    """Digest of all clips with their labels' names."""
    columns = (index.clips[name].tolist() for name in ("clip_id", "label", "subject", "part"))
    return digest([[clip, index.classes.get(label, ""), *more] for clip, label, *more in zip(*columns, strict=True)])


def _made(name: str, folder: Path, places: VideoPlaces, listing: SourceListing) -> OwnBenchmark:
    """The benchmark that fits the clips; nothing is written."""

    def config(parts: Mapping[str, Any]) -> BenchmarkConfig:
        return validate(BenchmarkConfig, Document(_values(name, places, listing.index, parts), {}))

    where = str(places.labels or places.videos)
    found = choose_parts(listing.index, lambda parts: BenchmarkClips.of(listing.index, config(parts)), where)
    unusable = own_checks.unusable(listing.index)
    return OwnBenchmark(folder, found.clips.benchmark_config, found.clips, found.reason, listing.notes, unusable)


def _survey(places: VideoPlaces) -> SourceListing:
    """The clips, with what is to be said of them."""
    listing = survey_videos(places)
    copies = own_checks.same_frames(listing.index, str(places.labels or places.videos))
    return replace(listing, notes=(*listing.notes, *(f"{missing}." for missing in listing.missing), *copies))


def _values(name: str, places: VideoPlaces, index: Index, parts: Mapping[str, Any]) -> dict[str, Any]:
    """A complete benchmark config as plain data; network, views and schedule are those of the shipped ones."""
    shipped = load_yaml(shipped_folder("splits") / "common" / "paper.yaml").data
    small = load_yaml(shipped_folder("splits") / "common" / "small.yaml").data
    profiles = {key: shipped["profiles"][key] for key in ("resnet50", "tsm", "scratch", "gpu")}
    return {
        "name": name,
        "title": visible(f"{places.videos.absolute().name}: own videos"),
        "source": {"name": SOURCE},
        "classes": dict(index.classes),
        "parts": dict(parts),
        "ratios": [1],
        "seeds": list(SEEDS),
        **{key: value for key, value in shipped.items() if key != "profiles"},
        "profiles": {SMALL: small, **profiles},
    }


def _write(made: OwnBenchmark, places: VideoPlaces, folder: Path, clips: str) -> None:
    require_writable(folder.parent, str(folder.parent))
    folder.parent.mkdir(parents=True, exist_ok=True)
    config = made.benchmark_config
    values = config.model_dump(mode="json", exclude_defaults=True) | {"classes": config.classes}
    with new_folder(folder, str(folder)) as aside:
        write_text(aside / CONFIG, _yaml(values, f"ssmar-bench run --benchmark {folder / CONFIG} --methods METHODS"))
        write_text(aside / PLACES, _yaml(_places_text(places, folder, clips)))


def _places_text(places: VideoPlaces, folder: Path, clips: str) -> dict[str, Any]:
    """The places as paths from ``folder``; those that a user gave as whole paths stay so."""

    def path(place: Path) -> str:
        return os.fspath(place) if place.is_absolute() else Path(os.path.relpath(place, folder)).as_posix()

    values: dict[str, Any] = {"videos": path(places.videos)}
    if places.labels is not None:
        values["labels"] = path(places.labels)
    if places.unlabelled:
        values["unlabelled"] = [path(place) for place in places.unlabelled]
    return values | ({"clips": clips} if clips else {})


def _yaml(values: dict[str, Any], comment: str = "") -> str:
    text = io.StringIO()
    YAML().dump(values, text)
    return (f"# {visible(comment)}\n" if comment else "") + text.getvalue()
