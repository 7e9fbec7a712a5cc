"""What may stand in a space: each mark knows where it is and draws itself as it is seen.

A mark is at most two mobjects, what is in front and, fainter, what is behind. It has no updater:
`scenes.stage.motion` redraws marks while something moves, so that a frame depends on time alone.
"""

from __future__ import annotations

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.curves import (
    arc_points,
    at_row,
    circle_points,
    disc_points,
    first_rows,
    split_line,
    straight,
)
from scenes.stage.equations import Equation
from scenes.stage.space import Space
from scenes.stage.style import COLOUR, LAYER, OPACITY, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line


class Mark(VGroup):
    """Base of all marks: `near` is in front, `far` is behind and fainter."""

    def __init__(self, space: Space, layer: int, hidden: float = OPACITY.hidden) -> None:
        super().__init__()
        self.space, self.hidden = space, hidden
        self.near, self.far = VMobject(), VMobject()
        self.near.set_z_index(layer)
        self.far.set_z_index(LAYER.far)
        self.add(self.far, self.near)

    def as_line(self, colour: str, width: float) -> None:
        """Draw as a line."""
        self.near.set_fill(opacity=0).set_stroke(colour, width, 1)
        self.far.set_fill(opacity=0).set_stroke(colour, width, self.hidden)

    def as_area(self, colour: str, rim: float) -> None:
        """Draw as an area with a rim of the ground's colour, so that it stands out from lines."""
        self.near.set_fill(colour, 1).set_stroke(COLOUR.ground, rim, 1)
        self.far.set_fill(colour, self.hidden).set_stroke(COLOUR.ground, rim, self.hidden)

    def redraw(self) -> None:
        """Draw the mark as its space is seen now."""
        raise NotImplementedError

    def take(self, near: Point, far: Point) -> None:
        """Take new outlines."""
        self.near.set_points(near)
        self.far.set_points(far)


class Dot(Mark):
    """A point at `at`, a vector of the space; on the sphere it is a unit vector."""

    def __init__(self, space: Space, at: Point, role: str, px: float = 22) -> None:
        super().__init__(space, LAYER.point)
        self.at, self.role = np.asarray(at, dtype=float), role
        self.outline = disc_points(px * PIXEL / 2)
        self.as_area(colour_of(role), STROKE.rim)
        self.redraw()

    def redraw(self) -> None:
        """Draw the point; it is behind where the sphere is in front of it."""
        place = self.outline + self.space.drawn(self.at)
        nothing = np.zeros((0, 3))
        self.take(*((nothing, place) if self.is_behind else (place, nothing)))

    @property
    def is_behind(self) -> bool:
        """Whether the sphere hides the point. What is inside of it shows through."""
        x, y, z = self.space.seen(self.at)
        outline = self.space.outline / self.space.radius
        inside = x * x + y * y + z * z < 0.999
        return bool(not inside and z < self.space.horizon and np.hypot(x, y) < outline)

    def move_in_space(self, at: Point) -> None:
        """Go to `at` and draw there."""
        self.at = np.asarray(at, dtype=float)
        self.redraw()

    def move_to_row(self, rows: Point, row: float) -> None:
        """Go to a row of recorded points (n, 3), or between two of them."""
        self.move_in_space(at_row(rows, row))


class Trace(Mark):
    """A line through recorded points (n, 3), such as an arc or a chord swept in n rows.

    `on_sphere`: its points lie on the surface, where the outline hides them; other lines are
    behind where they are farther than the centre. `upto` shows the first rows only.
    """

    def __init__(
        self, space: Space, points: Point, role: str, width: float, *, on_sphere: bool = True
    ) -> None:
        super().__init__(space, LAYER.arc, OPACITY.hidden if on_sphere else OPACITY.inside)
        self.points_in_space = np.asarray(points, dtype=float)
        self.role, self.on_sphere = role, on_sphere
        self.rows = len(self.points_in_space)
        self.upto = float(self.rows - 1)
        self.as_line(colour_of(role), width)
        self.redraw()

    def redraw(self) -> None:
        """Draw the rows up to `upto`, the last one in part."""
        shown = first_rows(self.points_in_space, self.upto)
        self.take(*split_line(self.space, shown, self.space.horizon if self.on_sphere else 0.0))

    def show_upto(self, row: float) -> None:
        """Show the rows up to `row` and draw."""
        self.upto = row
        self.redraw()


def arc(space: Space, start: Point, end: Point, role: str, width: float = STROKE.arc) -> Trace:
    """The shortest arc on the sphere between two unit vectors."""
    return Trace(space, arc_points(start, end), role, width)


def chord(space: Space, start: Point, end: Point, role: str, width: float = STROKE.chord) -> Trace:
    """The straight line between two points of the space."""
    return Trace(space, np.stack([start, end]).astype(float), role, width, on_sphere=False)


def great_circle(
    space: Space, first: Point, second: Point, role: str, width: float = STROKE.axis
) -> Trace:
    """The whole great circle through two unit vectors."""
    return Trace(space, circle_points(first, second), role, width)


class Arrow(Mark):
    """A vector from `start` to `end` with a flat head."""

    HEAD = 26 * PIXEL
    HALF = 10 * PIXEL

    def __init__(
        self, space: Space, start: Point, end: Point, role: str, width: float = STROKE.arrow
    ) -> None:
        super().__init__(space, LAYER.arrow, OPACITY.inside)
        self.start, self.end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        self.role = role
        self.head = VMobject(stroke_width=0, fill_opacity=1, color=colour_of(role))
        self.head.set_z_index(LAYER.arrow)
        self.add(self.head)
        self.as_line(colour_of(role), width)
        self.redraw()

    def redraw(self) -> None:
        """Draw the shaft up to the head, and the head in the plane of the frame."""
        tail, tip = self.space.drawn(np.stack([self.start, self.end]))
        length = float(np.linalg.norm(tip - tail))
        back = min(self.HEAD, 0.6 * length) / max(length, 1e-9)
        line = self.start + (self.end - self.start) * np.array([[0.0], [1 - 0.9 * back]])
        self.take(*split_line(self.space, line, 0.0))
        self.head.set_points(head_points(tail, tip, back * length, self.HALF))

    def move_in_space(self, end: Point, start: Point | None = None) -> None:
        """Point to `end`, from another start if one is given, and draw."""
        self.start = self.start if start is None else np.asarray(start, dtype=float)
        self.end = np.asarray(end, dtype=float)
        self.redraw()

    def move_to_row(self, rows: Point, row: float) -> None:
        """Point to a row of recorded points (n, 3), or between two of them."""
        self.move_in_space(at_row(rows, row))


def term_of(space: Space, at: Point, away_from: Point, term: str, px: float = 26) -> Tag:
    """A term of an equation beside its point, on the side that faces away from another point."""
    away = space.drawn(at) - space.drawn(away_from)
    across, up, _ = away / np.linalg.norm(away) * px
    return Tag(space, at, Equation(term, px=SIZE.readout), (float(across), float(up)))


def name_of(arrow: Arrow, term: str, px: float = 22) -> Tag:
    """A term of an equation beside the middle of an arrow, on the side away from the centre."""
    tail, tip = arrow.space.drawn(np.stack([arrow.start, arrow.end]))
    side = np.array([tail[1] - tip[1], tip[0] - tail[0], 0]) / np.linalg.norm(tip - tail)
    if side @ ((tail + tip) / 2 - arrow.space.centre) < 0:
        side = -side
    middle = (arrow.start + arrow.end) / 2
    equation = Equation(term, px=SIZE.readout)
    return Tag(arrow.space, middle, equation, (float(side[0] * px), float(side[1] * px)))


def head_points(tail: Point, tip: Point, length: float, half: float) -> Point:
    """Control points of a flat triangular arrow head that ends at `tip`."""
    along = (tip - tail) / max(float(np.linalg.norm(tip - tail)), 1e-9)
    across = np.array([-along[1], along[0], 0]) * half * min(1.0, length / (2 * half))
    base = tip - along * length
    ring = np.stack([tip, base + across, base - across, tip])
    return straight(ring[:-1], ring[1:])


class Tag(Mark):
    """Text that stays beside a point of the space, upright, at `offset` pixels from it."""

    def __init__(
        self, space: Space, at: Point, text: VMobject, offset: tuple[float, float]
    ) -> None:
        super().__init__(space, LAYER.text)
        self.at = np.asarray(at, dtype=float)
        self.text = text
        self.offset = np.array([*offset, 0.0]) * PIXEL
        corner = text.get_critical_point(-np.sign(np.round(np.array((*offset, 0)))))
        # Set anew from here each time: shifts would add up their rounding errors.
        self.outlines = [(p, p.points - corner) for p in text.family_members_with_points()]
        self.add(text)
        self.redraw()

    def redraw(self) -> None:
        """Place the text; its edge or corner that faces the point is `offset` away from it."""
        place = self.space.drawn(self.at) + self.offset
        for part, outline in self.outlines:
            part.set_points(outline + place)

    def move_in_space(self, at: Point) -> None:
        """Follow the point to `at`."""
        self.at = np.asarray(at, dtype=float)
        self.redraw()


def tag(
    space: Space, at: Point, words: str, role: str, offset: tuple[float, float], px: float
) -> Tag:
    """A `Tag` with a line of text."""
    return Tag(space, at, Line(words, px=px, role=role, weight="SEMIBOLD"), offset)
