"""Circles and lines in a space, split into what is in front and what is behind."""

from __future__ import annotations

import numpy as np

from scenes.stage.space import EYE, Space
from scenes.stage.style import Mask, Point

PIECES = 8
"""Bézier pieces of a circle; they stay within a fiftieth of a pixel of it."""

THIRDS = np.linspace(0, 1, 4)[None, :, None]

Split = tuple[Point, Point]
"""Control points, four a Bézier piece, of what is in front and of what is behind."""


def split_circles(space: Space, centres: Point, first: Point, second: Point) -> Split:
    """Circles `centre + first cos t + second sin t` on the unit sphere; arrays are (circles, 3).

    In front is what the sphere's near side carries, up to its outline.
    """
    a, b, c = space.seen(centres), space.seen(first), space.seen(second)
    nearest = np.arctan2(c[:, 2], b[:, 2])
    reach = np.hypot(b[:, 2], c[:, 2])
    # A circle seen exactly from above has no nearest point; it is wholly in front or behind.
    level = (space.horizon - a[:, 2]) / np.maximum(reach, 1e-12)
    half = np.arccos(np.clip(level, -1, 1))
    near = _arcs(space, (a, b, c), nearest - half, nearest + half)
    far = _arcs(space, (a, b, c), nearest + half, nearest + 2 * np.pi - half)
    return near, far


def _arcs(space: Space, circles: tuple[Point, Point, Point], start: Point, end: Point) -> Point:
    """The arcs between the angles `start` and `end`; those of no length are left out."""
    kept = end - start > 1e-9
    a, b, c = (part[kept, None, :] for part in circles)
    step = ((end - start) / PIECES)[kept, None, None]
    t = start[kept, None, None] + step * np.arange(PIECES + 1)[None, :, None]
    seen = a + b * np.cos(t) + c * np.sin(t)
    # Of all cubics with these tangents, those of this length follow a circle most closely.
    speed = (c * np.cos(t) - b * np.sin(t)) * 4 * np.tan(step / 4)
    return _bezier(space.placed(seen), _drawn_speed(space, seen, speed))


def _drawn_speed(space: Space, seen: Point, speed: Point) -> Point:
    """How fast the drawn point moves while the seen one moves with `speed`."""
    away = EYE - seen[..., 2:]
    drawn = space.radius * EYE * (speed / away + seen * speed[..., 2:] / away**2)
    drawn[..., 2] = 0
    return drawn


def _bezier(anchors: Point, speed: Point) -> Point:
    """Control points of the pieces between anchors (curves, pieces+1, 3), by their speeds."""
    pieces = [
        anchors[:, :-1],
        anchors[:, :-1] + speed[:, :-1] / 3,
        anchors[:, 1:] - speed[:, 1:] / 3,
        anchors[:, 1:],
    ]
    return np.stack(pieces, axis=2).reshape(-1, 3)


def split_line(space: Space, points: Point, horizon: float) -> Split:
    """A line through points (n, 3), split where it crosses the depth `horizon`."""
    seen = space.seen(points)
    start, end = seen[:-1], seen[1:]
    before, after = start[:, 2] - horizon, end[:, 2] - horizon
    share = before / np.where(before == after, 1, before - after)
    crossing = start + (end - start) * share[:, None]
    return (
        _kept_parts(space, start, end, crossing, before > 0, after > 0),
        _kept_parts(space, start, end, crossing, before <= 0, after <= 0),
    )


def _kept_parts(
    space: Space, start: Point, end: Point, crossing: Point, first: Mask, last: Mask
) -> Point:
    """The part of each piece whose ends are to be kept, cut at its crossing where one is not."""
    start = np.where(first[:, None], start, crossing)
    end = np.where(last[:, None], end, crossing)
    kept = first | last
    return straight(space.placed(start[kept]), space.placed(end[kept]))


def straight(start: Point, end: Point) -> Point:
    """Control points of straight pieces from `start` to `end`, both (pieces, 3)."""
    pieces = start[:, None, :] * (1 - THIRDS) + end[:, None, :] * THIRDS
    return pieces.reshape(-1, 3)


def arc_points(start: Point, end: Point, pieces: int = 32) -> Point:
    """Points (pieces+1, 3) of the shortest great circle from one unit vector to another.

    The two may be equal, but not opposite: no arc between opposite points is the shortest.
    """
    angle = np.arctan2(np.linalg.norm(np.cross(start, end)), start @ end)
    if np.pi - angle < 1e-6:
        raise ValueError("no arc between opposite points is the shortest")
    if angle < 1e-9:
        return np.repeat(start[None, :], pieces + 1, axis=0)
    t = np.linspace(0, 1, pieces + 1)[:, None]
    arc: Point = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)
    return arc


def circle_points(first: Point, second: Point, pieces: int = 96) -> Point:
    """Points (pieces+1, 3) of the whole great circle through two unit vectors."""
    u = np.asarray(first, dtype=float)
    w = np.asarray(second, dtype=float) - (second @ u) * u
    w = w / np.linalg.norm(w)
    t = np.linspace(0, 2 * np.pi, pieces + 1)[:, None]
    circle: Point = u * np.cos(t) + w * np.sin(t)
    return circle


def nearest_on_circle(point: Point, first: Point, second: Point) -> Point:
    """The point of the great circle through two unit vectors that lies nearest to another one."""
    normal = np.cross(first, second)
    normal = normal / np.linalg.norm(normal)
    foot: Point = point - (point @ normal) * normal
    return foot / np.linalg.norm(foot)


def disc_points(radius: float) -> Point:
    """Control points of a circle about the origin."""
    t = np.linspace(0, 2 * np.pi, 9)
    anchors = radius * np.stack([np.cos(t), np.sin(t), 0 * t], axis=1)
    speed = radius * 4 * np.tan(np.pi / 16) * np.stack([-np.sin(t), np.cos(t), 0 * t], axis=1)
    pieces = [anchors[:-1], anchors[:-1] + speed[:-1] / 3, anchors[1:] - speed[1:] / 3, anchors[1:]]
    return np.stack(pieces, axis=1).reshape(-1, 3)


def first_rows(points: Point, upto: float) -> Point:
    """The first rows of (n, 3) points up to the row `upto`, its fraction in a straight line."""
    whole = int(np.floor(upto))
    return np.concatenate([points[: whole + 1], at_row(points, upto)[None, :]])


def at_row(points: Point, row: float) -> Point:
    """Row `row` of (n, 3) points; between two rows, in a straight line from one to the next."""
    low = int(np.clip(np.floor(row), 0, len(points) - 1))
    high = min(low + 1, len(points) - 1)
    between: Point = points[low] + (points[high] - points[low]) * (row - low)
    return between


def rectangles(middles: Point, size: Point) -> Point:
    """Control points of rectangles of one size about their middles (n, 3)."""
    half = np.array([*size, 0.0]) / 2
    signs = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0), (-1, -1, 0)], dtype=float)
    corners = middles[:, None, :] + signs * half
    return straight(corners[:, :-1].reshape(-1, 3), corners[:, 1:].reshape(-1, 3))
