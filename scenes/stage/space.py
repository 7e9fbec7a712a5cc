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

    @classmethod
    def from_eye(cls, eye: Point) -> View:
        """The view from the direction `eye`."""
        lift = np.degrees(np.arctan2(eye[2], np.hypot(eye[0], eye[1])))
        return cls(float(np.degrees(np.arctan2(eye[1], eye[0]))), float(lift))

    @classmethod
    def onto_point(cls, point: Point, aside: float) -> View:
        """The view from which a point of the sphere is in front, `aside` degrees off the middle."""
        view = cls.from_eye(np.asarray(point))
        return cls(view.turn + aside, float(np.clip(view.lift + 12, -35, 35)))

    @classmethod
    def onto_arc(cls, start: Point, end: Point, slant: float) -> View:
        """The view onto the middle of the arc between two unit vectors, from beside its plane.

        From within the plane (slant 0°) arc and chord would be one line; from straight above it
        (90°) the arc lies on the outline. Of both sides, the one nearer to the equator is taken.
        """
        middle, normal = np.asarray(start) + end, np.cross(start, end)
        middle, normal = middle / np.linalg.norm(middle), normal / np.linalg.norm(normal)
        beside = np.sin(np.radians(slant)) * normal
        eyes = [np.cos(np.radians(slant)) * middle + side * beside for side in (1, -1)]
        return cls.from_eye(min(eyes, key=lambda eye: abs(float(eye[2]))))

    def __deepcopy__(self, memo: dict[int, Any]) -> View:
        # Manim copies mobjects deeply; the copies are still looked at from the same place.
        return self

    @property
    def axes(self) -> Point:
        """Rows: the frame's right and up, and the way to the eye, as unit vectors of the space."""
        turn, lift = np.radians(self.turn), np.radians(self.lift)
        x, y, low, high = np.cos(turn), np.sin(turn), np.cos(lift), np.sin(lift)
        return np.array([(-y, x, 0), (-high * x, -high * y, low), (low * x, low * y, high)])


class Space:
    """Where a sphere of radius 1 stands in the frame, and how large."""

    def __init__(self, view: View, centre: tuple[float, float] | Point, radius: float) -> None:
        self.view, self.centre, self.radius = view, np.array([*centre[:2], 0.0]), radius

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
