"""Plots of recorded numbers: axes with round ticks, curves, and points marked on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Traced
from scenes.stage.curves import disc_points, first_rows, straight
from scenes.stage.readouts import written
from scenes.stage.style import COLOUR, LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

DEGREES = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 45.0, 90.0, 180.0)
DECIMAL = tuple(m * 10.0**e for e in range(-4, 5) for m in (1.0, 2.0, 5.0))
TICK_GAP = 0.13


@dataclass(frozen=True, slots=True)
class Box:
    """Where the axes of a plot run, in Manim's units."""

    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What an axis measures: its name, and its ticks from the lowest to the highest value."""

    name: str
    unit: str
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """How far along the axis a value lies: 0 at the first tick, 1 at the last."""
        return (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])

    @property
    def heading(self) -> str:
        """The name, with the unit if that is a word; ticks carry signs such as ° only."""
        return f"{self.name} ({self.unit})" if self._spelt else self.name

    def label(self, tick: float) -> str:
        """A tick as it is written, with as many decimals as tell the ticks apart."""
        places = next(n for n in range(5) if all(np.isclose(round(t, n), t) for t in self.ticks))
        return written(tick, places, "" if self._spelt else self.unit)

    @property
    def _spelt(self) -> bool:
        return self.unit[:1].isalpha()


def measure(name: str, numbers: Sequence[Traced], most: int = 5, *, zero: bool = True) -> Measure:
    """An axis with room for all the numbers, and for zero, in at most `most` round steps.

    Without `zero` it begins near the least number: for curves only, never under bars.

    Raises:
        ValueError: all the numbers are zero, or the same: there is nothing to measure.
    """
    values = [*([0.0] if zero else []), *(n.value for n in numbers)]
    low, high = min(values), max(values)
    if low == high:
        raise ValueError(f"nothing to measure for {name!r}: all its numbers are the same")
    unit = numbers[0].unit
    steps = DEGREES if unit == "°" else DECIMAL
    step = next((s for s in steps if (high - low) / s <= most + 1e-4), steps[-1])
    # What misses a tick by rounding is not given another step.
    first, last = np.floor(low / step + 1e-4), np.ceil(high / step - 1e-4)
    return Measure(name, unit, tuple(float(step * n) for n in np.arange(first, last + 1)))


class Upright(VGroup):
    """An upright axis with ticks, a rule across at each, and its name above."""

    def __init__(self, box: Box, y: Measure) -> None:
        super().__init__()
        self.box, self.y = box, y
        self.rules = VMobject(fill_opacity=0).set_stroke(COLOUR.line, STROKE.auxiliary, 0.5)
        heights = np.array([box.bottom + box.height * y.share(t) for t in y.ticks])
        starts = np.stack([0 * heights + box.left, heights, 0 * heights], axis=1)
        self.rules.set_points(straight(starts, starts + np.array([box.width, 0, 0])))
        self.texts = VGroup(
            *(self._tick(y.label(t), s) for t, s in zip(y.ticks, starts, strict=True))
        )
        self.heading = Line(y.heading, px=SIZE.tick, role="muted")
        above = box.bottom + box.height + 2 * TICK_GAP
        self.texts.add(self.heading.shift((box.left - self.heading.get_left()[0], above, 0)))
        self.add(self.rules, self.texts)

    def _tick(self, words: str, place: Point) -> Line:
        line = Line(words, px=SIZE.tick, role="muted")
        return line.shift(place - line.get_right() - np.array([TICK_GAP, 0, 0]))

    def height_of(self, value: float) -> float:
        """The height in the frame of a value."""
        return self.box.bottom + self.box.height * self.y.share(value)

    @property
    def foot(self) -> float:
        """The height in the frame of zero."""
        return self.height_of(0.0)

    def level(self, y: Traced, role: str) -> VMobject:
        """A dashed line across at a value."""
        start = np.array([self.box.left, self.height_of(y.value), 0])
        line = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.chord)
        line.set_points(dashes(start, start + np.array([self.box.width, 0, 0])))
        line.set_z_index(LAYER.arc)
        return line


class Plot(Upright):
    """Two axes with ticks and names. Its curves and points are made by its methods."""

    def __init__(self, box: Box, x: Measure, y: Measure) -> None:
        super().__init__(box, y)
        self.x = x
        self.texts.add(*self._below())

    def at(self, xs: Sequence[float], ys: Sequence[float]) -> Point:
        """The places (n, 3) in the frame of n pairs of values."""
        across = [self.box.left + self.box.width * self.x.share(v) for v in xs]
        up = [self.height_of(v) for v in ys]
        return np.stack([across, up, np.zeros(len(across))], axis=1)

    def _below(self) -> Iterator[Line]:
        """The values at the ticks, and below them what is measured."""
        for tick in self.x.ticks:
            line = Line(self.x.label(tick), px=SIZE.tick, role="muted")
            place = self.at([tick], [self.y.ticks[0]])[0]
            yield line.shift(place - line.get_top() - np.array([0, TICK_GAP, 0]))
        name = Line(self.x.heading, px=SIZE.tick, role="muted")
        under = self.box.bottom - 2 * TICK_GAP - 2.0 * SIZE.tick * PIXEL
        middle = self.box.left + self.box.width / 2
        yield name.shift((middle - name.get_center()[0], under, 0))

    def curve(
        self, xs: Sequence[Traced], ys: Sequence[Traced], role: str, width: float = STROKE.arc
    ) -> Curve:
        """A curve through pairs of recorded numbers."""
        places = self.at([n.value for n in xs], [n.value for n in ys])
        return Curve(places, (xs[0], xs[-1], ys[0], ys[-1]), role, width)

    def spot(self, x: Traced, y: Traced, role: str, px: float = 20) -> Spot:
        """A point at a pair of recorded numbers."""
        return Spot(self, (x,), (y,), role, px)

    def spots(self, xs: Sequence[Traced], ys: Sequence[Traced], role: str, px: float = 20) -> Spot:
        """A point that can be led through pairs of recorded numbers; it starts at the first."""
        return Spot(self, tuple(xs), tuple(ys), role, px)

    def upright(self, x: Traced, y: Traced, role: str) -> VMobject:
        """A thin line from the axis below up to a point."""
        foot = self.at([x.value] * 2, [self.y.ticks[0], y.value])
        line = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.chord, 0.8)
        line.set_points(straight(foot[:1], foot[1:]))
        line.set_z_index(LAYER.inside)
        return line


def curve_name(curve: Curve, words: str, row: int, *, above: bool) -> Line:
    """A curve's name in its colour, beside one of its rows: above to the left, or below right."""
    line = Line(words, px=SIZE.label, role=curve.role, weight="SEMIBOLD")
    away = np.array([-0.15, 0.12, 0]) if above else np.array([0.15, -0.12, 0])
    corner = line.get_critical_point(-np.sign(away))
    return line.shift(curve.places[row] + away - corner)


class Curve(VMobject):
    """A line through places in the frame; `traced` holds the numbers at its ends."""

    def __init__(self, places: Point, traced: tuple[Traced, ...], role: str, width: float) -> None:
        super().__init__(fill_opacity=0)
        self.places, self.traced, self.role = places, traced, role
        self.set_stroke(colour_of(role), width)
        self.set_z_index(LAYER.arc)
        self.rows = len(places)
        self.show_upto(self.rows - 1)

    def show_upto(self, row: float) -> None:
        """Show the curve up to a row, the last piece in part."""
        shown = first_rows(self.places, row)
        self.set_points(straight(shown[:-1], shown[1:]))


class Spot(VMobject):
    """A point on a plot, with a dark rim; `traced` holds the numbers where it stands."""

    def __init__(
        self, plot: Plot, xs: tuple[Traced, ...], ys: tuple[Traced, ...], role: str, px: float
    ) -> None:
        super().__init__()
        self.set_fill(colour_of(role), 1).set_stroke(COLOUR.ground, STROKE.rim)
        self.set_z_index(LAYER.point)
        self.xs, self.ys, self.role = xs, ys, role
        self.places = plot.at([n.value for n in xs], [n.value for n in ys])
        self.outline = disc_points(px * PIXEL / 2)
        self.show_row(0)

    def show_row(self, row: float) -> None:
        """Go to a row; between two rows the point is on its way, its numbers are the nearer's."""
        nearest = int(np.clip(round(row), 0, len(self.xs) - 1))
        self.traced = (self.xs[nearest], self.ys[nearest])
        self.set_points(self.outline + first_rows(self.places, row)[-1])


def dashes(start: Point, end: Point, px: float = 14) -> Point:
    """Control points of a dashed line; dash and gap are `px` long."""
    count = max(1, int(np.linalg.norm(end - start) / (2 * px * PIXEL)))
    share = (np.arange(count) / count)[:, None]
    first = start + (end - start) * share
    return straight(first, first + (end - start) * 0.5 / count)
