"""The split screen: two halves that mirror each other, so that only what differs differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.curves import straight
from scenes.stage.space import Space, View
from scenes.stage.style import COLOUR, FRAME_WIDTH, GRID, LAYER, SIZE, STROKE
from scenes.stage.text import Line

HALF = FRAME_WIDTH / 4
"""Distance of each half's middle from the frame's."""


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a split screen: the middle of it, and the name that stands above its picture."""

    middle: float
    name: Line

    def at(self, across: float, up: float) -> np.ndarray:
        """A place in the half; `across` is measured from its middle."""
        return np.array([self.middle + across, up, 0.0])

    def space(self, view: View, up: float, radius: float) -> Space:
        """A space for a sphere in the middle of the half."""
        return Space(view, (self.middle, up), radius)


class SplitScreen(VGroup):
    """A line down the middle and a name for each half, blue on the left and green on the right."""

    def __init__(self, left: str = "Traditional", right: str = "nGPT") -> None:
        super().__init__()
        self.left = Half(-HALF, _name(left, "traditional", -HALF))
        self.right = Half(HALF, _name(right, "normalized", HALF))
        ends = np.array([[0.0, GRID.top, 0.0], [0.0, GRID.bottom + GRID.gutter, 0.0]])
        self.line = VMobject(fill_opacity=0).set_stroke(COLOUR.line, STROKE.axis)
        self.line.set_points(straight(ends[:1], ends[1:]))
        self.line.set_z_index(LAYER.panel)
        self.add(self.line, self.left.name, self.right.name)


def _name(words: str, role: str, middle: float) -> Line:
    line = Line(words, px=SIZE.body, role=role, weight="SEMIBOLD")
    return line.shift((middle - line.get_center()[0], GRID.top - 0.3 - line.baseline, 0))
