"""Chapter 4: the residual update of nGPT, on the sphere on which its hidden states live.

The two ways, chord and arc, are the first half (`scenes.slerp_two_ways`); here is how far the
model goes on them: small steps, and α.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ngpt_math.recordings import Recording
from ngpt_math.recordings import SlerpVsLerp as Recorded
from scenes.slerp_two_ways import STEPPING, TwoWays
from scenes.stage.bars import Bars
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import section
from scenes.stage.curves import nearest_on_circle
from scenes.stage.equations import Equation
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Dot, arc, great_circle
from scenes.stage.motion import Appear, appear, drawn, grown, leave, swept
from scenes.stage.plots import Box, Plot, measure
from scenes.stage.readouts import Readout, column_of, degrees_of, nearest_row, row_of
from scenes.stage.space import View
from scenes.stage.style import GRID, SIZE, STROKE, TIME
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

EXACT = STEPPING.replace("{{ alpha : scale }}", "{{ alpha : scale }} dot.o")
DESCENT = "{{ w : ink_w }} <- {{ w : ink_w }} - {{ eta : scale }} {{ nabla L : transformation }}"
DESCENDING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} - {{ alpha : scale }} dot.o'
    " {{ (h - NAME) : transformation }} )"
)


class SlerpVsLerp(TwoWays):
    """Two ways to follow a block's suggestion, the chord and the arc, and the learned α."""

    key: ClassVar[str] = "slerp_vs_lerp"
    number: ClassVar[int] = 4
    heading: ClassVar[str] = "Residual connections with SLERP"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("03", "05")

    @section(
        "For small steps, the chord goes sin θ over θ of the way",
        says=(
            "For small alpha, LERP goes only a part of SLERP's angle: sine of theta over theta.",
            "The dots are the angles that the larger model really has, block by block.",
        ),
        pause=True,
        covers=("4.3", "0.6"),
    )
    def ratio(self) -> None:
        """The ratio of the two ways as α → 0, and where the models' own angles lie."""
        record = self.recording
        theta, share = degrees_of(record, "ratio_theta"), row_of(record, "ratio")
        plot = Plot(
            Box(GRID.left + 0.75, -2.05, 6.4, 4.1),
            measure("θ, the angle from h to the suggestion", theta, most=6),
            measure("LERP's step as a share of SLERP's", share),
        )
        curve = plot.curve(theta, share, "traditional")
        fields = ("theta_attn_median", "theta_mlp_median")
        angles = [angle for field in fields for angle in degrees_of(record, field)]
        dots = [plot.spot(t, share[nearest_row(theta, t)], "normalized", px=20) for t in angles]
        own = record.traced("angles", self.update).degrees
        own_share = share[nearest_row(theta, own)]
        here = [plot.upright(own, own_share, "ink"), plot.spot(own, own_share, "ink", px=26)]
        law = Equation('frac(theta_"LERP", theta_"SLERP") arrow.r frac(sin theta, theta)')
        many = noted("the larger model:", "median of every block", role="normalized")
        values = [Readout(Line("our update: θ"), own, places=1)]
        values.append(Readout(Line("share of the way"), own_share))
        stacked([law, many], 2.2, 2.1, gap=0.8)
        column_of(values, 2.2, -1.1, 0.65)
        self.play(*appear(plot, law))
        self.play(drawn(curve, run_time=TIME.sweep / 2))
        self.wait(TIME.rest)
        self.play(*appear(*dots, many))
        self.wait(TIME.rest)
        self.play(*appear(*here, *values))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "How far to step is learned",
        says=(
            "How far each block may move the state is learned. These are the real step sizes.",
            "All began at the dashed line.",
        ),
        pause=True,
        covers=("4.4", "0.6"),
    )
    def learned(self) -> None:
        """Mean |α_A| and |α_M| by layer of the larger model, and where they began."""
        record = self.recording
        rows = [row_of(record, "alpha_attn_mean"), row_of(record, "alpha_mlp_mean")]
        start = record.traced("alpha_init")
        bars = Bars(
            Box(GRID.left + 0.75, -2.3, 7.6, 4.4),
            measure("mean |α|", [*rows[0], *rows[1], start]),
            rows,
            [f"layer {number + 1}" for number in range(len(rows[0]))],
            "scale",
        )
        began = bars.axis.level(start, "ink")
        legend = bars.legend(
            [Explained("abs(alpha_A)", "attention"), Explained("abs(alpha_M)", "MLP")]
        )
        before = Readout(Line("before training"), start)
        stacked([legend, before], 3.0, 1.6, gap=0.8)
        self.play(*appear(bars.axis, bars.names, legend))
        self.play(*appear(began, before))
        self.wait(TIME.rest)
        self.play(*(grown(row) for row in bars.rows), run_time=TIME.sweep / 2)
        self.play(Appear(bars.numbers))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "The same update, timid or bold",
        says=(
            "The same update with other step sizes. As before training: barely a move.",
            "Then with the smallest and with the largest mean that the larger model learned.",
        ),
        covers=("4.4",),
    )
    def different(self) -> None:
        """The chosen update with α as initialized, and with two of the larger model's means."""
        record, ways = self.recording, self.ways
        alpha, moved = row_of(record, "sweep_alpha"), degrees_of(record, "sweep_lerp_angle")
        means = sorted(
            [*row_of(record, "alpha_attn_mean"), *row_of(record, "alpha_mlp_mean")],
            key=lambda mean: mean.value,
        )
        stops = [nearest_row(alpha, n) for n in (record.traced("alpha_init"), means[0], means[-1])]
        dots = [Dot(self.space, ways.lerp_rows[stop], "normalized", px=24) for stop in stops]
        words = ("before training", "smallest learned mean", "largest learned mean")
        table = Table(
            [Line(each) for each in words],
            [
                Column(Equation("{{ alpha : scale }}"), [alpha[s] for s in stops], "scale"),
                Column(Line("h moves by"), [moved[s] for s in stops], "normalized", places=1),
            ],
            GRID.panel,
            1.2,
        )
        self.slider.show_row(0)
        runner = Dot(self.space, self.here, "normalized", px=28)
        led = [
            (self.slider, self.slider.show_row),
            (runner, lambda row: runner.move_to_row(ways.lerp_rows, row)),
        ]
        self.play(*appear(self.sphere, *self.points, *self.names, ways.arc))
        self.play(*appear(self.slider, table.headings, runner))
        for before, stop, dot, row in zip([0, *stops], stops, dots, table.rows, strict=False):
            self.play(*swept(led, before, stop))
            self.add(dot)
            self.play(Appear(row))
            self.wait(TIME.rest)
        self.wait(TIME.rest)
        self.play(*leave(runner, *dots, table, self.slider))

    @section(
        "In truth, every dimension has its own α",
        says=(
            "One honest correction: alpha is not one number. Every dimension has its own.",
            "So the real step leaves the arc. It still ends on the sphere, beside the way.",
        ),
        pause=True,
        covers=("4.4", "0.6"),
    )
    def own_alpha(self) -> None:
        """The state that the model really went to, beside the great circle through both points."""
        record = self.recording
        went = record.states[self.update + 1].astype(float)
        alphas = row_of(record, "alphas", self.update)
        rule = Equation(EXACT.replace("NAME", self.there_name))
        bars = Bars(
            Box(GRID.panel + 0.75, -0.45, 4.4, 1.5),
            measure("|α| of this update", alphas, most=3),
            [alphas],
            [f"dimension {number + 1}" for number in range(len(alphas))],
            "scale",
        )
        at_left(rule, GRID.panel, 2.4)
        way = great_circle(self.space, self.here, self.there, "muted")
        new = Dot(self.space, went, "normalized", px=28)
        foot = nearest_on_circle(went, self.here, self.there)
        gap = arc(self.space, foot, went, "transformation", STROKE.flow)
        moved, beside = (record.traced(f, self.update).degrees for f in ("moved", "off_arc"))
        values = [
            Readout(Line("h moved by"), moved, places=1, role="normalized"),
            Readout(Line("beside the arc by"), beside, places=1, role="transformation"),
        ]
        column_of(values, GRID.panel, -1.7, 0.7)
        self.play(*appear(rule, bars))
        self.wait(TIME.rest)
        self.play(drawn(way))
        self.play(*appear(new, values[0]))
        self.play(drawn(gap))
        self.play(Appear(values[1]))
        self.look(self.view, View.onto_point(went, aside=25))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "α is a step size: an eigen learning rate",
        says=(
            "Read the update as descent: the way to the suggestion stands where the gradient does.",
            "Alpha is then its learning rate, one for every dimension: an eigen learning rate.",
        ),
        pause=True,
        covers=("4.4", "0.2"),
    )
    def eigen_rate(self) -> None:
        """The update beside a step of gradient descent, and one layer's rates, all of them."""
        record = self.recording
        layer = int(np.argmax(record.alpha_attn_mean))
        rates = row_of(record, "alpha_attn", layer)
        box = Box(GRID.left + 0.75, -2.35, 11.9, 2.2)
        y = measure(f"|α| in attention, layer {layer + 1}", rates, most=3)
        bars = Bars(box, y, [rates], [], "scale")
        count = Line(f"{len(rates)} dimensions", px=SIZE.tick, role="muted")
        count.move_to((box.left + box.width / 2, box.bottom - 0.25, 0))
        sides = (
            ("a step of gradient descent", DESCENT, GRID.left),
            ("an update of nGPT", DESCENDING.replace("NAME", self.there_name), 0.0),
        )
        for words, term, left in sides:
            side = stacked([Line(words, role="muted"), Equation(term)], left, 2.3)
            self.play(Appear(side))
            self.wait(TIME.rest)
        self.play(*appear(bars.axis, count))
        self.play(grown(bars.rows[0]))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "To take away",
        says=(
            "The traditional update adds. The normalized one steps to a suggestion, and returns.",
            "LERP with Norm stands in for SLERP. How far to step is learned, in every dimension.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        points = Takeaways(
            (
                ("traditional", ("Adding leaves nothing to hold the length of the hidden state.",)),
                ("normalized", ("nGPT steps towards a suggestion, then normalizes: length 1.",)),
                (
                    "ink",
                    (
                        "LERP with Norm stands in for SLERP:",
                        "equal at α = 0, ½ and 1, a shorter step near 0.",
                    ),
                ),
                ("scale", ("α says how far. It is learned, one for each dimension.",)),
            )
        )
        books = Line(f"Notebooks {' and '.join(self.notebooks)}", role="muted", px=SIZE.tick)
        at_left(books, points.get_left()[0], -2.6)
        for point in points:
            self.play(Appear(point))
            self.wait(TIME.rest)
        self.play(Appear(books))
        self.wait(TIME.rest)
        self.clear_stage()

    @section(
        "Where does the suggestion come from?",
        says=("But where does the suggestion come from? From attention, which comes next.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 5: the suggestion, lit."""
        card = NextChapter("Next", "5 · Attention")
        card.shift((3.2, 0, 0))
        self.play(*appear(self.sphere, *self.points, *self.names))
        self.turn(self.view, 20, *appear(card), seconds=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.clear_stage()
