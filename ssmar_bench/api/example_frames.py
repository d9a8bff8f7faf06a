"""Records the frames that the report of the paper's Fig. 4 shows: the report itself opens no video."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.frame_positions import centre_frames
from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import links
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.files import write_bytes, write_text
from ssmar_bench.results.examples import examples, picture
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.record import salted_id
from ssmar_bench.sources.synthetic import SOURCE

FRAMES = 8
"""Frames of a clip that are shown: as many as a network of the paper sees."""

LARGEST = 96
"""Pixels of a frame's short side: as many as a column's width resolves."""


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
            strip = _strip(Path(line["path"]), int(line["start"]), int(line["end"]))
            write_bytes(picture(results, found.benchmark, name), strip)
    return ""


def _strip(path: Path, start: int, end: int) -> bytes:
    """``FRAMES`` frames of a clip, evenly spread, side by side with a white line between them, as a JPEG."""
    decoded = decode(path, start, end, choice=lambda times: centre_frames(len(times), FRAMES).tolist())
    images = [Image.fromarray(frame) for frame in decoded.frames]
    scale = min(1.0, LARGEST / min(images[0].size))
    width, height = round(scale * images[0].width), round(scale * images[0].height)
    strip = Image.new("RGB", (FRAMES * (width + 1) - 1, height), "white")
    for number, image in enumerate(images):
        strip.paste(image.resize((width, height), Image.Resampling.LANCZOS), (number * (width + 1), 0))
    buffer = io.BytesIO()
    strip.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()
