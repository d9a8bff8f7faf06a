"""What real collections hold: every file below is generated, and either read right or refused with its reason."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from ssmar_bench.clips.decode import decode
from ssmar_bench.clips.frame_cache import ClipFile, FrameCache, prepare_frame_cache
from ssmar_bench.clips.video_file import BadVideoError
from ssmar_bench.core.benchmark_config import FrameCacheConfig

from .conftest import HEIGHT, WIDTH, Image, numbered, numbers_of, write_video

GREYS = (16, 64, 128, 192, 235)


def encode(path: Path, images: list[Image], codec: str, form: str, **colours: int) -> Path:
    """Encode ``images`` in a pixel format; ``colours`` are attributes of frames and stream (range, space)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = form
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "qp": "1"}
        for name, value in colours.items():
            setattr(stream.codec_context, name, value)
        for image in images:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(format=form, dst_color_range=colours.get("color_range"))
            for name, value in colours.items():
                setattr(frame, name, value)
            container.mux(stream.encode(frame))  # type: ignore[arg-type]
        container.mux(stream.encode())
    return path


def steps(levels: tuple[int, ...] = GREYS, height: int = 32) -> Image:
    """Vertical bars of grey, 20 pixels wide."""
    row = np.repeat(np.array(levels, np.uint8), 20)
    return np.broadcast_to(row[None, :, None], (height, len(row), 3)).copy()


def levels_of(frame: Image) -> list[int]:
    return [round(float(frame[:, 20 * bar + 5 : 20 * bar + 15].mean())) for bar in range(frame.shape[1] // 20)]


@pytest.mark.parametrize(
    ("form", "colours"),
    [
        ("yuv420p", {}),
        ("yuv420p10le", {}),
        ("yuv422p10le", {}),
        ("yuvj420p", {"color_range": 2}),
        ("yuv420p", {"color_range": 2}),
    ],
    ids=["8 bit", "10 bit", "10 bit 4:2:2", "full range by format", "full range by flag"],
)
def test_greys_are_the_same_in_every_depth_and_range(tmp_path: Path, form: str, colours: dict[str, int]) -> None:
    path = encode(tmp_path / "grey.mp4", [steps()] * 3, "libx264", form, **colours)
    with av.open(str(path)) as container:
        assert (container.streams.video[0].codec_context.color_range == 2) == bool(colours)
        assert ("10" in str(container.streams.video[0].pix_fmt)) == ("10" in form)
    for frame in decode(path).frames:
        assert np.abs(np.array(levels_of(frame)) - GREYS).max() <= 2


@pytest.mark.parametrize("size", [(33, 47), (31, 96), (64, 95)])
@pytest.mark.parametrize("short_side", [None, 24])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int], short_side: int | None) -> None:
    images = [numbered(number)[: size[0], : size[1]] for number in (3, 5)]
    path = encode(tmp_path / "odd.mkv", images, "ffv1", "yuv444p")
    frames = decode(path, short_side=short_side).frames
    if short_side is None:
        assert np.abs(frames.astype(int) - np.stack(images)).max() <= 3
    else:
        assert min(frames.shape[1:3]) == short_side
        assert frames.shape[1] / frames.shape[2] == pytest.approx(size[0] / size[1], abs=0.03)


def test_one_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "one.mp4", [numbered(77)])
    config = FrameCacheConfig(decoder="pyav", short_side=32, segments=4, candidates=2)
    report = prepare_frame_cache(tmp_path / "frame_cache", [ClipFile("one", path, -1, -1)], config, 1)
    assert [*report.left_out, *report.audit] == []
    assert numbers_of(FrameCache.open(tmp_path / "frame_cache").clip(0)) == [77] * 8


def test_zero_frames(tmp_path: Path) -> None:
    path = tmp_path / "none.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        container.start_encoding()
    with pytest.raises(BadVideoError) as caught:
        decode(path)
    assert caught.value.reason in ("none of its frames can be decoded", "it holds no video stream")


@pytest.mark.parametrize(
    "text",
    [
        "frame,label\n1,3\n" * 40,
        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        "<!DOCTYPE html>",
    ],
    ids=["list", "pointer of git-lfs", "web page"],
)
def test_a_text_file_named_mp4(tmp_path: Path, text: str) -> None:
    path = tmp_path / "text.mp4"
    path.write_text(text)
    with pytest.raises(BadVideoError, match="it is not a video, or it is truncated"):
        decode(path)


@pytest.mark.parametrize("name", ["a clip with spaces.mp4", "Häkkinen_微动作_é.mp4", "a:b%03d#?*[1].mp4", "-y.mp4"])
def test_names(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / "plain.mp4", [numbered(5)] * 2).rename(tmp_path / name)
    assert numbers_of(decode(path).frames) == [5, 5]


def test_a_broken_link(tmp_path: Path) -> None:
    path = tmp_path / "link.mp4"
    path.symlink_to(tmp_path / "nowhere.mp4")
    with pytest.raises(BadVideoError, match="it is a link to a file that does not exist"):
        decode(path)


def lying_avi(path: Path, frames: int, claimed: int) -> Path:
    """An AVI whose header claims another number of frames than its file has."""
    write_video(path, [numbered(number) for number in range(frames)])
    data = bytearray(path.read_bytes())
    places = [data.index(b"avih") + 8 + 16, data.index(b"strh") + 8 + 32]  # dwTotalFrames, dwLength
    for place in places:
        assert int.from_bytes(data[place : place + 4], "little") == frames
        data[place : place + 4] = claimed.to_bytes(4, "little")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("claimed", [0, 10, 29, 31, 60])
def test_a_header_that_lies_about_its_length(tmp_path: Path, claimed: int) -> None:
    decoded = decode(lying_avi(tmp_path / "lie.avi", 30, claimed))
    assert numbers_of(decoded.frames) == list(range(30))
    assert decoded.problem == ""


def test_a_file_that_lacks_more_than_half_of_what_its_header_promises(tmp_path: Path) -> None:
    decoded = decode(lying_avi(tmp_path / "half.avi", 30, 61))
    assert numbers_of(decoded.frames) == list(range(30))
    assert decoded.problem == "only 30 of 61 frames can be decoded"


@pytest.mark.parametrize(
    ("start", "end", "usable"),
    [(55, 60, True), (55, 64, True), (55, 65, False), (0, 60, True), (-1, 60, True), (0, 119, True), (0, 120, False)],
)
def test_frame_numbers_beyond_the_end(video: Path, start: int, end: int, usable: bool) -> None:
    """Lists are often wrong by some frames: a clip of which half is there ends with its video."""
    decoded = decode(video, start, end)
    assert numbers_of(decoded.frames) == list(range(max(start, 0), 60))
    assert decoded.header_frames == end + 1 - max(start, 0)
    assert decoded.problem == ("" if usable else f"it has no frame {end}: only 60 can be decoded")
    assert decode(video, start, 59).problem == ""
