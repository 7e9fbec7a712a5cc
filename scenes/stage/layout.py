"""Placing things: beside a picture, below each other, flush left."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from manim import VGroup, VMobject

from scenes.stage.equations import Equation
from scenes.stage.style import GRID, SIZE
from scenes.stage.text import Line, paragraph

Thing = VMobject | VGroup


def noted(*lines: str, role: str = "muted", px: float = SIZE.label) -> VGroup:
    """A remark beside a picture."""
    return paragraph(*lines, px=px, role=role)


class Explained(VGroup):
    """What a term of an equation means: the term, and words beside it on the same baseline."""

    def __init__(self, term: str, words: str, px: float = SIZE.label) -> None:
        super().__init__()
        self.term, self.words = Equation(term, px=px * 1.2), Line(words, px=px)
        start = self.term.get_right()[0] + 0.3 - self.words.get_left()[0]
        self.words.shift((start, self.term.baseline - self.words.baseline, 0))
        self.add(self.term, self.words)

    @property
    def baseline(self) -> float:
        """The height of the common baseline."""
        return self.words.baseline


def stacked(things: Sequence[Thing], left: float, top: float, gap: float = GRID.gutter) -> VGroup:
    """Things below each other, flush left, from a corner on."""
    at_left(things[0], left, top)
    for upper, lower in pairwise(things):
        below(upper, lower, gap)
    return VGroup(*things)


def below(upper: Thing, lower: Thing, gap: float = GRID.gutter) -> None:
    """Put a thing below another, flush left."""
    down = upper.get_bottom()[1] - gap - lower.get_top()[1]
    lower.shift((upper.get_left()[0] - lower.get_left()[0], down, 0))


def at_left(thing: Thing, left: float, top: float) -> None:
    """Put a thing with its upper left corner at a place."""
    thing.shift((left - thing.get_left()[0], top - thing.get_top()[1], 0))
