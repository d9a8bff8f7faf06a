"""Motion of the synthetic source: what an action, idle motion and a resting pose do to each channel over time.

A pose is a row of ``CHANNELS`` numbers; a clip's motion is an array ``(T, len(CHANNELS))``, the sum of a resting
pose, idle motion and ``amplitude`` times an action. Lengths are in frame heights, y points down, angles in radians.
Resting poses are drawn as widely as the actions move, so that one frame says next to nothing of the class.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rng = np.random.Generator

CHANNELS = (
    "yaw", "pitch", "roll", "sway_x", "sway_y",
    "hand0_x", "hand0_y", "hand1_x", "hand1_y", "fingers0", "fingers1", "heel0", "heel1",
)  # fmt: skip
YAW, PITCH, ROLL, SWAY_X, SWAY_Y = range(5)
HAND_X, HAND_Y = (5, 7), (6, 8)
FINGERS, HEEL = (9, 10), (11, 12)
OUTWARD = (-1.0, 1.0)  # which way is outward for side 0 (left in the picture) and side 1

# How far idle motion and fidgets go, channel by channel (frame heights, radians).
_IDLE = np.array([0.07, 0.05, 0.035, 0.006, 0.003, 0.006, 0.006, 0.006, 0.006, 0.10, 0.10, 0.002, 0.002])
_FIDGET = np.array([0.20, 0.18, 0.12, 0.014, 0.006, 0.022, 0.022, 0.022, 0.022, 0.30, 0.30, 0.014, 0.014])


def single_motion(u: Array, start: float, length: float, rise: float = 0.35, hold: float = 0.15) -> Array:
    """A single motion away and back, ``u`` (T,) in clips: 0 to 1 in ``rise`` of ``length``, a ``hold``, slowly back."""
    v = (u - start) / length
    up = np.clip(v / rise, 0, 1)
    down = np.clip((1 - v) / (1 - rise - hold), 0, 1)
    x: Array = np.minimum(up, down)
    return x * x * (3 - 2 * x)


def repeated_motion(u: Array, start: float, period: float, cycles: float) -> Array:
    """``cycles`` motions away and back, ``u`` (T,) in clips: between 0 and 1, zero outside."""
    v = (u - start) / period
    inside = (v > 0) & (v < cycles)
    return np.where(inside, 0.5 - 0.5 * np.cos(2 * np.pi * v), 0.0)


def random_single(u: Array, rng: Rng) -> Array:
    """A :func:`single_motion` (T,) of random length at a random moment, in 0..1."""
    length = rng.uniform(0.45, 0.70)
    return single_motion(u, rng.uniform(0.04, 0.96 - length), length)


def random_repeated(u: Array, rng: Rng) -> tuple[Array, Array]:
    """A repeated motion (T,) in 0..1 and its companion in -1..1 with the same beginning and end."""
    period, cycles = rng.uniform(0.27, 0.32), int(rng.integers(2, 4))
    start = rng.uniform(0.02, 0.98 - period * cycles)
    v = (u - start) / (period * cycles)
    envelope = np.sin(np.pi * np.clip(v, 0, 1)) ** 0.5
    return repeated_motion(u, start, period, cycles), envelope * np.sin(2 * np.pi * (u - start) / period)


def random_sign(rng: Rng) -> float:
    """1 or -1."""
    return 1.0 if rng.random() < 0.5 else -1.0


def random_side(rng: Rng) -> int:
    """0 or 1, a hand or a foot."""
    return int(rng.random() < 0.5)


def _bowing_head(u: Array, rng: Rng, out: Array) -> None:
    out[:, PITCH] = 0.62 * random_single(u, rng)


def _tilting_head(u: Array, rng: Rng, out: Array) -> None:
    out[:, ROLL] = 0.42 * random_sign(rng) * random_single(u, rng)


def _turning_head(u: Array, rng: Rng, out: Array) -> None:
    out[:, YAW] = 0.75 * random_sign(rng) * random_single(u, rng)


def _nodding(u: Array, rng: Rng, out: Array) -> None:
    out[:, PITCH] = 0.55 * random_repeated(u, rng)[0]


def _shaking_head(u: Array, rng: Rng, out: Array) -> None:
    out[:, YAW] = 0.45 * random_sign(rng) * random_repeated(u, rng)[1]


def _stretching_arms(u: Array, rng: Rng, out: Array) -> None:
    wave, lift = random_single(u, rng), rng.uniform(-0.03, 0.03)
    for side in (0, 1):
        out[:, HAND_X[side]] = 0.100 * OUTWARD[side] * wave
        out[:, HAND_Y[side]] = lift * wave


def _hands_touching_fingers(u: Array, rng: Rng, out: Array) -> None:
    """Both hands come together, and move against each other while they are."""
    wave, rub = random_single(u, rng), np.sin(2 * np.pi * (u / rng.uniform(0.28, 0.36) + rng.random()))
    for side in (0, 1):
        out[:, HAND_X[side]] = -0.050 * OUTWARD[side] * wave
        out[:, HAND_Y[side]] = 0.035 * OUTWARD[side] * wave * rub


def _other_finger_movements(u: Array, rng: Rng, out: Array) -> None:
    out[:, FINGERS[random_side(rng)]] = 0.95 * random_sign(rng) * random_repeated(u, rng)[1]


def _illustrative_gestures(u: Array, rng: Rng, out: Array) -> None:
    """A hand or both go up and wander irregularly."""
    both, first = rng.random() < 0.5, random_side(rng)
    length = rng.uniform(0.60, 0.85)
    wave = single_motion(u, rng.uniform(0.02, 0.98 - length), length, rise=0.3, hold=0.35)
    for side in (first, 1 - first) if both else (first,):
        wander = np.sin(2 * np.pi * (u[:, None] * rng.uniform(1.2, 2.8, 2) + rng.random(2)))
        out[:, HAND_X[side]] = wave * (0.02 * OUTWARD[side] + 0.05 * wander[:, 0])
        out[:, HAND_Y[side]] = wave * (-0.075 + 0.035 * wander[:, 1])


def _tiptoe(u: Array, rng: Rng, out: Array) -> None:
    wave, both, first = random_single(u, rng), rng.random() < 0.7, random_side(rng)
    out[:, HEEL[first]] = 0.055 * wave
    if both:
        out[:, HEEL[1 - first]] = 0.055 * wave


def _patting_legs(u: Array, rng: Rng, out: Array) -> None:
    """A hand is lifted and falls on the leg again, twice."""
    side, wave = random_side(rng), random_repeated(u, rng)[0]
    out[:, HAND_Y[side]] = -0.070 * wave
    out[:, HAND_X[side]] = 0.010 * OUTWARD[side] * wave


def _touching_legs(u: Array, rng: Rng, out: Array) -> None:
    """A hand slides along the leg towards the knee and comes back."""
    side, wave = random_side(rng), random_single(u, rng)
    out[:, HAND_Y[side]] = 0.070 * wave
    out[:, HAND_X[side]] = 0.035 * OUTWARD[side] * wave


Action = Callable[[Array, Rng, Array], None]
"""Writes its displacement at amplitude 1 into the last argument ``(T, len(CHANNELS))``; the first is time in clips."""

ACTIONS: dict[int, Action] = {
    5: _bowing_head,
    7: _tilting_head,
    8: _turning_head,
    9: _nodding,
    10: _shaking_head,
    17: _stretching_arms,
    21: _hands_touching_fingers,
    22: _other_finger_movements,
    23: _illustrative_gestures,
    31: _tiptoe,
    48: _patting_legs,
    49: _touching_legs,
}


def action_motion(action: Action, frames: int, rng: Rng) -> Array:
    """The displacement ``(frames, len(CHANNELS))`` of an action at amplitude 1: zero at rest, at a random moment."""
    out = np.zeros((frames, len(CHANNELS)))
    action(np.arange(frames) / frames, rng, out)
    return out


def rest_pose(rng: Rng) -> Array:
    """A resting pose ``(len(CHANNELS),)``: what any action may look like at an instant is a rest of some clip."""
    pose = np.zeros(len(CHANNELS))
    pose[YAW] = rng.uniform(-0.8, 0.8)
    pose[PITCH] = rng.uniform(-0.25, 0.65)
    pose[ROLL] = rng.uniform(-0.40, 0.40)
    together = rng.random() < 0.4  # hands in each other, otherwise anywhere from the belly to the knees
    centre = np.array([rng.uniform(-0.04, 0.04), rng.uniform(0.54, 0.70)])
    for side in (0, 1):
        free = np.array([OUTWARD[side] * rng.uniform(0.02, 0.20), rng.uniform(0.53, 0.74)])
        hand = centre + np.array([OUTWARD[side] * 0.045, rng.uniform(-0.02, 0.02)]) if together else free
        pose[HAND_X[side]], pose[HAND_Y[side]] = hand
        pose[FINGERS[side]] = rng.uniform(-0.8, 0.8)
        pose[HEEL[side]] = rng.uniform(0.0, 0.055)
    return pose


def idle_motion(frames: int, rng: Rng) -> Array:
    """What nobody keeps still ``(frames, len(CHANNELS))``: breathing, slow sway and up to three small fidgets."""
    u = np.arange(frames)[:, None] / frames
    size = len(CHANNELS)
    slow = np.sin(2 * np.pi * (u * rng.uniform(0.3, 1.0, size) + rng.random(size)))
    slow += 0.5 * np.sin(2 * np.pi * (u * rng.uniform(1.0, 2.0, size) + rng.random(size)))
    out: Array = _IDLE * rng.uniform(0.3, 1.0, size) * slow
    for _ in range(int(rng.integers(0, 4))):
        channel = int(rng.integers(size))
        wave = random_single(u[:, 0], rng) if rng.random() < 0.6 else random_repeated(u[:, 0], rng)[1]
        out[:, channel] += _FIDGET[channel] * rng.uniform(0.4, 1.0) * random_sign(rng) * wave
    return out


def camera_jitter(frames: int, rng: Rng) -> Array:
    """Camera jitter ``(frames, 2)`` in frame heights: a slow drift and a tremble."""
    u = np.arange(frames)[:, None] / frames
    drift = 0.008 * np.sin(2 * np.pi * (u * rng.uniform(0.3, 1.2, 2) + rng.random(2)))
    return np.asarray(drift + 0.002 * rng.standard_normal((frames, 2)))
