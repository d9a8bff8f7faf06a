"""Nothing that a training process is given tells a hidden label, whatever the ids and files of a source look like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from ssmar_bench import api
from ssmar_bench.clips.frame_cache import FrameCache
from ssmar_bench.core import catalog
from ssmar_bench.core.events import Listener, ignore_events
from ssmar_bench.core.index import Index
from ssmar_bench.core.run_folder import RunFolder
from ssmar_bench.core.run_spec import Launch
from ssmar_bench.core.split import opaque_id
from ssmar_bench.runs import prepare_data
from ssmar_bench.runs.execute import write_run_inputs
from ssmar_bench.runs.grid import Grid
from ssmar_bench.runs.plan import plan_runs
from ssmar_bench.runs.resolve import resolve
from ssmar_bench.sources import KNOWN, Source, mock, read_source
from ssmar_bench.sources.listing import SourceListing, index_frame
from ssmar_bench.splits.split_builder import ground_truth

MOCK_DATA = {
    "ma-12-cross-subject": 160, "imigue-11": 200, "smg-5-official": 160, "ucf101": 404, "hmdb51": 255,
}  # fmt: skip
"""A benchmark of every source that has owners, and about how many clips its mock data set has."""

TELLING = """\
extends: micro-motion-12
name: telling
title: Ids, folders and files that tell the class
source: {name: telling, options: {train_clips: , test_clips: , train_subjects: , test_subjects: , amplitude: , seed: }}
classes: {5: , 7: , 8: , 9: , 10: , 17: , 21: , 22: , 23: , 31: , 48: , 49: , 0: scratching, 1: nodding, 2: waving}
parts: {train: [train], test: [test], validation: 0.1, validation_by: clip}
"""
SPY = '''\
"""Guesses the labels of unlabelled clips from everything but their pixels."""

import bisect
import json
import pathlib
import sys

import torch

from ssmar_bench.algorithms.fixmatch import FixMatch
from ssmar_bench.core.contract import Losses, PseudoLabels

METHOD_CONFIG = """
extends: fixmatch
name: spy
label: Spy
algorithm: spy
"""


class Spy(FixMatch):
    revision = 1

    def __init__(self, context, config):
        super().__init__(context, config)
        run = pathlib.Path(sys.argv[1])
        split = json.loads((run / "work" / "split.json").read_text())
        frame_cache = pathlib.Path(json.loads((run / "work" / "launch.json").read_text())["frame_cache"])
        entries = json.loads((frame_cache / "frame_cache.json").read_text())["clips"]
        files = [str(path) for folder in (run, frame_cache) for path in folder.rglob("*")]
        known, classes = split["labels"], [name.lower().replace("_", "") for name in split["classes"]]

        def named(clip):
            """The class whose name stands in the clip's id, in its entry or in a file's name."""
            said = [clip, *(str(entry) for entry in entries if entry["id"] == clip), *(f for f in files if clip in f)]
            text = " ".join(said).lower().replace("_", "")
            return next((number for number, name in enumerate(classes) if name in text), 0)

        def nearest(keys):
            """The class of the next labelled clip in the order of ``keys``."""
            ordered = sorted((keys[clip], label) for clip, label in known.items())
            return lambda clip: ordered[min(bisect.bisect(ordered, (keys[clip], -1)), len(ordered) - 1)][1]

        parts = [split[part] for part in ("labelled", "unlabelled", "validation")]
        ways = {
            "named": named,
            "sorted": nearest({clip: clip for part in parts for clip in part}),
            "listed": nearest({clip: place / len(part) for part in parts for place, clip in enumerate(part)}),
            "stored": nearest({entry["id"]: place for place, entry in enumerate(entries)}),
            "sized": nearest({entry["id"]: (entry["shape"], entry["decoded"], entry["header"]) for entry in entries}),
        }
        self.guesses = {
            way: torch.tensor([guess(clip) for clip in split["unlabelled"]]) for way, guess in ways.items()
        }

    def loss(self, batch, progress):
        losses = super().loss(batch, progress)
        index = batch.unlabelled.index
        sure = torch.ones(len(index))
        found = {way: PseudoLabels(index, guess[index], sure, sure) for way, guess in self.guesses.items()}
        return Losses(losses.terms, found)
'''
TINY = {
    "frame_cache.short_side": 16,
    "frame_cache.segments": 2,
    "frame_cache.candidates": 1,
    "clips.size": 16,
    "train.epochs": 1,
    "train.batch": 10,
    "backbone.name": "micro-tsm",
    "backbone.weights": "none",
}


def telling(root: Path, source: str, options: Mapping[str, int], listener: Listener) -> SourceListing:
    """A reader of somebody else: ids and folders say the class, the part and what comes next."""
    rows = [
        (f"{label}-{name}/{part}-{clip:02d}", str(root / name / f"{clip:02d}.mp4"), -1, -1, label, f"p{clip % 5}", part)
        for label, name in enumerate(("scratching", "nodding", "waving"))
        for part, numbers in (("train", range(60)), ("test", range(60, 80)))
        for clip in numbers
    ]
    return SourceListing(Index(source, index_frame(rows), dict(enumerate(("scratching", "nodding", "waving")))), "")


def _film(path: Path, frames: int) -> bytes:
    """A video that shows nothing."""
    with av.open(str(path), "w", format="mp4") as container:
        series = container.add_stream("libx264", rate=25)
        series.height = series.width = 32
        series.pix_fmt = "yuv420p"
        for _ in range(frames):
            container.mux(series.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(series.encode())
    return path.read_bytes()


@pytest.fixture(params=[*MOCK_DATA, "telling", "tiny-motion"])
def grid(
    request: pytest.FixtureRequest, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Grid, dict[str, Path]]]:
    """A grid of the spy on a tiny benchmark of every source, whose videos all look the same, and its data."""
    plugin = tmp_path / "spy.py"
    plugin.write_text(SPY)
    catalog.use_plugin_file(plugin)
    name, root, video = request.param, tmp_path / "data", tmp_path / "video.mp4"
    if name == "tiny-motion":
        yield Grid(str(tiny), ["spy"], [0.5], [0], sets={"train.epochs": 1}), {}
        catalog.forget_plugin_files()
        return
    if name == "telling":
        (tmp_path / "telling.yaml").write_text(TELLING)
        own = Source(name, "Mine: telling", f"{__name__}:telling", "", licensed=False, terms="", get="")
        monkeypatch.setattr(KNOWN, "things", {**KNOWN.things, name: own})
        root.mkdir()
        source, benchmark = name, str(tmp_path / "telling.yaml")
    else:
        benchmark, source = name, resolve(Grid(name, ["supervised"])).benchmark_config.source.name
        mock.write_mock(source, root, lists_only=True, clips=MOCK_DATA[name])
    index = read_source(source, root)
    film = _film(video, max(8, int(index.clips["end"].max()) + 1))
    for path in map(Path, index.clips["path"].unique()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(film)
    yield Grid(benchmark, ["spy"], [0.5], [0], sets=TINY), {source: root}
    catalog.forget_plugin_files()


def test_files_that_a_training_process_reads_hold_no_id_and_no_order(
    grid: tuple[Grid, dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path / "cache"))
    asked, roots = grid
    resolved = resolve(asked)
    benchmark_config = resolved.benchmark_config
    index = prepare_data.prepare_source(benchmark_config, roots, 1, ignore_events)
    (planned_run,) = plan_runs(resolved, index)
    frame_cache = prepare_data.prepare_frame_cache(benchmark_config, index, planned_run.split, 1, ignore_events)
    run = RunFolder(tmp_path / planned_run.spec.folder())
    write_run_inputs(planned_run, run, Launch(str(frame_cache)))

    split = json.loads((run.work / "split.json").read_text())
    known = ground_truth(index, benchmark_config)
    names = {opaque_id(clip): clip for clip in known.label}
    assert set(FrameCache.open(frame_cache).ids) == set(names)
    for part in ("labelled", "unlabelled", "validation", "test"):
        assert {names[clip] for clip in split[part]} == set(getattr(planned_run.split, part))
        assert split[part] == sorted(split[part])
        assert all(re.fullmatch("[0-9a-f]{16}", clip) for clip in split[part])
    assert {names[clip]: label for clip, label in split["labels"].items()} == planned_run.split.labels

    files = [path for folder in (run.path, frame_cache) for path in folder.rglob("*") if path.is_file()]
    texts = {path.name: path.read_text(errors="replace") for path in files}
    assert {"split.json", "frame_cache.json", *(f"{name}.npy" for name in names)} <= set(texts)
    telling = {*known.label, *(Path(path).name for path in index.clips["path"]), *map(str, roots.values())}
    for name, text in texts.items():
        assert not [word for word in telling if len(word) > 3 and json.dumps(word)[1:-1] in text], name
    entries = json.loads(texts["frame_cache.json"])["clips"]
    assert {key for entry in entries for key in entry} == {
        *(
            "id",
            "identity",
            "shape",
            "offset",
            "sha256",
            "decoded",
            "header",
            "problem",
            "by_time",
            "source",
            "content",
        ),
    }
    assert {(entry["decoded"], entry["header"]) for entry in entries} == {(0, 0)}


@pytest.mark.slow
def test_a_method_that_looks_at_everything_but_pixels_guesses_no_better_than_by_chance(
    grid: tuple[Grid, dict[str, Path]], tmp_path: Path
) -> None:
    asked, roots = grid
    states = api.run(asked, api.Execution(tmp_path, roots))
    assert [*states.values()] == ["done"]
    record = tmp_path / "runs" / next(iter(states)) / "record"
    table = pd.read_csv(record / "pseudo_labels.csv").drop_duplicates(["series", "clip"])
    clips = table[table["series"] == "full_pool"]
    assert len(clips) == json.loads((record / "metrics.json").read_text())["counts"]["unlabelled"]
    chance = clips["label"].value_counts(normalize=True).max()
    for way in ("named", "sorted", "listed", "stored", "sized"):
        rows = table[table["series"] == way]
        assert len(rows) >= 0.9 * len(clips)
        right = float((rows["label"] == rows["pseudo_label"]).mean())
        assert right <= chance + 3 * np.sqrt(chance * (1 - chance) / len(rows)), way
