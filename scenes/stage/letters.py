"""Letters or tokens on the sphere, each drawn where its vector points: two mobjects for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenes.stage.marks import Mark
from scenes.stage.readouts import number_points
from scenes.stage.space import Space
from scenes.stage.style import LAYER, PIXEL, SIZE, Point, colour_of


class Letters(Mark):
    """Words upright at unit vectors (n, 3); where two of these are near, their words overlap."""

    def __init__(
        self, space: Space, points: Point, words: Sequence[str], role: str, px: float = SIZE.body
    ) -> None:
        super().__init__(space, LAYER.point)
        self.at = np.asarray(points, dtype=float)
        self.outlines = [centred(word, px) for word in words]
        self.as_area(colour_of(role), 0)
        self.redraw()

    def redraw(self) -> None:
        """Draw every word in front of the sphere or, fainter, behind it."""
        near: list[Point] = [np.zeros((0, 3))]
        far: list[Point] = [np.zeros((0, 3))]
        seen = self.space.seen(self.at)
        for outline, (_, _, depth), place in zip(
            self.outlines, seen, self.space.placed(seen.copy()), strict=True
        ):
            (near if depth >= self.space.horizon else far).append(outline + place)
        self.take(np.concatenate(near), np.concatenate(far))


def centred(word: str, px: float) -> Point:
    """The outline of a word about the origin."""
    outline, _ = number_points(word, "SEMIBOLD")
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    centred: Point = (outline - middle) * px * PIXEL
    return centred
