"""The ε-shell: what lies between two spheres, one a little smaller, one a little larger than 1."""

from __future__ import annotations

import numpy as np
from manim import VMobject

from ngpt_math.recordings import Traced
from scenes.stage.curves import disc_points, split_circles
from scenes.stage.marks import Mark
from scenes.stage.space import Space
from scenes.stage.style import LAYER, OPACITY, STROKE, Point, colour_of


class Shell(Mark):
    """The spheres of radius 1 − ε and 1 + ε, faint, the band between them tinted.

    `display` takes another ε; `traced` holds the one shown.
    """

    def __init__(self, space: Space, epsilon: Traced, role: str = "scale") -> None:
        super().__init__(space, LAYER.near, OPACITY.far_grid)
        self.role = role
        self.band = VMobject(stroke_width=0).set_fill(colour_of(role), OPACITY.shell)
        self.band.set_z_index(LAYER.inside)
        self.rims = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.axis)
        self.rims.set_z_index(LAYER.near)
        self.add(self.band, self.rims)
        self.near.set_fill(opacity=0).set_stroke(colour_of(role), STROKE.grid, OPACITY.near_grid)
        self.far.set_fill(opacity=0).set_stroke(colour_of(role), STROKE.grid, OPACITY.far_grid)
        self.display(epsilon)

    def display(self, epsilon: Traced) -> None:
        """Show the shell of another ε.

        Raises:
            ValueError: ε is not between 0 and 1.
        """
        if not 0 <= epsilon.value < 1:
            raise ValueError(f"no shell of ε = {epsilon.value}: it must be from 0 to below 1")
        self.traced = (epsilon,)
        self.redraw()

    @property
    def spaces(self) -> tuple[Space, Space]:
        """The inner and the outer sphere as spaces in which they have radius 1."""
        epsilon, space = self.traced[0].value, self.space
        radii = (space.radius * (1 - epsilon), space.radius * (1 + epsilon))
        inner, outer = (Space(space.view, space.centre, radius) for radius in radii)
        return inner, outer

    def redraw(self) -> None:
        """Draw both spheres as they are seen now."""
        outlines = [disc_points(space.outline) + space.centre for space in self.spaces]
        self.rims.set_points(np.concatenate(outlines))
        # The inner outline runs the other way round, so that it cuts a hole.
        self.band.set_points(np.concatenate([outlines[1], outlines[0][::-1]]))
        parts = [split_circles(space, *three_circles()) for space in self.spaces]
        self.take(*(np.concatenate(sides) for sides in zip(*parts, strict=True)))


def three_circles() -> tuple[Point, Point, Point]:
    """Centres and radius vectors of the great circles in the planes of the axes."""
    axes = np.eye(3)
    return np.zeros((3, 3)), axes, np.roll(axes, -1, axis=0)
