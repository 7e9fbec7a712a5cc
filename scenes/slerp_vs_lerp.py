"""Chapter 4: the residual update of nGPT, on the sphere on which its hidden states live."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
from manim import VGroup

from ngpt_math.recordings import Recording, Traced
from ngpt_math.recordings import SlerpVsLerp as Recorded
from scenes.stage.bars import Bars
from scenes.stage.cards import NextChapter, Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.curves import arc_points
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation
from scenes.stage.layout import at_left, below, noted
from scenes.stage.marks import Arrow, Dot, Tag, Trace, arc, chord
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.motion import Appear, Become, appear, dimmed, drawn, leave, lit, swept
from scenes.stage.plots import Box, Plot, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, row_of
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


def degrees(record: Recording, field: str) -> list[Traced]:
    """A row of recorded angles, in degrees."""
    return [number.degrees for number in row_of(record, field)]


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
        self.block, self.there_name, self.there_words = (
            ("MLP", "h_M", "h with M")
            if self.update % 2
            else ("attention block", "h_A", "h with A")
        )
        self.view = View.onto_arc(self.here, self.there, SLANT)
        self.space = Space(self.view, (GRID.picture, GRID.middle), 2.3)

    def named(self, space: Space, at: np.ndarray, name: str, role: str, *away: float) -> Tag:
        """A point's name in the letters of the equations."""
        return Tag(space, at, Equation(f"{{{{ {name} : {role} }}}}", px=SIZE.readout), away)

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
        meaning = noted(
            f"h: the state at the lit letter, before update {self.update + 1}",
            f"{self.there_words}: what the {self.block} suggests",
            "a real update of the model with three dimensions",
        )
        theta = Readout(
            Equation("{{ theta : ink }} ="), record.traced("angles", self.update).degrees, places=1
        )
        at_left(prompt, GRID.panel, 1.6)
        below(prompt, meaning)
        below(meaning, theta, 0.7)
        between = arc(self.space, self.here, self.there, "muted", STROKE.auxiliary)
        self.play(Appear(self.sphere))
        self.play(*appear(self.points[0], self.names[0], prompt, meaning[0]))
        self.play(*appear(self.points[1], self.names[1], meaning[1], meaning[2]))
        self.play(drawn(between), Appear(theta))
        self.turn(self.view, 30)
        self.wait(TIME.read)
        self.play(*leave(prompt, meaning, theta, between))
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
        at_left(rule, GRID.panel, 1.7)
        below(rule, self.slider, 0.7)
        below(self.slider, length, 0.7)
        steps = [(self.slider, self.slider.show_row), (length, length.show_row)]
        self.look(self.view, View.onto_arc(self.here, self.there, SLANT), seconds=2.0)
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
            Readout(Line(words, role=role), degrees(record, field), places=1, role=role)
            for words, field, role in (
                ("angle from h, LERP", "sweep_lerp_angle", "traditional"),
                ("angle from h, SLERP", "sweep_slerp_angle", "normalized"),
                ("SLERP is ahead by", "sweep_gap", "ink"),
            )
        ]
        column_of(angles, GRID.panel, -0.4, 0.65)
        steps = [*ways.lerp_steps, *ways.slerp_steps, (self.slider, self.slider.show_row)]
        self.play(*swept(steps, last, 0))
        self.play(drawn(ways.arc), *appear(ways.slerp, *angles))
        steps += [(angle, angle.show_row) for angle in angles]
        self.turn(self.view, 20, *swept(steps, 0, last), lift=10, seconds=TIME.sweep * 1.2)
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
        lerp, slerp = (degrees(record, f) for f in ("sweep_lerp_angle", "sweep_slerp_angle"))
        box = Box(GRID.panel + 0.85, -2.2, 4.6, 3.0)
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
