"""Rasterises the synthetic source: joint positions over time become frames, all frames of a shape at once.

Every shape is a signed distance (negative inside) on the pixels of its bounding box over all frames; a pixel is
covered by as much as its centre lies inside, which gives edges without steps. Lengths are in frame heights.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssmar_bench.sources.synthetic.motion import Array, Rng
from ssmar_bench.sources.synthetic.skeleton import Joints

Pixels = npt.NDArray[np.float32]
Frames = npt.NDArray[np.uint8]
Colour = tuple[float, float, float]

_SKIN: tuple[Colour, ...] = ((0.96, 0.80, 0.69), (0.87, 0.67, 0.53), (0.72, 0.52, 0.38), (0.45, 0.30, 0.21))
_HAIR: tuple[Colour, ...] = ((0.08, 0.07, 0.07), (0.30, 0.19, 0.11), (0.55, 0.37, 0.20), (0.75, 0.72, 0.68))


@dataclass(frozen=True)
class Appearance:
    """What a subject and the room look like: colours (0..1), hair, sleeves, glasses, background pattern."""

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour
    chair: Colour
    long_hair: bool
    short_sleeves: bool
    glasses: bool
    stripes: tuple[float, float]
    wall: tuple[Colour, Colour]
    floor: Colour
    pattern: tuple[float, float, float]


def _hue(rng: Rng, values: tuple[float, float]) -> Colour:
    return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.1, 0.8), rng.uniform(*values))


def _cloth(rng: Rng, skin: Colour) -> Colour:
    """A random colour that a hand of colour ``skin`` stands out from."""
    while True:
        colour = _hue(rng, (0.15, 0.95))
        if np.abs(np.subtract(colour, skin)).sum() > 0.6:
            return colour


def _wall(rng: Rng) -> tuple[Colour, Colour]:
    """Two colours of a wall, not so far apart that the room drowns who sits in it."""
    first, other = _hue(rng, (0.3, 0.95)), _hue(rng, (0.3, 0.95))
    r, g, b = (np.array(first) + 0.4 * (np.array(other) - first)).tolist()
    return first, (r, g, b)


def _between(rng: Rng, palette: tuple[Colour, ...]) -> Colour:
    first, second = rng.integers(len(palette), size=2)
    share = rng.random()
    r, g, b = (share * np.array(palette[first]) + (1 - share) * np.array(palette[second])).tolist()
    return r, g, b


def draw_appearance(rng: Rng) -> Appearance:
    """A random subject's look and room."""
    skin = _between(rng, _SKIN)
    return Appearance(
        skin=skin,
        hair=_between(rng, _HAIR),
        shirt=_cloth(rng, skin),
        trousers=_cloth(rng, skin),
        shoes=_hue(rng, (0.05, 0.9)),
        chair=_hue(rng, (0.1, 0.7)),
        long_hair=bool(rng.random() < 0.4),
        short_sleeves=bool(rng.random() < 0.4),
        glasses=bool(rng.random() < 0.3),
        stripes=(rng.uniform(0.0, 0.25), rng.uniform(40, 120)),
        wall=_wall(rng),
        floor=_hue(rng, (0.2, 0.8)),
        pattern=(rng.uniform(0, np.pi), rng.uniform(8, 40), rng.uniform(-1, 4)),
    )


class Canvas:
    """Pixels ``(3, T, H, W)`` in 0..1 to paint shapes on, back to front."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.size = pixels.shape[2]

    def _box(self, *points: Array, margin: float) -> tuple[slice, slice]:
        """The rows and columns that ``points`` (..., 2) and a ``margin`` around them touch in any frame."""
        low = np.min([p.reshape(-1, 2).min(axis=0) for p in points], axis=0) - margin
        high = np.max([p.reshape(-1, 2).max(axis=0) for p in points], axis=0) + margin
        first = np.clip(np.floor(low * self.size).astype(int) - 1, 0, self.size)
        last = np.clip(np.ceil(high * self.size).astype(int) + 1, 0, self.size)
        return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))

    def _grid(self, box: tuple[slice, slice], origin: Array) -> tuple[Pixels, Pixels]:
        """Coordinates x (T, 1, w) and y (T, h, 1) of the box's pixel centres, seen from ``origin`` (T, 2)."""
        rows, columns = ((np.arange(s.start, s.stop, dtype=np.float32) + 0.5) / self.size for s in box)
        o = origin.astype(np.float32)
        return columns - o[:, :1, None], rows[:, None] - o[:, 1:, None]

    def paint(
        self, box: tuple[slice, slice], distance: Pixels, colour: Colour, edge: float, tone: Pixels | None
    ) -> None:
        """Blends ``colour`` where ``distance`` (T, h, w) is negative, darkening by ``edge`` towards the border."""
        cover = np.clip(0.5 - distance * self.size, 0, 1)
        if edge:
            shade = 1 - edge * np.clip(1 + distance * np.float32(50), 0, 1)
            tone = shade if tone is None else shade * tone
        for channel, value in enumerate(colour):
            part = self.pixels[channel, :, box[0], box[1]]
            part += cover * ((value if tone is None else value * tone) - part)

    def capsules(
        self,
        parts: list[tuple[Array, Array, float, float]],
        colour: Colour,
        edge: float = 0.3,
        stripes: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """One shape of limbs (from (T, 2), to (T, 2), radius at either end), striped across from the first."""
        box = self._box(*(p for part in parts for p in part[:2]), margin=max(max(part[2:]) for part in parts))
        distance: Pixels | None = None
        for start, end, thick, thin in parts:
            x, y = self._grid(box, start)
            d = (end - start).astype(np.float32)[:, :, None, None]
            along = np.clip((x * d[:, 0] + y * d[:, 1]) / np.maximum((d * d).sum(axis=1), 1e-9), 0, 1)
            here = np.hypot(x - along * d[:, 0], y - along * d[:, 1]) - (thick + (thin - thick) * along)
            distance = here if distance is None else np.minimum(distance, here)
        tone = None
        if stripes[0]:
            _, y = self._grid(box, parts[0][0])
            tone = (1 - stripes[0] * (np.sin(y * np.float32(stripes[1])) > 0)).astype(np.float32)
        if distance is not None:
            self.paint(box, distance, colour, edge, tone)

    def ellipse(
        self, centre: Array, radii: Array, roll: Array, colour: Colour, edge: float = 0.0, within: Ellipse | None = None
    ) -> None:
        """An ellipse: ``centre`` and ``radii`` (T, 2), turned by ``roll`` (T,), cut off at the border of ``within``."""
        box = self._box(centre, margin=float(radii.max()))
        distance = self._ellipse(box, Ellipse(centre, radii, roll))
        if within is not None:
            distance = np.maximum(distance, self._ellipse(box, within))
        self.paint(box, distance, colour, edge, None)

    def _ellipse(self, box: tuple[slice, slice], shape: Ellipse) -> Pixels:
        x, y = self._grid(box, shape.centre)
        cos, sin = (f(shape.roll).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
        rx, ry = (shape.radii[:, i].astype(np.float32)[:, None, None] for i in (0, 1))
        scaled = np.hypot((x * cos + y * sin) / rx, (y * cos - x * sin) / ry)
        return np.asarray((scaled - 1) * np.sqrt(rx * ry), dtype=np.float32)


@dataclass(frozen=True)
class Ellipse:
    """Centre (T, 2), radii (T, 2) and turn (T,) of an ellipse."""

    centre: Array
    radii: Array
    roll: Array


def background(appearance: Appearance, size: int, camera: Array) -> Pixels:
    """The room ``(3, T, size, size)`` seen by a camera that moves by ``camera`` (T, 2) frame heights."""
    margin = int(np.ceil(np.abs(camera).max() * size)) + 1
    grid = (np.arange(-margin, size + margin, dtype=np.float32) + 0.5) / size
    angle, frequency, kind = appearance.pattern
    along = np.float32(np.cos(angle)) * grid + np.float32(np.sin(angle)) * grid[:, None]
    across = np.float32(-np.sin(angle)) * grid + np.float32(np.cos(angle)) * grid[:, None]
    wave = np.sin(along * np.float32(frequency))
    if kind > 2:  # checks and blobs, otherwise stripes, otherwise a plain gradient
        wave = wave * np.sin(across * np.float32(frequency))
    share = 0.5 + 0.5 * (np.tanh(4 * wave) if kind > 0 else along - 0.5)
    floor = grid[:, None] > 0.80
    planes = [
        np.where(floor, f, a + (b - a) * share) for a, b, f in zip(*appearance.wall, appearance.floor, strict=True)
    ]
    return _shifted(np.stack(planes).astype(np.float32), size, margin, camera)


def _shifted(picture: Pixels, size: int, margin: int, camera: Array) -> Pixels:
    """``picture`` (3, size + 2 margin, ...) moved by ``camera`` frame heights, between pixels by linear weights."""
    out = np.empty((3, len(camera), size, size), dtype=np.float32)
    for t, (dx, dy) in enumerate(margin - camera * size):
        x, y = int(np.floor(dx)), int(np.floor(dy))
        fx, fy = np.float32(dx - x), np.float32(dy - y)
        rows = picture[:, y : y + size + 1, x : x + size + 1]
        columns = rows[:, :-1] * (1 - fy) + rows[:, 1:] * fy
        out[:, t] = columns[:, :, :-1] * (1 - fx) + columns[:, :, 1:] * fx
    return out


def draw_person(canvas: Canvas, joints: Joints, appearance: Appearance, head: tuple[float, float]) -> None:
    """Paints a seated person: chair, torso, legs, feet, head with a face, arms and hands (``head``: its radii)."""
    p, s = joints.points, joints.scale
    canvas.capsules([(p["chair"][0], p["chair"][1], 0.08 * s, 0.08 * s)], appearance.chair)
    shoulder, hip = p["shoulder"], p["hip"]
    torso = [(p["chest"], hip.mean(axis=0), 0.125 * s, 0.110 * s), (shoulder[0], shoulder[1], 0.050 * s, 0.050 * s)]
    canvas.capsules([(p["neck"], p["chest"], 0.04 * s, 0.045 * s)], appearance.skin)
    canvas.capsules(torso, appearance.shirt, stripes=appearance.stripes)
    for side in (0, 1):
        shin, foot = (p["knee"][side], p["ankle"][side]), (p["ankle"][side], p["toe"][side])
        canvas.capsules([(*foot, 0.034 * s, 0.030 * s)], appearance.shoes)
        canvas.capsules([(*shin, 0.058 * s, 0.040 * s)], appearance.trousers)
        canvas.capsules([(hip[side], p["knee"][side], 0.080 * s, 0.064 * s)], appearance.trousers)
    _head(canvas, joints, appearance, (head[0] * s, head[1] * s))
    for side in (0, 1):
        _arm(canvas, joints, appearance, side)


def _arm(canvas: Canvas, joints: Joints, appearance: Appearance, side: int) -> None:
    p, s = joints.points, joints.scale
    shoulder, elbow, hand = (p[name][side] for name in ("shoulder", "elbow", "hand"))
    upper, fore = (shoulder, elbow, 0.044 * s, 0.038 * s), (elbow, hand, 0.036 * s, 0.028 * s)
    if appearance.short_sleeves:
        canvas.capsules([fore], appearance.skin)
        canvas.capsules([upper], appearance.shirt)
    else:
        canvas.capsules([upper, fore], appearance.shirt)
    reach = hand - elbow
    angle = np.arctan2(reach[:, 1], reach[:, 0]) + joints.fingers[side]
    fingers = []
    for spread in (-0.38, 0.0, 0.38):
        way = np.stack([np.cos(angle + spread), np.sin(angle + spread)], axis=1)
        fingers.append((hand + 0.02 * s * way, hand + 0.095 * s * way, 0.020 * s, 0.016 * s))
    canvas.capsules([(hand, hand, 0.042 * s, 0.042 * s), *fingers], appearance.skin)


def _turned(joints: Joints, longitude: float, latitude: float) -> Array:
    """Where a point of the head, a unit sphere, looks (T, 3): right, down and towards the camera, before the roll."""
    x, y = np.sin(longitude) * np.cos(latitude), np.sin(latitude)
    z = np.cos(longitude) * np.cos(latitude)
    yaw, pitch = joints.head[:, 0], joints.head[:, 1]
    right, near = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    down, near = y * np.cos(pitch) + near * np.sin(pitch), near * np.cos(pitch) - y * np.sin(pitch)
    return np.stack([right, down, near], axis=1)


def _head(canvas: Canvas, joints: Joints, appearance: Appearance, radii: tuple[float, float]) -> None:
    centre, roll = joints.points["head"], joints.head[:, 2]
    cos, sin = np.cos(roll), np.sin(roll)
    still = np.ones((len(roll), 1))

    def at(turned: Array) -> Array:
        x, y = turned[:, 0] * radii[0], turned[:, 1] * radii[1]
        return np.asarray(centre + np.stack([x * cos - y * sin, x * sin + y * cos], axis=1))

    def feature(longitude: float, latitude: float, size: tuple[float, float], colour: Colour) -> None:
        turned = _turned(joints, longitude, latitude)
        near = np.clip(turned[:, 2:], 0.02, 1)
        flat = np.array(size) * joints.scale * np.concatenate([near, np.ones_like(near)], axis=1)
        canvas.ellipse(at(turned), flat, roll, colour, within=skull)

    skull = Ellipse(centre, still * np.array(radii), roll)
    if appearance.long_hair:
        across, down = np.stack([cos, sin], axis=1) * radii[0], np.stack([-sin, cos], axis=1) * radii[1]
        for lock in (0.72 * across, -0.72 * across):
            canvas.capsules([(centre + lock, centre + lock + down, radii[0] * 0.38, radii[0] * 0.30)], appearance.hair)
    canvas.capsules([(centre, joints.points["neck"], radii[0] * 0.45, radii[0] * 0.45)], appearance.skin)
    canvas.ellipse(centre, skull.radii, roll, appearance.hair, edge=0.3)
    turned = _turned(joints, 0.0, 0.50)
    squeezed = np.array(radii) * np.stack([0.90 * np.hypot(turned[:, 2], 0.45), 0.95 * still[:, 0]], axis=1)
    canvas.ellipse(at(turned * [0.75, 0.75, 1]), squeezed, roll, appearance.skin, edge=0.15, within=skull)
    dark: Colour = (0.08, 0.06, 0.06)
    for side in (-1, 1):
        if appearance.glasses:
            feature(0.45 * side, -0.02, (0.036, 0.029), dark)
            feature(0.45 * side, -0.02, (0.022, 0.016), (0.9, 0.9, 0.95))
        else:
            feature(0.45 * side, -0.02, (0.029, 0.019), (0.95, 0.95, 0.95))
            feature(0.45 * side, -0.26, (0.031, 0.011), appearance.hair)
        feature(0.45 * side, -0.02, (0.016, 0.017), dark)
    r, g, b = appearance.skin
    feature(0.0, 0.25, (0.016, 0.026), (0.75 * r, 0.65 * g, 0.65 * b))
    feature(0.0, 0.62, (0.041, 0.016), (0.60, 0.20, 0.22))


def to_frames(canvas: Canvas, noise: float, rng: Rng) -> Frames:
    """The canvas as frames ``(T, H, W, 3)`` of bytes, with Gaussian noise of standard deviation ``noise`` (0..1)."""
    pixels = canvas.pixels
    if noise:
        pixels = pixels + np.float32(noise) * rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.ascontiguousarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 3, 0))
