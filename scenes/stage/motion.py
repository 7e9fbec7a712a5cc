"""Motion: animations that set a state as a function of time, and draw it.

Manim's own animations copy mobjects and blend their outlines; these change what a mark knows
(where it is, from where it is seen) and let it draw itself. None has a memory, so a section that
is rendered alone shows the same as in the whole film.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np
from manim import Animation, Mobject, VMobject

from scenes.stage.marks import Mark
from scenes.stage.space import Space, View
from scenes.stage.style import OPACITY

Change = Callable[[float], None]


class Become(Animation):
    """Call `change` with the share of the way gone, 0 to 1 after easing; then redraw the mark."""

    def __init__(self, mobject: Mobject, change: Change, **kwargs: Any) -> None:
        super().__init__(mobject, **kwargs)
        self.change = change

    def create_starting_mobject(self) -> Mobject:
        """No copy is needed."""
        return cast(Mobject, self.mobject)

    def interpolate_mobject(self, alpha: float) -> None:
        """Set the state at this moment."""
        self.change(self.rate_func(alpha))
        if isinstance(self.mobject, Mark):
            self.mobject.redraw()


def turned(view: View, marks: Iterable[Mark], by: float, lift: float = 0.0) -> list[Become]:
    """Turn a view by degrees about the axis and lift the eye; all its marks are drawn anew."""
    turn_from, lift_from = view.turn, view.lift

    def change(share: float) -> None:
        view.turn, view.lift = turn_from + share * by, lift_from + share * lift

    return [Become(mark, change) for mark in marks]


def placed(
    space: Space, marks: Iterable[Mark], centre: tuple[float, float], radius: float
) -> list[Become]:
    """Move and scale a sphere in the frame, with all that stands in its space."""
    centre_from, radius_from = space.centre.copy(), space.radius
    centre_to = np.array([*centre, 0.0])

    def change(share: float) -> None:
        space.centre = centre_from + share * (centre_to - centre_from)
        space.radius = radius_from + share * (radius - radius_from)

    return [Become(mark, change) for mark in marks]


def swept(steps: Sequence[tuple[Mobject, Change]], start: float, end: float) -> list[Become]:
    """Lead mobjects together through the rows `start` to `end` of a recorded sweep.

    Each step is a mobject and what to call with the row, a number that may lie between two rows.
    """

    def through(show: Change) -> Change:
        return lambda share: show(start + share * (end - start))

    return [Become(mobject, through(show)) for mobject, show in steps]


class Level(Animation):
    """Dim mobjects, or light them again: `share` of their own opacity shows at the end."""

    def __init__(self, mobject: Mobject, share: float, **kwargs: Any) -> None:
        super().__init__(mobject, **kwargs)
        self.share = share

    def begin(self) -> None:
        """Remember, once, how opaque each part is when it is lit."""
        family = cast(Mobject, self.mobject).get_family()
        self.parts: list[Any] = [part for part in family if isinstance(part, VMobject)]
        for part in self.parts:
            if not hasattr(part, "lit"):
                part.lit = (part.fill_rgbas[:, 3].copy(), part.stroke_rgbas[:, 3].copy())
                part.level = 1.0
        self.levels = [part.level for part in self.parts]
        super().begin()

    def create_starting_mobject(self) -> Mobject:
        """No copy is needed."""
        return cast(Mobject, self.mobject)

    def interpolate_mobject(self, alpha: float) -> None:
        """Set the opacities at this moment."""
        share = self.rate_func(alpha)
        for part, before in zip(self.parts, self.levels, strict=True):
            part.level = before + share * (self.share - before)
            part.fill_rgbas[:, 3], part.stroke_rgbas[:, 3] = (part.level * o for o in part.lit)


def dimmed(*mobjects: Mobject) -> list[Level]:
    """Dim what is not spoken of."""
    return [Level(mobject, OPACITY.dimmed) for mobject in mobjects]


def lit(*mobjects: Mobject) -> list[Level]:
    """Light again what was dimmed."""
    return [Level(mobject, 1.0) for mobject in mobjects]
