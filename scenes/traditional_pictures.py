"""Pictures of chapter 1, built from its recording: both trainings, side by side and one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Traced, TraditionalVsNormalized
from scenes.stage.bars import Bars
from scenes.stage.blocks import Block, Connection
from scenes.stage.curves import arc_points
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Arrow, Mark, Trace, term_of
from scenes.stage.matrices import Matrix
from scenes.stage.networks import Network
from scenes.stage.plots import Box, Curve, Plot, curve_name, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View, room_while, roomiest
from scenes.stage.split import SplitScreen
from scenes.stage.style import GRID, OPACITY, SIZE, STROKE, Point
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

SPOKEN = {"␣": "space", "⏎": "new line"}
"""How letters are named that the typeface has no sign for."""

READING = "strong line: large weight, grey: negative"
LEG = 3
"""Pieces of the arc drawn from one kept step to the next."""

SIDES = ("traditional", "normalized")
NAMES = ("Traditional", "nGPT")
KINDS = ("gpt_", "")
"""How the fields of each model begin."""
ONWARD = 25.0
"""By how many degrees the view of one vector turns."""

TURN = 30.0
"""By how many degrees a view turns during a training."""

MOST = 8
"""Vectors drawn of a larger matrix."""

SMALL_NET = (4.6, 3.1)
RULE = '{{ w : normalized }} <- "Norm" ( {{ w : normalized }} + {{ Delta w : transformation }} )'
FREE = "{{ w : traditional }} <- {{ w : traditional }} + {{ Delta w : transformation }}"
OUTPUT = "{{ w dot h : ink_out }} = {{ norm(w) : traditional }} dot norm(h) dot cos theta"


class Training:
    """Both toy trainings: the rows of one matrix at every step kept, and how to show them."""

    def __init__(self, record: TraditionalVsNormalized) -> None:
        self.record = record
        self.steps = row_of(record, "toy_steps")
        self.last = len(self.steps) - 1
        self.shown = min(MOST, record.rows.shape[1])
        self.free = record.gpt_rows[:, : self.shown].astype(float)
        self.unit = record.rows[:, : self.shown].astype(float)
        self.longest = int(np.argmax(record.gpt_norms[-1, : self.shown]))

    def roomiest(self, across: float, up: float, turn: float = 0.0) -> tuple[View, float]:
        """The view with most room for the free vectors, and the unit sphere’s radius in it."""
        points = self.free.reshape(-1, 3)
        view = roomiest(points, self.free[-1, self.longest], across, up, turn)
        return view, room_while(view, points, across, up, turn)

    def source(self) -> Line:
        """Whose vectors these are, at the foot of a picture."""
        words, *_ = self.record.matrix.partition(":")
        line = Line(f"toy models, {words}", role="muted", px=SIZE.tick)
        at_left(line, GRID.left, GRID.bottom + 0.3)
        return line

    def slider(self, width: float) -> Slider:
        """The training’s progress."""
        return Slider(Line("training"), self.steps, width, "ink", places=0)

    def lengths(self, kind: str, role: str) -> list[Readout]:
        """Longest and shortest of the vectors, live."""
        names = {"norm_max": "longest", "norm_min": "shortest"}
        fields = {f"{kind}{field}": words for field, words in names.items()}
        return [
            Readout(Line(words, role=role), row_of(self.record, field), role=role)
            for field, words in fields.items()
        ]

    def paced(self, steps: Sequence[Step]) -> list[Step]:
        """The same steps, led by the share of the training that is done, not by rows.

        More steps were kept at the start than later: by rows, the training would seem to hasten.
        """
        return [(mobject, self._paced(show)) for mobject, show in steps]

    def _paced(self, show: Callable[[float], None]) -> Callable[[float], None]:
        numbers = [n.value for n in self.steps]
        rows = np.arange(len(numbers))
        return lambda share: show(float(np.interp(share * numbers[-1], numbers, rows)))

    def point_of(self, row: float, others: Sequence[Traced]) -> float:
        """Where among other steps the step of a row lies."""
        now = np.interp(row, np.arange(self.last + 1), [n.value for n in self.steps])
        return float(np.interp(now, [n.value for n in others], np.arange(len(others))))


def led(readout: Readout | Slider) -> Step:
    """Lead a readout or a slider through the rows of the training."""
    return readout, readout.show_row


class Opening:
    """A language model of the usual kind: a real text, and its guesses of the next letter."""

    def __init__(self, record: TraditionalVsNormalized) -> None:
        chances = row_of(record, "guess")
        last = len(record.prompt) - 1
        self.prompt = Prompt(record.prompt, last, "ink", px=SIZE.readout)
        self.model = Block("language model", "traditional", (3.6, 1.5), px=SIZE.readout)
        self.weights = noted("what it knows: its weights", "(our traditional toy model)")
        box = Box(1.5, -2.2, 4.7, 4.0)
        names = [SPOKEN.get(letter, letter) for letter in record.guessed]
        name = "probability of the next letter"
        self.bars = Bars(box, measure(name, chances, most=4), [chances], names, "traditional")
        self.prompt.move_to((-3.5, 1.6, 0))
        self.model.move_to((-3.5, -0.4, 0))
        self.weights.next_to(self.model, np.array([0, -1, 0]), buff=0.3)
        ways = (
            [self.prompt.get_bottom() - (0, 0.15, 0), self.model.get_top()],
            [self.model.get_right(), (box.left - 0.8, -0.4, 0)],
        )
        self.ways = [Connection(np.array([*way])) for way in ways]


class Networks:
    """Both toy models drawn alike: a letter, its embedding, and the first matrix it meets."""

    def __init__(self, training: Training) -> None:
        self.training, record = training, training.record
        self.screen = SplitScreen()
        halves = (self.screen.left, self.screen.right)
        self.weights = [
            [(record.gpt_letter, training.free), (record.letter, training.unit)][side]
            for side in range(2)
        ]
        full = max(float(np.abs(part[-1]).max()) for pair in self.weights for part in pair)
        width, height = SMALL_NET
        self.nets = [
            Network(
                Box(half.middle - width / 2, -1.1, width, height), self.at(side, 0), role,
                ["letter", "rows"], full,
            )
            for side, (half, role) in enumerate(zip(halves, SIDES, strict=True))
        ]  # fmt: skip
        self.captions = VGroup(*(c for net in self.nets for c in self._captions(net)))
        self.progress = [
            Readout(Line("training", role="muted"), training.steps, places=0, role=role)
            for role in SIDES
        ]
        self.seeds = [
            Readout(Line("seed", role="muted"), record.traced(field), places=0, role="muted")
            for field in ("gpt_seed", "seed")
        ]
        for half, steps, seed in zip(halves, self.progress, self.seeds, strict=True):
            steps.move_to(half.at(-1.1, -2.2))
            seed.move_to(half.at(2.0, -2.2))
        self.text = Line(f"{READING} · text: {record.corpus}", role="muted", px=SIZE.tick)
        self.text.move_to((0, GRID.bottom + 0.16, 0))

    def at(self, side: int, row: float) -> list[Point]:
        """The weights of one side at a kept step: the letter’s embedding, and the matrix."""
        letter, matrix = (part[round(row)].astype(float) for part in self.weights[side])
        return [letter[:, None], matrix]

    def _captions(self, net: Network) -> list[Line]:
        letter = f"“{self.training.record.prompt[-1]}”"
        count = self.training.shown
        words = (letter, f"its {net.places[1].shape[0]} numbers", f"{count} units")
        foot = net.box.bottom - 0.3
        lines = [Line(each, px=SIZE.tick, role="muted") for each in words]
        for line, places in zip(lines, net.places, strict=True):
            line.move_to((places[0, 0], foot, 0))
        return lines

    @property
    def going(self) -> list[Step]:
        """Lead both networks through the training."""
        return [
            *map(led, self.progress),
            *((net, self._show(side)) for side, net in enumerate(self.nets)),
        ]

    def _show(self, side: int) -> Callable[[float], None]:
        return lambda row: self.nets[side].display(self.at(side, row))


class OneUnit:
    """The weights that lead into one unit, and the same numbers as an arrow."""

    def __init__(self, training: Training) -> None:
        record, unit = training.record, training.longest
        free = training.free[-1]
        full = float(np.abs(free).max())
        box = Box(GRID.left + 0.4, -1.9, 2.6, 3.9)
        here = np.arange(len(free))[:, None] == unit
        self.net = Network(box, [free], "traditional", ["gpt_rows"], full)
        self.one = Network(box, [np.where(here, free, np.zeros_like(free))], "traditional",
                           ["gpt_rows"], full)  # fmt: skip
        place = self.net.places[1][unit]
        self.name = Line(f"unit {unit + 1}", weight="SEMIBOLD")
        self.name.shift(place + np.array([0.35, 0, 0]) - self.name.get_left())
        cells = [[number] for number in row_of(record, "gpt_rows", training.last, unit)]
        self.numbers = Matrix(cells, "traditional").move_to((-0.9, GRID.middle + 0.2, 0))
        self.term = Equation("{{ w : traditional }} =")
        self.term.next_to(self.numbers, np.array([-1, 0, 0]), buff=0.2)
        view = View.onto_point(free[unit], aside=62)
        radius = min(1.7, room_while(view, free[unit], 3.2, 2.1, ONWARD))
        self.space = Space(view, (4.6, GRID.middle + 0.55), radius)
        self.sphere = Hypersphere(self.space)
        self.arrow = Arrow(self.space, np.zeros(3), free[unit], "traditional", STROKE.flow)
        self.length = Readout(
            Line("length"), record.traced("gpt_norms", training.last, unit), role="traditional"
        )
        self.radius = Line("the sphere: length 1", role="muted")
        stacked([self.length, self.radius], 2.9, -2.05, gap=0.25)


class Cloud:
    """The vectors of one model over its training, in a space of their own."""

    def __init__(self, training: Training, space: Space, role: str) -> None:
        self.training, self.space, self.role = training, space, role
        self.rows = training.unit if role == "normalized" else training.free
        self.sphere = Hypersphere(space)
        self.arrows = [Arrow(space, np.zeros(3), row, role) for row in self.rows[0]]
        self.paths = [self.path(unit) for unit in range(self.rows.shape[1])]
        self.traces: list[Trace] = []
        if role == "normalized":
            self.traces = [Trace(space, path, role, STROKE.auxiliary) for path in self.paths]
            for trace in self.traces:
                trace.near.set_stroke(opacity=OPACITY.dimmed)
                trace.far.set_stroke(opacity=OPACITY.far_grid / 2)

    def path(self, unit: int) -> Point:
        """The way of a tip, `LEG` pieces from one kept step to the next: on the sphere, arcs."""
        rows = self.rows[:, unit]
        if self.role == "normalized":
            legs = [arc_points(a, b, pieces=LEG) for a, b in pairwise(rows)]
        else:
            share = np.linspace(0, 1, LEG + 1)[:, None]
            legs = [a + share * (b - a) for a, b in pairwise(rows)]
        return np.concatenate([legs[0][:1], *(leg[1:] for leg in legs)])

    @property
    def marks(self) -> list[Mark]:
        """Everything that is drawn in the space."""
        return [self.sphere, *self.traces, *self.arrows]

    @property
    def going(self) -> list[Step]:
        """Lead all vectors, and the traces of their tips, through the training."""
        tips = [(arrow, self._tip(unit)) for unit, arrow in enumerate(self.arrows)]
        ways = [(trace, self._way(trace)) for trace in self.traces]
        return [*ways, *tips]

    def _tip(self, unit: int) -> Callable[[float], None]:
        return lambda row: self.arrows[unit].move_to_row(self.paths[unit], LEG * row)

    def _way(self, trace: Trace) -> Callable[[float], None]:
        return lambda row: trace.show_upto(LEG * row)


class Free:
    """The traditional vectors, large, with the longest and the shortest read out."""

    def __init__(self, training: Training) -> None:
        centre = (GRID.picture + 0.2, GRID.middle)
        self.view, radius = training.roomiest(3.5, 2.65, TURN)
        self.cloud = Cloud(training, Space(self.view, centre, radius), "traditional")
        self.radius = Line("the sphere: length 1", role="muted")
        self.source = training.source()
        self.slider = training.slider(2.1)
        self.rule = Equation(FREE)
        self.terms = Explained("{{ Delta w : transformation }}", "one step of training")
        self.lengths = training.lengths("gpt_", "traditional")
        stacked([self.rule, self.terms, self.radius], GRID.panel + 0.4, 2.3, gap=0.35)
        column_of(self.lengths, GRID.panel + 0.4, -0.2, 0.75)
        at_left(self.slider, GRID.panel + 0.4, -1.75)

    @property
    def going(self) -> list[Step]:
        """Lead everything through the training."""
        return [*self.cloud.going, led(self.slider), *map(led, self.lengths)]


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
    """What a length does to the output, and the lengths of all vectors of both models."""

    def __init__(self, training: Training) -> None:
        record, last = training.record, training.last
        self.equation = Equation(OUTPUT)
        self.terms = [
            Explained("{{ norm(w) : traditional }}", "length of the weights"),
            Explained("cos theta", "how well their direction fits the input h"),
        ]
        numbers = row_of(record, "gpt_norms", last)[: training.shown]
        units = [f"unit {number + 1}" for number in range(training.shown)]
        box = Box(GRID.left + 0.75, -2.4, 11.6, 2.8)
        name = "length of each unit’s vector, traditional toy model"
        self.bars = Bars(box, measure(name, numbers, most=3), [numbers], units, "traditional")
        stacked([self.equation], GRID.left, 2.35)
        stacked(self.terms, GRID.panel + 0.2, 2.45, gap=0.3)


class Gliding:
    """The normalized vectors, large: their tips leave traces on the sphere."""

    def __init__(self, training: Training) -> None:
        rows = training.unit
        view = View.from_eye(rows[-1].mean(axis=0))
        view = View(view.turn - 30, float(np.clip(view.lift, -20, 25)))
        self.cloud = Cloud(training, Space(view, (GRID.picture, GRID.middle), 2.4), "normalized")
        self.rule = Equation(RULE)
        self.terms = [
            Explained("{{ Delta w : transformation }}", "one step of training"),
            Explained('"Norm"', "divide by the length"),
        ]
        self.slider = training.slider(2.1)
        gone = [np.linalg.norm(np.diff(path, axis=0), axis=1).sum() for path in self.cloud.paths]
        calm = self.cloud.paths[int(np.argmin(gone))]
        self.path = noted("thick: the way of one tip", px=SIZE.tick)
        at_left(self.path, GRID.left, GRID.bottom + 0.3)
        self.one = Trace(self.cloud.space, calm, "normalized", STROKE.chord)
        self.lengths = training.lengths("", "normalized")
        stacked([self.rule, *self.terms], GRID.panel + 0.4, 2.4, gap=0.35)
        column_of(self.lengths, GRID.panel + 0.4, -0.5, 0.75)
        at_left(self.slider, GRID.panel + 0.4, -2.05)

    @property
    def going(self) -> list[Step]:
        """Lead everything through the training."""
        one = (self.one, lambda row: self.one.show_upto(LEG * row))
        return [*self.cloud.going, one, led(self.slider), *map(led, self.lengths)]


class Both:
    """Both models over the same steps: their vectors, and below them both losses."""

    def __init__(self, training: Training) -> None:
        self.training, record = training, training.record
        self.screen = SplitScreen()
        view, radius = training.roomiest(2.55, 1.45)
        halves = (self.screen.left, self.screen.right)
        self.clouds = [
            Cloud(training, Space(view, half.at(-0.7, 0.62), radius), role)
            for half, role in zip(halves, SIDES, strict=True)
        ]
        self.lengths = [
            training.lengths(kind, role)[0] for kind, role in zip(KINDS, SIDES, strict=True)
        ]
        for half, length in zip(halves, self.lengths, strict=True):
            length.move_to(half.at(2.1, 0.62))
        self.at = row_of(record, "toy_loss_steps")
        losses = [row_of(record, field) for field in ("toy_gpt_loss", "toy_loss")]
        self.plots = [
            Plot(
                Box(half.middle - 2.2, -2.25, 4.9, 1.0),
                measure("training", self.at, most=3),
                measure("loss", [*losses[0], *losses[1]], most=2),
            )
            for half in halves
        ]
        self.curves = [
            plot.curve(self.at, loss, role)
            for plot, loss, role in zip(self.plots, losses, SIDES, strict=True)
        ]
        self.ends = [
            Readout(Line("loss at the end", role=role), loss[-1], role=role, px=SIZE.label)
            for loss, role in zip(losses, SIDES, strict=True)
        ]
        for half, end in zip(halves, self.ends, strict=True):
            end.move_to(half.at(0.9, -1.45))

    @property
    def going(self) -> list[Step]:
        """Lead the vectors and draw the losses."""
        clouds = [step for cloud in self.clouds for step in cloud.going]
        curves = [(curve, self._draw(curve)) for curve in self.curves]
        return [*clouds, *curves, *map(led, self.lengths)]

    def _draw(self, curve: Curve) -> Callable[[float], None]:
        return lambda row: curve.show_upto(self.training.point_of(row, self.at))


class Larger:
    """The spread of lengths in the larger models: smallest, quartiles and largest."""

    def __init__(self, record: TraditionalVsNormalized) -> None:
        steps = [row_of(record, field) for field in ("gpt_steps", "steps")]
        bands = [[self._column(record, field, i) for i in range(record.band.shape[1])]
                 for field in ("gpt_band", "band")]  # fmt: skip
        everything = [number for band in bands for column in band for number in column]
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 7.4, 4.1),
            measure("training", steps[0], most=4),
            measure("lengths of the rows", everything),
        )
        middle = record.band.shape[1] // 2
        self.curves = [
            [
                self.plot.curve(xs, column, role, STROKE.arc if i == middle else STROKE.axis)
                for i, column in enumerate(band)
            ]
            for xs, band, role in zip(steps, bands, SIDES, strict=True)
        ]
        self.source = noted("our larger models,", "query weights of the first layer")
        self.lines = noted(
            "five curves: shortest to longest row,", "quartiles between, the median thick"
        )
        last = len(record.gpt_steps) - 1
        self.lengths = [
            Readout(Line(words), record.traced("gpt_band", last, i), role="traditional")
            for words, i in (("longest at the end", -1), ("shortest at the end", 0))
        ]
        stacked([self.source, self.lines], 2.5, 2.2, gap=0.5)
        column_of(self.lengths, 2.5, -0.9, 0.75)
        self.names = [
            curve_name(self.curves[0][-1], "Traditional", last // 2, above=True),
            curve_name(self.curves[1][0], "nGPT", len(record.steps) // 2, above=False),
        ]

    @staticmethod
    def _column(record: TraditionalVsNormalized, field: str, column: int) -> list[Traced]:
        return [record.traced(field, row, column) for row in range(len(getattr(record, field)))]


class Conditions:
    """The condition number of the same matrix: of both toys over training, of the larger ones."""

    def __init__(self, training: Training) -> None:
        record, last = training.record, training.last
        fields = ("toy_gpt_condition", "toy_condition")
        rows = [row_of(record, field) for field in fields]
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 5.9, 4.1),
            measure("training", training.steps, most=3),
            measure("condition number, toy models", [*rows[0], *rows[1]]),
        )
        self.curves = [
            self.plot.curve(training.steps, row, role)
            for row, role in zip(rows, SIDES, strict=True)
        ]
        self.law = Equation('"condition" = "largest stretch" / "smallest stretch"')
        self.what = noted("of the query weights in the first layer,", "median of the heads")
        larger = [record.traced(field, -1) for field in ("gpt_condition", "condition")]
        columns = [
            Column(Line(name, role=role), (row[last], other), role, places=1)
            for name, row, other, role in zip(NAMES, rows, larger, SIDES, strict=True)
        ]
        names = [Line("toy models"), Line("larger models")]
        left = 0.9
        stacked([self.law, self.what], left, 2.3, gap=0.35)
        self.table = Table(names, columns, left, -0.15)
        self.paper = noted("The paper (figure 5) measures nGPT’s far lower,",
                           "in models of 0.5 billion weights.", px=SIZE.tick)  # fmt: skip
        at_left(self.paper, left, -2.3)


class Ending:
    """The longest traditional vector alone: what is to be made of it."""

    def __init__(self, training: Training) -> None:
        row = training.free[-1, training.longest]
        size = float(np.linalg.norm(row))
        view = View.onto_point(row, aside=62)
        self.space = Space(view, (GRID.picture, GRID.middle), 2.4 / max(size, 1.0))
        self.sphere = Hypersphere(self.space)
        self.arrow = Arrow(self.space, np.zeros(3), row, "traditional", STROKE.flow)
        self.unit = Arrow(self.space, np.zeros(3), row / size, "normalized", STROKE.flow)
        self.name = term_of(self.space, row, np.zeros(3), "{{ w : traditional }}")
