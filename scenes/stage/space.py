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


LIFTS = (15, 25, 35, 45)
"""Heights of the eye, in degrees, among which a view is chosen."""

SIDEWAYS = 0.4
"""How much of a vector may point to or from the eye for it to show how long it is."""

ACROSS = 0.5
"""How much of each of many long vectors may point to or from the eye: they look 0.87 as long."""


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


def room_for(view: View, points: Point, across: float, up: float) -> float:
    """The largest radius, `up` at most, at which points (…, 3) stay within a box in the frame.

    The box reaches `across` and `up` from the middle of the space.
    """
    seen = np.abs(Space(view, (0.0, 0.0), 1.0).drawn(points.reshape(-1, 3)))
    return float(min(across / seen[:, 0].max(), up / seen[:, 1].max(), up))


def roomiest(points: Point, longest: Point, across: float, up: float, turn: float) -> View:
    """The view with most room for points of a space, also after it has turned by `turn` degrees.

    The point `longest` is then seen from the side: coming towards the eye it would look short.
    """
    every = [View(way, lift) for way in range(0, 360, 15) for lift in LIFTS]
    depth = [_after(view, turn).axes[2] @ longest / np.linalg.norm(longest) for view in every]
    beside = [view for view, deep in zip(every, depth, strict=True) if abs(deep) < SIDEWAYS]
    return max(beside, key=lambda view: room_while(view, points, across, up, turn))


def crosswise(points: Point, long: Point, across: float, up: float, turn: float) -> View:
    """The view with most room for points, among those from which long vectors lie across.

    None of the vectors `long` (n, 3) comes towards the eye, also while the view turns by `turn`
    degrees: what is long in the space is then long in the frame, too.
    """
    ways = long / np.linalg.norm(long, axis=1, keepdims=True)

    def deepest(view: View) -> float:
        seen = [_after(view, share * turn).axes[2] for share in np.linspace(0, 1, 4)]
        return max(float(np.abs(ways @ eye).max()) for eye in seen)

    every = [View(way, lift) for way in range(0, 360, 15) for lift in LIFTS]
    beside = [view for view in every if deepest(view) < ACROSS] or [min(every, key=deepest)]
    return max(beside, key=lambda view: spread_in(view, points, across, up, turn)[1])


def spread_in(
    view: View, points: Point, across: float, up: float, turn: float
) -> tuple[Point, float]:
    """Where in a box the middle of a sphere stands, and its radius, so that all has most room.

    All are the points (…, 3) and the sphere, while the view turns by degrees. The box reaches
    `across` and `up` from its middle, from which the place (3,) is measured.
    """
    spaces = [Space(_after(view, share * turn), (0.0, 0.0), 1.0) for share in np.linspace(0, 1, 4)]
    drawn = np.concatenate([space.drawn(points.reshape(-1, 3)) for space in spaces])
    outline = spaces[0].outline
    low, high = np.minimum(drawn.min(axis=0), -outline), np.maximum(drawn.max(axis=0), outline)
    radius = float(min(2 * across / (high - low)[0], 2 * up / (high - low)[1]))
    place = -radius * (low + high) / 2
    place[2] = 0.0
    return place, radius


def room_while(view: View, points: Point, across: float, up: float, turn: float) -> float:
    """As `room_for`, while a view turns by degrees."""
    seen = [_after(view, share * turn) for share in np.linspace(0, 1, 4)]
    return min(room_for(each, points, across, up) for each in seen)


def _after(view: View, turn: float) -> View:
    return View(view.turn + turn, view.lift)
