"""Pictures of chapter 4, built from its recording: small steps, and the learned α."""

from __future__ import annotations

import numpy as np

from ngpt_math.recordings import SlerpVsLerp
from scenes.slerp_pictures import STEPPING, Update, Ways
from scenes.stage.bars import Bars
from scenes.stage.curves import nearest_on_circle
from scenes.stage.equations import Equation
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Dot, arc, great_circle
from scenes.stage.plots import Box, Plot, measure
from scenes.stage.readouts import Readout, column_of, degrees_of, nearest_row, row_of
from scenes.stage.space import Space, View
from scenes.stage.style import GRID, SIZE, STROKE
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

DESCENT = "{{ w : ink_w }} <- {{ w : ink_w }} - {{ eta : scale }} {{ nabla L : transformation }}"
DESCENT_TERMS = "w weights, η learning rate, L loss"
DESCENDING_TERMS = "the way back, turned round by the minus, is the gradient"
DESCENDING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} - {{ alpha : scale }} dot.o'
    " {{ (h - NAME) : transformation }} )"
)


def larger(record: SlerpVsLerp) -> str:
    """The larger model in words, by its recorded shape."""
    layers, dimensions = record.alpha_attn.shape
    return f"our larger model, {layers} layer{'s' * (layers > 1)}, {dimensions} dimensions"


class RatioPlot:
    """LERP’s step as a share of SLERP’s for α → 0, and where the models' own angles lie."""

    def __init__(self, update: Update) -> None:
        record = update.record
        theta, share = degrees_of(record, "ratio_theta"), row_of(record, "ratio")
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 6.4, 4.1),
            measure("θ, the angle from h to the suggestion", theta, most=6),
            measure("LERP’s step as a share of SLERP’s", share),
        )
        self.curve = self.plot.curve(theta, share, "traditional")
        fields = ("theta_attn_median", "theta_mlp_median")
        angles = [angle for field in fields for angle in degrees_of(record, field)]
        self.dots = [
            self.plot.spot(angle, share[nearest_row(theta, angle)], "normalized", px=20)
            for angle in angles
        ]
        own = update.angle("angles")
        own_share = share[nearest_row(theta, own)]
        self.here = [
            self.plot.upright(own, own_share, "ink"),
            self.plot.spot(own, own_share, "ink", px=26),
        ]
        self.law = Equation('frac(theta_"LERP", theta_"SLERP") arrow.r frac(sin theta, theta)')
        self.many = noted(f"{larger(record)}:", "median of every block", role="normalized")
        self.values = [
            Readout(Line("our update: θ"), own, places=1),
            Readout(Line("share of the way"), own_share),
        ]
        stacked([self.law, self.many], 2.2, 2.1, gap=0.8)
        column_of(self.values, 2.2, -1.1, 0.65)


class LearnedAlpha:
    """Mean |α_A| and |α_M| by layer of the larger model, and where they began."""

    def __init__(self, record: SlerpVsLerp) -> None:
        rows = [row_of(record, "alpha_attn_mean"), row_of(record, "alpha_mlp_mean")]
        start = record.traced("alpha_init")
        self.bars = Bars(
            Box(GRID.left + 0.75, -2.3, 7.6, 4.4),
            measure("mean |α|", [*rows[0], *rows[1], start]),
            rows,
            [f"layer {number + 1}" for number in range(len(rows[0]))],
            "scale",
        )
        self.began = self.bars.axis.level(start, "ink")
        clear_of(self.bars, self.bars.axis.height_of(start.value))
        self.before = Readout(Line("before training"), start)
        self.legend = self.bars.legend(
            [
                Explained("abs(alpha_A)", "attention"),
                Explained("abs(alpha_M)", "feed-forward (MLP)"),
            ]
        )
        self.source = Line(larger(record), role="muted", px=SIZE.tick)
        stacked([self.legend, self.before, self.source], 3.0, 1.6, gap=0.8)


def clear_of(bars: Bars, level: float) -> None:
    """Lift the numbers that a line at a height in the frame would strike through above it."""
    for number in bars.numbers:
        if number.get_bottom()[1] < level + 0.04 and level < number.get_top()[1] + 0.04:
            number.shift((0, level + 0.07 - number.get_bottom()[1], 0))


class OtherSteps:
    """The update with α as before training, and with the extremes of the larger model's means."""

    def __init__(self, record: SlerpVsLerp, ways: Ways, space: Space) -> None:
        moved = ways.angles[0]
        means = sorted(
            [*row_of(record, "alpha_attn_mean"), *row_of(record, "alpha_mlp_mean")],
            key=lambda mean: mean.value,
        )
        chosen = (record.traced("alpha_init"), means[0], means[-1])
        self.stops = [nearest_row(ways.alpha, number) for number in chosen]
        self.dots = [Dot(space, ways.lerp_rows[stop], "normalized", px=24) for stop in self.stops]
        self.arc = arc(space, ways.lerp_rows[0], ways.lerp_rows[-1], "muted", STROKE.axis)
        self.rule = Line("each step: LERP, then Norm", role="normalized")
        words = ("before training", "smallest learned mean", "largest learned mean")
        alpha = Column(
            Equation("{{ alpha : scale }}"), [ways.alpha[stop] for stop in self.stops], "scale"
        )
        angle = Column(
            Line("h moves by"), [moved[stop] for stop in self.stops], "normalized", places=1
        )
        self.table = Table([Line(each) for each in words], [alpha, angle], GRID.panel, 1.2)
        at_left(self.rule, GRID.panel, -1.6)
        self.runner = Dot(space, ways.lerp_rows[0], "normalized", px=28)
        self.going: list[Step] = [
            (ways.slider, ways.slider.show_row),
            (self.runner, lambda row: self.runner.move_to_row(ways.lerp_rows, row)),
        ]


class OwnAlpha:
    """The state to which the model really went, beside the great circle of h and the suggestion."""

    def __init__(self, update: Update, space: Space) -> None:
        here, there, went = update.here, update.there, update.went
        alphas = row_of(update.record, "alphas", update.now)
        self.rule = Equation(STEPPING.replace("NAME", update.name).replace("PRODUCT", "dot.o"))
        self.bars = Bars(
            Box(GRID.panel + 0.75, -0.45, 4.4, 1.5),
            measure("|α| of this update", alphas, most=3),
            [alphas],
            [f"dimension {number + 1}" for number in range(len(alphas))],
            "scale",
            places=3,
        )
        self.product = Explained("dot.o", "entry by entry", px=SIZE.tick)
        stacked([self.rule, self.product], GRID.panel, 2.5, gap=0.2)
        self.way = great_circle(space, here, there, "muted")
        self.new = Dot(space, went, "normalized", px=28)
        foot = nearest_on_circle(went, here, there)
        self.gap = arc(space, foot, went, "ink", STROKE.flow)
        self.values = [
            Readout(Line("h moved by"), update.angle("moved"), places=1, role="normalized"),
            Readout(Line("beside the arc by"), update.angle("off_arc"), places=1),
        ]
        column_of(self.values, GRID.panel, -1.7, 0.7)
        self.view = View.onto_point(went, aside=25)


class Rates:
    """The update beside a step of gradient descent, and all rates of the boldest layer."""

    def __init__(self, update: Update) -> None:
        record = update.record
        layer = int(np.argmax(record.alpha_attn_mean))
        rates = row_of(record, "alpha_attn", layer)
        box = Box(GRID.left + 0.75, -2.35, 11.9, 2.2)
        name = f"|α| in attention, layer {layer + 1}"
        self.bars = Bars(box, measure(name, rates, most=3), [rates], [], "scale")
        self.count = Line(f"{len(rates)} dimensions", px=SIZE.tick, role="muted")
        self.count.move_to((box.left + box.width / 2, box.bottom - 0.25, 0))
        sides = (
            ("a step of gradient descent", DESCENT, DESCENT_TERMS, GRID.left),
            (
                "an update of nGPT",
                DESCENDING.replace("NAME", update.name),
                DESCENDING_TERMS,
                0.0,
            ),
        )
        self.sides = [
            stacked([Line(words, role="muted"), Equation(term), _small(terms)], left, 2.4, gap=0.3)
            for words, term, terms, left in sides
        ]


def _small(words: str) -> Line:
    return Line(words, role="muted", px=SIZE.tick)
