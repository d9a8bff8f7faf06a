"""``data prepare`` and ``data compare-decoders``, and what a run does with clips that are left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ssmar_bench.core.split import opaque_id
from tests.conftest import Commands, Finished, folder_of, until

Call = Callable[..., Finished]


@pytest.fixture
def frame_cache(videos: Path, tmp_path: Path) -> Callable[[], Path]:
    """Finds the one frame cache in the cache that ``videos`` has set."""

    def find() -> Path:
        (folder,) = (tmp_path / "cache" / "frame_caches").iterdir()
        return folder

    return find


def test_plan_writes_nothing_and_says_what_will_be(videos: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    ended = call("data", "prepare", tiny, "--root", videos, "--plan", "--jobs", 1)
    assert ended.status == 0
    row = next(line for line in ended.out.splitlines() if "tiny-motion" in line)
    cells = row.split("\t")
    assert cells[:6] == ["tiny-motion", "84", "8", "84", "0.8 MB", "0.8 MB"]
    assert cells[6].endswith("GB")
    assert cells[7].endswith(" s")
    assert not (tmp_path / "cache" / "frame_caches").exists()


def test_a_plan_renders_nothing(tiny: Path, tmp_path: Path, call: Call) -> None:
    unrendered = tmp_path / "other.yaml"
    unrendered.write_text(tiny.read_text().replace("amplitude: 1.0", "amplitude: 1.25"))
    before = set(tmp_path.rglob("*.mp4"))
    ended = call("data", "prepare", unrendered, "--plan")
    assert ended.status == 0
    row = next(line for line in ended.out.splitlines() if "tiny-motion" in line)
    cells = row.split("\t")
    assert cells[:6] == ["tiny-motion", "84", "8", "84", "0.8 MB", "0.8 MB"]
    assert cells[7] == "unknown"
    assert set(tmp_path.rglob("*.mp4")) == before


def test_prepare_then_again(videos: Path, tiny: Path, call: Call, frame_cache: Callable[[], Path]) -> None:
    first = call("data", "prepare", tiny, "--root", videos, "--jobs", 1)
    assert first.status == 0
    assert first.out.splitlines()[-1] == f"tiny-motion: 84 clips decoded, 0 were there: {frame_cache()}"
    assert "decoding clips" in first.err
    assert "/s" in first.err
    assert sum(np.load(path).nbytes for path in frame_cache().glob("*.npy")) == 84 * 8 * 20 * 20 * 3
    second = call("data", "prepare", tiny, "--root", videos, "--jobs", 1)
    assert second.out.splitlines()[-1] == f"tiny-motion: 0 clips decoded, 84 were there: {frame_cache()}"


def test_the_frame_caches_of_methods_are_planned_and_prepared(
    videos: Path, tiny: Path, tmp_path: Path, call: Call
) -> None:
    words = ("data", "prepare", tiny, "--root", videos, "--jobs", 1, "--methods", "tcl,ltg,aplt")
    rows = [line.split("\t") for line in call(*words, "--plan").out.splitlines() if "tiny-motion" in line]
    assert [[cell.strip() for cell in row[1:5]] for row in rows] == [
        ["84", "8", "84", "0.8 MB"],
        ["84", "16", "84", "1.6 MB"],
    ]
    said = call(*words).out
    assert said.count("tiny-motion: 84 clips decoded, 0 were there: ") == 2
    assert len(list((tmp_path / "cache" / "frame_caches").iterdir())) == 2
    planned = call("run", "--benchmark", tiny, "--data", f"micro-motion={videos}", "--methods", "ltg", "--plan").out
    assert "Decoded clips, 16 frames each: about 1.6 MB, of which 0.0 MB are to be written" in planned
    unknown = call("data", "prepare", tiny, "--root", videos, "--methods", "ltk", "--plan")
    assert (unknown.status, "Unknown method 'ltk'; did you mean 'ltg'?" in unknown.err) == (2, True)


@pytest.mark.slow
def test_a_killed_command_goes_on(
    videos: Path, tiny: Path, tmp_path: Path, commands: Commands, frame_cache: Callable[[], Path]
) -> None:
    words = ("data", "prepare", tiny, "--root", videos, "--jobs", 1)
    process = commands.start(*words, cache=tmp_path / "cache")
    stored = lambda: list((tmp_path / "cache" / "frame_caches").glob("*/*.npy"))  # noqa: E731
    until(lambda: len(stored()) > 20, "twenty clips")
    commands.kill(process)
    until(lambda: not commands.left(process), "its end")
    finished = len(stored())
    assert 20 <= finished < 84
    ended = commands.run(*words, cache=tmp_path / "cache")
    assert ended.status == 0, ended.err
    assert f"tiny-motion: {84 - finished} clips decoded, {finished} were there" in ended.out
    assert (frame_cache() / "frame_cache.json").is_file()


def test_bad_clips_stop_or_are_left_out_and_named(
    videos: Path, tiny: Path, tmp_path: Path, call: Call, frame_cache: Callable[[], Path]
) -> None:
    bad = sorted((videos / "videos_val").iterdir())[7]
    bad.write_text("no video")
    ended = call("data", "prepare", tiny, "--root", videos, "--jobs", 1)
    assert ended.status == 2
    assert f"The video {bad} of the clip 'val/{bad.stem}' cannot be used: it is not a video" in ended.err
    ended = call("data", "prepare", tiny, "--root", videos, "--jobs", 1, "--on-bad-clip", "skip")
    assert ended.status == 0
    assert f"left out: val/{bad.stem} ({bad}): it is not a video, or it is truncated" in ended.out
    listed = json.loads((frame_cache() / "frame_cache.json").read_text())["clips"]
    assert [clip["id"] for clip in listed if clip["problem"]] == [opaque_id(f"val/{bad.stem}")]


@pytest.mark.parametrize("gone", ["unlinked", "a broken link"])
def test_a_missing_video_stops_or_is_left_out(videos: Path, tiny: Path, tmp_path: Path, call: Call, gone: str) -> None:
    missing = sorted((videos / "videos_val").iterdir())[7]
    missing.unlink()
    if gone == "a broken link":
        missing.symlink_to(tmp_path / "nowhere.mp4")
    words = ("data", "prepare", tiny, "--root", videos, "--jobs", 1)
    ended = call(*words)
    assert ended.status == 2
    assert missing.name in ended.err
    assert not list((tmp_path / "cache" / "frame_caches").glob("*"))
    ended = call(*words, "--on-bad-clip", "skip")
    assert ended.status == 0, ended.err
    reason = "it does not exist" if gone == "unlinked" else "it is a link to a file that does not exist"
    assert ended.out.splitlines()[-3:] == [
        f"tiny-motion: 83 clips decoded, 0 were there: {next((tmp_path / 'cache' / 'frame_caches').iterdir())}",
        f"  left out: val/{missing.stem} ({missing}): {reason}",
        "  1 clip is left out; runs need --on-bad-clip skip",
    ]
    planned = ("run", "--benchmark", tiny, "--methods", "supervised", "--data", f"micro-motion={videos}", "--plan")
    assert call(*planned, "--on-bad-clip", "skip").out.count(f"Left out: val/{missing.stem}: {reason}") == 1
    assert call(*planned).status == 2


@pytest.mark.slow
def test_a_run_is_another_one_without_a_bad_clip(
    rendered: Path, videos: Path, tiny: Path, tmp_path: Path, call: Call
) -> None:
    sets = ("--set", "train.epochs=1", "--jobs", 1)
    words: tuple[object, ...] = ("run", "--benchmark", tiny, "--methods", "supervised", *sets)
    whole = call(*words, "--data", f"micro-motion={rendered}", "--plan", "--out", tmp_path / "whole")
    assert whole.status == 0
    bad = sorted((videos / "videos_val").iterdir())[7]
    bad.write_text("no video")
    words += ("--data", f"micro-motion={videos}", "--out", tmp_path / "out")
    stopped = call(*words)
    assert stopped.status == 2
    assert not (tmp_path / "out").exists()
    early = call(*words, "--on-bad-clip", "skip", "--plan")
    assert "No clip is known to be left out" in early.out
    ended = call(*words, "--on-bad-clip", "skip")
    assert ended.status == 0, ended.err
    folder = folder_of(tmp_path / "out", "supervised")
    split = json.loads((folder / "work" / "split.json").read_text())
    assert len(split["test"]) == 23
    assert f"val/{bad.stem}" not in split["test"]
    metrics = json.loads((folder / "record" / "metrics.json").read_text())
    assert list(metrics["left_out"].values()) == ["it is not a video, or it is truncated"]
    assert metrics["counts"]["test"] == 23
    for path in (folder / "record").iterdir():
        assert bad.stem not in path.read_text()
    planned = call(*words, "--on-bad-clip", "skip", "--plan")
    assert f"Left out: val/{bad.stem}: it is not a video, or it is truncated" in planned.out
    assert "done" in planned.out
    assert "done" not in call(*words, "--plan").out  # with all clips it would be another run


def test_leftovers_of_a_killed_writer_are_removed(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssmar_bench.core.events import ignore_events
    from ssmar_bench.runs import prepare_data
    from ssmar_bench.runs.grid import Grid
    from ssmar_bench.runs.resolve import resolve

    monkeypatch.setenv("SSMAR_BENCH_CACHE", str(tmp_path))
    benchmark_config = resolve(Grid(str(tiny), ["supervised"])).benchmark_config
    root = prepare_data.source_root(benchmark_config, {})
    mine, other = root.with_name(f".{root.name}.999.partial"), root.with_name(".other.999.partial")
    for folder in (mine, other):
        folder.mkdir(parents=True)
        (folder / "video.mp4").touch()
    prepare_data.prepare_source(benchmark_config, {}, 1, ignore_events)
    assert root.is_dir()
    assert not mine.exists()
    assert other.exists()  # its owner may be at work


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["nosuch"], "'nosuch' is neither a benchmark nor a source of one; known: "),
        (["ma-12"], "ma-12 is built from ma52; say where it is: --root FOLDER."),
        (["micro-moton"], "did you mean 'micro-motion'?"),
        (["micro-motion-12", "--root", "/no/such"], "--root /no/such: there is no such folder."),
        (["micro-motion-12", "--decoder", "decor"], "--decoder decor: unknown; did you mean 'decord'?"),
        (["micro-motion-12", "--on-bad-clip", "skp"], "--on-bad-clip skp: unknown; did you mean 'skip'?"),
        (["micro-motion-12", "--jobs", "0"], "Invalid value for '--jobs'"),
    ],
)
def test_wrong_words(call: Call, words: list[str], fault: str) -> None:
    ended = call("data", "prepare", *words)
    assert ended.status == 2
    assert fault in ended.err
    assert ended.out == ""


def test_decoders_are_compared_clip_by_clip(videos: Path, tiny: Path, tmp_path: Path, call: Call) -> None:
    pytest.importorskip("decord")
    bad = sorted((videos / "videos_val").iterdir())[7]
    bad.write_text("no video")
    ended = call("data", "compare-decoders", tiny, "--root", videos, "--jobs", 1)
    assert ended.status == 0
    assert f"val/{bad.stem}" in ended.out
    assert "83 of 84 clips show the same frames" in ended.out
    assert not (tmp_path / "cache" / "frame_caches").exists()
