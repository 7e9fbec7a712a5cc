"""A matrix whose columns are cut into groups that can be drawn apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import VMobject

from scenes.stage.curves import disc_points, straight
from scenes.stage.matrices import Cells, Matrix
from scenes.stage.style import COLOUR, PIXEL, STROKE, Mask, Point


class GroupedMatrix(Matrix):
    """A matrix in `groups` equal parts side by side; each ends in dots for what is left out.

    `spread` leads the parts to `apart` (in Manim's units) from each other; its left edge stays.
    """

    def __init__(self, cells: Cells, role: str, groups: int, apart: float, **kwargs: Any) -> None:
        self.groups, self.apart, self.share = groups, apart, 0.0
        self.per_group = len(cells[0]) // groups
        super().__init__(cells, role, **kwargs)

    def middle_of(self, row: int, column: int) -> Point:
        """The middle of a cell. One place in each group is left to dots."""
        group = column // self.per_group
        width, height = self.cell
        across = (column + group + 0.5) * width + group * self.apart * self.share
        return self.corner + np.array([across, -(row + 0.5) * height, 0])

    def edge(self, group: int) -> float:
        """How far right a group's right edge is, measured in the frame."""
        last = self.middle_of(0, (group + 1) * self.per_group - 1)
        return float(last[0] + 1.5 * self.cell[0])

    def display(self, cells: Cells, shown: Mask | None = None) -> None:
        """Show other numbers in the same places, and keep them for when the groups move."""
        self.displayed = (cells, shown)
        super().display(cells, shown)

    def spread(self, share: float) -> None:
        """Draw the groups together (0), or `apart` from each other (1)."""
        self.share = share
        places = np.array([self.middle_of(*ij) for ij in np.ndindex(self.shape)])
        self.offsets = places - self.corner
        *_, brackets, dots = self.submobjects
        brackets.set_points(self._rings() + self.corner)
        dots.set_points(self._ellipses() + self.corner)
        self.display(*self.displayed)

    def _brackets(self) -> VMobject:
        line = VMobject(fill_opacity=0).set_stroke(COLOUR.muted, STROKE.axis)
        return line.set_points(self._rings())

    def _rings(self) -> Point:
        """Brackets around each group; around all of them, as long as they are together."""
        lip, reach = 0.1, 0.06
        low = -self.shape[0] * self.cell[1] - reach
        rings = []
        for group in range(self.groups):
            right = self.edge(group) - self.corner[0]
            left = right - (self.per_group + 1) * self.cell[0]
            sides = [(left, 1, group == 0), (right, -1, group == self.groups - 1)]
            for edge, way, outer in sides:
                if self.share > 0 or outer:
                    ends = [(lip, reach), (-reach, reach), (-reach, low), (lip, low)]
                    rings.append(np.array([(edge + way * x, y, 0.0) for x, y in ends]))
        return np.concatenate([straight(ring[:-1], ring[1:]) for ring in rings])

    def _dots(self) -> VMobject:
        dots = VMobject(stroke_width=0).set_fill(COLOUR.muted, 1)
        return dots.set_points(self._ellipses())

    def _ellipses(self) -> Point:
        """Three dots at the end of each group."""
        middle = -self.shape[0] * self.cell[1] / 2
        places = [
            (self.edge(group) - self.corner[0] - self.cell[0] / 2 + 0.12 * n, middle, 0.0)
            for group in range(self.groups)
            for n in (-1, 0, 1)
        ]
        return np.concatenate([disc_points(2.5 * PIXEL) + np.array(place) for place in places])
