"""What is led through a sweep: axes and sliders in equal ratios, dots and lines that change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Recording, Traced
from scenes.stage.curves import at_row, disc_points, straight
from scenes.stage.plots import Measure, Plot
from scenes.stage.readouts import row_of
from scenes.stage.slider import KNOB, Slider
from scenes.stage.style import COLOUR, LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

Rows = Sequence[Sequence[Traced]]
"""Numbers of a sweep: one sequence for each of its rows, all of one length."""


def rows_of(recording: Recording, name: str) -> list[tuple[Traced, ...]]:
    """The rows of a field with two axes, the first of which is the sweep."""
    return [row_of(recording, name, row) for row in range(getattr(recording, name).shape[0])]


@dataclass(frozen=True, slots=True)
class Ratios(Measure):
    """A logarithmic axis from `low` to `high`: equal ratios lie equally far apart."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """How far along the axis a value lies: 0 at `low`, 1 at `high`."""
        return float(np.log(value / self.low) / np.log(self.high / self.low))

    def label(self, tick: float) -> str:
        """A tick as it is written: a power of two, below one as a fraction."""
        return f"{tick:g}" if tick >= 1 else f"1/{1 / tick:g}"


def ratios(name: str, numbers: Sequence[Traced], most: int = 5) -> Ratios:
    """A logarithmic axis over numbers above zero, with at most `most` powers of two as ticks."""
    low, high = (float(f([n.value for n in numbers])) for f in (np.min, np.max))
    first, last = np.ceil(np.log2(low) - 1e-4), np.floor(np.log2(high) + 1e-4)
    step = next(s for s in range(1, 99) if last // s - -(-first // s) + 1 <= most)
    ticks = 2.0 ** (step * np.arange(-(-first // step), last // step + 1))
    return Ratios(name, numbers[0].unit, tuple(map(float, ticks)), low, high)


class EvenSlider(Slider):
    """A slider whose rows lie equally far apart, for what is swept in equal ratios."""

    def place(self, row: float) -> Point:
        """Where on the track a row lies."""
        start: Point = self.track.get_left()
        return start + np.array([row / (len(self.numbers) - 1) * self.width_of_track, 0, 0])

    def marked(self, row: int, words: str, axis: Ratios | None = None) -> VGroup:
        """A tick on the track at a row, and words below it; beside them the values of an axis."""
        place, half = self.place(row), np.array([0, 0.6 * KNOB * PIXEL, 0])
        tick = VMobject(fill_opacity=0).set_stroke(COLOUR.muted, STROKE.chord)
        tick.set_points(straight((place - half)[None], (place + half)[None]))
        tick.set_z_index(LAYER.inside)
        group = VGroup(tick, self._below(words, place))
        if axis:
            group.add(*self._values(axis, but=self.numbers[row].value))
        return group

    def _values(self, axis: Ratios, but: float) -> Iterator[Line]:
        """An axis' values below the track, without one of them."""
        start: Point = self.track.get_left()
        for value in axis.ticks:
            if not np.isclose(value, but):
                across = np.array([axis.share(value) * self.width_of_track, 0, 0])
                yield self._below(axis.label(value), start + across)

    def _below(self, words: str, place: Point) -> Line:
        line = Line(words, px=SIZE.tick, role="muted")
        return line.shift(place - np.array([0, 1.08 * KNOB * PIXEL, 0]) - line.get_top())


class SweptPlaces(VMobject):
    """Places on a plot led through the rows of a sweep; `traced` are the outermost two shown."""

    def __init__(self, plot: Plot, xs: Rows, ys: Rows, role: str) -> None:
        super().__init__()
        self.plot, self.xs, self.ys, self.role = plot, xs, ys, role
        self.places = np.stack(
            [
                plot.at([n.value for n in x], [n.value for n in y])
                for x, y in zip(xs, ys, strict=True)
            ]
        )

    def show_row(self, row: float) -> None:
        """Go to a row; between two rows the places are on their way."""
        x, y = (rows[int(np.clip(round(row), 0, len(rows) - 1))] for rows in (self.xs, self.ys))
        self.traced = (x[0], x[-1], y[0], y[-1])
        self.draw(at_row(self.places, row))

    def draw(self, places: Point) -> None:
        """Draw the places (n, 3)."""
        raise NotImplementedError


class SweptDots(SweptPlaces):
    """As many dots as there are places."""

    def __init__(self, plot: Plot, xs: Rows, ys: Rows, role: str, px: float = 16) -> None:
        super().__init__(plot, xs, ys, role)
        self.outline = disc_points(px * PIXEL / 2)
        # Without a rim: where dots crowd, rims would hide them all.
        self.set_fill(colour_of(role), 1).set_stroke(width=0)
        self.set_z_index(LAYER.point)
        self.show_row(0)

    def draw(self, places: Point) -> None:
        """Draw a dot at each place."""
        self.set_points((places[:, None, :] + self.outline).reshape(-1, 3))


class SweptLine(SweptPlaces):
    """A line through the places."""

    def __init__(
        self, plot: Plot, xs: Rows, ys: Rows, role: str, width: float = STROKE.chord
    ) -> None:
        super().__init__(plot, xs, ys, role)
        self.set_fill(opacity=0).set_stroke(colour_of(role), width)
        self.set_z_index(LAYER.arc)
        self.show_row(0)

    def draw(self, places: Point) -> None:
        """Draw a straight line from place to place."""
        self.set_points(straight(places[:-1], places[1:]))
