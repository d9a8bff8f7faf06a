"""Records the frames that the report of the paper's Fig. 4 shows: the report itself opens no video."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.frame_positions import centre_frames
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import links
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.files import write_bytes, write_text
from ssmar_bench.core.split import salted_id
from ssmar_bench.results.clip_predictions import read_answers, strip_file
from ssmar_bench.results.clip_pseudo_labels import clips_with_frames, read_pools
from ssmar_bench.results.examples import examples, picture
from ssmar_bench.results.records import Runs, load_runs
from ssmar_bench.runs import prepare_data
from ssmar_bench.sources import known_source
from ssmar_bench.sources.synthetic import SOURCE

FRAMES = 8
"""Frames of a clip that are shown: as many as a network of the paper sees."""

LARGEST = 96
"""Pixels of a frame's short side in a figure: as many as a column's width resolves."""

SMALL = 56
"""The same on the page, where many clips are shown."""


def record_frames(
    results: Path, on: str, roots: Mapping[str, Path], include: bool = False, listener: Listener = ignore_events
) -> str:
    """Write the frames of the clips that Fig. 4 shows below ``results``, unless they are there, and no others.

    Frames of another source than the embedded one are the property of its owners: they are written only if asked for,
    into a folder that git ignores. The sentence that is returned says why there are none, "" if there are.

    Args:
        results: the folder that holds ``runs/``.
        on: the kind of data, ``micro-motion`` or ``real``.
        roots: folders of sources by name.
        include: write frames of a licensed source, too.
        listener: hears how far the preparation of the source is.

    Raises:
        UserError: the data cannot be read.
    """
    found = examples(load_runs(results), on)
    if found is None:
        return "No clip can be shown: the two methods have no run of the same seed."
    links.refuse(results, "frames", found.benchmark)
    chosen = {picture(results, found.benchmark, clip.clip) for clip in found.chosen}
    for path in set(picture(results, found.benchmark, "x").parent.glob("*.jpg")) - chosen:
        path.unlink()  # of runs that are no longer shown
    wanted = {path.stem for path in chosen if not path.is_file()}
    if not wanted:
        return ""
    benchmark_config = benchmark_configs.read_benchmark_config(found.benchmark)
    if benchmark_config.source.name != SOURCE and not include:
        return (
            f"Frames of {benchmark_config.source.name} are not shown, since they are its owners': --include-frames "
            "does."
        )
    index = prepare_data.prepare_source(benchmark_config, roots, 1, listener)
    if benchmark_config.source.name != SOURCE:
        write_text(picture(results, found.benchmark, "x").parent / ".gitignore", "*\n")
    for line in index.clips.to_dict("records"):
        name = salted_id(found.benchmark, str(line["clip_id"]))
        if name in wanted:
            strip = _encoded(_strip(line, LARGEST), "JPEG", quality=90, subsampling=0)
            write_bytes(picture(results, found.benchmark, name), strip)
    return ""


def record_page_frames(
    runs: Runs,
    roots: Mapping[str, Path],
    include: bool = False,
    configs: Sequence[BenchmarkConfig] = (),
    listener: Listener = ignore_events,
) -> list[str]:
    """Write small frames of the clips that the page's examples show below ``runs.root``, unless they are there.

    Frames of synthetic clips and of a user's own are written wherever the videos are at hand; those of a data set that
    others own only if asked for, into a folder that git ignores. Nothing is rendered or trained for them.

    Args:
        runs: what is shown.
        roots: folders of sources by name.
        include: write frames of data sets that others own, too.
        configs: benchmarks that are no shipped ones.
        listener: hears how far the preparation of a source is.

    Returns:
        Why a benchmark has no frames, a sentence each, of those for which they were asked for by ``include``.
    """
    known = {config.name: config for config in configs}
    names = sorted({*runs.runs["benchmark"]})
    why = []
    for name in names:
        try:
            _record_strips(runs, name, known, len(names), roots, include, listener)
        except UserError as error:
            why.append(f"Frames of {name} are not shown: {error}")
    return why if include else []


def _record_strips(
    runs: Runs,
    name: str,
    known: Mapping[str, BenchmarkConfig],
    benchmarks: int,
    roots: Mapping[str, Path],
    include: bool,
    listener: Listener,
) -> None:
    answers = read_answers(runs, name)
    tested, unlabelled = clips_with_frames(answers, read_pools(runs, name), benchmarks)
    chosen = {strip_file(runs.root, name, clip) for clip in (*tested, *unlabelled)}
    folder = strip_file(runs.root, name, "x").parent
    links.refuse(runs.root, "frames", name)
    wanted = {path.stem for path in chosen if not path.is_file()}
    if not wanted:
        return
    config = known.get(name) or benchmark_configs.read_benchmark_config(name)
    source = known_source(config.source.name)
    owned = bool(source.licensed or source.facts)
    if (owned and not include) or not prepare_data.has_videos(config, roots):
        return
    index = prepare_data.prepare_source(config, roots, 1, listener, "skip")
    clips = {salted_id(name, str(line["clip_id"])): line for line in index.clips.to_dict("records")}
    if owned:
        write_text(folder / ".gitignore", "*\n")
    for path in set(folder.glob("*.webp")) - chosen:
        path.unlink()  # of clips that are no longer shown
    for clip in sorted(wanted & set(clips)):
        strip = _strip(clips[clip], SMALL)
        write_bytes(strip_file(runs.root, name, clip), _encoded(strip, "WEBP", quality=40, method=6))


def _strip(clip: Mapping[Any, Any], largest: int) -> Image.Image:
    """``FRAMES`` frames of a clip, evenly spread, side by side with a white line between them."""
    decoded = decode(
        Path(clip["path"]),
        int(clip["start"]),
        int(clip["end"]),
        choice=lambda times: centre_frames(len(times), FRAMES).tolist(),
    )
    images = [Image.fromarray(frame) for frame in decoded.frames]
    scale = min(1.0, largest / min(images[0].size))
    width, height = round(scale * images[0].width), round(scale * images[0].height)
    strip = Image.new("RGB", (FRAMES * (width + 1) - 1, height), "white")
    for number, image in enumerate(images):
        strip.paste(image.resize((width, height), Image.Resampling.LANCZOS), (number * (width + 1), 0))
    return strip


def _encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()
