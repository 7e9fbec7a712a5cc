"""A flat drawing that is looked at through a camera: zoom into a part, and out to the whole.

Places are given as they are in the frame when the whole is seen (scale 1). What is drawn grows with
the zoom; names keep their size, as on a map, and come when they have room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.blocks import HALF, HEAD
from scenes.stage.curves import disc_points, straight
from scenes.stage.marks import Mark, head_points
from scenes.stage.motion import Appear, Become, Level, appear
from scenes.stage.space import Space, View
from scenes.stage.style import COLOUR, GRID, LAYER, PIXEL, STROKE, TIME, Point, colour_of

LEAST_RING = 15 * PIXEL
"""Radius of a normalization point seen from afar: it can still be counted."""

LEAST_LINE = 0.3
"""A line seen from afar is no thinner than this share of what it is near by."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What the camera is on: the place that it puts at `at` in the frame, and how much it enlarges.

    `at` is the middle of the band that pictures may take, unless another place is given.
    """

    across: float
    up: float
    scale: float
    at: tuple[float, float] = (0.0, GRID.middle)


class Zoom:
    """Through which the drawing is seen now; every part of the drawing refers to the same one."""

    def __init__(self, shot: Shot) -> None:
        self.shot = shot

    def __deepcopy__(self, memo: dict[int, Any]) -> Zoom:
        return self

    def drawn(self, places: Point) -> Point:
        """Places of shape (…, 3) of the drawing, in the frame."""
        shot = self.shot
        middle = np.array([shot.across, shot.up, 0.0])
        moved: Point = (places - middle) * shot.scale + np.array([*shot.at, 0.0])
        return moved

    def between(self, start: Shot, end: Shot, share: float) -> None:
        """Look from `share` of the way between two shots; the scale grows by equal factors."""
        scale = start.scale * (end.scale / start.scale) ** share
        level = np.isclose(start.scale, end.scale)
        gone = share if level else (1 - start.scale / scale) / (1 - start.scale / end.scale)
        mixed = [a + gone * (b - a) for a, b in ((start.across, end.across), (start.up, end.up))]
        at = [a + share * (b - a) for a, b in zip(start.at, end.at, strict=True)]
        self.shot = Shot(mixed[0], mixed[1], scale, (at[0], at[1]))


class Seen(VGroup):
    """Base of what is seen through a zoom. `near` is the scale at which lines have full width."""

    def __init__(self, zoom: Zoom, near: float = 1.0) -> None:
        super().__init__()
        self.zoom, self.near = zoom, near

    @property
    def size(self) -> float:
        """How wide lines are drawn now, as a share of their width near by."""
        return float(np.clip(self.zoom.shot.scale / self.near, LEAST_LINE, 1.0))

    def redraw(self) -> None:
        """Draw as it is seen now."""
        raise NotImplementedError


class Boxes(Seen):
    """Rectangles of one role: `places` are (left, bottom, width, height), one mobject in all."""

    def __init__(
        self, zoom: Zoom, places: Sequence[tuple[float, float, float, float]], role: str,
        *, near: float = 1.0, layer: int = LAYER.near, width: float = STROKE.boundary,
        fill: str = COLOUR.panel,
    ) -> None:  # fmt: skip
        super().__init__(zoom, near)
        self.places, self.role, self.width_near = tuple(places), role, width
        x, y, w, h = np.array(places, dtype=float).T
        corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
        ring = np.stack([np.stack([a, b, 0 * a], axis=1) for a, b in corners], axis=1)
        self.starts, self.ends = ring[:, :-1].reshape(-1, 3), ring[:, 1:].reshape(-1, 3)
        self.outline = VMobject().set_fill(fill, 1).set_stroke(colour_of(role), width)
        self.outline.set_z_index(layer)
        self.add(self.outline)
        self.redraw()

    def redraw(self) -> None:
        """Draw the rectangles."""
        self.outline.set_points(straight(self.zoom.drawn(self.starts), self.zoom.drawn(self.ends)))
        self.outline.stroke_width = self.width_near * self.size


class Ways(Seen):
    """Arrows along `routes` of places (n, 2): "flow" is thick, "auxiliary" thin. Two mobjects.

    A route without a head, one that leads on into another, is given in `open_routes`.
    """

    def __init__(
        self, zoom: Zoom, routes: Sequence[Sequence[tuple[float, float]]], kind: str = "flow",
        role: str = "ink", *, near: float = 1.0,
        open_routes: Sequence[Sequence[tuple[float, float]]] = (),
    ) -> None:  # fmt: skip
        super().__init__(zoom, near)
        self.routes = [np.array([(*place, 0.0) for place in route]) for route in routes]
        self.open = [np.array([(*place, 0.0) for place in route]) for route in open_routes]
        self.kind, self.role = kind, role
        self.width_near = STROKE.flow if kind == "flow" else STROKE.axis
        self.shafts = VMobject(fill_opacity=0).set_stroke(colour_of(role), self.width_near)
        self.heads = VMobject(stroke_width=0).set_fill(colour_of(role), 1)
        self.add(self.shafts, self.heads)
        for part in (self.shafts, self.heads):
            part.set_z_index(LAYER.inside)
        self.redraw()

    def redraw(self) -> None:
        """Draw shafts and heads; heads keep their size in proportion to the line's width."""
        head, half = HEAD * self.size, HALF * self.size
        pieces, heads = [np.zeros((0, 3))], [np.zeros((0, 3))]
        for route in map(self.zoom.drawn, self.routes):
            tip, before = route[-1].copy(), route[-2]
            last = tip - before
            route[-1] = tip - last / max(float(np.linalg.norm(last)), 1e-9) * head * 0.8
            pieces.append(straight(route[:-1], route[1:]))
            heads.append(head_points(before, tip, head, half))
        pieces += [straight(r[:-1], r[1:]) for r in map(self.zoom.drawn, self.open)]
        self.shafts.set_points(np.concatenate(pieces))
        self.shafts.stroke_width = self.width_near * self.size
        self.heads.set_points(np.concatenate(heads))


class Ring(Seen):
    """A dotted circle around a place where vectors are normalized; its dots keep their size.

    What runs underneath is covered by a disc.
    """

    LEAST, MOST, SPACING = 12, 72, 20 * PIXEL
    """How many dots, at the least and the most, and how far apart."""

    def __init__(
        self, zoom: Zoom, place: tuple[float, float], radius: float, role: str = "normalized"
    ) -> None:
        super().__init__(zoom)
        self.place, self.radius, self.role = np.array([*place, 0.0]), radius, role
        self.dots = VMobject(stroke_width=0).set_fill(colour_of(role), 1)
        self.dots.set_z_index(LAYER.point)
        self.cover = VMobject(stroke_width=0).set_fill(COLOUR.panel, 1)
        self.cover.set_z_index(LAYER.near)
        self.add(self.cover, self.dots)
        self.redraw()

    def redraw(self) -> None:
        """Draw the dots; from afar the circle is no smaller than can be seen."""
        radius = max(self.radius * self.zoom.shot.scale, LEAST_RING)
        count = int(np.clip(2 * np.pi * radius / self.SPACING, self.LEAST, self.MOST))
        turn = 2 * np.pi * np.arange(count) / count
        ring = radius * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
        dot = disc_points(min(3.5 * PIXEL, radius / 9))
        middle = self.zoom.drawn(self.place)
        ring = ring + middle
        self.cover.set_points(disc_points(radius) + middle)
        self.dots.set_points((ring[:, None, :] + dot).reshape(-1, 3))


class Name(Seen):
    """Text that keeps its size, centred at a place of the drawing."""

    def __init__(self, zoom: Zoom, place: tuple[float, float], text: VMobject | VGroup) -> None:
        super().__init__(zoom)
        self.place, self.text = np.array([*place, 0.0]), text
        middle = text.get_center()
        # Set anew from here each time: shifts would add up their rounding errors.
        self.outlines = [(p, p.points - middle) for p in text.family_members_with_points()]
        self.add(text)
        self.redraw()

    def redraw(self) -> None:
        """Place the text."""
        place = self.zoom.drawn(self.place)
        for part, outline in self.outlines:
            part.set_points(outline + place)


class SpaceInside(Space):
    """A space for a sphere that stands in the drawing and grows with it."""

    def __init__(self, view: View, zoom: Zoom, place: tuple[float, float], radius: float) -> None:
        self.zoom, self.place, self.own_radius = zoom, np.array([*place, 0.0]), radius
        self.view = view

    @property
    def centre(self) -> Point:  # type: ignore[override]
        """Where the sphere's centre is drawn."""
        return self.zoom.drawn(self.place)

    @property
    def radius(self) -> float:  # type: ignore[override]
        """How large the sphere is drawn."""
        return self.own_radius * self.zoom.shot.scale


def zoomed(
    zoom: Zoom, things: Iterable[Seen | Mark], to: Shot, run_time: float = TIME.zoom
) -> list[Become]:
    """Lead the camera to another shot; `things` are drawn anew as they are seen on the way."""
    start = zoom.shot

    def following(thing: Seen | Mark) -> Become:
        def change(share: float) -> None:
            zoom.between(start, to, share)
            if not isinstance(thing, Mark):  # `Become` redraws marks itself
                thing.redraw()

        return Become(thing, change, run_time=run_time)

    return [following(thing) for thing in things]


def hidden(*things: VMobject | VGroup, run_time: float = TIME.quick) -> list[Level]:
    """Make things vanish that stay part of the drawing: `lit` or `dimmed` shows them again."""
    return [Level(thing, 0.0, run_time=run_time) for thing in things]


def unseen(*things: VMobject | VGroup) -> None:
    """Hide parts of the drawing before they come onto the stage: `lit` shows them."""
    for level in hidden(*things):
        level.begin()
        level.finish()


def named(*names: Name) -> list[Appear]:
    """Let names come onto the stage where their places are seen now."""
    for name in names:
        name.redraw()
    return appear(*names)
