"""A frame cache survives interruption, damage, changed videos and a second process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import filelock
import numpy as np
import pytest

from ssmar_bench.clips import stored_clip
from ssmar_bench.clips.clip_file import source_of
from ssmar_bench.clips.decode_videos import lock_path
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, PreparationReport, pixels, prepare_frame_cache
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError
from ssmar_bench.core.events import Event

from .conftest import numbered, numbers_of, write_video

Clips = Callable[[int], list[ClipFile]]


# A real process that prepares a frame cache and is killed after six clips: SIGKILL, nothing can be
# tidied up. With several processes it says which ones, and lets them wait for work.
_CHILD = """
    import sys, time
    from pathlib import Path
    from ssmar_bench.clips.frame_cache import ClipFile, prepare_frame_cache
    from ssmar_bench.core.benchmark_config import FrameCacheConfig

    folder, ready = Path(sys.argv[1]), Path(sys.argv[2])
    method_config = FrameCacheConfig(decoder="pyav", short_side=32, segments=8, candidates=3)
    clips = [ClipFile(Path(path).stem, Path(path), -1, -1) for path in sys.argv[4:]]

    def tell(event):
        import multiprocessing
        if processes > 1:
            ready.write_text(" ".join(str(child.pid) for child in multiprocessing.active_children()))
        elif event.done == 6:
            ready.write_text("now")
        else:
            return
        time.sleep(60)

    if __name__ == "__main__":
        processes = int(sys.argv[3])
        prepare_frame_cache(folder, clips, method_config, processes, tell)
        time.sleep(60)
"""


def _killed(tmp_path: Path, made: list[ClipFile], processes: int) -> str:
    """Start a preparation, kill it when it says so, and give back what it said."""
    script, ready = tmp_path / "child.py", tmp_path / "ready"
    script.write_text(textwrap.dedent(_CHILD))
    command = [sys.executable, str(script), str(tmp_path / "frame_cache"), str(ready), str(processes)]
    child = subprocess.Popen([*command, *(str(clip.path) for clip in made)], env=os.environ | {"PYTHONPATH": _root()})
    try:
        _until(lambda: ready.exists() and ready.read_text() != "")
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    return ready.read_text()


@pytest.mark.slow
def test_a_killed_preparation_goes_on(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = [replace(clip, clip_id=clip.path.stem) for clip in clips(10)]
    _killed(tmp_path, made, 1)
    frame_cache = tmp_path / "frame_cache"
    left = frame_cache / ".clip-006.npy.999.tmp"
    left.write_bytes(b"what a killed writer leaves")
    os.utime(left, (0, 0))
    with pytest.raises(UserError, match="no whole frame cache"):
        FrameCache.open(frame_cache)
    before = _changes(frame_cache)
    assert len(before) == 6
    report = prepare_frame_cache(frame_cache, made, config, 1)
    assert (report.decoded, report.reused) == (4, 6)
    assert before.items() <= _changes(frame_cache).items()
    assert {path.name for path in frame_cache.iterdir()} == {
        "frame_cache.json", *(f"{clip.clip_id}.npy" for clip in made),
    }  # fmt: skip
    prepare_frame_cache(tmp_path / "undisturbed", made, config, 1)
    assert FrameCache.open(frame_cache).fingerprint() == FrameCache.open(tmp_path / "undisturbed").fingerprint()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_with_a_killed_preparation(tmp_path: Path, clips: Clips) -> None:
    made = [replace(clip, clip_id=clip.path.stem) for clip in clips(10)]
    workers = [int(pid) for pid in _killed(tmp_path, made, 2).split()]
    assert workers
    _until(lambda: not any(_alive(pid) for pid in workers))


def test_a_flipped_byte_is_noticed(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(10)
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, made, config, 1)
    fingerprint = FrameCache.open(frame_cache).fingerprint()
    path = frame_cache / "clip-006.npy"
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    path.write_bytes(damaged)
    report = prepare_frame_cache(frame_cache, made, config, 1)
    assert (report.decoded, report.reused) == (1, 9)
    assert path.read_bytes() == whole
    assert FrameCache.open(frame_cache).fingerprint() == fingerprint


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-7], lambda data: data.replace(b'"offset": 128', b'"offset": 136'), lambda data: b""]
)
def test_a_damaged_list_is_made_again_from_the_clips(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, damage: Callable[[bytes], bytes]
) -> None:
    made = clips(6)
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, made, config, 1)
    path = frame_cache / "frame_cache.json"
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert path.read_bytes() != whole
    assert pixels(frame_cache, made, config) == ""
    assert prepare_frame_cache(frame_cache, made, config, 1).decoded == 0
    assert path.read_bytes() == whole


@pytest.mark.parametrize("list_too", [False, True], ids=["listed", "unlisted"])
@pytest.mark.parametrize(
    "change", [lambda data: data[:-999], lambda data: b"", lambda data: data.replace(b'"id"', b'"ie"')]
)
def test_a_damaged_clip_is_decoded_again(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, change: Callable[[bytes], bytes], list_too: bool
) -> None:
    made = clips(2)
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, made, config, 1)
    fingerprint = FrameCache.open(frame_cache).fingerprint()
    path = frame_cache / "clip-001.npy"
    changed = change(path.read_bytes())
    path.write_bytes(changed)
    if list_too:
        (frame_cache / "frame_cache.json").unlink()
    harmless = b'"ie"' in changed and not list_too  # the frames are whole, and the list knows them
    assert prepare_frame_cache(frame_cache, made, config, 1).decoded == (0 if harmless else 1)
    assert FrameCache.open(frame_cache).fingerprint() == fingerprint


def test_a_clip_that_is_cut_short_is_seen_at_a_glance(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(2)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    path = tmp_path / "frame_cache" / "clip-000.npy"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UserError, match="no whole frame cache"):
        FrameCache.open(tmp_path / "frame_cache")


def test_numpy_reads_the_file_of_a_clip(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    prepare_frame_cache(tmp_path / "frame_cache", clips(1), config, 1)
    frames = np.load(tmp_path / "frame_cache" / "clip-000.npy", mmap_mode="r", allow_pickle=False)
    assert np.array_equal(frames, FrameCache.open(tmp_path / "frame_cache").clip(0))


def test_a_removed_clip_is_one_sentence_to_a_reader(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    prepare_frame_cache(tmp_path / "frame_cache", clips(2), config, 1)
    opened = FrameCache.open(tmp_path / "frame_cache")
    (tmp_path / "frame_cache" / "clip-001.npy").unlink()
    with pytest.raises(UserError, match=r"'clip-001' of the frame cache .* cannot be read .*give the command again"):
        opened.clip(1)


@pytest.mark.parametrize("how", ["size", "content"])
def test_a_changed_source_is_noticed(tmp_path: Path, clips: Clips, config: FrameCacheConfig, how: str) -> None:
    made = clips(6)
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, made, config, 1)
    path = made[5].path
    stat = path.stat()
    write_video(path, [numbered(77)] * 24)
    if how == "content":  # size and time as before: what follows the last frame is no part of the video
        assert path.stat().st_size <= stat.st_size
        path.write_bytes(path.read_bytes().ljust(stat.st_size, b"\0"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size == stat.st_size) == (how == "content")
    assert pixels(frame_cache, made, config) == ""
    report = prepare_frame_cache(frame_cache, made, config, 1)
    assert (report.decoded, report.reused) == (1, 5)
    assert numbers_of(FrameCache.open(frame_cache).clip(5))[0] == 77


@pytest.mark.parametrize("how", ["touched", "copied", "moved"])
def test_the_same_videos_with_other_times_are_not_decoded_again(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig, how: str
) -> None:
    made = clips(6)
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, made, config, 1)
    fingerprint = FrameCache.open(frame_cache).fingerprint()
    for clip in made:
        if how == "touched":
            os.utime(clip.path, ns=(0, 1000))
        elif how == "copied":
            clip.path.write_bytes(clip.path.read_bytes())
    if how == "moved":
        shutil.move(made[0].path.parent, tmp_path / "elsewhere")
        made = [replace(clip, path=tmp_path / "elsewhere" / clip.path.name) for clip in made]
    assert pixels(frame_cache, made, config) == fingerprint
    assert prepare_frame_cache(frame_cache, made, config, 1).decoded == 0
    entries = json.loads((frame_cache / "frame_cache.json").read_text())["clips"]
    assert {entry["source"] for entry in entries} == {source_of(clip) for clip in made}  # not read again next time
    assert FrameCache.open(frame_cache).fingerprint() == fingerprint


def test_pixels_are_known_without_reading_a_frame(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(6)
    frame_cache = tmp_path / "frame_cache"
    assert pixels(frame_cache, made, config) == ""
    prepare_frame_cache(frame_cache, made, config, 1)
    known = pixels(frame_cache, made[::-1], config)
    assert known == FrameCache.open(frame_cache).fingerprint()
    assert pixels(frame_cache, made[1:], config) == ""
    assert FrameCache.open(frame_cache, known).fingerprint() == known
    with pytest.raises(UserError, match="holds other clips by now; give the command again"):
        FrameCache.open(frame_cache, "0" * 16)
    (frame_cache / "clip-004.npy").write_bytes(b"")
    assert pixels(frame_cache, made, config) == ""


def test_the_fingerprint_covers_the_shape_of_the_frames(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, clips(1), config, 1)
    entries = json.loads((frame_cache / "frame_cache.json").read_text())["clips"]
    frames, height, width, channels = entries[0]["shape"]
    turned = [entries[0] | {"shape": [frames, width, height, channels]}]
    assert (
        FrameCache(frame_cache, config, turned).fingerprint() != FrameCache(frame_cache, config, entries).fingerprint()
    )


def test_a_frame_cache_that_could_not_be_mended_is_not_whole(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig
) -> None:
    made = clips(2)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    made[1].path.write_text("no video")
    with pytest.raises(UserError, match="is not a video"):
        prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    with pytest.raises(UserError, match="no whole frame cache"):
        FrameCache.open(tmp_path / "frame_cache")


def test_other_frames_of_a_clip_are_noticed(tmp_path: Path, video: Path, config: FrameCacheConfig) -> None:
    frame_cache = tmp_path / "frame_cache"
    prepare_frame_cache(frame_cache, [ClipFile("a", video, 0, 23)], config, 1)
    assert prepare_frame_cache(frame_cache, [ClipFile("a", video, 5, 28)], config, 1).decoded == 1
    assert numbers_of(FrameCache.open(frame_cache).clip(0))[0] == 5


def test_files_of_former_clips_are_removed(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(6)
    prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert prepare_frame_cache(tmp_path / "frame_cache", made[:4], config, 1).reused == 4
    assert FrameCache.open(tmp_path / "frame_cache").ids == tuple(clip.clip_id for clip in made[:4])
    assert len(list((tmp_path / "frame_cache").iterdir())) == 5


def test_two_preparations_fill_one_frame_cache(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(6)
    prepare_frame_cache(tmp_path / "undisturbed", made, config, 1)
    reports: list[PreparationReport] = []
    other = threading.Thread(
        target=lambda: reports.append(prepare_frame_cache(tmp_path / "frame_cache", made, config, 1))
    )

    def first(event: Event) -> None:
        if event.done == 4:  # it has made four, and stops until the other one has made the rest
            other.start()
            other.join(20)

    reports.append(prepare_frame_cache(tmp_path / "frame_cache", made, config, 1, first))
    assert sorted(report.decoded for report in reports) == [2, 4]
    assert all(report.decoded + report.reused == 6 for report in reports)
    fingerprints = {FrameCache.open(tmp_path / name).fingerprint() for name in ("frame_cache", "undisturbed")}
    assert len(fingerprints) == 1


def test_a_video_that_another_preparation_decodes_is_left_to_the_end(
    tmp_path: Path, clips: Clips, config: FrameCacheConfig
) -> None:
    made = clips(4)
    frame_cache = tmp_path / "frame_cache"
    frame_cache.mkdir()
    held = filelock.FileLock(lock_path(frame_cache, (made[1],)))
    held.acquire()
    there: list[set[str]] = []

    def tell(event: Event) -> None:
        if event.done == 3:
            there.append({path.name for path in frame_cache.glob("*.npy")})
            held.release()  # as if the other one had been killed

    assert prepare_frame_cache(frame_cache, made, config, 1, tell).decoded == 4
    assert there == [{"clip-000.npy", "clip-002.npy", "clip-003.npy"}]


def test_a_frame_cache_of_former_shards_is_ignored(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    frame_cache = tmp_path / "frame_cache"
    frame_cache.mkdir()
    (frame_cache / "frame_cache.json").write_text('{"format": 3, "config": {}, "shards": ["shard-00000"]}')
    (frame_cache / "shard-00000.json").write_text('{"clips": []}')
    with pytest.raises(UserError, match="no whole frame cache"):
        FrameCache.open(frame_cache)
    assert prepare_frame_cache(frame_cache, clips(1), config, 1).decoded == 1


@pytest.mark.slow
def test_an_unreadable_video_stops_all_processes(tmp_path: Path, clips: Clips, config: FrameCacheConfig) -> None:
    made = clips(9)
    made[6].path.write_text("no video")
    with pytest.raises(UserError, match=r"006\.mp4 of the clip 'clip-006' cannot be used: it is not a video"):
        prepare_frame_cache(tmp_path / "frame_cache", made, config, 2)
    write_video(made[6].path, [numbered(6)] * 24)
    report = prepare_frame_cache(tmp_path / "frame_cache", made, config, 1)
    assert report.decoded + report.reused == 9
    assert 1 <= report.decoded < 9  # what had been finished beside and before the bad video is kept


def _changes(folder: Path) -> dict[str, tuple[int, int]]:
    """Files of clips, and what changes when one is written."""
    return {path.name: (path.stat().st_ino, path.stat().st_ctime_ns) for path in folder.glob("*.npy")}


def _root() -> str:
    return str(Path(stored_clip.__file__).parents[2])


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
