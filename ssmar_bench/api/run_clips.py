"""For what a run on a user's own videos had each clip, which is said beside the clip's prediction."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from ssmar_bench.core.digests import DamagedError
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import parse_json
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.split import PARTS, Split, opaque_id
from ssmar_bench.sources.own_videos import PLACES, places_of, survey_videos

Clip = tuple[str, int, int]
"""A video's whole path, and the first and last frame of a clip in it; -1 and -1 for all of it."""


def roles_in(folder: RunFolder) -> Mapping[Clip, str]:
    """Clip -> ``labelled``, ``unlabelled``, ``validation`` or ``test``, of the run in ``folder``.

    It is empty where the run is not one of ``run --videos``, or its videos or split are not there any more.
    """
    with contextlib.suppress(UserError, DamagedError, OSError, ValueError, KeyError, TypeError):
        own = folder.path.absolute().parents[1] / "videos" / folder.spec().benchmark
        if not (own / PLACES).is_file():
            return {}
        split = Split.from_json(parse_json(folder.kept("split.json")))
        role = {clip: part for part in PARTS for clip in getattr(split, part)}
        clips = survey_videos(places_of(own)).index.clips
        columns = (clips["path"], clips["start"].tolist(), clips["end"].tolist(), clips["clip_id"])
        found = {
            (whole_path(path), start, end): role.get(opaque_id(name))
            for path, start, end, name in zip(*columns, strict=True)
        }
        return {clip: part for clip, part in found.items() if part}
    return {}


def whole_path(path: Path | str) -> str:
    """By which one video is known, however it is written."""
    return os.path.realpath(path)
