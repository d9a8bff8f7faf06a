"""How a video's frames are turned and mirrored before they are shown, by the display matrix of its metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import SideData

_TOLERANCE = 0.01
"""How far an entry of the matrix may be from -1, 0 or 1; files hold fractions of 1/65536."""


class UnknownOrientationError(ValueError):
    """A display matrix that does more than quarter turns and mirroring; its text says what."""


@dataclass(frozen=True)
class Orientation:
    """A quarter turn or a mirroring: rows and columns may change places, and then be reversed."""

    transpose: bool = False
    reverse_rows: bool = False
    reverse_columns: bool = False

    def apply(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The image (H, W, 3) as it is shown: a view of it, (W, H, 3) after a quarter turn."""
        if self.transpose:
            image = image.swapaxes(0, 1)
        return image[:: -1 if self.reverse_rows else 1, :: -1 if self.reverse_columns else 1]


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """What the frame's display matrix asks for; nothing where it has none, or one of zeros alone.

    Raises:
        UnknownOrientationError: it asks for another angle, for a shear or for another scale.
    """
    data = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    if data is None:
        return Orientation()
    # Three rows of three, row vectors: (x, y) goes to (a x + c y, b x + d y); third column and row: perspective, shift.
    matrix = np.frombuffer(bytes(data), np.int32)[:9].reshape(3, 3) / 65536
    turn = matrix[:2, :2]
    if not turn.any():
        return Orientation()
    if matrix[:2, 2].any():
        raise UnknownOrientationError("its metadata ask for a perspective")
    lengths = np.hypot(turn[:, 0], turn[:, 1])
    if abs(turn[0] @ turn[1]) > _TOLERANCE * lengths.prod() or not lengths.all():
        raise UnknownOrientationError("its metadata ask for a shear")
    if np.abs(lengths - 1).max() > _TOLERANCE:
        raise UnknownOrientationError(f"its metadata ask for another scale ({lengths[0]:.3g} by {lengths[1]:.3g})")
    whole = np.round(turn)
    if np.abs(turn - whole).max() > _TOLERANCE:
        angle = np.degrees(np.arctan2(turn[0, 1], turn[0, 0]))
        raise UnknownOrientationError(f"its metadata ask for a turn by {angle:.4g} degrees")
    transpose = not whole[0, 0]
    to_x, to_y = (whole[1, 0], whole[0, 1]) if transpose else (whole[0, 0], whole[1, 1])
    return Orientation(transpose, reverse_rows=bool(to_y < 0), reverse_columns=bool(to_x < 0))
