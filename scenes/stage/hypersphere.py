"""The unit sphere: a shaded disc, grid lines split at the outline, and axes. Seven mobjects."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import UL, VMobject

from scenes.stage.curves import disc_points, split_circles, split_line
from scenes.stage.marks import Mark
from scenes.stage.space import Space
from scenes.stage.style import COLOUR, LAYER, OPACITY, STROKE, Point

MERIDIANS = 6
PARALLELS = (-60.0, -30.0, 0.0, 30.0, 60.0)
AXIS_REACH = 1.12


class Hypersphere(Mark):
    """A sphere of radius 1 in its space, seen with grid lines and, if wanted, axes.

    Lines in front are drawn over what is inside the sphere, lines behind are fainter and under it.
    """

    def __init__(self, space: Space, *, axes: bool = True, colour: str = COLOUR.grid) -> None:
        super().__init__(space, LAYER.near)
        self.disc = VMobject(stroke_width=0)
        shades: Any = [COLOUR.disc_light, COLOUR.disc_dark]
        self.disc.set_fill(shades, 1).set_sheen_direction(-UL)
        self.disc.set_z_index(LAYER.disc)
        self.rim = VMobject(fill_opacity=0).set_stroke(colour, STROKE.grid, OPACITY.near_grid)
        self.rim.set_z_index(LAYER.near)
        self.add(self.disc, self.rim)
        self.near.set_fill(opacity=0).set_stroke(colour, STROKE.grid, OPACITY.near_grid)
        self.far.set_fill(opacity=0).set_stroke(colour, STROKE.grid, OPACITY.far_grid)
        self.circles = grid_circles()
        self.axes = Axes(space) if axes else None
        if self.axes is not None:
            self.add(self.axes)
        self.redraw()

    def redraw(self) -> None:
        """Draw the sphere as it is seen now."""
        outline = disc_points(self.space.outline) + self.space.centre
        self.disc.set_points(outline)
        self.rim.set_points(outline)
        self.take(*split_circles(self.space, *self.circles))
        if self.axes is not None:
            self.axes.redraw()


def grid_circles() -> tuple[Point, Point, Point]:
    """Centres and radius vectors, each (circles, 3), of the meridians and the parallels."""
    turn = np.pi * np.arange(MERIDIANS) / MERIDIANS
    zeros, ones = 0 * turn, 0 * turn + 1
    meridians = np.stack([np.cos(turn), np.sin(turn), zeros], axis=1)
    poles = np.stack([zeros, zeros, ones], axis=1)
    lift = np.radians(PARALLELS)
    wide, high = np.cos(lift)[:, None], np.sin(lift)[:, None]
    x, y, z = np.eye(3)
    return (
        np.concatenate([0 * poles, high * z]),
        np.concatenate([meridians, wide * x]),
        np.concatenate([poles, wide * y]),
    )


class Axes(Mark):
    """The three axes, thin; fainter where they run inside the sphere or behind it."""

    def __init__(self, space: Space) -> None:
        super().__init__(space, LAYER.near, hidden=OPACITY.far_grid)
        self.as_line(COLOUR.muted, STROKE.auxiliary)
        self.redraw()

    def redraw(self) -> None:
        """Draw both halves of each axis."""
        ends = np.concatenate([np.eye(3), -np.eye(3)])
        inside = [split_line(self.space, np.stack([0 * e, e]), 0.0) for e in ends]
        outside = [split_line(self.space, np.stack([e, AXIS_REACH * e]), 0.0) for e in ends]
        near = [n for n, _ in outside]
        far = [f for _, f in outside] + [part for both in inside for part in both]
        self.take(np.concatenate(near), np.concatenate(far))
