"""A built split on the disk: its definition, clips, manifests and fingerprints; ids and labels, and no path.

    ma-12/
      definition.yaml      what it was built by, complete: ``run --benchmark ma-12/definition.yaml`` trains on it
      clips.csv            every clip: id, label, person, number of its video, official part, role, seconds, twin
      manifests/r10_s0.json  the clips of each part at 10 % and seed 0
      fingerprints.json    the small file to publish; it names no clip

The folder is written aside and renamed. It names a licensed source's clips, so it belongs to whoever has the licence;
``fingerprints.json`` alone may be shown to anybody.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from ssmar_bench.core import benchmark_config as definitions
from ssmar_bench.core import links
from ssmar_bench.core.benchmark_config import Definition
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json, write_json, write_text
from ssmar_bench.core.identity import canonical
from ssmar_bench.core.split import Manifest
from ssmar_bench.splits import fingerprints as prints
from ssmar_bench.splits.build import Benchmark
from ssmar_bench.splits.fingerprints import Fingerprints, cell_name, differences, fingerprints

COLUMNS = ("clip_id", "label", "person", "video", "part", "role", "seconds", "twin")


@dataclass(frozen=True)
class Built:
    """A split for some ratios and seeds.

    Attributes:
        definition: what it was built by; its ratios and seeds are the cells.
        clips: a frame of :data:`COLUMNS`, sorted by id: clip, the source's class id, person ("" where unknown), number
            of the video that it lies in, official part, role (``train``, ``validation``, ``test``), seconds (NaN where
            unknown), and an earlier clip that shows the same frames ("" where there is none).
        manifests: cell (``r10_s0``) -> manifest.
        fingerprints: of all of it.
    """

    definition: Definition
    clips: pd.DataFrame
    manifests: dict[str, Manifest]
    fingerprints: Fingerprints


def build_all(
    benchmark: Benchmark,
    seconds: pd.Series[float] | None = None,
    store: str = "",
    twins: Mapping[str, str] | None = None,
) -> Built:
    """The split of ``benchmark`` at all ratios and seeds of its definition.

    Args:
        benchmark: the clips in their roles.
        seconds: clip id -> seconds, where they are known.
        store: fingerprint of the decoded frames, "" where there are none.
        twins: clip id -> an earlier clip that shows the same frames; None where nobody has looked.
    """
    definition, rows = benchmark.definition, benchmark.clips
    clips = pd.DataFrame(
        {
            "clip_id": rows["clip_id"],
            "label": rows["label"],
            "person": rows["subject"],
            "video": pd.factorize(rows["path"])[0],
            "part": rows["part"],
            "role": rows["role"],
            "seconds": float("nan") if seconds is None else rows["clip_id"].map(seconds),
            "twin": rows["clip_id"].map(dict(twins or {})).fillna("").astype(str),
        }
    )
    cells = [(ratio, seed) for ratio in definition.ratios for seed in definition.seeds]
    manifests = {cell_name(ratio, seed): benchmark.manifest(ratio, seed) for ratio, seed in cells}
    taken = fingerprints(definition.name, definition.classes, clips, list(manifests.values()), store)
    return Built(definition, clips, manifests, taken)


def write(built: Built, out: Path) -> Path:
    """Write ``built`` into the folder ``out/<benchmark>``, which appears when it is whole.

    Raises:
        UserError: another split stands there, or something that is no split.
    """
    folder = out / built.definition.name
    aside = out / f".{folder.name}.{os.getpid()}.partial"
    old = aside.with_suffix(".old")
    _require_like(built, folder)
    try:
        links.discard(aside)
        _write_files(built, aside)
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    except OSError as error:
        raise UserError(f"{folder}: the split cannot be written ({error.strerror}).") from error
    finally:
        links.discard(aside)
        links.discard(old)
    return folder


def _require_like(built: Built, folder: Path) -> None:
    """What stands there may be replaced by the same split alone."""
    if not folder.exists():
        return
    there = prints.read(folder / "fingerprints.json") if (folder / "fingerprints.json").is_file() else None
    if there is None or set(there.manifests) != set(built.manifests) or differences(built.fingerprints, there):
        raise UserError(f"{folder}: something else stands there; nothing is overwritten, so give another --out.")


def _write_files(built: Built, folder: Path) -> None:
    text = io.StringIO()
    values = built.definition.model_dump(mode="json", exclude_defaults=True)
    YAML().dump(values | {"classes": built.definition.classes}, text)  # JSON would make texts of their ids
    write_text(folder / "definition.yaml", text.getvalue())
    write_text(folder / "clips.csv", built.clips.to_csv(index=False, lineterminator="\n", float_format="%.2f"))
    for cell, manifest in built.manifests.items():
        write_text(folder / "manifests" / f"{cell}.json", canonical(manifest.to_json()) + "\n")
    write_json(folder / "fingerprints.json", prints.to_json(built.fingerprints))


def read(folder: Path) -> Built:
    """The split in ``folder``.

    Raises:
        UserError: there is none, a file is missing or no such file, or was changed after it was written.
    """
    stored = prints.read(folder / "fingerprints.json")
    definition = definitions.read(str(folder / "definition.yaml"))
    manifests = read_manifests(folder)
    clips = _read_clips(folder / "clips.csv")
    again = fingerprints(definition.name, definition.classes, clips, list(manifests.values()), stored.store)
    if again != stored:
        raise UserError(f"{folder}: its files do not agree with its fingerprints.json; build the split anew.")
    return Built(definition, clips, manifests, stored)


def _read_clips(path: Path) -> pd.DataFrame:
    kinds = {"label": "int64", "video": "int64", "seconds": "float64"}
    try:
        clips = pd.read_csv(
            path,
            dtype={column: kinds.get(column, "str") for column in COLUMNS},
            keep_default_na=False,
            na_values={"seconds": [""]},
        )
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: expected a built split's list of clips, found something else.") from error
    if tuple(clips.columns) == COLUMNS[:-1]:  # written before twins were looked for
        return clips.assign(twin="")
    if tuple(clips.columns) != COLUMNS:
        raise UserError(f"{path}: expected the columns {', '.join(COLUMNS)}; build the split anew.")
    return clips


def read_manifests(path: Path) -> dict[str, Manifest]:
    """The manifests in a built split's folder, or the one in a file, by cell in the order of ratios and seeds.

    Raises:
        UserError: there is none, or something else in their place.
    """
    files = sorted((path / "manifests").glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path}: expected a built split, found no manifests/ in it.")
    manifests: Iterable[Manifest] = map(_read_manifest, files)
    return {
        cell_name(manifest.ratio, manifest.seed): manifest
        for manifest in sorted(manifests, key=lambda manifest: (manifest.ratio, manifest.seed))
    }


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.from_json(read_json(path))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file or folder; expected a built split or a manifest.") from None
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: expected a manifest, found something else ({type(error).__name__}).") from error
