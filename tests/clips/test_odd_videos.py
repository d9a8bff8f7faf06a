"""Files that are odd, not broken: shown as ffmpeg shows them, or refused with a sentence that says what they are."""

from __future__ import annotations

import itertools
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.decord_reader import sample_with_decord
from ssmar_bench.clips.video_clip import decode_video_clip
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.clips.video_header import duration_and_rate
from ssmar_bench.core.benchmark_config import FrameCacheConfig
from ssmar_bench.core.errors import UserError

from .conftest import HEIGHT, WIDTH, fault, ffmpeg, numbered, numbers_of, shown_by_ffmpeg, write_video

QUARTERS = [
    matrix
    for signs in itertools.product((1, -1), repeat=2)
    for matrix in ((signs[0], 0, 0, signs[1]), (0, signs[0], signs[1], 0))
]


def with_matrix(path: Path, a: float, b: float, c: float, d: float, u: float = 0) -> Path:
    """A video whose top left quarter is bright, with a display matrix in its track's header."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[: HEIGHT // 2, : WIDTH // 2] = 200
    image[: HEIGHT // 4, : WIDTH // 2] = 120
    write_video(path, [image] * 3)
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40  # after version, times, id, duration, layer, volume
    fixed = [round(65536 * entry) for entry in (a, b)] + [round((1 << 30) * u)]
    fixed += [round(65536 * entry) for entry in (c, d)] + [0, 0, 0, 1 << 30]
    data[place : place + 36] = struct.pack(">9i", *fixed)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("matrix", QUARTERS, ids=str)
def test_every_turn_and_mirroring_is_as_ffmpeg_shows_it(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    path = with_matrix(tmp_path / "turned.mp4", *matrix)
    expected, found = shown_by_ffmpeg(path).frames, decode(path).frames
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 2
    small = decode(path, short_side=16).frames
    assert small.shape == ((3, 16, 24, 3) if matrix[0] else (3, 24, 16, 3))
    coarse = expected[:, 2::4, 2::4]
    assert np.abs(small.astype(int) - coarse).mean() < 4


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        ((0.8660, 0.5, -0.5, 0.8660), "a turn by 30 degrees"),
        ((-0.7071, 0.7071, -0.7071, -0.7071), "a turn by 135 degrees"),
        ((0.8, 0.6, 0.6, -0.8), "a turn by"),
        ((1, 0.5, 0, 1), "a shear"),
        ((1, 1, 0, 0), "a shear"),
        ((2, 0, 0, 1), r"another scale \(2 by 1\)"),
        ((0, 0.5, -0.5, 0), r"another scale \(0.5 by 0.5\)"),
        ((1, 0, 0, 1, 0.1), "a perspective"),
    ],
    ids=str,
)
def test_what_cannot_be_applied_is_reported(tmp_path: Path, matrix: tuple[float, ...], reason: str) -> None:
    path = with_matrix(tmp_path / "turned.mp4", *matrix)
    with pytest.raises(BadVideoError, match=f"its metadata ask for {reason}.*, which is not done here"):
        decode(path)
    assert reason.split("\\")[0].strip() in fault(path)


def test_a_matrix_of_zeros_asks_for_nothing(tmp_path: Path) -> None:
    path = with_matrix(tmp_path / "zeros.mp4", 0, 0, 0, 0)
    assert decode(path).frames.shape == (3, HEIGHT, WIDTH, 3)


def picture(path: Path) -> Path:
    Picture.fromarray(numbered(3)).save(path)
    return path


SOUND = ("-f", "lavfi", "-i", "sine=d=0.3")


def with_cover(path: Path) -> Path:
    cover = picture(path.with_suffix(".png"))
    ffmpeg(*SOUND, "-i", cover, "-map", 0, "-map", 1, "-c:v", "mjpeg", "-disposition:v", "attached_pic", path)
    return path


@pytest.mark.parametrize("name", ["song.mp3", "song.m4a", "song.flac", "song.mp4", "song.mka"])
def test_sound_with_a_cover_picture_is_no_video(tmp_path: Path, name: str) -> None:
    if name.endswith("mka"):  # a picture is an attached file there
        cover = picture(tmp_path / "cover.png")
        attached = ("-attach", cover, "-metadata:s:t", "mimetype=image/png")
        ffmpeg(*SOUND, *attached, tmp_path / name)
    else:
        with_cover(tmp_path / name)
    with pytest.raises(BadVideoError, match="it holds a cover picture and no video stream"):
        decode(tmp_path / name)
    pytest.importorskip("decord")
    config = FrameCacheConfig(decoder="decord", short_side=32, segments=2, candidates=1)
    with pytest.raises(BadVideoError, match=r"it holds a cover picture and no video stream|decord cannot open it"):
        list(sample_with_decord(tmp_path / name, [(-1, -1)], config))


@pytest.mark.parametrize("name", ["still.png", "still.jpg", "still.bmp", "still.webp", "still.gif", "still.tiff"])
@pytest.mark.parametrize("ending", ["", ".mp4"])
def test_a_still_picture_is_no_video(tmp_path: Path, name: str, ending: str) -> None:
    path = picture(tmp_path / name).rename(tmp_path / (name + ending))
    with pytest.raises(UserError, match="it is a still picture, no video"):
        decode_video_clip(path, FrameCacheConfig(decoder="pyav", short_side=32, segments=2, candidates=1))


def test_an_animated_picture_is_a_video(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    images = [Picture.fromarray(numbered(number)) for number in range(5)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=[40, 40, 40, 40, 40])
    assert numbers_of(decode(path).frames) == [0, 1, 2, 3, 4]


def test_lists_and_texts_are_no_videos(tmp_path: Path, video: Path) -> None:
    playlist = tmp_path / "list.mp4"
    entry = "#EXTINF:1,\n"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{entry}http://localhost:9/a.ts\n#EXT-X-ENDLIST\n")
    script = tmp_path / "script.mp4"
    script.write_text(f"ffconcat version 1.0\nfile '{video.name}'\n")
    (tmp_path / video.name).write_bytes(video.read_bytes())
    text = tmp_path / "notes.txt"
    text.write_text("frame,label\n1,3\n" * 40)
    for path in (playlist, script, text):
        with pytest.raises(BadVideoError, match=r"no video|not a video|cannot be opened"):
            decode(path)


@pytest.mark.parametrize("name", ["both.mp4", "both.mkv"])
def test_a_cover_beside_a_video_is_not_shown(tmp_path: Path, video: Path, name: str) -> None:
    path = tmp_path / name
    cover = picture(tmp_path / "cover.png")
    if name.endswith("mkv"):
        ffmpeg("-i", video, "-attach", cover, "-metadata:s:t", "mimetype=image/png", "-c", "copy", path)
    else:
        order = ("-map", 1, "-map", 0, "-c", "copy", "-disposition:v:0", "attached_pic")
        ffmpeg("-i", video, "-i", cover, *order, path)
    assert numbers_of(decode(path).frames) == list(range(60))
    assert duration_and_rate(path) == pytest.approx((2.4, 25))


@pytest.mark.parametrize("default", [0, 1])
@pytest.mark.parametrize("sizes", [("48x32", "96x64"), ("96x64", "48x32"), ("96x64", "96x64")])
def test_of_several_video_series_the_one_that_ffmpeg_shows(
    tmp_path: Path, sizes: tuple[str, str], default: int
) -> None:
    path = tmp_path / "two.mkv"
    inputs = [
        word
        for size, colour in zip(sizes, ("red", "blue"), strict=True)
        for word in ("-f", "lavfi", "-i", f"color={colour}:s={size}:d=0.2")
    ]
    marked = ("-disposition:v", 0, f"-disposition:v:{default}", "default")
    ffmpeg(*inputs, "-map", 0, "-map", 1, "-c:v", "ffv1", *marked, "-default_mode", "passthrough", path)
    expected, found = shown_by_ffmpeg(path).frames, decode(path).frames
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 2


NAMES = [
    "colon:name.mp4",
    "http:x.mp4",
    "file:x.mp4",
    "concat:a.mp4",
    "pipe:0",
    "-dash.mp4",
    "-",
    "frame%03d.mp4",
    " blanks .mp4 ",
    "微动作.mp4",
    "async:cache:x.mp4",
    "data:,x.mp4",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("decoder", ["pyav", "decord"])
def test_a_relative_path_is_never_an_address(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch, name: str, decoder: str
) -> None:
    if decoder == "decord":
        pytest.importorskip("decord")
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(video.read_bytes())
    config = FrameCacheConfig(decoder=decoder, short_side=32, segments=60, candidates=1)
    assert numbers_of(decode_video_clip(Path(name), config)) == list(range(60))
    assert fault(Path(name)) == ""
    assert duration_and_rate(Path(name)) == pytest.approx((2.4, 25))


@pytest.mark.parametrize("address", ["http://localhost:9/x.mp4", "concat:a|b", "pipe:0", "/dev/null"])
def test_an_address_is_a_file_that_is_not_there(address: str) -> None:
    with pytest.raises(BadVideoError, match=r"it does not exist|it is no ordinary file"):
        decode(Path(address))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(BadVideoError, match="it is no ordinary file"):
        decode(tmp_path / "pipe.mp4")


def test_frames_of_a_range_that_a_video_lacks(video: Path) -> None:
    config = FrameCacheConfig(decoder="pyav", short_side=32, segments=4, candidates=1)
    for start, end in [(50, 60), (60, 70), (0, 60)]:
        with pytest.raises(BadVideoError, match=f"it has no frame {max(60, start)}: only 60 can be decoded"):
            decode_video_clip(video, config, start, end)
    with pytest.raises(UserError, match="before it starts"):
        decode_video_clip(video, config, 9, 8)
    with pytest.raises(UserError, match="the frame number -7; frames count from 0"):
        decode_video_clip(video, config, -7, 8)
    assert numbers_of(decode_video_clip(video, config, 59, 59)) == [59] * 4


def test_a_size_that_changes_on_the_way(tmp_path: Path) -> None:
    """Frames have the size of the first one, whichever part is asked for."""
    one = write_video(tmp_path / "one.h264", [numbered(number) for number in range(6)], bf="0")
    other = write_video(tmp_path / "two.h264", [np.ascontiguousarray(numbered(9)[::2, ::2])] * 6, bf="0")
    path = tmp_path / "both.h264"
    path.write_bytes(one.read_bytes() + other.read_bytes())
    whole = decode(path).frames
    assert whole.shape == (12, HEIGHT, WIDTH, 3)
    assert np.array_equal(decode(path, 7, 9).frames, whole[7:10])
