"""A built split on the disk: its benchmark config, clips, splits and fingerprints; ids and labels, and no path.

    ma-12/
      benchmark.yaml      what it was built by, complete: ``run --benchmark ma-12/benchmark.yaml`` trains on it
      clips.csv            every clip: id, label, subject, number of its video, official part, role, seconds, twin
      splits/r10_s0.json  the clips of each part at 10 % and seed 0
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

from ssmar_bench.core import benchmark_config as benchmark_configs
from ssmar_bench.core import links
from ssmar_bench.core.benchmark_config import BenchmarkConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.files import read_json, write_json, write_text
from ssmar_bench.core.identity import canonical_json
from ssmar_bench.core.split import Split
from ssmar_bench.splits import fingerprints as prints
from ssmar_bench.splits.fingerprints import Fingerprints, differences, fingerprints, split_name
from ssmar_bench.splits.split_builder import BenchmarkClips

COLUMNS = ("clip_id", "label", "subject", "video", "part", "role", "seconds", "twin")


@dataclass(frozen=True)
class SplitSet:
    """The splits of a benchmark: one for each ratio and seed.

    Attributes:
        benchmark_config: what it was built by; there is a split for each of its ratios and seeds.
        clips: a frame of :data:`COLUMNS`, sorted by id: clip, the source's class id, subject ("" where unknown), number
            of the video that it lies in, official part, role (``train``, ``validation``, ``test``), seconds (NaN where
            unknown), and an earlier clip that shows the same frames ("" where there is none). One that was never
            labelled has the role ``unlabelled`` and the class id -1.
        splits: name (``r10_s0``: 10 %, seed 0) -> split.
        fingerprints: of all of it.
    """

    benchmark_config: BenchmarkConfig
    clips: pd.DataFrame
    splits: dict[str, Split]
    fingerprints: Fingerprints

    def __repr__(self) -> str:
        return f"<split of {self.benchmark_config.name}: {len(self.clips)} clips; {len(self.splits)} ratios and seeds>"


def build_split_set(
    benchmark: BenchmarkClips,
    seconds: pd.Series[float] | None = None,
    frame_cache: str = "",
    twins: Mapping[str, str] | None = None,
) -> SplitSet:
    """The split of ``benchmark`` at all ratios and seeds of its benchmark config.

    Args:
        benchmark: the clips in their roles.
        seconds: clip id -> seconds, where they are known.
        frame_cache: fingerprint of the decoded frames, "" where there are none.
        twins: clip id -> an earlier clip that shows the same frames; None where nobody has looked.
    """
    benchmark_config, rows = benchmark.benchmark_config, benchmark.clips
    clips = pd.DataFrame(
        {
            "clip_id": rows["clip_id"],
            "label": rows["label"],
            "subject": rows["subject"],
            "video": pd.factorize(rows["path"])[0],
            "part": rows["part"],
            "role": rows["role"],
            "seconds": float("nan") if seconds is None else rows["clip_id"].map(seconds),
            "twin": rows["clip_id"].map(dict(twins or {})).fillna("").astype(str),
        }
    )
    cells = [(ratio, seed) for ratio in benchmark_config.ratios for seed in benchmark_config.seeds]
    splits = {split_name(ratio, seed): benchmark.split(ratio, seed) for ratio, seed in cells}
    taken = fingerprints(benchmark_config.name, benchmark_config.classes, clips, list(splits.values()), frame_cache)
    return SplitSet(benchmark_config, clips, splits, taken)


def write_split_set(split_set: SplitSet, out: Path) -> Path:
    """Write ``split_set`` into the folder ``out/<benchmark>``, which appears when it is whole.

    Raises:
        UserError: another split is there, or something that is no split.
    """
    folder = out / split_set.benchmark_config.name
    aside = out / f".{folder.name}.{os.getpid()}.partial"
    old = aside.with_suffix(".old")
    _require_like(split_set, folder)
    try:
        links.discard(aside)
        _write_files(split_set, aside)
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
    except OSError as error:
        raise UserError(f"{folder}: the split cannot be written ({error.strerror}).") from error
    finally:
        links.discard(aside)
        links.discard(old)
    return folder


def _require_like(split_set: SplitSet, folder: Path) -> None:
    """What is there may be replaced by the same split alone."""
    if not folder.exists():
        return
    there = prints.read_fingerprints(folder / "fingerprints.json") if (folder / "fingerprints.json").is_file() else None
    if there is None or set(there.splits) != set(split_set.splits) or differences(split_set.fingerprints, there):
        raise UserError(f"{folder}: something else is there; nothing is overwritten, so give another --out.")


def _write_files(split_set: SplitSet, folder: Path) -> None:
    text = io.StringIO()
    values = split_set.benchmark_config.model_dump(mode="json", exclude_defaults=True)
    YAML().dump(values | {"classes": split_set.benchmark_config.classes}, text)  # JSON would make texts of their ids
    write_text(folder / "benchmark.yaml", text.getvalue())
    write_text(folder / "clips.csv", split_set.clips.to_csv(index=False, lineterminator="\n", float_format="%.2f"))
    for cell, split in split_set.splits.items():
        write_text(folder / "splits" / f"{cell}.json", canonical_json(split.to_json()) + "\n")
    write_json(folder / "fingerprints.json", split_set.fingerprints.model_dump(mode="json", exclude_none=True))


def read_split_set(folder: Path) -> SplitSet:
    """The split in ``folder``.

    Raises:
        UserError: there is none, a file is missing or no such file, or was changed after it was written.
    """
    stored = prints.read_fingerprints(folder / "fingerprints.json")
    benchmark_config = benchmark_configs.read_benchmark_config(str(folder / "benchmark.yaml"))
    splits = read_splits(folder)
    clips = _read_clips(folder / "clips.csv")
    again = fingerprints(
        benchmark_config.name, benchmark_config.classes, clips, list(splits.values()), stored.frame_cache
    )
    if again != stored:
        raise UserError(f"{folder}: its files do not agree with its fingerprints.json; build the split again.")
    return SplitSet(benchmark_config, clips, splits, stored)


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
        raise UserError(f"{path}: expected the columns {', '.join(COLUMNS)}; build the split again.")
    return clips


def read_splits(path: Path) -> dict[str, Split]:
    """The splits in a built split's folder, or the one in a file, by split in the order of ratios and seeds.

    Raises:
        UserError: there is none, or something else in their place.
    """
    files = sorted((path / "splits").glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path}: expected a built split, found no splits/ in it.")
    splits: Iterable[Split] = map(_read_split, files)
    return {
        split_name(split.ratio, split.seed): split
        for split in sorted(splits, key=lambda split: (split.ratio, split.seed))
    }


def _read_split(path: Path) -> Split:
    try:
        return Split.from_json(read_json(path))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file or folder; expected a built split or a split.") from None
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: expected a split, found something else ({type(error).__name__}).") from error
