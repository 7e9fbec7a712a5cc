"""A prompt on the screen, with the letter or token in it that a picture is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup, VMobject

from scenes.stage.curves import straight
from scenes.stage.outlines import Weight
from scenes.stage.readouts import number_points
from scenes.stage.style import LAYER, PIXEL, SIZE, STROKE, colour_of

MOST = 36
"""Letters shown of a prompt; a longer one is cut around the letter in question."""


def cut(words: Sequence[str], position: int) -> tuple[str, str, str]:
    """What stands before a letter or longer token, that token, and what stands after it."""
    ends = np.cumsum([len(word) for word in words])
    starts = ends - [len(word) for word in words]
    first = max(0, min(starts[position] - MOST // 2, ends[-1] - MOST))
    last = min(ends[-1], first + MOST)
    before = [w for w, start in zip(words[:position], starts, strict=False) if start >= first]
    rest = zip(words[position + 1 :], ends[position + 1 :], strict=True)
    after = [word for word, end in rest if end <= last]
    return (
        "…" * (len(before) < position) + "".join(before),
        words[position],
        "".join(after) + "…" * (len(after) < len(words) - position - 1),
    )


class Prompt(VGroup):
    """Text in quotation marks, grey, with one letter, or longer token, lit and underlined."""

    def __init__(
        self, words: Sequence[str], position: int, role: str, px: float = SIZE.body
    ) -> None:
        super().__init__()
        self.words, self.position, self.px, self.role = "".join(words), position, px, role
        before, letter, after = cut(words, position)
        pen = 0.0
        pieces: tuple[tuple[str, str, Weight], ...] = (
            ("“" + before, "muted", "NORMAL"),
            (letter, role, "SEMIBOLD"),
            (after + "”", "muted", "NORMAL"),
        )
        for text, colour, weight in pieces:
            outline, width = number_points(text, weight)
            outline = outline + np.array([pen, 0, 0])
            pen += width
            piece = VMobject(stroke_width=0).set_fill(colour_of(colour), 1)
            self.add(piece.set_points(outline * px * PIXEL))
        letter_piece = self[1]
        ends = np.array([letter_piece.get_left(), letter_piece.get_right()])
        ends[:, 1] = -0.28 * px * PIXEL
        line = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.boundary)
        self.add(line.set_points(straight(ends[:1], ends[1:])))
        self.set_z_index(LAYER.text)
