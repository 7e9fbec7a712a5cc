"""Numbers on the screen. A readout takes a `Traced` and keeps it: every number can be opened.

Digits are cached outlines of a typeface with tabular figures: a number that changes every frame
costs one array, and does not shake.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Recording, Traced
from scenes.stage.fitting import fewer_curves
from scenes.stage.outlines import Weight, advance, line_of
from scenes.stage.style import LAYER, PIXEL, SIZE, Point, colour_of

Label = VMobject | VGroup


SMOOTH = 1e-3
"""By how much of an em a digit's outline may be off to have fewer curves: 0.04 pixels."""


@cache
def character_points(character: str, weight: Weight) -> Point:
    """The outline of one character of a number, from the origin on; the em is 1."""
    return fewer_curves(line_of(character, weight)[0], SMOOTH)


@lru_cache(maxsize=4096)
def number_points(words: str, weight: Weight) -> tuple[Point, float]:
    """Outlines of a number written in `words`, from the origin on, and its width; the em is 1.

    They are put together from single characters: no other number costs Pango anything. They are
    kept, and must not be changed.
    """
    pen, outlines = 0.0, [np.zeros((0, 3))]
    for character in words:
        if not character.isspace():
            outlines.append(character_points(character, weight) + np.array([pen, 0, 0]))
        pen += advance(character, weight)
    outline = np.concatenate(outlines)
    outline.flags.writeable = False
    return outline, pen


def written(value: float, places: int, unit: str) -> str:
    """A number as it stands on the screen: a true minus sign, no minus zero, its unit after it.

    From five digits on, commas part the thousands.
    """
    words = f"{value:,.{places}f}" if abs(value) >= 10_000 else f"{value:.{places}f}"
    if round(value, places) == 0:
        words = words.lstrip("-")
    spaced = {"": "", "1": "", "°": "°", "%": " %"}.get(unit, f" {unit}")
    return words.replace("-", "−") + spaced


class Number(VMobject):
    """A recorded number, right-aligned in its column. `display` changes it in place.

    `widest` are the numbers for which there must be room, so that neighbours do not move; `traced`
    holds the number that it displays now. It may be moved, not scaled.
    """

    def __init__(
        self, number: Traced, *, places: int = 2, px: float = SIZE.readout, role: str = "ink",
        widest: Sequence[Traced] = (), weight: Weight = "NORMAL",
    ) -> None:  # fmt: skip
        super().__init__(stroke_width=0, fill_opacity=1, color=colour_of(role))
        self.places, self.px, self.role, self.weight = places, px, role, weight
        self.set_z_index(LAYER.text)
        texts = {written(n.value, places, n.unit) for n in (number, *widest)}
        self.room = max(number_points(text, weight)[1] for text in texts) * px * PIXEL
        self.first = np.zeros(3)
        self.display(number)

    @property
    def pen(self) -> Point:
        """Where the column starts, on the baseline. However it was moved, its first point tells."""
        # Rounded, so that a thousand changes in place do not add up to a drift.
        return np.round(self.points[0] - self.first, 9) if self.has_points() else np.zeros(3)

    def display(self, number: Traced) -> None:
        """Display another number in the same place."""
        pen = self.pen
        self.traced = (number,)
        self.words = written(number.value, self.places, number.unit)
        outline, width = number_points(self.words, self.weight)
        outline = outline * self.px * PIXEL
        outline[:, 0] += self.room - width * self.px * PIXEL
        self.first = outline[0]
        self.set_points(outline + pen)

    def end_at(self, right: float, baseline: float) -> None:
        """Move the column's right end, on the baseline, to a place."""
        pen = self.pen
        self.shift((right - self.room - pen[0], baseline - pen[1], 0))


class Readout(VGroup):
    """A name, which may be text or an equation, and a number beside it.

    Live readouts are given the whole row of numbers and shown one of them with `show_row`.
    """

    def __init__(
        self, name: Label, numbers: Traced | Sequence[Traced], *, places: int = 2,
        px: float = SIZE.readout, role: str = "ink", gap: float = 0.3,
    ) -> None:  # fmt: skip
        super().__init__()
        self.numbers = (numbers,) if isinstance(numbers, Traced) else tuple(numbers)
        self.label = name
        self.number = Number(self.numbers[0], places=places, px=px, role=role, widest=self.numbers)
        self.number.end_at(name.get_right()[0] + gap + self.number.room, baseline_of(name))
        self.add(name, self.number)

    def show_row(self, row: float) -> None:
        """Show the recorded number nearest to `row`; nothing is invented between two rows."""
        last = len(self.numbers) - 1
        self.number.display(self.numbers[int(np.clip(round(row), 0, last))])


def baseline_of(name: Label) -> float:
    """The height on which a number beside `name` stands."""
    line = getattr(name, "baseline", None)
    return float(name.get_bottom()[1] if line is None else line)


def column_of(readouts: Sequence[Readout], left: float, top: float, spacing: float) -> VGroup:
    """Readouts below each other: names flush left, numbers in one column, right-aligned.

    `top` is the height of the first one's baseline.
    """
    edge = left + max(r.label.width + r.number.room for r in readouts) + 0.3
    for number, readout in enumerate(readouts):
        baseline = top - number * spacing
        label = readout.label
        label.shift((left - label.get_left()[0], baseline - baseline_of(label), 0))
        readout.number.end_at(edge, baseline)
    return VGroup(*readouts)


def row_of(recording: Recording, name: str, *index: int) -> tuple[Traced, ...]:
    """The numbers along the last axis of a field, each with its origin."""
    length = getattr(recording, name).shape[-1]
    return tuple(recording.traced(name, *index, i) for i in range(length))


def degrees_of(recording: Recording, name: str, *index: int) -> tuple[Traced, ...]:
    """The angles along the last axis of a field, in degrees."""
    return tuple(number.degrees for number in row_of(recording, name, *index))


def nearest_row(numbers: Sequence[Traced], wanted: Traced) -> int:
    """The row of the recorded number nearest to another: where a sweep is to stop."""
    return int(np.argmin([abs(n.value - wanted.value) for n in numbers]))
