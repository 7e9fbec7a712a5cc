"""Chapter 4: the residual update of nGPT, on the sphere on which its hidden states live."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Recording
from ngpt_math.recordings import SlerpVsLerp as Recorded
from scenes.stage.bars import Bars
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.curves import arc_points, nearest_on_circle
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation
from scenes.stage.layout import at_left, explained, noted, stacked
from scenes.stage.marks import Arrow, Dot, Tag, Trace, arc, great_circle
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.motion import Appear, Become, appear, dimmed, drawn, grown, leave, swept
from scenes.stage.plots import Box, Plot, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, degrees_of, nearest_row, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View
from scenes.stage.split import SplitScreen
from scenes.stage.style import GRID, SIZE, STROKE, TIME
from scenes.stage.text import Line

ADDING = "{{ h : traditional }} <- {{ h : traditional }} + {{ f(h) : transformation }}"
STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha : scale }}'
    " ( {{ h_A : transformation }} - {{ h : normalized }} ))"
)

SLANT, OPEN = 35.0, 60.0
"""How far beside the plane of an update the eye stands, in degrees: low over it, and high."""


class SlerpVsLerp(Chapter):
    """Two ways to follow a block's suggestion, the chord and the arc, and the learned α."""

    key: ClassVar[str] = "slerp_vs_lerp"
    number: ClassVar[int] = 4
    heading: ClassVar[str] = "Residual connections with SLERP"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ("03", "05")

    def open_stage(self) -> None:
        """The sphere of the toy model, and the update that the chapter explains."""
        super().open_stage()
        record = self.recording
        self.update = int(record.update)
        self.here = np.asarray(record.states[self.update], dtype=float)
        self.there = np.asarray(record.suggestions[self.update], dtype=float)
        mlp = self.update % 2
        self.block, self.there_name = ("MLP", "h_M") if mlp else ("attention block", "h_A")
        self.view = View.onto_arc(self.here, self.there, SLANT)
        self.space = Space(self.view, (GRID.picture, GRID.middle), 2.3)

    def named(
        self, space: Space, at: np.ndarray, name: str, role: str, across: float, up: float
    ) -> Tag:
        """A point's name in the letters of the equations."""
        return Tag(space, at, Equation(f"{{{{ {name} : {role} }}}}", px=SIZE.readout), (across, up))

    @section(
        "So far: a normalized layer answers with cosines",
        says=(
            "In the chapter before, each row of a weight matrix became a direction of length one.",
            "Its output is a cosine: how far the hidden state h agrees with that direction.",
        ),
        covers=("0.1", "0.5"),
    )
    def recall(self) -> None:
        """Rows of W_q of the toy model as directions, and their cosines with h."""
        record = self.recording
        rows, h = record.recall_weight, record.states[0]
        space = Space(View.onto_point(h, aside=-45), (GRID.picture, GRID.middle), 2.3)
        sphere = Hypersphere(space)
        arrows = [Arrow(space, np.zeros(3), row, "normalized") for row in rows]
        state = Dot(space, h, "ink", px=26)
        name = self.named(space, h, "h", "ink", 16, 12)
        weights = Matrix(cells_of(record, "recall_weight", (8, 3)), "normalized")
        cosines = Matrix(cells_of(record, "recall_cosines", (8, 1)), "normalized")
        product = VGroup(weights, Equation("{{ h : ink }} ="), cosines).arrange(buff=0.4)
        product.move_to((GRID.panel + 2.8, GRID.middle, 0))
        self.play(Appear(sphere))
        self.play(*appear(*arrows), Appear(weights), run_time=TIME.move)
        self.turn(space.view, 25, Appear(state), Appear(name), seconds=TIME.sweep / 2)
        best = int(np.argmax(record.recall_cosines))
        self.play(Appear(product[1]), Appear(cosines))
        others = [a for number, a in enumerate(arrows) if number != best]
        frames = [m.row_frame(best, "ink") for m in (weights, cosines)]
        self.play(*dimmed(*others), *appear(*frames))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "Two ways to take in what a block found",
        says=(
            "A block reads the hidden state and answers. The traditional model adds the answer.",
            "n G P T takes a step towards it, then normalizes: back to length one.",
        ),
        pause=True,
        covers=("4.1", "0.2", "0.3", "0.4"),
    )
    def two_ways(self) -> None:
        """One real update of both toy models, side by side."""
        record, now, after = self.recording, self.update, self.update + 1
        self.open_split()
        start, end = (self.left_states[i] for i in (now, after))
        h = Arrow(self.left, np.zeros(3), start, "traditional")
        found = Arrow(self.left, start, end, "transformation")
        total = Arrow(self.left, np.zeros(3), start, "traditional", STROKE.flow)
        here = Arrow(self.right, np.zeros(3), self.here, "normalized")
        there = Dot(self.right, self.there, "transformation")
        name = self.named(self.right, self.there, self.there_name, "transformation", 14, -14)
        stepped = record.stepped[now]
        step = Arrow(self.right, self.here, stepped, "scale")
        moved = Arrow(self.right, np.zeros(3), self.here, "normalized", STROKE.flow)
        self.play(Appear(h), Appear(here))
        self.play(Appear(found), Appear(there), Appear(name))
        self.wait(TIME.rest)
        self.play(Appear(step))
        route = np.stack([self.here, stepped, record.states[after]])
        self.play(
            Become(total, lambda s: total.move_in_space(start + s * (end - start))),
            *swept([(moved, lambda row: moved.move_to_row(route, row))], 0, 1),
            *(Become(r, lambda s, r=r: r.show_row(now + s)) for r in self.lengths),
            run_time=TIME.sweep / 2,
        )
        self.play(*swept([(moved, lambda row: moved.move_to_row(route, row))], 1, 2))
        self.wait(TIME.read)
        self.play(*leave(*(h, found, total, here, there, name, step, moved)))

    def open_split(self) -> None:
        """Two equal spheres. The left one's radius is the length of h before the update."""
        record = self.recording
        self.screen = SplitScreen()
        self.left_states = record.gpt_states.astype(float) / float(record.gpt_norms[self.update])
        reach = float(np.linalg.norm(self.left_states, axis=1).max())
        radius = min(1.75, 2.0 / reach)
        start, end = self.left_states[self.update : self.update + 2]
        # The axes of two models have nothing in common: each is seen onto its own update.
        self.left = self.screen.left.space(View.onto_arc(start, end, OPEN), -0.5, radius)
        self.right = self.screen.right.space(
            View.onto_arc(self.here, self.there, OPEN), -0.5, radius
        )
        rules = [
            Equation(typst).move_to(half.at(0, 1.7))
            for typst, half in ((ADDING, self.screen.left), (STEPPING, self.screen.right))
        ]
        self.lengths = [
            Readout(Line("length of h", role=role), row_of(record, field), role=role)
            for field, role in (("gpt_norms", "traditional"), ("norms", "normalized"))
        ]
        for readout, half in zip(self.lengths, (self.screen.left, self.screen.right), strict=True):
            readout.move_to(half.at(0, -2.65))
            readout.show_row(self.update)
        self.play(Appear(self.screen), *appear(*rules))
        spheres = [Hypersphere(space) for space in (self.left, self.right)]
        self.play(*appear(*spheres), *appear(*self.lengths))

    @section(
        "Update after update",
        says=(
            "Over all the updates the traditional state drifts: nothing holds its length.",
            "The normalized state only turns. Its length stays one.",
        ),
        covers=("4.1",),
    )
    def every_update(self) -> None:
        """The path of both hidden states through all updates."""
        states = self.recording.states.astype(float)
        legs = [arc_points(a, b, pieces=16) for a, b in pairwise(states)]
        path = np.concatenate([legs[0][:1], *(leg[1:] for leg in legs)])
        last = len(legs)
        drift = Trace(self.left, self.left_states, "traditional", STROKE.arc, on_sphere=False)
        walk = Trace(self.right, path, "normalized", STROKE.arc)
        ends = [
            Dot(self.left, self.left_states[0], "traditional"),
            Dot(self.right, path[0], "normalized"),
        ]
        steps = [
            (drift, drift.show_upto),
            (walk, lambda row: walk.show_upto(16 * row)),
            (ends[0], lambda row: ends[0].move_to_row(self.left_states, row)),
            (ends[1], lambda row: ends[1].move_to_row(path, 16 * row)),
            *((readout, readout.show_row) for readout in self.lengths),
        ]
        for _, show in steps[:4]:
            show(0)
        for space, line in ((self.left, self.left_states), (self.right, path)):
            self.look(space.view, View.onto_point(line.mean(axis=0), aside=-20), seconds=TIME.move)
        self.play(*(Become(r, lambda s, r=r: r.show_row(0)) for r in self.lengths), *appear(*ends))
        self.add(drift, walk)
        self.play(*swept(steps, 0, last), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "Two points, one block's suggestion apart",
        says=(
            "Take one update. h is the hidden state at the lit letter.",
            "The block suggests another point of the sphere. Between them lies the angle theta.",
        ),
        pause=True,
        covers=("4.2", "0.5", "0.6"),
    )
    def two_points(self) -> None:
        """h and the suggestion, both read from the toy model, and the angle between them."""
        record = self.recording
        self.sphere = Hypersphere(self.space)
        self.points = [
            Dot(self.space, self.here, "normalized", px=26),
            Dot(self.space, self.there, "transformation", px=26),
        ]
        self.names = [
            self.named(self.space, self.here, "h", "normalized", 16, 14),
            self.named(self.space, self.there, self.there_name, "transformation", 16, 14),
        ]
        prompt = Prompt(record.prompt, int(record.position), "normalized")
        meaning = [
            explained("{{ h : normalized }}", "the state at the lit letter"),
            explained(
                f"{{{{ {self.there_name} : transformation }}}}", f"what the {self.block} suggests"
            ),
            Line("one update of the model with three dimensions", role="muted", px=SIZE.tick),
        ]
        theta = Readout(
            Equation("{{ theta : ink }} ="), record.traced("angles", self.update).degrees, places=1
        )
        texts = stacked([prompt, *meaning, theta], GRID.panel, 1.7)
        between = arc(self.space, self.here, self.there, "muted", STROKE.auxiliary)
        seen = View.onto_arc(self.here, self.there, SLANT)
        self.view.turn, self.view.lift = seen.turn - 35, seen.lift
        self.play(Appear(self.sphere))
        self.play(*appear(self.points[0], self.names[0], prompt, meaning[0]))
        self.play(*appear(self.points[1], self.names[1], *meaning[1:]))
        self.play(drawn(between), Appear(theta))
        self.look(self.view, seen)
        self.wait(TIME.read)
        self.play(*leave(texts, between))
        self.ways = Interpolation(
            self.space, record.sweep_chord, record.sweep_lerp, record.sweep_slerp
        )

    @section(
        "LERP: straight through the sphere, then back to length one",
        says=(
            "The straight way mixes the two points: one minus alpha of h, alpha of the other.",
            "The chord runs inside the sphere: the mix is too short. Norm stretches it to one again.",
        ),
        pause=True,
        covers=("4.2", "0.2"),
    )
    def lerp(self) -> None:
        """The chord swept by α, the length of the mix, and the mix put back on the sphere."""
        record, ways = self.recording, self.ways
        last, middle = ways.rows - 1, (ways.rows - 1) // 2
        rule = Equation(
            "(1 - {{ alpha : scale }}) {{ h : normalized }}"
            f" + {{{{ alpha : scale }}}} {{{{ {self.there_name} : transformation }}}}"
        )
        self.slider = Slider(
            Equation("{{ alpha : scale }}"), row_of(record, "sweep_alpha"), 3.0, "scale"
        )
        length = Readout(
            Line("length of the mix"), row_of(record, "sweep_chord_norm"), role="traditional"
        )
        stacked([self.slider, rule, length], GRID.panel, 2.2, gap=0.7)
        steps = [(self.slider, self.slider.show_row), (length, length.show_row)]
        self.play(drawn(ways.chord), Appear(rule))
        self.play(*appear(ways.mix, self.slider, length))
        self.play(*swept([*ways.chord_steps, *steps], 0, middle), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*appear(ways.lerp, ways.ray), *swept(ways.put_back(middle), 0, 1))
        self.wait(TIME.rest)
        self.play(*swept([*ways.lerp_steps, *steps], middle, last), run_time=TIME.sweep / 2)
        self.wait(TIME.read)
        self.play(*leave(rule, length))

    @section(
        "SLERP: along the arc, at an even pace",
        says=(
            "SLERP walks on the surface instead. Both now follow the same alpha.",
            "The arc turns evenly. The chord lags behind at first, and catches up later.",
        ),
        pause=True,
        covers=("4.2", "0.3"),
    )
    def slerp(self) -> None:
        """Both points swept by the same α, the angle of each read out."""
        record, ways, last = self.recording, self.ways, self.ways.rows - 1
        angles = [
            Readout(Line(words, role=role), degrees_of(record, field), places=1, role=role)
            for words, field, role in (
                ("angle from h, LERP", "sweep_lerp_angle", "traditional"),
                ("angle from h, SLERP", "sweep_slerp_angle", "normalized"),
                ("SLERP is ahead by", "sweep_gap", "ink"),
            )
        ]
        column_of(angles, GRID.panel, 0.7, 0.75)
        steps = [*ways.lerp_steps, *ways.slerp_steps, (self.slider, self.slider.show_row)]
        self.play(*swept(steps, last, 0))
        self.play(drawn(ways.arc), *appear(ways.slerp, *angles))
        steps += [(angle, angle.show_row) for angle in angles]
        higher = View.onto_arc(self.here, self.there, (SLANT + OPEN) / 2)
        self.look(self.view, higher, *swept(steps, 0, last), seconds=TIME.sweep * 1.2)
        self.wait(TIME.rest)
        ahead = int(np.argmax(record.sweep_gap))
        self.play(*swept(steps, last, ahead), run_time=TIME.sweep / 2)
        self.wait(TIME.read)
        self.play(*leave(*angles))

    @section(
        "They agree at the ends and halfway, nowhere else",
        says=(
            "Angle against alpha: SLERP is a straight line, LERP bends around it.",
            "They meet at zero, at one half and at one.",
        ),
        pause=True,
        covers=("4.3",),
    )
    def agree(self) -> None:
        """Both angles against α, drawn while the points move."""
        record, ways, last = self.recording, self.ways, self.ways.rows - 1
        alpha = row_of(record, "sweep_alpha")
        lerp, slerp = (degrees_of(record, f) for f in ("sweep_lerp_angle", "sweep_slerp_angle"))
        box = Box(GRID.panel + 0.8, -2.1, 4.6, 2.9)
        plot = Plot(box, measure("α", alpha), measure("angle from h", [*lerp, *slerp]))
        lines = [
            plot.curve(alpha, lerp, "traditional"), plot.curve(alpha, slerp, "normalized")
        ]  # fmt: skip
        steps = [*ways.lerp_steps, *ways.slerp_steps, (self.slider, self.slider.show_row)]
        self.play(*swept(steps, int(np.argmax(record.sweep_gap)), 0), Appear(plot))
        self.play(
            *swept([*steps, *((line, line.show_upto) for line in lines)], 0, last),
            *appear(*lines, run_time=TIME.quick),
            run_time=TIME.sweep,
        )
        meet = VGroup(*(plot.spot(alpha[row], slerp[row], "ink") for row in (0, last // 2, last)))
        self.play(Appear(meet))
        self.play(*swept(steps, last, last // 2))
        self.wait(TIME.read)
        self.clear_stage()

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
        dots = [
            plot.spot(t, share[nearest_row(theta, t)], "normalized", px=18) for t in angles
        ]  # fmt: skip
        own = record.traced("angles", self.update).degrees
        own_share = share[nearest_row(theta, own)]
        here = [plot.upright(own, own_share, "ink"), plot.spot(own, own_share, "ink", px=24)]
        law = Equation('frac(theta_"LERP", theta_"SLERP") arrow.r frac(sin theta, theta)')
        many = noted("the larger model: median", "of every block", role="normalized")
        names = [Line("the update before: θ"), Line("share of the way")]
        values = [Readout(names[0], own, places=1), Readout(names[1], own_share)]
        stacked([law, many], 2.3, 2.1, gap=0.8)
        column_of(values, 2.3, -1.1, 0.65)
        self.play(Appear(plot))
        self.play(drawn(curve, run_time=TIME.sweep / 2), Appear(law))
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
            "All began at the dashed line. Bars: attention and MLP, in every layer.",
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
            Box(GRID.left + 0.75, -2.05, 7.4, 4.1),
            measure("mean |α|", [*rows[0], *rows[1], start]),
            rows,
            [f"layer {number + 1}" for number in range(len(rows[0]))],
            "scale",
        )
        began = bars.axis.level(start, "ink")
        legend = bars.legend(["attention, |α_A|", "MLP, |α_M|"])
        before = Readout(Line("before training"), start)
        stacked([legend, before], 3.1, 1.4, gap=0.8)
        self.play(Appear(bars.axis), Appear(bars.names))
        self.play(*appear(began, before))
        self.wait(TIME.rest)
        self.play(*(grown(row) for row in bars.rows), Appear(legend), run_time=TIME.sweep / 2)
        self.play(Appear(bars.numbers))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "The same update, timid or bold",
        says=(
            "The same update with other step sizes. As at the start of training: barely a move.",
            "With the smallest and the largest learned mean, the state really goes somewhere.",
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
        chosen = [record.traced("alpha_init"), means[0], means[-1]]
        stops = [nearest_row(alpha, each) for each in chosen]
        words = ("before training", "smallest learned mean", "largest learned mean")
        angles = [Readout(Line(w), moved[s], places=1) for w, s in zip(words, stops, strict=True)]
        dots = [Dot(self.space, ways.lerp_rows[stop], "normalized", px=24) for stop in stops]
        head = Line("the state moves by", role="muted")
        self.slider.show_row(0)
        at_left(head, GRID.panel, 1.2)
        column_of(angles, GRID.panel, 0.2, 0.75)
        self.play(*appear(self.sphere, *self.points, *self.names, ways.arc, self.slider, head))
        runner = Dot(self.space, self.here, "normalized", px=24)
        self.add(runner)
        led = [
            (self.slider, self.slider.show_row),
            (runner, lambda row: runner.move_to_row(ways.lerp_rows, row)),
        ]
        for before, stop, dot, angle in zip([0, *stops], stops, dots, angles, strict=False):
            self.play(*swept(led, before, stop))
            self.add(dot)
            self.play(Appear(angle))
            self.wait(TIME.rest)
        self.wait(TIME.rest)
        self.play(*leave(runner, *dots, *angles, head, self.slider))

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
        went = record.states[self.update + 1]
        alphas = row_of(record, "alphas", self.update)
        bars = Bars(
            Box(GRID.panel + 0.75, 0.15, 3.4, 1.5),
            measure("|α| of this update", alphas, most=3),
            [alphas],
            [f"dimension {number + 1}" for number in range(len(alphas))],
            "scale",
        )
        way = great_circle(self.space, self.here, self.there, "muted")
        new = Dot(self.space, went, "normalized", px=26)
        foot = nearest_on_circle(went, self.here, self.there)
        gap = arc(self.space, foot, went, "transformation")
        values = [
            Readout(Line("the state moved by"), record.traced("moved", self.update).degrees, places=1),
            Readout(
                Line("beside the arc by", role="transformation"),
                record.traced("off_arc", self.update).degrees, places=1, role="transformation",
            ),
        ]  # fmt: skip
        column_of(values, GRID.panel, -1.5, 0.7)
        self.play(*appear(bars, way))
        self.wait(TIME.rest)
        self.play(Appear(new), Appear(values[0]))
        self.play(drawn(gap), Appear(values[1]))
        self.turn(self.view, -35)
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "α is a step size: an eigen learning rate",
        says=(
            "Read the update as descent: the way to the suggestion stands where a gradient stands.",
            "Then alpha is its learning rate, one for every dimension. The paper says: eigen rates.",
        ),
        pause=True,
        covers=("4.4", "0.2"),
    )
    def eigen_rate(self) -> None:
        """The update beside a step of gradient descent, and one layer's rates, all of them."""
        record = self.recording
        descent = Equation(
            "{{ w : ink_w }} <- {{ w : ink_w }} - {{ eta : scale }} {{ nabla L : transformation }}"
        )
        update = Equation(
            '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} - {{ alpha : scale }} dot.o'
            " {{ (h - h_A) : transformation }} )"
        )
        layer = int(np.argmax([n.value for n in row_of(record, "alpha_attn_mean")]))
        rates = row_of(record, "alpha_attn", layer)
        box = Box(GRID.left + 0.75, -2.3, 11.6, 2.1)
        bars = Bars(
            box, measure(f"|α_A| of layer {layer + 1}", rates, most=3), [rates], [], "scale"
        )
        below_bars = Line(
            f"{len(rates)} dimensions, each with its own rate", px=SIZE.tick, role="muted"
        )
        below_bars.move_to((box.left + box.width / 2, box.bottom - 0.3, 0))
        words = [Line("gradient descent", role="muted"), Line("one update of nGPT", role="muted")]
        for line, rule, left in zip(words, (descent, update), (GRID.left, 0.0), strict=True):
            stacked([line, rule], left, 2.2)
        self.play(*appear(words[0], descent))
        self.play(*appear(words[1], update))
        self.wait(TIME.rest)
        self.play(Appear(bars.axis), grown(bars.rows[0]), Appear(below_bars))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "To take away",
        says=(
            "The traditional update adds. The normalized one steps towards a suggestion and returns.",
            "LERP with Norm stands in for SLERP. How far to step is learned, in every dimension.",
        ),
        pause=True,
        covers=("0.1", "0.7"),
    )
    def takeaways(self) -> None:
        """What to remember, and the notebooks to go on with."""
        points = Takeaways(
            [
                (
                    "traditional",
                    ("Adding a block's answer leaves nothing to hold the length of h.",),
                ),
                ("normalized", ("nGPT steps towards a suggestion, then normalizes: length 1.",)),
                (
                    "ink",
                    (
                        "LERP with Norm stands in for SLERP: equal at α = 0, ½ and 1,",
                        "a smaller step near 0.",
                    ),
                ),
                ("scale", ("α says how far: learned, one for each dimension.",)),
            ]
        )
        books = Line(f"Notebooks {' and '.join(self.notebooks)}", role="muted", px=SIZE.tick)
        at_left(books, points.get_left()[0], -2.6)
        for point in points:
            self.play(Appear(point))
            self.wait(TIME.rest)
        self.play(Appear(books))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "Next",
        says=("But where does the suggestion come from? From attention, which comes next.",),
        covers=("0.1",),
    )
    def onward(self) -> None:
        """The way to chapter 5."""
        card = NextChapter("Where does the suggestion come from?", "Next: 5 · Attention")
        self.play(Appear(card[0]))
        self.play(Appear(card[1]))
        self.wait(TIME.read)
        self.clear_stage()
