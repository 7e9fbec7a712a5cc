"""Attention patterns: which token looks at which, as a grid with the tokens beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Recording, Traced
from scenes.stage.matrices import Matrix
from scenes.stage.pieces import row_px, shown_as, width_of
from scenes.stage.style import PIXEL, SIZE
from scenes.stage.text import Line


def pattern_of(recording: Recording, name: str, *index: int) -> list[list[Traced]]:
    """The numbers of a square pattern: row i is what token i looks at."""
    size = getattr(recording, name).shape[-1]
    return [[recording.traced(name, *index, i, j) for j in range(size)] for i in range(size)]


class AttentionGrid(VGroup):
    """A pattern with its tokens: rows ask, columns are asked. Full colour is a weight of 1.

    Where tokens are wider than a cell, rows and columns are numbered, and rows have their tokens.
    """

    def __init__(
        self, cells: Sequence[Sequence[Traced]], tokens: Sequence[str], role: str,
        *, side: float = 36, px: float = SIZE.tick, full: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.tokens = tuple(tokens)
        self.grid = Matrix(cells, role, cell=(side, side), numbers=False, full=full)
        gap = np.array([0.14, 0, 0])
        self.asking, self.asked = VGroup(), VGroup()
        rows, columns, px = labels(self.tokens, side, px)
        across = row_px(columns, [0.8 * side * PIXEL] * len(columns), px, "NORMAL")
        across = px if columns == rows else across
        for number, (before, above_it) in enumerate(zip(rows, columns, strict=True)):
            left, top = self.grid.middle_of(number, 0), self.grid.middle_of(0, number)
            row, column = Line(before, px=px), Line(above_it, px=across)
            edge = self.grid.corner[0]
            row.shift((edge - row.get_right()[0], left[1] - 0.17 * px * PIXEL - row.baseline, 0))
            self.asking.add(row.shift(-gap))
            above = self.grid.corner[1] + 0.16 - column.baseline
            self.asked.add(column.shift((top[0] - column.get_center()[0], above, 0)))
        self.add(self.grid, self.asking, self.asked)


def labels(tokens: Sequence[str], side: float, px: float) -> tuple[list[str], list[str], float]:
    """The names of a grid's rows and of its columns, and the size of both.

    Args:
        side: of a cell, in pixels. px: the size, where there is room.
    """
    words, room = [shown_as(token) for token in tokens], 0.95 * side * PIXEL
    if all(len(token) == 1 for token in tokens):
        return words, words, px
    size = row_px(words, [room] * len(words), px, "NORMAL")
    if all(width_of(each, size) <= room for each in words):
        return words, words, size
    numbers = [str(number + 1) for number in range(len(words))]
    return [f"{each}  {number}" for each, number in zip(words, numbers, strict=True)], numbers, px


def label_width(tokens: Sequence[str], side: float, px: float) -> float:
    """How wide the names of a grid's rows are, in Manim's units."""
    rows, _, size = labels(tokens, side, px)
    return max(width_of(row, size) for row in rows)
