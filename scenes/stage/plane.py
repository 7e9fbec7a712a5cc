"""A flat plane in which pairs of entries are drawn, with the marks of a space."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.curves import arc_points, disc_points, straight
from scenes.stage.space import Space, View
from scenes.stage.style import COLOUR, LAYER, OPACITY, STROKE, Point

FRONT = 1e-6
"""Depth of everything in a plane: nothing in it is hidden."""


class Plane(Space):
    """Two dimensions seen from straight above; one unit is drawn `unit` of Manim's units long."""

    def __init__(self, centre: tuple[float, float] | Point, unit: float) -> None:
        super().__init__(View(-90, 90), centre, unit)

    def seen(self, points: Point) -> Point:
        """The points themselves, just in front of the plane."""
        seen = np.array(points, dtype=float)
        seen[..., 2] = FRONT
        return seen


class Circle(VGroup):
    """A circle about the middle of a plane, and the two axes across it."""

    def __init__(self, plane: Plane, radius: float) -> None:
        super().__init__()
        reach = radius * plane.radius
        self.line = VMobject(fill_opacity=0).set_stroke(COLOUR.grid, STROKE.axis, OPACITY.inside)
        self.line.set_points(disc_points(reach) + plane.centre)
        self.axes = VMobject(fill_opacity=0).set_stroke(COLOUR.line, STROKE.auxiliary)
        ends = 1.12 * reach * np.eye(3)[:2]
        self.axes.set_points(straight(plane.centre - ends, plane.centre + ends))
        for part in (self.line, self.axes):
            part.set_z_index(LAYER.far)
        self.add(self.axes, self.line)


def pairs_in_plane(pairs: Point) -> Point:
    """Pairs (n, 2) as vectors (n, 3) of a plane."""
    return np.column_stack([pairs, np.zeros(len(pairs))]).astype(float)


def turning(places: Point, pieces: int = 8) -> Point:
    """The way (…, 3) of a vector that turns through places (n, 3), each leg in `pieces`.

    Its length is led evenly from one to the next: vectors that only turn keep theirs.
    """
    lengths = np.linalg.norm(places, axis=1)
    way = [places[:1]]
    for number, (start, end) in enumerate(pairwise(places)):
        arc = arc_points(start / lengths[number], end / lengths[number + 1], pieces)
        along = np.linspace(lengths[number], lengths[number + 1], pieces + 1)
        way.append((arc * along[:, None])[1:])
    return np.concatenate(way)
