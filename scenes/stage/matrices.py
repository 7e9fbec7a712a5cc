"""Matrices as heat maps with their values; large ones are cut short with dots.

A matrix is about a dozen mobjects however many cells it has: one for each strength of colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import compress

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Recording, Traced
from scenes.stage.curves import disc_points, rectangles, straight
from scenes.stage.readouts import number_points, written
from scenes.stage.style import (
    COLOUR,
    LAYER,
    PIXEL,
    SIZE,
    STROKE,
    Mask,
    Point,
    colour_of,
    is_bright,
    on_ground,
)

STRENGTHS = (0.12, 0.22, 0.31, 0.4, 0.54, 0.84)
"""Opacities of the cells, from a small to a large value. Negative ones are grey."""

Cells = Sequence[Sequence[Traced]]


def kept(length: int, most: int) -> list[int | None]:
    """The indices shown of `length`, at most `most` places; None is where dots stand."""
    if length <= most:
        return list(range(length))
    return [*range(most - 2), None, length - 1]


def cells_of(recording: Recording, name: str, most: tuple[int, int], *index: int) -> Cells:
    """The shown numbers of a matrix field, the dots left out; a vector is a column."""
    shape = getattr(recording, name).shape[len(index) :]
    rows = [i for i in kept(shape[0], most[0]) if i is not None]
    if len(shape) == 1:
        return [[recording.traced(name, *index, i)] for i in rows]
    columns = [j for j in kept(shape[1], most[1]) if j is not None]
    return [[recording.traced(name, *index, i, j) for j in columns] for i in rows]


@lru_cache(maxsize=4096)
def centred_number(words: str, em: float) -> Point:
    """Outlines of a number about the origin, the em in Manim's units; kept, not to be changed."""
    outline, width = number_points(words, "NORMAL")
    centred: Point = (outline - np.array([width / 2, 0.35, 0])) * em
    centred.flags.writeable = False
    return centred


class Matrix(VGroup):
    """A matrix of recorded numbers, each cell as strong in colour as its value is large.

    Args:
        cells: the numbers, row by row; rows and columns that are left out are not in it.
        role: whose colour positive values have; negative ones are grey and have a minus sign.
        cell: width and height of a cell in pixels at 1080p.
        full: the value of the strongest colour; by default the largest magnitude shown.
        gaps: after how many rows and columns dots stand for those left out; None for no dots.
    """

    def __init__(
        self, cells: Cells, role: str, *, cell: tuple[float, float] = (104, 58), places: int = 2,
        px: float = SIZE.label, full: float | None = None, numbers: bool = True,
        gaps: tuple[int | None, int | None] = (None, None),
    ) -> None:  # fmt: skip
        super().__init__()
        self.role, self.places, self.px, self.numbers_shown = role, places, px, numbers
        self.cell = np.array(cell) * PIXEL
        self.gaps = gaps
        self.full = full or max(abs(n.value) for row in cells for n in row)
        self.shape = (len(cells), len(cells[0]))
        tones = [(colour_of(role), s) for s in STRENGTHS] + [(COLOUR.muted, s) for s in STRENGTHS]
        self.bright = np.array([is_bright(c, s) for c, s in tones])
        # As on the ground, but opaque: that is drawn in a third of the time.
        self.fills = [VMobject(stroke_width=0).set_fill(on_ground(c, s), 1) for c, s in tones]
        self.light = VMobject(stroke_width=0).set_fill(COLOUR.ink, 1)
        self.dark = VMobject(stroke_width=0).set_fill(COLOUR.ground, 1)
        for text in (self.light, self.dark):
            text.set_z_index(LAYER.text)
        self.origin = VMobject(stroke_opacity=0, fill_opacity=0)
        self.origin.set_points(np.zeros((4, 3)))
        self.offsets = np.array([self.middle_of(*ij) for ij in np.ndindex(self.shape)])
        self.add(self.origin, *self.fills, self.light, self.dark, self._brackets(), self._dots())
        self.display(cells)

    @property
    def corner(self) -> Point:
        """The upper left corner, wherever the matrix was moved."""
        corner: Point = self.origin.points[0]
        return corner

    def middle_of(self, row: int, column: int) -> Point:
        """The middle of a cell; dots take the place of one row or column."""
        down = row + (self.gaps[0] is not None and row >= self.gaps[0])
        across = column + (self.gaps[1] is not None and column >= self.gaps[1])
        width, height = self.cell
        return self.corner + np.array([(across + 0.5) * width, -(down + 0.5) * height, 0])

    def display(self, cells: Cells, shown: Mask | None = None) -> None:
        """Show other numbers in the same places; with `shown` [rows, columns] only some of them."""
        places = np.ones(self.shape, dtype=bool) if shown is None else shown
        self.traced = tuple(compress((n for row in cells for n in row), places.ravel()))
        size = len(STRENGTHS)
        values = np.array([n.value for n in self.traced])
        level = np.clip((np.abs(values) / self.full * size).astype(int), 0, size - 1)
        middles = (self.corner + self.offsets)[places.ravel()]
        tone = level + size * (values < 0)
        for number, fill in enumerate(self.fills):
            fill.set_points(rectangles(middles[tone == number], self.cell * 0.94))
        if self.numbers_shown:
            bright = self.bright[tone]
            self.light.set_points(self._written(middles, ~bright))
            self.dark.set_points(self._written(middles, bright))

    def _written(self, middles: Point, chosen: Mask) -> Point:
        """Outlines of the chosen cells' values."""
        em = self.px * PIXEL
        words = (written(n.value, self.places, n.unit) for n in compress(self.traced, chosen))
        texts = [centred_number(w, em) for w in words]
        if not texts:
            return np.zeros((0, 3))
        outlines: Point = np.concatenate(texts)
        outlines += np.repeat(middles[chosen], [len(text) for text in texts], axis=0)
        return outlines

    def _brackets(self) -> VMobject:
        """The brackets, and the dots that stand for what is left out."""
        rows, columns = (n + (g is not None) for n, g in zip(self.shape, self.gaps, strict=True))
        width, height = columns * self.cell[0], rows * self.cell[1]
        lip, reach = 0.1, 0.06
        left = [(lip, reach), (-reach, reach), (-reach, -height - reach), (lip, -height - reach)]
        line = VMobject(fill_opacity=0).set_stroke(COLOUR.muted, STROKE.axis)
        ring = np.array([(x, y, 0.0) for x, y in left])
        mirrored = ring * np.array([-1, 1, 1]) + np.array([width, 0, 0])
        line.set_points(np.concatenate([straight(r[:-1], r[1:]) for r in (ring, mirrored)]))
        return line

    def _dots(self) -> VMobject:
        """Three dots for each row and each column left out, across the middle of the matrix."""
        outline = [np.zeros((0, 3))]
        middle = (self.middle_of(0, 0) + self.middle_of(self.shape[0] - 1, self.shape[1] - 1)) / 2
        for axis, gap in enumerate(self.gaps):
            if gap is None:
                continue
            centre = middle.copy()
            away = (gap + 0.5) * self.cell[1 - axis]
            centre[1 - axis] = self.corner[1 - axis] + (away if axis else -away)
            step = np.eye(3)[1 - axis] * 0.12
            outline += [disc_points(2.5 * PIXEL) + centre + n * step for n in (-1, 0, 1)]
        dots = VMobject(stroke_width=0).set_fill(COLOUR.muted, 1)
        return dots.set_points(np.concatenate(outline))

    def row_frame(self, row: int, role: str = "ink") -> VMobject:
        """A frame around a row, to point at it."""
        first, last = self.middle_of(row, 0), self.middle_of(row, self.shape[1] - 1)
        return self._frame(first, last, role)

    def column_frame(self, column: int, role: str = "ink") -> VMobject:
        """A frame around a column."""
        first, last = self.middle_of(0, column), self.middle_of(self.shape[0] - 1, column)
        return self._frame(first, last, role)

    def _frame(self, first: Point, last: Point, role: str) -> VMobject:
        frame = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.boundary)
        frame.set_points(rectangles((first + last)[None] / 2, np.abs(last - first)[:2] + self.cell))
        frame.set_z_index(LAYER.arc)
        return frame
