"""How points in three dimensions come onto the frame.

The film's three dimensions are the stage's own: each sphere is looked at along its own axis, so two
spheres in a split screen show exactly the same picture, labels follow their points, and what is
hidden is known exactly. Manim draws flat mobjects only and its camera stands still.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scenes.stage.style import Point

EYE = 9.0
"""Distance from which a sphere is seen, in its radii: near enough for depth, far for calm."""


class View:
    """The direction from which spheres are seen; those that share a view turn together.

    `turn` is the azimuth of the eye and `lift` its height above the equator, in degrees.
    """

    def __init__(self, turn: float, lift: float) -> None:
        self.turn, self.lift = turn, lift

    def __deepcopy__(self, memo: dict[int, Any]) -> View:
        # Manim copies mobjects deeply; the copies are still looked at from the same place.
        return self

    @property
    def axes(self) -> Point:
        """Rows: the frame's right and up, and the way to the eye, as unit vectors of the space."""
        turn, lift = np.radians(self.turn), np.radians(self.lift)
        right = (-np.sin(turn), np.cos(turn), 0)
        out = (np.cos(lift) * np.cos(turn), np.cos(lift) * np.sin(turn), np.sin(lift))
        return np.array([right, np.cross(out, right), out])


class Space:
    """Where a sphere of radius 1 stands in the frame, and how large."""

    def __init__(self, view: View, centre: tuple[float, float], radius: float) -> None:
        self.view, self.centre, self.radius = view, np.array([*centre, 0.0]), radius

    def __deepcopy__(self, memo: dict[int, Any]) -> Space:
        return self

    def seen(self, points: Point) -> Point:
        """`points` of shape (…, 3) along the frame's right, up and the way to the eye."""
        return np.asarray(points, dtype=float) @ self.view.axes.T

    def drawn(self, points: Point) -> Point:
        """`points` of shape (…, 3) in the frame, with perspective; the third coordinate is 0."""
        return self.placed(self.seen(points))

    def placed(self, seen: Point) -> Point:
        """As `drawn`, for points that are already `seen`."""
        flat = seen * (self.radius * EYE / (EYE - seen[..., 2:]))
        flat[..., 2] = 0
        return self.centre + flat

    @property
    def outline(self) -> float:
        """Radius of the sphere's outline in the frame."""
        return float(self.radius * EYE / np.sqrt(EYE**2 - 1))

    horizon = 1 / EYE
    """Depth of the outline: what lies on the sphere nearer to the eye than this is in front."""
