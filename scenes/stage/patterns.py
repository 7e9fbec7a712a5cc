"""Attention patterns: which token looks at which, as a grid with the tokens beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Recording, Traced
from scenes.stage.matrices import Matrix
from scenes.stage.style import PIXEL, SIZE
from scenes.stage.text import Line

SPACE, BLANK = "·", "␣"
"""How a space is drawn, and how recordings write one; the typeface has no sign for that."""


def pattern_of(recording: Recording, name: str, *index: int) -> list[list[Traced]]:
    """The numbers of a square pattern: row i is what token i looks at."""
    size = getattr(recording, name).shape[-1]
    return [[recording.traced(name, *index, i, j) for j in range(size)] for i in range(size)]


class AttentionGrid(VGroup):
    """A pattern with its tokens: rows ask, columns are asked. Full colour is a weight of 1."""

    def __init__(
        self, cells: Sequence[Sequence[Traced]], tokens: Sequence[str], role: str,
        *, side: float = 36, px: float = SIZE.tick, full: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.tokens = tuple(tokens)
        self.grid = Matrix(cells, role, cell=(side, side), numbers=False, full=full)
        gap = np.array([0.14, 0, 0])
        self.asking, self.asked = VGroup(), VGroup()
        for number, token in enumerate(self.tokens):
            left, top = self.grid.middle_of(number, 0), self.grid.middle_of(0, number)
            row, column = Line(shown_as(token), px=px), Line(shown_as(token), px=px)
            edge = self.grid.corner[0]
            row.shift((edge - row.get_right()[0], left[1] - 0.17 * px * PIXEL - row.baseline, 0))
            self.asking.add(row.shift(-gap))
            above = self.grid.corner[1] + 0.16 - column.baseline
            self.asked.add(column.shift((top[0] - column.get_center()[0], above, 0)))
        self.add(self.grid, self.asking, self.asked)


def shown_as(token: str) -> str:
    """A token as it can be seen: a space is a mark."""
    return SPACE if token.isspace() or token == BLANK else token
