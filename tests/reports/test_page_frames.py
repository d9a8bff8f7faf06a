"""Small frames of clips for the page: which are recorded, and of whose data."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from _records import Fake, say
from _reports import html
from PIL import Image

from ssmar_bench import api
from ssmar_bench.api import example_frames
from ssmar_bench.core import benchmark_config
from ssmar_bench.core.events import ignore_events
from ssmar_bench.core.split import salted_id
from ssmar_bench.results import records
from ssmar_bench.results.clip_predictions import strip_file
from ssmar_bench.results.read_record import read_folder
from ssmar_bench.results.records import load_runs
from ssmar_bench.runs import prepare_data


@pytest.mark.slow
def test_the_page_has_frames_of_synthetic_and_own_clips_and_of_licensed_ones_if_asked_for(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = benchmark_config.read_benchmark_config(str(tiny))
    index = prepare_data.prepare_source(small, {}, 1, ignore_events)
    names = [salted_id("tiny-motion", str(clip)) for clip in index.clips["clip_id"][:2]]
    lines = [f"{name},p{i},0,{i},0.5,0" for i, name in enumerate(names)]
    text = "\n".join(["clip,subject,label,prediction,confidence,prediction_ema", *lines]) + "\n"
    say(Fake("fixmatch", benchmark="tiny-motion").write(tmp_path), text)
    paths = [strip_file(tmp_path, "tiny-motion", name) for name in names]

    assert example_frames.record_page_frames(load_runs(tmp_path), {}) == []  # nobody says what the benchmark is
    assert not any(path.exists() for path in paths)
    licensed = replace(example_frames.known_source(small.source.name), licensed=True)  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setattr(example_frames, "known_source", lambda _: licensed)
        example_frames.record_page_frames(load_runs(tmp_path), {}, configs=[small])
        assert not any(path.exists() for path in paths)
        (why,) = example_frames.record_page_frames(load_runs(tmp_path), {}, include=True)
        assert why.startswith("Frames of tiny-motion are not shown: ")
        assert example_frames.record_page_frames(load_runs(tmp_path), {}, include=True, configs=[small]) == []
        assert paths[0].with_name(".gitignore").read_text() == "*\n"
    for path in paths:
        path.unlink()
    paths[0].with_name("old.webp").write_bytes(b"of a clip that is shown no more")
    example_frames.record_page_frames(load_runs(tmp_path), {}, configs=[small])
    assert sorted(paths[0].parent.glob("*.webp")) == sorted(paths)
    with Image.open(io.BytesIO(paths[0].read_bytes())) as image:
        assert image.format == "WEBP"
        assert image.size == (8 * 33 - 1, 32)
    assert html(tmp_path).count(b64encode(paths[0].read_bytes()).decode()) == 1


def test_a_report_with_its_frames_and_what_is_left_out_reads_every_record_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Fake(clips=True).write(tmp_path) / "record" / "timings.json").write_text("{")
    Fake(seed=1, clips=True).write(tmp_path)
    read: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr(records, "read_folder", lambda path: read.append(path) or read_folder(path))  # type: ignore[func-returns-value]
        rendered = api.render_report(tmp_path, tmp_path / "reports", frames=api.PageFrames())
    assert len(read) == len({*read}) == 2
    assert ["timings.json" in why for why in rendered.damage] == [True]
    assert tmp_path / "reports" / "index.html" in rendered.files
