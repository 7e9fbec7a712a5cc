"""Plots, bars and ellipses of chapter 1, built from its recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Traced, TraditionalVsNormalized
from scenes.stage.bars import Bars, clear
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.curves import at_row, disc_points
from scenes.stage.equations import Equation
from scenes.stage.interpolation import Step
from scenes.stage.layout import at_left, noted
from scenes.stage.plane import Circle, Plane
from scenes.stage.plots import Box, Curve, Plot, curve_name, measure
from scenes.stage.readouts import Readout, baseline_of, column_of, row_of
from scenes.stage.style import GRID, LAYER, OPACITY, SIZE, STROKE, Point, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line
from scenes.traditional_pictures import NAMES, SIDES, Training, led, plain

FIRST, APART, GIVEN = GRID.left + 0.75, 3.55, 2.45
"""Where the first factor of an output stands, how far apart factors are, and room for ‖x‖."""

PANEL, SEEDS = 2.2, 3
"""Where what is read beside the larger models’ plot begins, and of how many seeds."""

BAR_BOX, HEADS = (2.3, 2.5), 1.95
"""Width and height of a factor’s bars, and the height of the terms above them."""


class Spread:
    """The length of every traditional vector against steps."""

    def __init__(self, training: Training) -> None:
        record = training.record
        longest = row_of(record, "gpt_norm_max")
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 7.4, 4.1),
            measure("training", training.steps, most=6),
            measure("length of each vector", longest),
        )
        self.curves = [self._curve(training, unit) for unit in range(training.shown)]
        self.count = noted(
            f"one curve for each of {training.shown} units,", "traditional toy model"
        )
        self.lengths = [
            Readout(Line(words), record.traced(field, training.last), role="traditional")
            for words, field in (("longest at the end", "gpt_norm_max"),
                                 ("shortest at the end", "gpt_norm_min"))
        ]  # fmt: skip
        at_left(self.count, 2.5, 1.9)
        column_of(self.lengths, 2.5, 0.5, 0.75)

    def _curve(self, training: Training, unit: int) -> Curve:
        numbers = [
            training.record.traced("gpt_norms", row, unit) for row in range(training.last + 1)
        ]
        return self.plot.curve(training.steps, numbers, "traditional", STROKE.chord)


class Louder:
    """What two units give for one real input: length times fit times the input’s length."""

    def __init__(self, training: Training) -> None:
        record = training.record
        pair = [int(unit) for unit in record.loud_pair]
        self.names = [f"unit {unit + 1}" for unit in pair]
        ends = [record.traced("gpt_norms", training.last, unit) for unit in pair]
        fits = [record.traced("gpt_fits", unit) for unit in pair]
        outputs = [record.traced("gpt_outputs", unit) for unit in pair]
        ones = [record.traced("gpt_unit_norms", unit) for unit in pair]
        then = [record.traced("gpt_unit_outputs", unit) for unit in pair]
        # With three places the product of what is shown is the output shown.
        self.length = self._part("{{ norm(w) : traditional }}", "length", [ends, ones], FIRST, 3)
        self.fit = self._part("cos theta", "how well the direction fits", [fits], FIRST + APART, 3)
        self.output = self._part("w dot x", "output", [outputs, then], FIRST + 2 * APART + GIVEN)
        middle = FIRST + 2 * APART + (GIVEN - APART + BAR_BOX[0]) / 2
        self.input = VGroup(
            Equation("norm(x)").move_to((middle, HEADS, 0)),
            Line("same input", px=SIZE.label).move_to((middle, 0.3, 0)),
            Readout(Line("for both:", px=SIZE.label), record.traced("gpt_input_length")),
        )
        self.input[-1].move_to((middle, -0.2, 0))
        between = (APART - BAR_BOX[0]) / 2
        places = (FIRST - between + APART, FIRST - between + 2 * APART, middle + 1.45)
        self.signs = [
            Equation(sign).move_to((across, HEADS, 0))
            for sign, across in zip(("dot", "dot", "="), places, strict=True)
        ]
        self.source = noted(
            "input x = RMSNorm(h): the letter’s numbers h, divided by their root mean square, times"
            " learned gains; θ: angle between w and x",
            f"traditional toy model after training, last letter of “{record.prompt}”", px=SIZE.tick,
        )  # fmt: skip
        at_left(self.source, GRID.left, GRID.bottom + 0.55)

    def _part(
        self, term: str, name: str, states: Sequence[Sequence[Traced]], left: float,
        places: int = 2,
    ) -> Part:  # fmt: skip
        role = "traditional" if "traditional" in term else "ink"
        box = Box(left, -1.75, *BAR_BOX)
        every = [number for state in states for number in state]
        scale = clear(measure(name, every, most=4), every, box.height)
        bars = Bars(box, scale, [states[0]], self.names, role, places=places)
        alike = None
        if len(states) > 1:
            alike = ChangingBars(box, scale, states, [], "normalized", places=places)
        return Part(Equation(term).move_to((left + BAR_BOX[0] / 2, HEADS, 0)), bars, alike)

    @property
    def changing(self) -> list[Part]:
        """What is another when both units have length one."""
        return [part for part in (self.length, self.output) if part.alike]

    @property
    def going(self) -> list[Step]:
        """Lead lengths and outputs to those of the same units at length one."""
        return [(p.alike.row, p.alike.show_row) for p in self.changing if p.alike]


@dataclass(frozen=True, slots=True)
class Part:
    """A factor or a product: its term, a bar for each of two units, and these at length one."""

    term: Equation
    bars: Bars
    alike: ChangingBars | None


class Larger:
    """Shortest, middle and longest vector of the larger models, and their losses by seed."""

    def __init__(self, record: TraditionalVsNormalized) -> None:
        steps = [row_of(record, field) for field in ("gpt_steps", "steps")]
        count = record.band.shape[1]
        self.columns = (0, count // 2, count - 1)
        bands = [[self._column(record, field, i) for i in self.columns]
                 for field in ("gpt_band", "band")]  # fmt: skip
        everything = [number for band in bands for column in band for number in column]
        lengths = measure("lengths of the vectors", everything)
        above = (*lengths.ticks, 2 * lengths.ticks[-1] - lengths.ticks[-2])
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 6.2, 4.1),
            measure("training", steps[0], most=4),
            replace(lengths, ticks=above),
        )
        self.curves = [
            [
                self.plot.curve(xs, column, role, STROKE.axis if i % 2 == 0 else STROKE.arc)
                for i, column in enumerate(band)
            ]
            for xs, band, role in zip(steps, bands, SIDES, strict=True)
        ]
        millions = float(record.parameters) / 1e6
        self.source = noted(
            f"models with {millions:.1f} million parameters,", "one matrix of the first layer"
        )
        last = len(record.gpt_steps) - 1
        self.lengths = [
            Readout(Line(words), record.traced("gpt_band", last, i), role="traditional")
            for words, i in (("longest at the end", -1), ("shortest at the end", 0))
        ]
        at_left(self.source, PANEL, 2.2)
        column_of(self.lengths, PANEL, 0.55, 0.65)
        self.measured = Line("loss on unseen text, at the end", role="muted", px=SIZE.tick)
        at_left(self.measured, PANEL, -0.75)
        self.losses = self._losses(record)
        self.names = [
            curve_name(self.curves[0][-1], "Traditional", last // 2, above=True),
            curve_name(self.curves[1][0], "nGPT", len(record.steps) // 2, above=False),
            *self._ends(),
        ]

    def _ends(self) -> list[Line]:
        """Which vector each traditional curve is of, where it ends; two that meet share a place."""
        lines = []
        for curve, words in zip(self.curves[0], ("shortest", "middle", "longest"), strict=True):
            line = Line(words, role=curve.role, px=SIZE.tick)
            line.shift(curve.places[-1] + np.array([0.15, 0, 0]) - line.get_left())
            lines.append(line)
        for lower, upper in pairwise(lines):
            upper.shift((0, max(0.0, lower.get_top()[1] + 0.06 - upper.get_bottom()[1]), 0))
        return lines

    @staticmethod
    def _losses(record: TraditionalVsNormalized) -> Table:
        """The last losses of both models, seed by seed."""
        names = [Line(name, role=role, px=SIZE.label)
                 for name, role in zip(NAMES, SIDES, strict=True)]  # fmt: skip
        columns = [
            Column(
                Line(f"seed {float(seed):.0f}", role="muted", px=SIZE.tick),
                [plain(record.traced(field, i)) for field in ("gpt_seed_loss", "seed_loss")],
                places=3,
            )
            for i, seed in enumerate(record.seeds[:SEEDS])
        ]
        return Table(names, columns, PANEL, -1.45, spacing=0.6, px=SIZE.body)

    @staticmethod
    def _column(record: TraditionalVsNormalized, field: str, column: int) -> list[Traced]:
        return [record.traced(field, row, column) for row in range(len(getattr(record, field)))]


class Ellipse(VMobject):
    """What a matrix makes of the unit circle: as long and as wide as it stretches."""

    def __init__(self, plane: Plane, stretches: Point, role: str) -> None:
        super().__init__()
        self.plane, self.stretches = plane, stretches
        self.set_fill(colour_of(role), OPACITY.shell).set_stroke(colour_of(role), STROKE.arc)
        self.set_z_index(LAYER.arc)
        self.show_row(0)

    def show_row(self, row: float) -> None:
        """Draw the ellipse of a kept step, or between two of them."""
        most, least = at_row(self.stretches, row)
        circle = disc_points(self.plane.radius)
        self.set_points(circle * np.array([most, least, 1.0]) + self.plane.centre)


class Stretched:
    """The unit circle, and the ellipse that each toy model’s matrix makes of it over training."""

    def __init__(self, training: Training) -> None:
        record = training.record
        fields = ("toy_gpt_stretch", "toy_stretch")
        shapes = [getattr(record, field).astype(float) for field in fields]
        # Room for the widest and for the tallest ellipse of the whole training.
        widest, tallest = (max(float(rows[:, i].max()) for rows in shapes) for i in (0, 1))
        unit = min(0.85, 3.0 / widest, 1.15 / tallest)
        planes = [Plane((GRID.left + 3.2, height), unit) for height in (1.3, -1.1)]
        self.circles = [Circle(plane, plane.radius / unit) for plane in planes]
        self.ellipses = [
            Ellipse(plane, rows, role)
            for plane, rows, role in zip(planes, shapes, SIDES, strict=True)
        ]
        self.law = Equation('"condition number" = "most stretch" / "least stretch"')
        self.reads = [
            [self._read(record, training, words, field, i, role)
             for i, words in enumerate(("most stretch", "least stretch"))]
            for field, role in zip(fields, SIDES, strict=True)
        ]  # fmt: skip
        self.numbers = [
            Readout(Line("condition number", role=role), row_of(record, field), places=1, role=role)
            for field, role in zip(("toy_gpt_condition", "toy_condition"), SIDES, strict=True)
        ]
        self.names = [Line(name, role=role, weight="SEMIBOLD")
                      for name, role in zip(NAMES, SIDES, strict=True)]  # fmt: skip
        left, apart = 1.2, 0.47
        every = [[*pair, number] for pair, number in zip(self.reads, self.numbers, strict=True)]
        column_of([read for each in every for read in each], left, 0.2, apart)
        for name, reads, down in zip(self.names, every, (0.0, 0.62), strict=True):
            VGroup(*reads).shift((0, -down, 0))
            at_left(name, left, reads[0].label.get_top()[1] + 0.47)
        at_left(self.law, left, 2.5)
        self.slider = training.slider(1.9)
        at_left(self.slider, left, 1.4)
        self.what = noted(
            "circle: inputs of length 1; ellipse: what the same matrix makes of",
            "them; half its length: the most stretch, half its width: the least", px=SIZE.tick,
        )  # fmt: skip
        at_left(self.what, GRID.left, GRID.bottom + 0.5)

    @staticmethod
    def _read(
        record: TraditionalVsNormalized, training: Training, words: str, field: str, i: int,
        role: str,
    ) -> Readout:  # fmt: skip
        numbers = [record.traced(field, row, i) for row in range(training.last + 1)]
        # With three places the one over the other gives the condition number.
        return Readout(Line(words, role=role), numbers, places=3, role=role)

    @property
    def going(self) -> list[Step]:
        """Lead the ellipses and what is read through the training."""
        reads = [read for pair in self.reads for read in pair]
        shapes = [(ellipse, ellipse.show_row) for ellipse in self.ellipses]
        return [*shapes, *map(led, [*reads, *self.numbers]), led(self.slider)]


class Conditions:
    """The condition numbers of the same matrix over training: of both toys, of the larger ones."""

    def __init__(self, training: Training) -> None:
        record = training.record
        kinds = (
            ("toy models", ("toy_steps", "toy_steps"), ("toy_gpt_condition", "toy_condition")),
            ("larger models", ("gpt_steps", "steps"), ("gpt_condition", "condition")),
        )
        self.plots, self.curves = [], []
        self.ends: list[list[Readout]] = []
        for number, (name, at, fields) in enumerate(kinds):
            steps = [row_of(record, field) for field in at]
            rows = [row_of(record, field) for field in fields]
            box = Box(GRID.left + 0.75 + 6.6 * number, -1.25, 4.9, 3.1)
            self.plots.append(Plot(
                box, measure("training", steps[0], most=3),
                measure(f"condition number, {name}", [*rows[0], *rows[1]], most=4),
            ))  # fmt: skip
            each = zip(steps, rows, SIDES, strict=True)
            self.curves.append([self.plots[-1].curve(x, y, role) for x, y, role in each])
            ends = [
                Readout(Line(name, role=role), row, places=1, role=role)
                for name, row, role in zip(NAMES, rows, SIDES, strict=True)
            ]
            at_left(ends[0], box.left, -2.1)
            at_left(ends[1], box.left + 2.8, ends[0].get_top()[1])
            ends[1].shift((0, baseline_of(ends[0].label) - baseline_of(ends[1].label), 0))
            self.ends.append(ends)
        self.paper = noted(
            "nGPT’s paper (arXiv 2410.01131, figure 5) finds nGPT’s condition numbers far lower, in"
            " models of 0.5 billion parameters",
            "ours: one seed; larger models: median over heads, the parts of the matrix"
            " (see chapter 5)", px=SIZE.tick,
        )  # fmt: skip
        at_left(self.paper, GRID.left, GRID.bottom + 0.5)

    @property
    def along_toys(self) -> list[Step]:
        """Lead the toys' numbers through the rows of their training."""
        return list(map(led, self.ends[0]))

    @property
    def along_others(self) -> list[Step]:
        """Lead the larger models' numbers from the first row to the last, by the share gone."""
        return [(read, self._by_share(read)) for read in self.ends[1]]

    @staticmethod
    def _by_share(read: Readout) -> Callable[[float], None]:
        return lambda share: read.show_row(share * (len(read.numbers) - 1))
