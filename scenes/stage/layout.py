"""Placing things: beside a picture, below each other, flush left."""

from __future__ import annotations

from manim import VGroup, VMobject

from scenes.stage.style import GRID, SIZE
from scenes.stage.text import paragraph

Thing = VMobject | VGroup


def noted(*lines: str, role: str = "muted", px: float = SIZE.label) -> VGroup:
    """A remark beside a picture."""
    return paragraph(*lines, px=px, role=role)


def below(upper: Thing, lower: Thing, gap: float = GRID.gutter) -> None:
    """Put a thing below another, flush left."""
    down = upper.get_bottom()[1] - gap - lower.get_top()[1]
    lower.shift((upper.get_left()[0] - lower.get_left()[0], down, 0))


def at_left(thing: Thing, left: float, top: float) -> None:
    """Put a thing with its upper left corner at a place."""
    thing.shift((left - thing.get_left()[0], top - thing.get_top()[1], 0))
