"""Pretext clips: other actions of other subjects than any benchmark has, to train initial weights on.

They play the part of ImageNet and Kinetics: a network that was trained on them has seen bodies that move, and none of
the classes and subjects that it is going to be tested on.
"""

from __future__ import annotations

import numpy as np

from ssmar_bench.sources.synthetic.drawing import Frames
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
    Action,
    Array,
    Rng,
    random_repeated,
    random_side,
    random_sign,
    random_single,
)
from ssmar_bench.sources.synthetic.rendering import ActionInterval, render_subject, seeded

SEED = 4242
"""Of the subjects: no benchmark has it, so nobody who is seen here is seen in a benchmark."""
SUBJECTS = 300
AMPLITUDES = (0.5, 3.0)
"""Smallest and largest factor of an action's displacement; its logarithm is drawn uniformly."""

PRETEXT: dict[int, Action] = {}
"""Class id -> action, in the order below."""


def _pretext(action: Action) -> Action:
    PRETEXT[len(PRETEXT)] = action
    return action


def _both_hands(out: Array, x: Array | float, y: Array | float) -> None:
    """Both hands move by ``x`` outward and by ``y`` down."""
    for hand, outward in enumerate(OUTWARD):
        out[:, HAND_X[hand]] = x * outward
        out[:, HAND_Y[hand]] = y


@_pretext
def leaning_aside(u: Array, rng: Rng, out: Array) -> None:
    """The trunk moves to a side and back."""
    out[:, SWAY_X] = 0.05 * random_sign(rng) * random_single(u, rng)


@_pretext
def rocking(u: Array, rng: Rng, out: Array) -> None:
    """The trunk goes down and up several times."""
    out[:, SWAY_Y] = 0.035 * random_repeated(u, rng)[0]


@_pretext
def swaying(u: Array, rng: Rng, out: Array) -> None:
    """The trunk goes from side to side."""
    out[:, SWAY_X] = 0.035 * random_repeated(u, rng)[1]


@_pretext
def looking_up(u: Array, rng: Rng, out: Array) -> None:
    """The head goes back once."""
    out[:, PITCH] = -0.5 * random_single(u, rng)


@_pretext
def circling_head(u: Array, rng: Rng, out: Array) -> None:
    """The head turns and nods in one."""
    up, around = random_repeated(u, rng)
    out[:, YAW] = 0.4 * around
    out[:, PITCH] = 0.4 * (up - 0.3) * (around != 0)


@_pretext
def wobbling_head(u: Array, rng: Rng, out: Array) -> None:
    """The head tilts from side to side."""
    out[:, ROLL] = 0.3 * random_repeated(u, rng)[1]


@_pretext
def raising_a_hand(u: Array, rng: Rng, out: Array) -> None:
    """A hand goes up and comes back."""
    out[:, HAND_Y[random_side(rng)]] = -0.16 * random_single(u, rng)


@_pretext
def raising_both_hands(u: Array, rng: Rng, out: Array) -> None:
    """Both hands go up and come back."""
    _both_hands(out, 0.0, -0.12 * random_single(u, rng))


@_pretext
def waving(u: Array, rng: Rng, out: Array) -> None:
    """A hand goes from side to side."""
    out[:, HAND_X[random_side(rng)]] = 0.06 * random_repeated(u, rng)[1]


@_pretext
def clapping(u: Array, rng: Rng, out: Array) -> None:
    """The hands meet several times."""
    _both_hands(out, -0.06 * random_repeated(u, rng)[0], 0.0)


@_pretext
def alternating_hands(u: Array, rng: Rng, out: Array) -> None:
    """One hand goes up while the other goes down."""
    beat = random_repeated(u, rng)[1]
    out[:, HAND_Y[0]], out[:, HAND_Y[1]] = 0.05 * beat, -0.05 * beat


@_pretext
def circling_a_hand(u: Array, rng: Rng, out: Array) -> None:
    """A hand draws circles."""
    hand, (up, around) = random_side(rng), random_repeated(u, rng)
    out[:, HAND_X[hand]], out[:, HAND_Y[hand]] = 0.05 * around, -0.06 * up


@_pretext
def bending_fingers(u: Array, rng: Rng, out: Array) -> None:
    """The fingers of a hand bend aside once."""
    out[:, FINGERS[random_side(rng)]] = 0.9 * random_sign(rng) * random_single(u, rng)


@_pretext
def tapping_a_heel(u: Array, rng: Rng, out: Array) -> None:
    """A heel goes up several times."""
    out[:, HEEL[random_side(rng)]] = 0.05 * random_repeated(u, rng)[0]


@_pretext
def stepping(u: Array, rng: Rng, out: Array) -> None:
    """The heels go up in turn."""
    beat = random_repeated(u, rng)[1]
    out[:, HEEL[0]], out[:, HEEL[1]] = 0.05 * np.maximum(beat, 0), 0.05 * np.maximum(-beat, 0)


@_pretext
def hands_to_the_belly(u: Array, rng: Rng, out: Array) -> None:
    """Both hands come up to the middle and go back."""
    wave = random_single(u, rng)
    _both_hands(out, -0.06 * wave, -0.05 * wave)


@_pretext
def reaching_across(u: Array, rng: Rng, out: Array) -> None:
    """A hand reaches to the other side and comes back."""
    hand, wave = random_side(rng), random_single(u, rng)
    out[:, HAND_X[hand]], out[:, HAND_Y[hand]] = -0.14 * OUTWARD[hand] * wave, -0.06 * wave


@_pretext
def resting(u: Array, rng: Rng, out: Array) -> None:
    """Nothing but idle motion."""


def render_pretext_clip(number: int, size: int, frames: int) -> tuple[Frames, int]:
    """A pretext clip's frames ``(frames, size, size, 3)`` and its class; ``number`` alone decides it.

    The classes are dealt in turn.
    """

    def draws(axis: str) -> Rng:
        return seeded(SEED, "pretext", number, axis)

    choice = draws("choice")
    amplitude = float(np.exp(choice.uniform(*np.log(AMPLITUDES))))
    label = number % len(PRETEXT)
    shown = render_subject(
        SEED,
        int(choice.integers(SUBJECTS)),
        frames,
        [ActionInterval(label, 0, frames - 1)],
        draws,
        size=size,
        amplitude=amplitude,
        actions_by_label=PRETEXT,
    )
    return shown, label
