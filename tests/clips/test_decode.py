"""Decoding gives the right frames, and says in a sentence what is wrong with a file."""

from __future__ import annotations

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ssmar_bench.clips import decode as module
from ssmar_bench.clips.decode import decode, decode_ranges
from ssmar_bench.clips.video_header import read_header
from ssmar_bench.core.errors import UserError

from .conftest import HEIGHT, WIDTH, numbered, numbers_of, write_video


def test_every_frame_in_the_order_in_which_it_is_shown(video: Path) -> None:
    decoded = decode(video)
    assert decoded.frames.shape == (60, HEIGHT, WIDTH, 3)
    assert decoded.frames.dtype == np.uint8
    assert numbers_of(decoded.frames) == list(range(60))
    assert (decoded.header_frames, decoded.problem) == (60, "")


def test_first_and_last_frame_are_included(video: Path) -> None:
    decoded = decode(video, 23, 31)
    assert numbers_of(decoded.frames) == list(range(23, 32))
    assert decoded.header_frames == 9


def test_overlapping_parts_in_one_pass(video: Path) -> None:
    asked = [(30, 35), (0, 4), (33, 80), (-1, -1)]
    found = dict(decode_ranges(video, asked))
    assert numbers_of(found[0].frames) == list(range(30, 36))
    assert numbers_of(found[1].frames) == list(range(5))
    assert numbers_of(found[2].frames) == list(range(33, 60))
    assert numbers_of(found[3].frames) == list(range(60))
    assert [found[number].header_frames for number in range(4)] == [6, 5, 48, 60]


def test_parts_come_as_soon_as_they_are_decoded(video: Path) -> None:
    order = [number for number, _ in decode_ranges(video, [(40, 50), (0, 10), (20, 30)])]
    assert order == [1, 2, 0]


def test_nothing_is_decoded_beyond_the_last_part(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(reading):
        for frame in frames(reading):
            read.append(frame.pts)  # type: ignore[arg-type]
            yield frame

    frames = module._Reading.__iter__
    monkeypatch.setattr(module._Reading, "__iter__", counted)
    assert len(list(decode_ranges(video, [(3, 9), (0, 4)]))) == 2
    assert len(read) == 10


@pytest.mark.parametrize(("short_side", "shape"), [(32, (32, 48)), (63, (63, 94)), (80, (80, 120))])
def test_scaling_keeps_the_aspect(video: Path, short_side: int, shape: tuple[int, int]) -> None:
    decoded = decode(video, 0, 30, short_side)
    assert decoded.frames.shape == (31, *shape, 3)
    assert numbers_of(decoded.frames) == list(range(31))


def test_scaling_down_averages(tmp_path: Path) -> None:
    stripes = np.zeros((64, 96, 3), np.uint8)
    stripes[:, ::2] = 200  # without antialiasing every fourth column is all 0 or all 200
    path = write_video(tmp_path / "stripes.mp4", [stripes] * 3, qp="0")
    small = decode(path, short_side=16).frames
    assert abs(float(small.mean()) - 100) < 4
    assert float(small.std()) < 4


def test_variable_frame_rate(tmp_path: Path) -> None:
    path = tmp_path / "variable.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = 7 * number**2 + number, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert numbers_of(decode(path).frames) == list(range(40))


def test_cut_without_reencoding(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "cut.mp4"
    _cut(video, path, 30)
    decoded = decode(path)
    assert numbers_of(decoded.frames) == list(range(30, 60))
    assert decoded.header_frames == 36  # from the keyframe 24 on: the header counts frames that are not shown


def test_rotation_is_honoured(tmp_path: Path) -> None:
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, :48] = 200
    path = write_video(tmp_path / "turned.mp4", [image] * 2)
    _turn_clockwise(path)
    frames = decode(path).frames
    assert frames.shape == (2, 96, 64, 3)
    corners = [int(frames[0, y, x, 0]) for y in (10, -10) for x in (10, -10)]
    assert np.array_equal(np.round(np.array(corners) / 200), [0, 1, 0, 0])  # top left went to the top right


def test_truncated_file_yields_what_there_is(tmp_path: Path) -> None:
    path = write_video(tmp_path / "whole.mp4", [numbered(number) for number in range(60)], "faststart", g="12")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    decoded = decode(path)
    assert 5 < len(decoded.frames) < 60
    assert numbers_of(decoded.frames) == list(range(len(decoded.frames)))
    assert decoded.header_frames == 60
    assert decoded.problem


def test_header_that_counts_no_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "unknown.mkv", [numbered(number) for number in range(20)])
    decoded = decode(path)
    assert (len(decoded.frames), decoded.header_frames) == (20, 0)


def test_full_pool(video: Path) -> None:
    header = read_header(video)
    assert (header.width, header.height, header.frames) == (WIDTH, HEIGHT, 60)


def _text(path: Path) -> None:
    path.write_text("This is no video.\n" * 50)


def _empty(path: Path) -> None:
    path.touch()


def _folder(path: Path) -> None:
    path.mkdir()


def _sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))


def _no_index(path: Path) -> None:
    write_video(path, [numbered(number) for number in range(20)])
    path.write_bytes(path.read_bytes()[:-1500])


def _no_frames(path: Path) -> None:
    write_video(path, [numbered(number) for number in range(20)], "faststart")
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "does not exist"),
        (_text, "is not a video"),
        (_empty, "is not a video"),
        (_folder, "directory"),
        (_sound, "no video stream"),
        (_no_index, "truncated"),
        (_no_frames, "none of its frames"),
    ],
    ids=["missing", "text", "empty", "folder", "sound", "no index", "no frames"],
)
def test_files_that_cannot_be_read(tmp_path: Path, make, reason: str) -> None:
    path = tmp_path / "clip.mp4"
    make(path)
    with pytest.raises(UserError) as caught:
        decode(path)
    message = str(caught.value)
    assert reason in message
    assert str(path) in message
    assert "\n" not in message


def test_frames_beyond_the_end(video: Path) -> None:
    with pytest.raises(UserError, match=r"no frame 60: only 60"):
        decode(video, 60, 70)


def test_end_before_start(video: Path) -> None:
    with pytest.raises(UserError, match="before it starts"):
        decode(video, 9, 8)


def _cut(source: Path, target: Path, first: int) -> None:
    """Copy packets from the keyframe before ``first`` on, with an edit list that hides what lies before ``first``."""
    with av.open(str(source)) as old, av.open(str(target), "w", options={"avoid_negative_ts": "disabled"}) as new:
        packets = [packet for packet in old.demux(video=0) if packet.pts is not None]
        step = sorted(packet.pts for packet in packets)[1]  # type: ignore[type-var]
        keyframe = max(packet.pts for packet in packets if packet.is_keyframe and packet.pts <= first * step)  # type: ignore[type-var]
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in packets:
            if packet.pts >= keyframe:
                packet.pts -= first * step
                packet.dts -= first * step
                packet.stream = stream
                new.mux(packet)


def _turn_clockwise(path: Path) -> None:
    """Write a quarter turn into the track's header."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # after version, times, id, duration, layer, volume
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, HEIGHT << 16, 0, 1 << 30)
    path.write_bytes(data)
