"""Pictures of chapter 1, built from its recording: both trainings, side by side and one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Traced, TraditionalVsNormalized
from scenes.stage.bars import Bars
from scenes.stage.blocks import Block, Connection
from scenes.stage.curves import arc_points, at_row, first_rows, split_line, straight
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Arrow, Dot, Mark, Trace, term_of
from scenes.stage.matrices import Matrix
from scenes.stage.networks import Network
from scenes.stage.plots import Box, Curve, Plot, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, baseline_of, column_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View, crosswise, room_while, spread_in
from scenes.stage.split import SplitScreen
from scenes.stage.style import GRID, OPACITY, SIZE, STROKE, Point, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

SPOKEN = {"␣": "space", "⏎": "new line"}
"""How letters are named that the typeface has no sign for."""

LOSS = "loss: mean −ln of the true letter’s probability (nat)"
READING = "strong line: large weight, grey: negative; seed: fixes all that is left to chance"
PAPER = (
    "nGPT: normalized Transformer, of the paper",
    "by Loshchilov et al. 2024, arXiv 2410.01131",
)
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

TIP = 18
"""Diameter in pixels of the point on the tip of an arrow that ends on the sphere."""

EARLY = 0.1
"""The first share of a training, shown slowly where vectors are followed: most happens in it."""

RECENT = 1 / 15
"""The share of a training in which a tip has left the part of its way that is drawn thick."""

MOST = 8
"""Vectors drawn of a larger matrix."""

LEFT = 0.25
"""The share of a loss’s way down that is left where its plot begins: the rest is seen larger."""

VISIBLE = 1.6
"""How many times the least weight of a unit is drawn as strongly as can be."""

SMALL_NET = (4.6, 3.1)
RULE = '{{ w : normalized }} <- "Norm" ( {{ w : normalized }} + {{ Delta w : transformation }} )'
FREE = "{{ w : traditional }} <- {{ w : traditional }} + {{ Delta w : transformation }}"


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

    def across(self, reach: tuple[float, float], turn: float = 0.0) -> tuple[View, Point, float]:
        """The view from which the longest free vectors lie across, and the sphere’s place in it.

        They are the longest at each step, from half of the greatest length on. The place is
        measured from the middle of a box with a reach to the sides and up; last is the radius.
        """
        norms = self.record.gpt_norms[:, : self.shown]
        longest = self.free[np.arange(len(norms)), norms.argmax(axis=1)]
        view = crosswise(self.free, longest[norms.max(axis=1) > norms.max() / 2], *reach, turn)
        return view, *spread_in(view, self.free, *reach, turn)

    def source(self, when: str = "") -> VGroup:
        """Whose vectors these are, at the foot of a picture."""
        words, *_ = self.record.matrix.partition(":")
        which = f"{words}: one of its matrices (see chapter 5)"
        lines = noted(f"traditional toy model{when},", which, px=SIZE.tick)
        at_left(lines, GRID.left, GRID.bottom + 0.5)
        return lines

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
        now = self._step(row)
        return float(np.interp(now, [n.value for n in others], np.arange(len(others))))

    def since(self, row: float) -> float:
        """The row that was `RECENT` before."""
        numbers = [n.value for n in self.steps]
        then = self._step(row) - RECENT * numbers[-1]
        return float(np.interp(then, numbers, np.arange(len(numbers))))

    def _step(self, row: float) -> float:
        return float(np.interp(row, np.arange(self.last + 1), [n.value for n in self.steps]))


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
        name = f"next letter: the {len(chances)} likeliest, and how probable"
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
            steps.move_to(half.at(-1.1, -2.05))
            seed.move_to(half.at(2.0, -2.05))
            seed.shift((0, baseline_of(steps.label) - baseline_of(seed.label), 0))
        self.text = noted(READING, f"text: {record.corpus}", px=SIZE.tick)
        at_left(self.text, GRID.left, GRID.bottom + 0.5)
        self.paper = noted(*PAPER, px=SIZE.tick)
        at_left(self.paper, halves[1].middle - width / 2, GRID.bottom + 0.5)

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
        # Its least weight is to be seen, too.
        full = VISIBLE * float(np.abs(free[unit]).min())
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
        self.tag = term_of(self.space, free[unit], np.zeros(3), "{{ w : traditional }}")
        self.length = Readout(
            Line("length"), record.traced("gpt_norms", training.last, unit), role="traditional"
        )
        self.radius = Line("the sphere: length 1", role="muted")
        stacked([self.length, self.radius], 2.9, -2.05, gap=0.25)
        self.source = training.source(" after training")


class Cloud:
    """The vectors of one model over its training, in a space of their own."""

    def __init__(self, training: Training, space: Space, role: str) -> None:
        self.training, self.space, self.role = training, space, role
        self.rows = training.unit if role == "normalized" else training.free
        self.sphere = Hypersphere(space)
        self.arrows = [Arrow(space, np.zeros(3), row, role) for row in self.rows[0]]
        self.paths = [self.path(unit) for unit in range(self.rows.shape[1])]
        self.traces: list[Trace] = []
        self.dots: list[Dot] = []
        if role == "normalized":
            self.traces = [Trace(space, path, role, STROKE.auxiliary) for path in self.paths]
            for trace in self.traces:
                trace.near.set_stroke(opacity=OPACITY.dimmed / 2)
                trace.far.set_stroke(opacity=OPACITY.far_grid / 3)
            self.dots = [Dot(space, row, role, px=TIP) for row in self.rows[0]]

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
        return [self.sphere, *self.traces, *self.arrows, *self.dots]

    @property
    def going(self) -> list[Step]:
        """Lead all vectors, and the traces of their tips, through the training."""
        tips = [self.led(arrow, unit) for unit, arrow in enumerate(self.arrows)]
        tips += [self.led(dot, unit) for unit, dot in enumerate(self.dots)]
        ways = [(trace, self._way(trace)) for trace in self.traces]
        return [*ways, *tips]

    def led(self, mark: Arrow | Dot, unit: int) -> Step:
        """Lead a mark along the way of a tip."""
        return mark, lambda row: mark.move_in_space(at_row(self.paths[unit], LEG * row))

    def _way(self, trace: Trace) -> Callable[[float], None]:
        return lambda row: trace.show_upto(LEG * row)


class Tail(Trace):
    """The last part of the way of a tip: from what it was at the row `since` of the last one."""

    def __init__(
        self, space: Space, points: Point, role: str, since: Callable[[float], float]
    ) -> None:
        self.since = since
        super().__init__(space, points, role, STROKE.arc)

    def redraw(self) -> None:
        """Draw that part as its space is seen now."""
        first = LEG * self.since(self.upto / LEG)
        way = first_rows(self.points_in_space, self.upto)[int(np.ceil(first)) :]
        start = at_row(self.points_in_space, first)[None]
        self.take(*split_line(self.space, np.concatenate([start, way]), self.space.horizon))


class Free:
    """The traditional vectors, large, with the longest and the shortest read out."""

    def __init__(self, training: Training) -> None:
        self.view, place, radius = training.across((3.3, 2.55), TURN)
        centre = place + np.array([GRID.picture + 0.1, GRID.middle + 0.1, 0])
        self.cloud = Cloud(training, Space(self.view, centre, radius), "traditional")
        self.radius = noted("the sphere: length 1", f"{training.shown} arrows, one a unit")
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


class Gliding:
    """The normalized vectors, large: their tips leave traces on the sphere."""

    def __init__(self, training: Training) -> None:
        rows = training.unit
        view = View.from_eye(rows[-1].mean(axis=0))
        view = View(view.turn - 30, float(np.clip(view.lift, -20, 25)))
        centre = (GRID.picture, GRID.middle + 0.1)
        self.cloud = Cloud(training, Space(view, centre, 2.25), "normalized")
        self.rule = Equation(RULE)
        self.terms = [
            Explained("{{ Delta w : transformation }}", "one step of training"),
            Explained('"Norm"', "divide by the length"),
        ]
        self.slider = training.slider(2.1)
        gone = [np.linalg.norm(np.diff(path, axis=0), axis=1).sum() for path in self.cloud.paths]
        self.calm = int(np.argmin(gone))
        self.path = noted(
            "toy nGPT, same matrix; dots: tips",
            f"thick: unit {self.calm + 1}, and the last part of its tip’s way",
            px=SIZE.tick,
        )
        at_left(self.path, GRID.left, GRID.bottom + 0.5)
        way = self.cloud.paths[self.calm]
        self.one = Tail(self.cloud.space, way, "normalized", training.since)
        self.cloud.arrows[self.calm].as_line(colour_of("normalized"), STROKE.flow)
        self.lengths = training.lengths("", "normalized")
        stacked([self.rule, *self.terms], GRID.panel + 0.4, 2.4, gap=0.35)
        column_of(self.lengths, GRID.panel + 0.4, -0.5, 0.75)
        at_left(self.slider, GRID.panel + 0.4, -2.05)

    @property
    def going(self) -> list[Step]:
        """Lead everything through the training."""
        one = (self.one, lambda row: self.one.show_upto(LEG * row))
        return [*self.cloud.going, one, led(self.slider), *map(led, self.lengths)]


def fallen(losses: Sequence[Traced]) -> int:
    """The first of some losses that has come most of the way down to the last."""
    values = np.array([loss.value for loss in losses])
    return int(np.argmax(values - values[-1] < LEFT * (values[0] - values[-1])))


def plain(number: Traced) -> Traced:
    """A number whose unit stands elsewhere."""
    return replace(number, unit="1")


class Both:
    """Both models over the same steps: their vectors, and below them both losses."""

    def __init__(self, training: Training) -> None:
        self.training, record = training, training.record
        self.screen = SplitScreen()
        ends = np.array([[0.0, GRID.top, 0.0], [0.0, -1.1, 0.0]])
        self.screen.line.set_points(straight(ends[:1], ends[1:]))
        view, place, radius = training.across((1.8, 1.83))
        halves = (self.screen.left, self.screen.right)
        self.clouds = [
            Cloud(training, Space(view, half.at(-1.25, 0.72) + place, radius), role)
            for half, role in zip(halves, SIDES, strict=True)
        ]
        self.lengths = [
            training.lengths(kind, role) for kind, role in zip(KINDS, SIDES, strict=True)
        ]
        for half, pair in zip(halves, self.lengths, strict=True):
            column_of(pair, half.middle + 0.95, 0.85, 0.6)
        self.at = row_of(record, "toy_loss_steps")
        losses = [row_of(record, field) for field in ("toy_gpt_loss", "toy_loss")]
        first = max(map(fallen, losses))
        self.at, late = self.at[first:], [loss[first:] for loss in losses]
        name = f"loss from step {self.at[0].value:.0f} on: how wrong the guesses are"
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.35, 7.2, 0.75),
            measure("training", self.at, most=6),
            measure(name, [*late[0], *late[1]], most=3, zero=False),
        )
        self.curves = [
            self.plot.curve(self.at, loss, role) for loss, role in zip(late, SIDES, strict=True)
        ]
        columns = [
            Column(Line(words, role="muted", px=SIZE.tick), [plain(loss[i]) for loss in losses])
            for words, i in (("at first", 0), ("at the end", -1))
        ]
        names = [Line(name, role=role, px=SIZE.label)
                 for name, role in zip(NAMES, SIDES, strict=True)]  # fmt: skip
        self.ends = Table(names, columns, 2.2, -1.2, spacing=0.55, px=SIZE.body)
        self.loss = Line(LOSS, role="muted", px=SIZE.tick)
        down = baseline_of(self.plot.texts[-1]) - self.loss.baseline
        self.loss.shift((2.2 - self.loss.get_left()[0], down, 0))

    @property
    def going(self) -> list[Step]:
        """Lead the vectors and draw the losses."""
        clouds = [step for cloud in self.clouds for step in cloud.going]
        curves = [(curve, self._draw(curve)) for curve in self.curves]
        return [*clouds, *curves, *(led(length) for pair in self.lengths for length in pair)]

    def _draw(self, curve: Curve) -> Callable[[float], None]:
        return lambda row: curve.show_upto(self.training.point_of(row, self.at))


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
