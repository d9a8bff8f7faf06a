"""Films a mock data set's videos: synthetic subjects who do what the plan says, encoded as the real files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import av

from ssmar_bench.core.seeds import generator
from ssmar_bench.sources.mock.plan import MockVideo
from ssmar_bench.sources.synthetic import draw_subject, encode_video, motion
from ssmar_bench.sources.synthetic.drawing import Frames, to_frames

SIZE = 64
AMPLITUDE = 2.5
CRF = 23
SEED = 52


def render_frames(video: MockVideo, motions: Mapping[int, int]) -> Frames:
    """The frames ``(T, SIZE, SIZE, 3)``: at rest, and moving as each deed's motion does from its start to its end."""
    tracks = motion.rest_pose(_rng(video, "rest")) + motion.idle_motion(video.frames, _rng(video, "idle"))
    for interval in video.intervals:
        length = interval.end - interval.start + 1
        moved = motion.action_motion(motions[interval.label], length, _rng(video, f"action {interval.start}"))
        tracks[interval.start : interval.end + 1] += AMPLITUDE * moved
    camera = motion.camera_jitter(video.frames, _rng(video, "camera"))
    return to_frames(draw_subject(SEED, video.subject, tracks, camera, SIZE), 0.02, _rng(video, "noise"))


def render_video(video: MockVideo, motions: Mapping[int, int], path: Path) -> None:
    """Writes the file: H.264 in ``.mp4``, MPEG-4 in ``.avi``."""
    if path.suffix == ".mp4":
        encode_video(render_frames(video, motions), path, video.rate, CRF)
    else:
        _encode_avi(render_frames(video, motions), path, video.rate)


def _rng(video: MockVideo, axis: str) -> motion.Rng:
    return generator("counterfeit", video.path, axis)


def _encode_avi(pictures: Frames, path: Path, rate: int) -> None:
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.height, stream.width = pictures.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 400_000
        for one in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(one, format="rgb24")))
        container.mux(stream.encode())
