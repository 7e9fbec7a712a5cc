"""Text as one mobject a line: Manim's own makes one a letter, and a frame pays for each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.outlines import Weight, line_of
from scenes.stage.style import LAYER, PIXEL, SIZE, colour_of


def fused(parts: Iterable[VMobject]) -> VMobject:
    """One filled mobject with the outlines of all `parts`; they should not overlap."""
    outline = VMobject(stroke_width=0)
    points = [p.points for p in parts if len(p.points)]
    if points:
        outline.set_points(np.concatenate(points))
    return outline


class Line(VMobject):
    """A line of text: one mobject, in the colour of its role.

    It is set with its baseline's left end at the origin; `baseline` follows it from there.
    """

    def __init__(
        self, words: str, *, px: float = SIZE.label, role: str = "ink", weight: Weight = "NORMAL"
    ) -> None:
        super().__init__(stroke_width=0, fill_opacity=1, color=colour_of(role))
        self.words, self.role = words, role
        self.set_points(line_of(words, weight)[0] * px * PIXEL)
        self.px_per_height = px / self.height
        self.drop = -self.get_bottom()[1] / self.height
        self.set_z_index(LAYER.text)

    @property
    def px(self) -> float:
        """The em in pixels at 1080p, as the line is drawn now."""
        return round(float(self.px_per_height * self.height), 6)  # moved, it is off by a hair

    @property
    def baseline(self) -> float:
        """The height of the baseline."""
        return float(self.get_bottom()[1] + self.drop * self.height)


def paragraph(
    *lines: str, px: float = SIZE.label, role: str = "ink", weight: Weight = "NORMAL"
) -> VGroup:
    """Lines of text below each other, flush left, their baselines 1.4 em apart, centred."""
    drop = 1.4 * px * PIXEL
    group = VGroup(*(Line(words, px=px, role=role, weight=weight) for words in lines))
    for number, line in enumerate(group):
        line.shift((0, -number * drop, 0))
    return group.center()
