"""Opens a video's file, and says in words why a file that is there cannot be taken for a video."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from ssmar_bench.core.errors import UserError

_STILL = "it is a still picture, no video"
_LIST = "it is a list of other files, no video"
_TEXT = "it is a text, no video"
_OTHER_FORMATS = {
    "image2": _STILL,
    "ico": _STILL,
    "hls": _LIST,
    "dash": _LIST,
    "concat": _LIST,
    "imf": _LIST,
    "tty": _TEXT,
    "bin": _TEXT,
    "xbin": _TEXT,
    "adf": _TEXT,
    "idf": _TEXT,
}
"""FFmpeg's names of formats that it would show as a video, though they are none."""
_STILL_BRANDS = {"avif", "heic", "heix", "mif1"}
"""Files of the MP4 family that hold one picture."""


class BadVideoError(UserError):
    """A video that cannot be used; ``reason`` says why without naming it ("it is not a video")."""

    def __init__(self, path: Path, reason: str, advice: str = "replace the file") -> None:
        super().__init__(f"The video {path} cannot be used: {reason}; {advice}.")
        self.reason = reason


def open_video(path: Path) -> InputContainer:
    """Open a file and make sure that it is a video; whatever its name, it is never taken for an address or a pattern.

    Raises:
        BadVideoError: the file is missing or no video.
    """
    reason = why_missing(path)
    if reason:
        raise BadVideoError(path, reason)
    try:
        # Without "file:" the name 'a:b.mp4' is an address; nothing that a file refers to is fetched from elsewhere.
        container = av.open(f"file:{path}", "r", options={"protocol_whitelist": "file", "pattern_type": "none"})
    except (av.error.InvalidDataError, av.error.EOFError):
        raise BadVideoError(path, "it is not a video, or it is truncated") from None
    except (OSError, ValueError, av.error.FFmpegError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise BadVideoError(path, f"it cannot be opened ({said})") from None
    reason = _no_video(container)
    if reason:
        container.close()
        raise BadVideoError(path, reason)
    return container


def why_missing(path: Path) -> str:
    """Why there is no file at ``path``, without naming it; "" if there is something that can be opened."""
    if path.is_file() or path.is_dir():
        return ""  # to open a folder says what it is
    if path.exists():
        return "it is no ordinary file"
    return "it is a link to a file that does not exist" if path.is_symlink() else "it does not exist"


def main_stream(container: InputContainer) -> VideoStream:
    """The video stream that is shown: as for ffmpeg the default one, then the largest, then the first; no cover."""
    return max(
        (stream for stream in container.streams.video if not _is_cover(stream)),
        key=lambda stream: (bool(stream.disposition & Disposition.default), stream.width * stream.height),
    )


def _no_video(container: InputContainer) -> str:
    """Why an open file is no video, "" if it is one."""
    name = container.format.name
    if name in _OTHER_FORMATS:
        return _OTHER_FORMATS[name]
    if name.endswith("_pipe") or container.metadata.get("major_brand", "").strip() in _STILL_BRANDS:
        return _STILL
    if not container.streams.video:
        return "it holds no video stream"
    if all(_is_cover(stream) for stream in container.streams.video):
        return "it holds a cover picture and no video stream"
    return ""


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)
