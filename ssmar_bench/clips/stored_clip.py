"""A clip in a frame cache: one ``.npy`` file of its frames, after which its entry follows.

``numpy.load`` reads the frames, (config.frames, H, W, 3) uint8 RGB, or (bytes,) of their JPEGs. The last 8 bytes of the
file are the length of the entry before them, as JSON. A file is written aside and renamed, so it is whole or not there;
what a crash of the machine may leave of it does not match its checksum.

An entry has ``id``, ``identity`` (digest of the config and of the clip's frame numbers), ``shape`` of the frames,
``ends`` of their JPEGs where they are such, ``offset`` (bytes before the frames), ``sha256`` of what is stored of them,
``decoded`` and ``header`` (frames there are and frames announced, both 0 where these agree), ``problem`` (why the clip
is left out; "" if it is not), ``by_time`` (whether its frames were chosen by their times, because its frame rate
varies), and two digests by which a change of the video is noticed: ``source``, of the file's size and times, which
takes no time to compare, and ``content``, of its bytes, which is compared where the former differs. A training process
may read all of this, so neither a path, a length, a size nor a time is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import numpy as np

from ssmar_bench.clips.clip_file import ClipFile, unchanged
from ssmar_bench.clips.encoding import JpegFrames, encode
from ssmar_bench.clips.frame_positions import SampledClip
from ssmar_bench.clips.scaler import Frames
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import temporary_path
from ssmar_bench.core.identity import digest

FORMAT = 4
"""Raised when the meaning or the pixels of a stored clip change: frame caches of another format are not used."""

_LENGTH = 8

Entry = dict[str, Any]


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a failure of the file system (full, read-only, ...) into a ``UserError`` that names the frame cache."""
    try:
        yield
    except OSError as error:
        raise UserError(f"The frame cache {folder} cannot be written: {error.strerror or error}.") from None


def clip_path(folder: Path, clip_id: str) -> Path:
    """The file of a clip."""
    return folder / f"{quote(clip_id, safe='')}.npy"


def identity_of(clip: ClipFile, config: FrameCacheConfig) -> str:
    """Digest of what a clip's file must hold; the video's whereabouts are left out, so data sets can be moved."""
    return digest([FORMAT, config.to_config(), clip.clip_id, clip.start, clip.end])


def write_clip(
    folder: Path, clip: ClipFile, config: FrameCacheConfig, taken: SampledClip, source: tuple[str, str]
) -> Entry:
    """Write a clip's file; its entry.

    Args:
        folder: the frame cache.
        clip: which clip.
        config: of the frame cache.
        taken: its frames, none of them where there is a problem.
        source: the two digests of its video as it was before it was decoded.

    Raises:
        OSError: it cannot be written; no temporary file is left.
    """
    header = io.BytesIO()
    stored, ends = encode(taken.frames) if config.encoding == "jpeg" else (np.ascontiguousarray(taken.frames), [])
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": stored.shape})
    odd = taken.header not in (0, taken.decoded)  # a training process is not told how long a clip is
    entry = {
        "id": clip.clip_id,
        "identity": identity_of(clip, config),
        "shape": list(taken.frames.shape),
        **({"ends": ends} if ends else {}),
        "offset": header.tell(),
        "sha256": hashlib.sha256(stored.data).hexdigest(),
        "decoded": taken.decoded if odd else 0,
        "header": taken.header if odd else 0,
        "problem": taken.problem,
        "by_time": taken.by_time,
        "source": source[0],
        "content": source[1],
    }
    text = json.dumps([entry, digest(entry)]).encode()
    path = clip_path(folder, clip.clip_id)
    aside = temporary_path(path)
    try:
        aside.unlink(missing_ok=True)
        with aside.open("xb") as file:  # follows no link
            for part in (header.getvalue(), stored.data, text, len(text).to_bytes(_LENGTH, "little")):
                file.write(part)
        os.utime(aside, (0, 0))  # neighbours in time would tell what follows what in a video
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return entry


def entry_of(folder: Path, clip: ClipFile, config: FrameCacheConfig) -> Entry | None:
    """The entry in a clip's file, None where there is no such file, one of other frames, or one that is not whole."""
    try:
        with clip_path(folder, clip.clip_id).open("rb") as file:
            file.seek(-_LENGTH, os.SEEK_END)
            length = int.from_bytes(file.read(_LENGTH), "little")
            end = file.seek(-_LENGTH - length, os.SEEK_END)
            entry, known = json.loads(file.read(length))
            whole = entry["offset"] + stored_bytes(entry) == end
            sound = whole and known == digest(entry) and entry["identity"] == identity_of(clip, config)
            return cast("Entry", entry) if sound else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stored_bytes(entry: Mapping[str, Any]) -> int:
    """Bytes that a clip's frames take."""
    return int(entry["ends"][-1] if "ends" in entry else math.prod(entry["shape"]))


def has_size(folder: Path, entry: Mapping[str, Any]) -> bool:
    """Whether a clip's file is there and has room for its frames."""
    try:
        size = clip_path(folder, entry["id"]).stat().st_size
    except OSError:
        return False
    return bool(size > entry["offset"] + stored_bytes(entry))


def sound(folder: Path, clip: ClipFile, entry: Mapping[str, Any]) -> bool:
    """Whether the frames of a clip match their checksum, and its video is the one that was decoded."""
    try:
        if not unchanged(clip, entry):
            return False
        with clip_path(folder, clip.clip_id).open("rb") as file:
            file.seek(entry["offset"])
            stored = file.read(stored_bytes(entry))
        return bool(hashlib.sha256(stored).hexdigest() == entry["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def map_frames(folder: Path, entry: Mapping[str, Any]) -> Frames | JpegFrames:
    """A clip's frames: a read-only view of the file on the disk, or JPEGs there."""
    path, shape = clip_path(folder, entry["id"]), tuple(entry["shape"])
    if "ends" not in entry:
        return np.memmap(path, np.uint8, "r", offset=entry["offset"], shape=shape)
    stored = np.memmap(path, np.uint8, "r", offset=entry["offset"], shape=(stored_bytes(entry),))
    return JpegFrames(stored, entry["ends"], shape)
