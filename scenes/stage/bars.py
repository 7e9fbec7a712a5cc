"""Bars: recorded numbers by layer, head or dimension; one mobject a row of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Traced
from scenes.stage.curves import rectangles, straight
from scenes.stage.pieces import elided, row_px
from scenes.stage.plots import TICK_GAP, Box, Measure, Upright
from scenes.stage.readouts import Label, Number, baseline_of
from scenes.stage.style import LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

FILLED = 0.72
"""The share of a group's width that its bars take."""

ASCENT = 0.74
"""How far a letter such as l rises above the baseline, in ems."""

ABOVE = 0.09
"""From a bar's end to its number, in Manim's units."""

AROUND = (0.01, 0.3)
"""How far below a bar's end and above it no rule runs where its number stands free of rules."""

STEPS = tuple(m * 10.0**e for e in range(-4, 5) for m in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0))
"""The steps among which an axis that is free of numbers is looked for."""

OPACITIES = (0.9, 0.3, 0.1)
"""Rows of one role are told apart by how filled they are; all have the role's outline."""


class Bars(VGroup):
    """Rows of numbers as bars in groups: the group i holds the number i of each row.

    `role` is that of all rows, or one for each. `rows` has one mobject for each row, `numbers` the
    values above the bars where these are wide enough, `names` the groups' names below.
    """

    def __init__(
        self, box: Box, y: Measure, rows: Sequence[Sequence[Traced]], names: Sequence[str],
        role: str | Sequence[str], *, places: int = 2,
    ) -> None:  # fmt: skip
        super().__init__()
        self.roles = [role] * len(rows) if isinstance(role, str) else list(role)
        self.axis = Upright(box, y)
        self.rows = tuple(self._row(rows, number) for number in range(len(rows)))
        self.room = 0.98 * box.width / max(1, len(names))
        self.px = row_px(names, [self.room] * len(names), SIZE.tick, "NORMAL")
        self.names = VGroup(*(self._name(n, i, len(names)) for i, n in enumerate(names)))
        self.numbers = VGroup(*(n for row in self.rows for n in self._numbers(row, places)))
        self.add(self.axis, *self.rows, self.names, self.numbers)

    def _row(self, rows: Sequence[Sequence[Traced]], number: int) -> RowOfBars:
        group = self.axis.box.width / len(rows[0])
        width = FILLED * group / len(rows)
        lefts = self.axis.box.left + group * (np.arange(len(rows[0])) + (1 - FILLED) / 2)
        role = self.roles[number]
        filled = OPACITIES[min(self.roles[:number].count(role), len(OPACITIES) - 1)]
        return RowOfBars(self.axis, lefts + width * number, width * 0.9, rows[number], role, filled)

    def _name(self, name: str, group: int, groups: int) -> Line:
        box = self.axis.box
        words = elided(name, self.room, self.px)
        line = Line(words, px=self.px, role="muted")
        middle = box.left + box.width * (group + 0.5) / groups
        # By their baseline: single letters are not equally high.
        foot = box.bottom - TICK_GAP - ASCENT * SIZE.tick * PIXEL
        return line.shift((middle - line.get_center()[0], foot - line.baseline, 0))

    def _numbers(self, row: RowOfBars, places: int) -> list[Number]:
        """The values above a row's bars, if every one is as narrow as its bar's place."""
        numbers = [Number(n, places=places, px=SIZE.tick, role=row.role) for n in row.traced]
        if max(n.width for n in numbers) > row.width_of_bar * 1.1:
            return []
        for number, (across, top, _) in zip(numbers, row.tops, strict=True):
            # A bar below zero ends upwards at zero: inside of it no number could be read.
            up = max(top, self.axis.foot) + ABOVE
            number.shift(np.array([across, up, 0]) - number.get_bottom())
        return numbers

    def legend(self, words: Sequence[Label], px: float = SIZE.label) -> VGroup:
        """What each row stands for: a swatch filled as its bars are, and words or a term."""
        side = 0.7 * px * PIXEL
        square = rectangles(np.array([[side / 2, side / 2, 0]]), np.array([side] * 2))
        group = VGroup()
        for number, (row, label) in enumerate(zip(self.rows, words, strict=True)):
            swatch = VMobject().set_fill(colour_of(row.role), row.filled)
            swatch.set_stroke(colour_of(row.role), STROKE.axis).set_points(square)
            start = (2 * side, 0, 0)
            label.shift(start - np.array([label.get_left()[0], baseline_of(label), 0]))
            group.add(VGroup(swatch, label).shift((0, -number * 2 * px * PIXEL, 0)))
        return group


def clear(axis: Measure, numbers: Sequence[Traced], height: float, most: int = 4) -> Measure:
    """The same axis in steps that lead no rule through the numbers above bars of these values.

    Of those with two to `most` steps, the one on which the bars are highest; the same axis if
    there is none.

    Args:
        height: of the axis, in Manim's units.
    """
    values = np.array([number.value for number in numbers])
    if values.min() < 0:
        return axis
    found = (a for a in _in_steps(axis, values.max(), most) if _is_clear(a, values, height))
    return min(found, key=lambda a: (a.ticks[-1], -len(a.ticks)), default=axis)


def _in_steps(axis: Measure, highest: float, most: int) -> Iterator[Measure]:
    for step in STEPS:
        for count in range(2, most + 1):
            if highest < step * count < 3 * highest:
                yield replace(axis, ticks=tuple(step * n for n in range(count + 1)))


def _is_clear(axis: Measure, values: Point, height: float) -> bool:
    ends = height * values / axis.ticks[-1]
    rules = height * np.array(axis.ticks) / axis.ticks[-1]
    apart = rules - ends[:, None]
    return not ((apart > -AROUND[0]) & (apart < AROUND[1])).any()


class RowOfBars(VMobject):
    """One row of bars as one mobject; `traced` are its numbers. `grow` raises them from zero."""

    def __init__(
        self, axis: Upright, lefts: Any, width: float, numbers: Sequence[Traced], role: str,
        filled: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.axis, self.lefts, self.width_of_bar = axis, lefts, width
        self.traced, self.role, self.filled = tuple(numbers), role, filled
        self.set_fill(colour_of(role), filled).set_stroke(colour_of(role), STROKE.chord)
        self.set_z_index(LAYER.near)
        self.grow(1.0)

    @property
    def tops(self) -> Point:
        """The middles (n, 3) of the bars' upper ends, fully grown."""
        heights = [self.axis.height_of(n.value) for n in self.traced]
        return np.stack([self.lefts + self.width_of_bar / 2, heights, 0 * self.lefts], axis=1)

    def grow(self, share: float) -> None:
        """Draw the bars at a share of their heights."""
        self.reach(self.traced, self.axis.foot + share * (self.tops[:, 1] - self.axis.foot))

    def change_from(self, before: Sequence[Traced]) -> Callable[[float], None]:
        """What leads the bars from other numbers to their own; they stand for the nearer ones."""
        own = self.traced
        start, end = (
            np.array([self.axis.height_of(n.value) for n in numbers]) for numbers in (before, own)
        )

        def change(share: float) -> None:
            numbers = own if share >= 0.5 else before
            self.reach(numbers, start + share * (end - start))

        return change

    def reach(self, numbers: Sequence[Traced], top: Point) -> None:
        """Draw the bars up to heights in the frame, and let them stand for these numbers."""
        self.traced = tuple(numbers)
        foot = self.axis.foot
        self.ends = np.stack([self.lefts + self.width_of_bar / 2, top, 0 * self.lefts], axis=1)
        right, zero = self.lefts + self.width_of_bar, 0 * self.lefts
        ring = [(self.lefts, zero + foot), (right, zero + foot), (right, top), (self.lefts, top)]
        corners = np.stack([np.stack([x, y, zero], axis=1) for x, y in [*ring, ring[0]]], axis=1)
        self.set_points(straight(corners[:, :-1].reshape(-1, 3), corners[:, 1:].reshape(-1, 3)))
