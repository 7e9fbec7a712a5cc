"""Block diagrams: boxes with names, thick and thin arrows, optional parts, normalization points."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manim import RoundedRectangle, VGroup, VMobject

from scenes.stage.curves import disc_points, straight
from scenes.stage.marks import head_points
from scenes.stage.plots import dashes
from scenes.stage.style import COLOUR, LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

HEAD, HALF = 24 * PIXEL, 11 * PIXEL
"""Length and half width of an arrow's head."""


class Block(VGroup):
    """A box with a name, in the colour of its role; dashed if the part is optional."""

    def __init__(
        self, words: str, role: str, size: tuple[float, float], *, optional: bool = False,
        px: float = SIZE.label,
    ) -> None:  # fmt: skip
        super().__init__()
        self.words, self.role = words, role
        width, height = size
        self.area = RoundedRectangle(corner_radius=0.12, width=width, height=height)
        self.area.set_fill(COLOUR.panel, 1).set_stroke(width=0).set_z_index(LAYER.far)
        self.edge = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.boundary)
        outline = self.area.points
        self.edge.set_points(dashed_outline(outline) if optional else outline)
        self.edge.set_z_index(LAYER.near)
        self.label = Line(words, px=px)
        self.label.move_to(self.area)
        self.add(self.area, self.edge, self.label)


def dashed_outline(points: Point, px: float = 12) -> Point:
    """Every other stretch of an outline of Bézier pieces (4·n, 3), each about `px` long."""
    pieces = points.reshape(-1, 4, 3)
    t = np.linspace(0, 1, 129)[:-1, None]
    u = 1 - t
    a, b, c, d = (pieces[:, None, i, :] for i in range(4))
    fine = (u**3 * a + 3 * u**2 * t * b + 3 * u * t**2 * c + t**3 * d).reshape(-1, 3)
    ends = np.concatenate([fine, fine[:1]])
    gone = np.cumsum(np.linalg.norm(np.diff(ends, axis=0), axis=1))
    kept = (gone // (px * PIXEL)).astype(int) % 2 == 0
    return straight(ends[:-1][kept], ends[1:][kept])


class Connection(VGroup):
    """An arrow between two places of the frame, by way of corners if any are given.

    kind: "flow" is thick, the main way of the data; "auxiliary" is thin; "optional" is dashed.
    """

    def __init__(self, places: Point, kind: str = "flow", role: str = "ink") -> None:
        super().__init__()
        widths = {"flow": STROKE.flow, "auxiliary": STROKE.axis, "optional": STROKE.axis}
        if kind not in widths:
            raise ValueError(f"no connection {kind!r}; there are {', '.join(widths)}")
        self.kind, self.role = kind, role
        route = np.array(places, dtype=float)
        last = route[-1] - route[-2]
        tip = route[-1].copy()
        route[-1] = tip - last / np.linalg.norm(last) * HEAD * 0.8
        pieces = [
            dashes(a, b) if kind == "optional" else straight(a[None], b[None])
            for a, b in pairwise(route)
        ]
        self.shaft = VMobject(fill_opacity=0).set_stroke(colour_of(role), widths[kind])
        self.shaft.set_points(np.concatenate(pieces))
        self.head = VMobject(stroke_width=0).set_fill(colour_of(role), 1)
        self.head.set_points(head_points(route[-2], tip, HEAD, HALF))
        self.add(self.shaft, self.head)
        for part in (self.shaft, self.head):
            part.set_z_index(LAYER.arc)


class NormPoint(VMobject):
    """A dotted circle around a place where vectors are normalized."""

    DOTS = 18

    def __init__(self, place: Point, radius: float, role: str = "normalized") -> None:
        super().__init__(stroke_width=0)
        self.role = role
        self.set_fill(colour_of(role), 1)
        turn = 2 * np.pi * np.arange(self.DOTS) / self.DOTS
        ring = radius * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1) + place
        self.set_points((ring[:, None, :] + disc_points(3 * PIXEL)).reshape(-1, 3))
        self.set_z_index(LAYER.text)
