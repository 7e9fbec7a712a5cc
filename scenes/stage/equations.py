"""Equations in role colours, set by Typst in New Computer Modern; one mobject a named term."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from manim import ORIGIN, MathTypst, Rectangle, VGroup, VMobject

from scenes.stage.style import LAYER, PIXEL, ROLES, SIZE, Point, colour_of
from scenes.stage.text import fused

DRAWN_AT = 100.0
PIXELS_PER_POINT = 1.405
"""The em of Manim's `MathTypst` in pixels at 1080p, for each point of font size."""

BAR = 0.045
"""Thickness of a fraction's bar in ems."""

NAME = re.compile(r":\s*([a-zA-Z_][a-zA-Z0-9_-]*)\s*}}")


class Equation(VGroup):
    """An equation whose terms are named in Typst as `{{ h_A : normalized }}`.

    A term is called after its role, and where a role has several terms, by the role, an underscore
    and a word: `scale_attention`. What has no name is in the colour of text. `part` gives a term.
    """

    def __init__(self, typst: str, *, px: float = SIZE.equation) -> None:
        super().__init__()
        self.typst, self.px = typst, px
        outlines, foot = _set(typst, px)
        self.parts = {name: _term(name, points) for name, points in outlines.items()}
        self.add(*(p for p in self.parts.values() if p.has_points()))
        self.drop = float(foot - self.get_bottom()[1])
        self.center()

    def part(self, name: str) -> VMobject:
        """The term of that name.

        Raises:
            KeyError: no term is called so.
        """
        return self.parts[name]

    @property
    def baseline(self) -> float:
        """The height of the baseline."""
        return float(self.get_bottom()[1] + self.drop)


def role_of(name: str) -> str:
    """The role in a term's name: `scale_attention` is a `scale`."""
    role = name.split("_")[0]
    if role not in ROLES:
        raise ValueError(f"the term {name!r} does not begin with a role")
    return role


@cache
def _set(typst: str, px: float) -> tuple[dict[str, Point], float]:
    """The outlines of an equation's terms by name, and the height of its baseline.

    Once a process: Manim reads an equation that it has drawn before nearly as slowly again.
    """
    # The capital is left out again: its foot stands on the baseline.
    drawn: Any = MathTypst("upright(H) quad " + typst, font_size=DRAWN_AT)
    drawn.scale(px / (DRAWN_AT * PIXELS_PER_POINT), about_point=ORIGIN)
    names = list(dict.fromkeys(NAME.findall(typst)))
    chosen = {name: drawn.select(name).family_members_with_points() for name in names}
    capital, *_ = sorted(drawn.family_members_with_points(), key=lambda p: p.get_left()[0])
    taken = {id(capital)} | {id(piece) for pieces in chosen.values() for piece in pieces}
    rest = [p for p in drawn.family_members_with_points() if id(p) not in taken]
    chosen["ink"] = [*chosen.get("ink", []), *rest]
    outlines = {name: _outline(pieces, px) for name, pieces in chosen.items()}
    return outlines, float(capital.get_bottom()[1])


def _outline(pieces: list[VMobject], px: float) -> Point:
    """The outline of all pieces; bars, which Typst draws as strokes, become areas."""
    return fused([_bar(p, px) if p.get_fill_opacity() == 0 else p for p in pieces]).points


def _term(name: str, points: Point) -> VMobject:
    """One mobject in the colour of its role."""
    term = VMobject(stroke_width=0).set_points(points.copy())
    term.set_fill(colour_of(role_of(name)), 1)
    term.set_z_index(LAYER.text)
    return term


def _bar(stroke: VMobject, px: float) -> VMobject:
    """The bar of a fraction or a root as an area of the strength of the letters."""
    return Rectangle(width=stroke.width, height=BAR * px * PIXEL).move_to(stroke)
