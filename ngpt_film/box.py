"""Areas of the frame, to say where it changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Box:
    """An area of the frame in pixels, from `left`, `top` to before `right`, `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    def __bool__(self) -> bool:
        return bool(self.left < self.right and self.top < self.bottom)

    def __or__(self, other: Box) -> Box:
        """The smallest box around both; an empty one adds nothing."""
        if not (self and other):
            return self or other
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


NOWHERE = Box(0, 0, 0, 0)
# Larger than any frame.
EVERYWHERE = Box(-(10**6), -(10**6), 10**6, 10**6)


def box_around(points: npt.NDArray, margin: float) -> Box:
    """The box around (n, 2) points with a margin on every side."""
    if not len(points):
        return NOWHERE
    # Column by column: NumPy is slow with rows of two.
    limit = EVERYWHERE.right
    low, high = (np.array([f(points[:, 0]), f(points[:, 1])]) for f in (np.min, np.max))
    left, top = np.floor(low - margin).clip(-limit, limit).astype(int).tolist()
    right, bottom = np.ceil(high + margin).clip(-limit, limit).astype(int).tolist()
    return Box(left, top, right, bottom)
