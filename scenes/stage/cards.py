"""Headings, and the cards with which a chapter concludes and leads on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.curves import straight
from scenes.stage.style import GRID, LAYER, SIZE, STROKE, colour_of
from scenes.stage.text import Line, paragraph

SPACING = 0.62
"""Between two points of a card, in Manim's units; the lines of one point stand closer."""


NOTEBOOKS = -2.8
"""The baseline of the line that names a chapter's notebooks."""


def heading_line(words: str) -> Line:
    """The chapter's name, small, at the top left of every frame."""
    return set_at(Line(words, px=SIZE.tick, role="muted"), GRID.left, GRID.heading - 0.14)


def title_line(words: str) -> Line:
    """The section's title, below the chapter's name."""
    line = Line(words, px=SIZE.title, weight="SEMIBOLD")
    return set_at(line, GRID.left, GRID.heading - 0.64)


def set_at(line: Line, left: float, baseline: float) -> Line:
    """Move a line to where its baseline is to start."""
    line.shift((left - line.get_left()[0], baseline - line.baseline, 0))
    return line


def goes_with(notebooks: Sequence[str]) -> Line:
    """The line that names the notebooks of a chapter."""
    *others, last = notebooks
    names = f"notebooks {', '.join(others)} and {last}" if others else f"notebook {last}"
    return Line(f"Goes with {names}", role="muted", px=SIZE.tick)


class Takeaways(VGroup):
    """What to remember: a few points, each of one or two lines, with a bar in its role's colour.

    `points` are (role, lines). They are shown one after the other: each is a mobject of its own.
    """

    def __init__(self, points: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        super().__init__()
        top = 0.0
        for role, lines in points:
            point = _point(role, lines)
            point.shift((-point.get_left()[0], top - point.get_top()[1], 0))
            top = point.get_bottom()[1] - SPACING
            self.add(point)
        self.move_to((0, GRID.middle, 0))


def _point(role: str, lines: tuple[str, ...]) -> VGroup:
    words = paragraph(*lines, px=SIZE.readout)
    left = words.get_left()[0] - 0.35
    ends = np.array([[left, words.get_top()[1] + 0.05, 0], [left, words.get_bottom()[1] - 0.05, 0]])
    bar = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.flow)
    bar.set_points(straight(ends[:1], ends[1:]))
    bar.set_z_index(LAYER.text)
    return VGroup(bar, words)


class NextChapter(VGroup):
    """The name of the chapter that follows, and the question that it answers."""

    def __init__(self, question: str, following: str) -> None:
        super().__init__()
        asked = Line(question, px=SIZE.title, weight="SEMIBOLD")
        named = Line(following, px=SIZE.readout, role="muted")
        asked.move_to((0, GRID.middle + 0.5, 0))
        named.move_to((0, GRID.middle - 0.6, 0))
        self.add(asked, named)
