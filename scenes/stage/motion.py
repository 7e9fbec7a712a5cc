"""Motion: animations that set a state as a function of time, and draw it.

Manim's own animations copy mobjects and blend their outlines; these change what a mark knows
(where it is, from where it is seen) and let it draw itself. None has a memory, so a section that
is rendered alone shows the same as in the whole film.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np
from manim import Animation, Mobject, Scene, VMobject

from scenes.stage.bars import RowOfBars
from scenes.stage.marks import Mark, Trace
from scenes.stage.plots import Curve
from scenes.stage.space import Space, View
from scenes.stage.style import OPACITY, TIME, Point

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


def looked(view: View, marks: Iterable[Mark], to: View) -> list[Become]:
    """Turn a view the short way to where another looks from; its marks are drawn anew."""
    by = (to.turn - view.turn + 180) % 360 - 180
    return turned(view, marks, by, to.lift - view.lift)


def turned(view: View, marks: Iterable[Mark], by: float, lift: float = 0.0) -> list[Become]:
    """Turn a view by degrees about the axis and lift the eye; its marks are drawn anew."""
    turn_from, lift_from = view.turn, view.lift

    def change(share: float) -> None:
        view.turn, view.lift = turn_from + share * by, lift_from + share * lift

    return [Become(mark, change) for mark in marks]


def placed(
    space: Space, marks: Iterable[Mark], centre: Sequence[float] | Point, radius: float
) -> list[Become]:
    """Move and scale a sphere in the frame, with all that stands in its space."""
    centre_from, radius_from = space.centre.copy(), space.radius
    centre_to = np.array([*centre[:2], 0.0])

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


def drawn(line: Trace | Curve, **kwargs: Any) -> Become:
    """Draw a line from its first row to its last; it comes onto the stage with it."""
    last = line.rows - 1
    return Become(line, lambda share: line.show_upto(share * last), introducer=True, **kwargs)


def grown(row: RowOfBars, **kwargs: Any) -> Become:
    """Raise a row of bars from zero; it comes onto the stage with it."""
    return Become(row, row.grow, introducer=True, **kwargs)


class Level(Animation):
    """Lead how much of mobjects shows, as a share of their own opacity, to `share`.

    Only opacity changes: what fades may be swept or turned meanwhile.
    """

    def __init__(self, mobject: Mobject, share: float, **kwargs: Any) -> None:
        super().__init__(mobject, **kwargs)
        self.share = share

    def begin(self) -> None:
        """Remember, once, how opaque each part is of itself."""
        family = cast(Mobject, self.mobject).get_family()
        self.parts: list[Any] = [part for part in family if isinstance(part, VMobject)]
        for part in self.parts:
            if not hasattr(part, "lit"):
                part.lit = (part.fill_rgbas[:, 3].copy(), part.stroke_rgbas[:, 3].copy())
                part.level = 1.0
        self.levels = [self.level_before(part) for part in self.parts]
        super().begin()

    def level_before(self, part: Any) -> float:
        """The level from which a part is led."""
        return float(part.level)

    def create_starting_mobject(self) -> Mobject:
        """No copy is needed."""
        return cast(Mobject, self.mobject)

    def interpolate_mobject(self, alpha: float) -> None:
        """Set the opacities at this moment."""
        share = self.rate_func(alpha)
        for part, before in zip(self.parts, self.levels, strict=True):
            _set_level(part, before + share * (self.share - before))


def _set_level(part: Any, level: float) -> None:
    """Show a share of a part's own opacity."""
    part.level = level
    part.fill_rgbas[:, 3], part.stroke_rgbas[:, 3] = (level * own for own in part.lit)


class Appear(Level):
    """Come onto the stage."""

    def __init__(self, mobject: Mobject, **kwargs: Any) -> None:
        super().__init__(mobject, 1.0, introducer=True, **{"run_time": TIME.fade, **kwargs})

    def level_before(self, part: Any) -> float:
        """Whatever it was before: it comes from nothing."""
        return 0.0


class Leave(Level):
    """Go from the stage."""

    def __init__(self, mobject: Mobject, **kwargs: Any) -> None:
        super().__init__(mobject, 0.0, remover=True, **{"run_time": TIME.fade, **kwargs})

    def clean_up_from_scene(self, scene: Scene) -> None:
        """Once off the stage it has its own opacity again."""
        super().clean_up_from_scene(scene)
        for part in self.parts:
            _set_level(part, 1.0)


def appear(*mobjects: Mobject, **kwargs: Any) -> list[Appear]:
    """Let mobjects come onto the stage together."""
    return [Appear(mobject, **kwargs) for mobject in mobjects]


def leave(*mobjects: Mobject, **kwargs: Any) -> list[Leave]:
    """Let mobjects go together."""
    return [Leave(mobject, **kwargs) for mobject in mobjects]


def dimmed(*mobjects: Mobject) -> list[Level]:
    """Dim what is not spoken of."""
    return [Level(mobject, OPACITY.dimmed) for mobject in mobjects]


def lit(*mobjects: Mobject) -> list[Level]:
    """Light again what was dimmed."""
    return [Level(mobject, 1.0) for mobject in mobjects]
