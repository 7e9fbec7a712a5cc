"""Pictures of chapter 4, built from its recording: small steps, and the learned α."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import LEFT, VMobject

from ngpt_math.recordings import SlerpVsLerp, Traced
from scenes.claims.slerp_vs_lerp import CLAIMS
from scenes.slerp_pictures import STEPPING, Update, Ways
from scenes.stage.bars import Bars
from scenes.stage.curves import nearest_on_circle, straight
from scenes.stage.equations import Equation
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Dot, arc, great_circle, term_of
from scenes.stage.plots import Box, Plot, measure
from scenes.stage.readouts import Readout, column_of, degrees_of, nearest_row, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space
from scenes.stage.style import GRID, LAYER, SIZE, STROKE, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

DESCENT = "{{ w : ink_w }} <- {{ w : ink_w }} - {{ eta : scale }} {{ nabla L : transformation }}"
DESCENT_TERMS = "w weights, η learning rate, L loss"
DESCENDING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} - {{ alpha : scale }} dot.o'
    " {{ (h - NAME) : transformation }} )"
)

LAW = """frac(theta_"LERP", theta_"SLERP") limits(arrow.r.long)_({{ alpha : scale }} -> 0)
    frac(sin theta, theta)"""
SHORT = 0.25
"""How high a line upon an axis is, in Manim's units."""

BESIDE = 40.0
"""How far beside the plane of the update the eye stands that looks at what leaves it."""


def larger(record: SlerpVsLerp) -> tuple[str, str]:
    """The larger model in words, by its recorded shape."""
    layers, dimensions = record.alpha_attn.shape
    return "our larger nGPT:", f"{layers} layer{'s' * (layers > 1)}, {dimensions} dimensions"


class RatioPlot:
    """LERP’s step as a share of SLERP’s for α → 0, and where the models' own angles lie.

    The share of the update shown can be led through all α: it begins on the curve.
    """

    def __init__(self, update: Update, ways: Ways) -> None:
        record = update.record
        theta, share = degrees_of(record, "ratio_theta"), row_of(record, "ratio")
        self.plot = Plot(
            Box(GRID.left + 0.75, -2.05, 6.4, 4.1),
            measure("θ, the angle from h to the suggestion", theta, most=6),
            measure("LERP’s step as a share of SLERP’s", share),
        )
        self.curve = self.plot.curve(theta, share, "muted")
        fields = ("theta_attn_median", "theta_mlp_median")
        angles = [angle for field in fields for angle in degrees_of(record, field)]
        self.own = OnAxis(self.plot, angles, "normalized")
        own = update.angle("angles")
        own_share = share[nearest_row(theta, own)]
        shares = row_of(record, "sweep_share")
        self.here = [
            self.plot.upright(own, shares[ways.ahead], "ink"),
            self.plot.spot(own, own_share, "ink"),
        ]
        self.rising = self.plot.spots([own] * len(shares), shares, "scale", px=24)
        self.limit = Equation("alpha -> 0", px=SIZE.label)
        self.limit.next_to(self.here[1], LEFT, buff=0.1).shift((0, -0.16, 0))
        self.law = Equation(LAW)
        self.radians = noted("θ in radians", px=SIZE.tick)
        self.many = noted(
            f"{len(angles)} lines on the axis: θ in the blocks",
            "of our larger nGPT (medians)",
            role="normalized",
        )
        beside = ("Its mean α are not near 0:", "its steps are not on this curve.")
        self.beside = noted(*CLAIMS.lines(record, *beside))
        self.slider = Slider(Equation("{{ alpha : scale }}"), ways.alpha, 2.2, "scale")
        self.values = [
            Readout(Line("our update: θ"), own, places=1),
            Readout(Line("its share"), shares, role="scale"),
        ]
        stacked([self.law, self.radians, self.many, self.beside], 2.2, 2.25, gap=0.25)
        at_left(self.slider, 2.2, -0.85)
        column_of(self.values, 2.2, -1.75, 0.65)

    @property
    def making_up(self) -> list[Step]:
        """Lead α, and the share of the update shown."""
        things = (self.rising, self.slider, self.values[1])
        return [(thing, thing.show_row) for thing in things]


class OnAxis(VMobject):
    """Short lines upon the axis below, one at each number: there is nothing to read upwards."""

    def __init__(self, plot: Plot, numbers: Sequence[Traced], role: str) -> None:
        super().__init__(fill_opacity=0)
        self.traced, self.role = tuple(numbers), role
        feet = plot.at([n.value for n in numbers], [plot.y.ticks[0]] * len(numbers))
        self.set_points(straight(feet, feet + np.array([0, SHORT, 0])))
        self.set_stroke(colour_of(role), STROKE.chord).set_z_index(LAYER.arc)


class LearnedAlpha:
    """Mean |α_A| and |α_M| by layer of the larger model, and where they began."""

    def __init__(self, record: SlerpVsLerp) -> None:
        rows = [row_of(record, "alpha_attn_mean"), row_of(record, "alpha_mlp_mean")]
        start = record.traced("alpha_init")
        self.start = [start] * len(rows[0])
        self.bars = Bars(
            Box(GRID.left + 0.75, -2.3, 7.6, 4.4),
            measure("mean |α| over the dimensions", [*rows[0], *rows[1], start]),
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
                Explained("abs(alpha_M)", "feed-forward"),
            ]
        )
        self.sign = noted(*CLAIMS.lines(record, "Of α, the model uses", "the size without sign."))
        self.source = noted(*larger(record))
        stacked([self.legend, self.before, self.sign, self.source], 3.0, 1.8, gap=0.6)


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
        # Small ones: the first two steps are, and all three are to be told apart.
        self.dots = [Dot(space, ways.lerp_rows[stop], "normalized", px=15) for stop in self.stops]
        self.here = Dot(space, ways.lerp_rows[0], "ink", px=15)
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
        self.runner = Dot(space, ways.lerp_rows[0], "normalized", px=15)
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
        self.product = Explained("dot.o", "entry by entry")
        self.mostly = noted(*CLAIMS.lines(update.record, "Here one dimension does nearly all."))
        stacked([self.rule, self.product], GRID.panel, 2.5, gap=0.2)
        at_left(self.mostly, GRID.panel, -1.15)
        self.way = great_circle(space, here, there, "muted")
        self.new = Dot(space, went, "normalized", px=28)
        foot = nearest_on_circle(went, here, there)
        self.name = term_of(space, went, foot, '"new" {{ h : normalized }}')
        self.gap = arc(space, foot, went, "ink", STROKE.flow)
        self.values = [
            Readout(Line("h moved by"), update.angle("moved"), places=1, role="normalized"),
            Readout(Line("beside the arc by"), update.angle("off_arc"), places=1),
        ]
        column_of(self.values, GRID.panel, -2.0, 0.65)
        self.view = update.seen_from(BESIDE)


class Rates:
    """The update beside a step of gradient descent, and all rates of the boldest layer."""

    def __init__(self, update: Update) -> None:
        record = update.record
        layer = int(np.argmax(record.alpha_attn_mean))
        rates = row_of(record, "alpha_attn", layer)
        box = Box(GRID.left + 0.75, -2.1, 11.9, 1.75)
        name = f"|α| in attention, layer {layer + 1}"
        self.bars = Bars(box, measure(name, rates, most=3), [rates], [], "scale")
        self.count = Line(f"{len(rates)} dimensions of our larger nGPT", role="muted")
        self.count.move_to((box.left + box.width / 2, box.bottom - 0.3, 0))
        back = f"{{{{ (h - {update.name}) : transformation }}}}"
        sides = (
            ("a step of gradient descent", DESCENT, Line(DESCENT_TERMS), GRID.left),
            (
                "an update of nGPT",
                DESCENDING.replace("NAME", update.name),
                Explained(back, "takes the place of the gradient"),
                0.0,
            ),
        )
        self.eigen = noted("eigen: with these α on its diagonal, a matrix has them as eigenvalues")
        self.eigen.move_to((box.left + box.width / 2, box.bottom - 0.75, 0))
        self.sides = [
            stacked([Line(words, role="muted"), Equation(term), terms], left, 2.4, gap=0.3)
            for words, term, terms, left in sides
        ]
