"""Skeleton of the synthetic source: a subject's proportions, and where the joints are in a given motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssmar_bench.sources.synthetic.motion import (
    FINGERS,
    HAND_X,
    HAND_Y,
    HEEL,
    OUTWARD,
    PITCH,
    ROLL,
    SWAY_X,
    SWAY_Y,
    YAW,
    Array,
    Rng,
)

_SIDED = ("shoulder", "elbow", "hand", "hip", "knee", "ankle", "toe")


@dataclass(frozen=True)
class Body:
    """A subject's proportions and seat before the camera (frame heights; the picture is mirrored if ``mirror``)."""

    scale: float
    offset: tuple[float, float]
    mirror: bool
    head: tuple[float, float]
    shoulders: float
    hips: float
    knees: float
    feet: float
    arm: float
    shear: float


@dataclass(frozen=True)
class Joints:
    """Where everything is, in frame heights from the picture's top left corner.

    ``points`` maps a joint to ``(T, 2)``, or ``(2, T, 2)`` for joints on both sides; ``head`` is ``(T, 3)``: yaw,
    pitch and roll; ``fingers`` is ``(2, T)``: the angle by which the fingers are bent aside; ``scale`` and
    ``mirror`` are the body's.
    """

    points: dict[str, Array]
    head: Array
    fingers: Array
    scale: float
    mirror: bool


def draw_body(rng: Rng) -> Body:
    """A random subject's proportions."""
    return Body(
        scale=rng.uniform(0.92, 1.08),
        offset=(rng.uniform(-0.06, 0.06), rng.uniform(-0.02, 0.01)),
        mirror=bool(rng.random() < 0.5),
        head=(rng.uniform(0.098, 0.116), rng.uniform(0.118, 0.134)),
        shoulders=rng.uniform(0.145, 0.180),
        hips=rng.uniform(0.070, 0.095),
        knees=rng.uniform(0.13, 0.20),
        feet=rng.uniform(0.11, 0.20),
        arm=rng.uniform(0.165, 0.190),
        shear=rng.uniform(-0.12, 0.12),
    )


def _elbow(shoulder: Array, hand: Array, length: float, outward: float) -> tuple[Array, Array]:
    """Elbow and reachable hand, each (T, 2), of an arm with two bones of ``length``, its elbow pointing outward."""
    reach = hand - shoulder
    far = np.linalg.norm(reach, axis=1, keepdims=True)
    reach = reach * np.minimum(1, 1.96 * length / far)
    far = np.minimum(far, 1.96 * length)
    normal = np.stack([-reach[:, 1], reach[:, 0]], axis=1) / far
    bend = np.sqrt(length**2 - (far / 2) ** 2)
    return shoulder + reach / 2 - outward * bend * normal, shoulder + reach


def joint_positions(tracks: Array, body: Body, camera: Array) -> Joints:
    """Joint positions of ``tracks`` (T, len(CHANNELS)) of a body seen by a ``camera`` (T, 2) that trembles."""
    still = np.zeros((len(tracks), 2))
    sway = tracks[:, [SWAY_X, SWAY_Y]]
    yaw, pitch, roll = (1.1 * np.tanh(tracks[:, i] / 1.1) for i in (YAW, PITCH, ROLL))
    neck = np.array([0.0, 0.335]) + sway * 1.3
    tall = body.head[1] + 0.01
    lean = np.stack([np.sin(roll) + 0.10 * np.sin(yaw), -np.cos(roll) + 0.30 * np.sin(pitch)], axis=1)
    points: dict[str, Array] = {"neck": neck, "head": neck + tall * lean, "chest": neck + np.array([0.0, 0.05])}
    sides: dict[str, list[Array]] = {}
    for side, outward in enumerate(OUTWARD):
        heel = np.maximum(tracks[:, HEEL[side]], 0)
        up = np.stack([np.zeros_like(heel), -heel], axis=1)
        shoulder = np.array([outward * body.shoulders, 0.385]) + sway
        hand = np.stack([tracks[:, HAND_X[side]], tracks[:, HAND_Y[side]]], axis=1) + 0.3 * sway
        elbow, hand = _elbow(shoulder, hand, body.arm, outward)
        hip = np.array([outward * body.hips, 0.625]) + 0.3 * sway
        knee = np.array([outward * body.knees, 0.735]) + 0.7 * up
        ankle = np.array([outward * body.feet, 0.915]) + up
        toe = still + np.array([outward * (body.feet + 0.03), 0.955])
        for name, point in zip(_SIDED, (shoulder, elbow, hand, hip, knee, ankle, toe), strict=True):
            sides.setdefault(name, []).append(point)
    points |= {name: np.stack(pair) for name, pair in sides.items()}
    points["chair"] = np.stack([still + np.array([x, 0.45]) for x in (-0.16, 0.16)])
    placed = {name: _place(point, body, camera) for name, point in points.items()}
    head = np.stack([yaw, pitch, roll], axis=1) * ([-1, 1, -1] if body.mirror else [1, 1, 1])
    return Joints(placed, head, tracks[:, list(FINGERS)].T.copy(), body.scale, body.mirror)


def _place(point: Array, body: Body, camera: Array) -> Array:
    """Body to picture: (..., T, 2) sheared, mirrored, scaled around the picture's middle, and moved."""
    x = point[..., 0] + body.shear * (point[..., 1] - 0.6)
    x = -x if body.mirror else x
    placed = np.stack([x, point[..., 1] - 0.53], axis=-1) * body.scale
    return np.asarray(placed + np.array([0.5, 0.53]) + np.array(body.offset) + camera)
