"""Vectors of a matrix that turn from any length to length 1, and their lengths beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import VGroup, VMobject
from numpy.typing import NDArray

from ngpt_math.recordings import Recording, Traced
from scenes.stage.curves import straight
from scenes.stage.matrices import Cells, Matrix, cells_of
from scenes.stage.plots import dashes
from scenes.stage.readouts import Number, row_of
from scenes.stage.style import COLOUR, LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

BEFORE, AFTER = "traditional", "normalized"
OFF = 0.16
"""From a matrix to the bars beside it."""

Steps = NDArray[np.int_]


def steps_at(at: float, parts: NDArray[Any], steps: int) -> Steps:
    """The step at which each of `parts` stands: part n goes through all while `at` is in n…n+1."""
    return np.rint(np.clip(at - parts, 0, 1) * (steps - 1)).astype(int)


class TurningMatrix(VGroup):
    """A matrix of which one part after the other turns from traditional to normalized.

    Args:
        frames: the recorded cells at every step, from before to after.
        parts: to which part each cell belongs, [rows, columns].
        make: draws cells in a role, with the value of the strongest colour.
    """

    def __init__(
        self, frames: Sequence[Cells], parts: Steps, make: Callable[[Cells, str, float], Matrix]
    ) -> None:
        super().__init__()
        self.frames, self.parts = tuple(frames), parts
        ends = (frames[0], frames[-1])
        full = max(abs(n.value) for cells in ends for row in cells for n in row)
        self.before, self.after = (make(frames[0], role, full) for role in (BEFORE, AFTER))
        self.add(self.before, self.after)
        self.show_at(0)

    def show_at(self, at: float) -> None:
        """Show the first parts, `at` many, as they are afterwards; the next one on its way."""
        steps = steps_at(at, self.parts, len(self.frames))
        cells = [
            [self.frames[step][i][j] for j, step in enumerate(row)] for i, row in enumerate(steps)
        ]
        self.before.display(cells, steps == 0)
        self.after.display(cells, steps > 0)


class Lengths(VGroup):
    """The lengths of vectors: bars from their ends, the numbers, and a dashed line at length 1.

    Args:
        frames: the recorded lengths at every step, from before to after.
        feet: where the bars begin, (n, 3), in a column; or in a row, if `down`.
        room: how far the longest bar goes, in Manim's units.
        down: bars hang down, for the columns of a matrix; otherwise they go to the right.
        parts: to which part each length belongs; by default each is a part of its own.
    """

    def __init__(
        self, frames: Sequence[Sequence[Traced]], feet: Point, room: float, *, down: bool = False,
        parts: Sequence[int] | None = None, px: float = SIZE.label,
    ) -> None:  # fmt: skip
        super().__init__()
        self.frames, self.feet = tuple(frames), feet
        self.parts = np.arange(len(feet)) if parts is None else np.array(parts)
        longest = max(1.0, *(n.value for frame in (frames[0], frames[-1]) for n in frame))
        self.along = np.array([0.0, -1.0, 0.0] if down else [1.0, 0.0, 0.0])
        self.per_length = room / longest
        self.bars = {role: self._bars(role) for role in (BEFORE, AFTER)}
        self.one = self._line_at_one()
        self.numbers = [self._number(row, room, px) for row in range(len(feet))]
        self.add(*self.bars.values(), self.one, *self.numbers)
        self.show_at(0)

    def _bars(self, role: str) -> VMobject:
        bars = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.flow * 1.5)
        bars.set_z_index(LAYER.near)
        return bars

    def _number(self, row: int, room: float, px: float) -> Number:
        """A number behind the room of its bar."""
        every = [frame[row] for frame in self.frames]
        number = Number(every[0], px=px, role=BEFORE, widest=every)
        place = self.feet[row] + (room + OFF) * self.along
        if self.along[0]:
            number.end_at(place[0] + number.room, place[1] - 0.35 * px * PIXEL)
        else:
            number.end_at(place[0] + number.room / 2, place[1] - 0.7 * px * PIXEL)
        return number

    def _line_at_one(self) -> VMobject:
        """A dashed line across all bars where the length is 1."""
        aside = 0.3 * np.array([-self.along[1], -self.along[0], 0])
        ends = np.stack([self.feet[0] - aside, self.feet[-1] + aside])
        line = VMobject(fill_opacity=0).set_stroke(COLOUR.ink, STROKE.axis)
        line.set_points(dashes(*(ends + self.per_length * self.along)))
        line.set_z_index(LAYER.arc)
        return line

    def named(self, words: str = "1", px: float = SIZE.tick) -> Line:
        """What the dashed line stands for, beyond its first end; or its last, where bars hang."""
        name = Line(words, px=px, role="muted")
        if self.along[0]:
            return name.next_to(self.one, np.array([0, 1.0, 0]), buff=0.1)
        return name.next_to(self.one, np.array([1.0, 0, 0]), buff=0.15)

    def show_at(self, at: float) -> None:
        """Show the first parts, `at` many, as they are afterwards; the next one on its way."""
        steps = steps_at(at, self.parts, len(self.frames))
        for row, (number, step) in enumerate(zip(self.numbers, steps, strict=True)):
            number.display(self.frames[step][row])
            number.set_fill(colour_of(AFTER if step else BEFORE))
        for role, chosen in ((BEFORE, steps == 0), (AFTER, steps > 0)):
            lengths = np.array([number.traced[0].value for number in self.numbers])[chosen]
            reach = lengths[:, None] * self.per_length * self.along
            self.bars[role].set_points(straight(self.feet[chosen], self.feet[chosen] + reach))


def feet_of(matrix: Matrix, *, down: bool = False) -> Point:
    """Where the bars of a matrix's rows begin, on its right; or of its columns, below it."""
    rows, columns = matrix.shape
    if down:
        places = np.array([matrix.middle_of(0, j) for j in range(columns)])
        places[:, 1] = matrix.get_bottom()[1] - OFF
    else:
        places = np.array([matrix.middle_of(i, 0) for i in range(rows)])
        places[:, 0] = matrix.get_right()[0] + OFF
    return places


def frames_of(recording: Recording, name: str) -> list[Cells]:
    """A field [steps, rows, columns] as the cells of a `TurningMatrix`."""
    steps, *shape = getattr(recording, name).shape
    return [cells_of(recording, name, (shape[0], shape[1]), step) for step in range(steps)]


def lengths_of(recording: Recording, name: str) -> list[tuple[Traced, ...]]:
    """A field [steps, n] as the lengths of `Lengths`."""
    return [row_of(recording, name, step) for step in range(len(getattr(recording, name)))]


def parts_of(cells: Cells, *, down: bool = False) -> Steps:
    """Each row as a part of its own; or each column, if `down`."""
    return np.indices((len(cells), len(cells[0])))[int(down)]
