"""Bars whose numbers change: the same quantity before and after a step, in the same places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Traced
from scenes.stage.bars import ABOVE, FILLED, OPACITIES, RowOfBars
from scenes.stage.pieces import elided, row_px, shown_as
from scenes.stage.plots import TICK_GAP, Box, Measure, Upright
from scenes.stage.readouts import Number
from scenes.stage.style import SIZE
from scenes.stage.text import Line


class ChangingBars(VGroup):
    """One row of bars that can be led through states, each a whole row of recorded numbers.

    Between two states the bars are on their way; their numbers are the nearer state's. These stand
    above the bars where all of them are narrow enough.

    Args:
        states: the numbers of all bars, state by state.
        names: the bars' names, below them; the one at `lit` is lit.
    """

    def __init__(
        self, box: Box, y: Measure, states: Sequence[Sequence[Traced]], names: Sequence[str],
        role: str, *, places: int = 2, lit: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.states = tuple(tuple(state) for state in states)
        self.heights = np.array([[n.value for n in state] for state in self.states])
        self.axis = Upright(box, y)
        group = box.width / len(self.states[0])
        lefts = box.left + group * (np.arange(len(self.states[0])) + (1 - FILLED) / 2)
        self.row = RowOfBars(self.axis, lefts, group * FILLED, self.states[0], role, OPACITIES[0])
        self.room = 0.95 * group
        shown = [shown_as(name) for name in names]
        self.px = row_px(shown, [self.room] * len(shown), SIZE.label, "SEMIBOLD")
        self.names = VGroup(*(self._name(n, i, i == lit) for i, n in enumerate(names)))
        self.columns = self._numbers(places)
        self.numbers = VGroup(*self.columns)
        if self.columns:  # Room for the number of a bar that reaches the top.
            self.axis.texts[-1].shift((0, 0.22, 0))
        self.add(self.axis, self.row, self.names, self.numbers)
        self.show_row(0)

    def _name(self, name: str, bar: int, lit: bool) -> Line:
        role, weight = ("ink", "SEMIBOLD") if lit else ("muted", "NORMAL")
        words = elided(shown_as(name), self.room, self.px, "SEMIBOLD")
        line = Line(words, px=self.px, role=role, weight=weight)  # type: ignore[arg-type]
        middle = self.row.lefts[bar] + self.row.width_of_bar / 2
        baseline = self.axis.box.bottom - TICK_GAP - 0.2
        return line.shift((middle - line.get_center()[0], baseline - line.baseline, 0))

    def _numbers(self, places: int) -> list[Number]:
        """A number for each bar, or none if one of them is wider than its bar's place."""
        numbers = [
            Number(state[0], places=places, px=SIZE.tick, role=self.row.role, widest=state)
            for state in zip(*self.states, strict=True)
        ]
        wide = max(n.room for n in numbers) > self.row.width_of_bar / FILLED * 0.97
        return [] if wide else numbers

    def show_row(self, row: float) -> None:
        """Lead the bars to a state, or between two of them."""
        last = len(self.states) - 1
        low = int(np.clip(np.floor(row), 0, last))
        high = min(low + 1, last)
        values = self.heights[low] + (self.heights[high] - self.heights[low]) * (row - low)
        numbers = self.states[int(np.clip(round(row), 0, last))]
        self.row.reach(numbers, np.array([self.axis.height_of(v) for v in values]))
        for number, traced, top in zip(self.columns, numbers, self.row.ends, strict=False):
            number.end_at(top[0] + number.room / 2, max(top[1], self.axis.foot) + ABOVE)
            # Displayed where it now stands: shifts would add up their rounding errors.
            number.display(traced)
