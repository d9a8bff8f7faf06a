"""A synthetic subject who does actions, as frames and as a video file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from ssmar_bench.sources.synthetic import motion
from ssmar_bench.sources.synthetic.drawing import Canvas, Frames, background, draw_appearance, draw_person, to_frames
from ssmar_bench.sources.synthetic.skeleton import draw_body, joint_positions


class ActionInterval(NamedTuple):
    """A class done from frame ``start`` to ``end`` (0-based, inclusive)."""

    label: int
    start: int
    end: int


def seeded(*words: object) -> motion.Rng:
    """A generator seeded by the hash of ``words``."""
    digest = hashlib.blake2b("|".join(map(str, words)).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def render_subject(
    seed: int,
    subject: int,
    frames: int,
    actions: Iterable[ActionInterval],
    rng: Callable[[str], motion.Rng],
    *,
    size: int,
    amplitude: float,
    idle: float = 1.0,
    noise: float = 1.0,
    jitter: float = 1.0,
    actions_by_label: Mapping[int, motion.Action] = motion.ACTIONS,
) -> Frames:
    """The frames ``(frames, size, size, 3)`` of a subject, at rest outside the ``actions``.

    Args:
        seed: with the number of the ``subject``, decides how the subject and the room look.
        subject: the number.
        frames: how many.
        actions: what the subject does; a label is one of ``actions_by_label``.
        rng: a generator for each random choice, by its name.
        size: side in pixels.
        amplitude: factor of the actions' displacements.
        idle: factor of the idle motion.
        noise: factor of the pixel noise.
        jitter: factor of the camera's trembling.
        actions_by_label: what a label means.
    """
    tracks = motion.rest_pose(rng("rest")) + idle * motion.idle_motion(frames, rng("idle"))
    for label, start, end in actions:
        draws = rng(f"action {start}" if start else "action")
        moved = motion.action_motion(actions_by_label[label], end - start + 1, draws)
        tracks[start : end + 1] += amplitude * moved
    camera = jitter * motion.camera_jitter(frames, rng("camera"))
    appearance = draw_appearance(seeded(seed, "person", subject, "look"))
    body = draw_body(seeded(seed, "person", subject, "body"))
    canvas = Canvas(background(appearance, size, camera))
    draw_person(canvas, joint_positions(tracks, body, camera), appearance, body.head)
    return to_frames(canvas, 0.02 * noise, rng("noise"))


def encode_video(frames: Frames, path: Path, fps: int, crf: int) -> None:
    """Writes frames ``(T, H, W, 3)`` in yuv420p: H.264 of that ``crf`` into ``.mp4``, MPEG-4 into ``.avi``."""
    with av.open(str(path), "w", format=path.suffix[1:]) as container:
        stream = container.add_stream("libx264" if path.suffix == ".mp4" else "mpeg4", rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        if path.suffix == ".mp4":
            # Looking ahead, x264 wrote other bytes for the same small pictures in about one clip of ten.
            ahead = "rc-lookahead=0:bframes=0"
            stream.options = {"crf": str(crf), "preset": "veryfast", "threads": "1", "x264-params": ahead}
        else:
            stream.bit_rate = 400_000
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
