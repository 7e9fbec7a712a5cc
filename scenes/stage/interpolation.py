"""Two ways between two points of the sphere, swept together: chord and arc."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Mobject

from scenes.stage.curves import at_row
from scenes.stage.marks import Dot, Trace
from scenes.stage.space import Space
from scenes.stage.style import STROKE

Rows = np.ndarray[Any, np.dtype[np.floating[Any]]]
Step = tuple[Mobject, Callable[[float], None]]


class Interpolation:
    """The lines and points of a recorded sweep; its arrays are (rows, 3).

    `chord` and `arc` are the ways. Of the points, `mix` goes along the chord, `lerp` is the mix put
    back to length 1 along `ray`, `slerp` goes along the arc; `spoke` leads from the centre to the
    mix. Green is what nGPT computes, `lerp`. Each list of steps leads some of them through the rows
    (`scenes.stage.motion.swept`).
    """

    def __init__(self, space: Space, chord: Rows, lerp: Rows, slerp: Rows) -> None:
        self.rows = len(chord)
        self.chord_rows, self.lerp_rows = chord.astype(float), lerp.astype(float)
        self.slerp_rows = slerp.astype(float)
        self.chord = Trace(space, self.chord_rows, "muted", STROKE.axis, on_sphere=False)
        self.arc = Trace(space, self.slerp_rows, "ink", STROKE.arc)
        self.mix = Dot(space, self.chord_rows[0], "muted", px=16)
        self.lerp = Dot(space, self.lerp_rows[0], "normalized", px=26)
        self.slerp = Dot(space, self.slerp_rows[0], "ink", px=20)
        ends = np.stack([self.chord_rows[0], self.lerp_rows[0]])
        self.ray = Trace(space, ends, "normalized", STROKE.chord, on_sphere=False)
        spoke = np.stack([np.zeros(3), self.chord_rows[0]])
        self.spoke = Trace(space, spoke, "muted", STROKE.auxiliary, on_sphere=False)

    @property
    def chord_steps(self) -> list[Step]:
        """Lead the mix along the chord."""
        return [
            (self.mix, lambda row: self.mix.move_to_row(self.chord_rows, row)),
            (self.spoke, self._show_spoke),
        ]

    @property
    def lerp_steps(self) -> list[Step]:
        """Lead the mix, and the point of the sphere above it."""
        return [
            *self.chord_steps,
            (self.ray, self._show_ray),
            (self.lerp, lambda row: self.lerp.move_to_row(self.lerp_rows, row)),
        ]

    @property
    def slerp_steps(self) -> list[Step]:
        """Lead the point along the arc."""
        return [(self.slerp, lambda row: self.slerp.move_to_row(self.slerp_rows, row))]

    def _show_ray(self, row: float) -> None:
        """From the mix straight out to the sphere."""
        ends = [at_row(self.chord_rows, row), at_row(self.lerp_rows, row)]
        self.ray.points_in_space = np.stack(ends)
        self.ray.redraw()

    def _show_spoke(self, row: float) -> None:
        """From the centre to the mix."""
        self.spoke.points_in_space = np.stack([np.zeros(3), at_row(self.chord_rows, row)])
        self.spoke.redraw()

    def put_back(self, row: float) -> list[Step]:
        """Lead the point at `row` from the chord (0) out to the sphere (1)."""
        ends = np.stack([at_row(self.chord_rows, row), at_row(self.lerp_rows, row)])

        def show_ray(share: float) -> None:
            self.ray.points_in_space = np.stack([ends[0], at_row(ends, share)])
            self.ray.redraw()

        return [(self.lerp, lambda share: self.lerp.move_to_row(ends, share)), (self.ray, show_ray)]
