"""Chapter 4, first half: the two ways to follow a block's suggestion, the chord and the arc."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manim import VGroup

from scenes.stage.chapter import Chapter, section
from scenes.stage.curves import arc_points
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation
from scenes.stage.layout import Explained, stacked
from scenes.stage.marks import Arrow, Dot, Tag, Trace, arc, name_of
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.motion import Appear, Become, appear, dimmed, drawn, leave, looked, placed, swept
from scenes.stage.plots import Box, Plot, curve_name, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, degrees_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View
from scenes.stage.split import SplitScreen
from scenes.stage.style import GRID, SIZE, STROKE, TIME, Point
from scenes.stage.text import Line

ADDING = "{{ h : traditional }} <- {{ h : traditional }} + {{ f(h) : transformation }}"
STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha : scale }}'
    " ( {{ NAME : transformation }} - {{ h : normalized }} ))"
)
SLANT, OPEN = 35.0, 60.0
"""How far beside the plane of an update the eye stands, in degrees: low over it, and high."""

LEG = 16
"""Pieces of the arc drawn for one update."""


class TwoWays(Chapter):
    """The first half of chapter 4. It is no chapter of its own."""

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
        self.space = Space(self.view, (GRID.picture, GRID.middle), 2.35)

    def named(self, space: Space, at: Point, away_from: Point, term: str, px: float) -> Tag:
        """A term of an equation beside its point, on the side that faces away from another."""
        away = space.drawn(at) - space.drawn(away_from)
        across, up, _ = away / np.linalg.norm(away) * px
        return Tag(space, at, Equation(term, px=SIZE.readout), (float(across), float(up)))

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
        best = int(np.argmax(record.recall_cosines))
        space = Space(View.onto_point(rows[best], aside=-75), self.space.centre[:2], 2.35)
        sphere = Hypersphere(space)
        arrows = [Arrow(space, np.zeros(3), row, "normalized") for row in rows]
        state = Dot(space, h, "ink", px=26)
        name = self.named(space, h, rows[best], "{{ h : ink }}", 22)
        weights = Matrix(cells_of(record, "recall_weight", (8, 3)), "normalized")
        cosines = Matrix(cells_of(record, "recall_cosines", (8, 1)), "normalized")
        product = VGroup(weights, Equation("{{ h : ink }} ="), cosines).arrange(buff=0.4)
        product.move_to((GRID.panel + 2.8, GRID.middle, 0))
        self.play(Appear(sphere))
        self.play(*appear(weights, *arrows))
        self.play(*appear(state, name))
        self.turn(space.view, 30, seconds=TIME.sweep / 2)
        self.play(*appear(product[1], cosines))
        others = [a for number, a in enumerate(arrows) if number != best]
        frames = [matrix.row_frame(best) for matrix in (weights, cosines)]
        self.play(*dimmed(*others), *appear(*frames))
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "Two ways to take in what a block found",
        says=(
            "A block reads the hidden state and answers. The traditional model adds its answer.",
            "n G P T only takes a step towards a suggested point, then normalizes:"
            " it is back at length one.",
        ),
        pause=True,
        covers=("4.1", "0.2", "0.3", "0.4"),
    )
    def two_ways(self) -> None:
        """One real update of both toy models, side by side."""
        record, now = self.recording, self.update
        self.open_split()
        start, end = self.left_states[now : now + 2]
        route = np.stack([self.here, record.stepped[now], record.states[now + 1]]).astype(float)
        centre = np.zeros(3)
        h, here = Arrow(self.left, centre, start, "traditional"), self.arrow_right(self.here)
        found = Arrow(self.left, start, end, "transformation")
        there = Dot(self.right, self.there, "transformation", px=26)
        total = Arrow(self.left, centre, start, "traditional", STROKE.flow)
        moved = self.arrow_right(self.here, STROKE.flow)
        step = Arrow(self.right, route[0], route[1], "scale")
        names = [
            name_of(found, "{{ f(h) : transformation }}"),
            self.named(
                self.right, self.there, centre, f"{{{{ {self.there_name} : transformation }}}}", 22
            ),
        ]
        self.play(*appear(h, here))
        self.play(*appear(found, there, *names))
        self.wait(TIME.rest)
        self.play(Appear(step))
        self.add(total, moved)
        self.play(
            Become(total, lambda share: total.move_in_space(start + share * (end - start))),
            *swept([(moved, lambda row: moved.move_to_row(route, row))], 0, 1),
            *swept([(length, length.show_row) for length in self.lengths], now, now + 1),
            run_time=TIME.sweep / 2,
        )
        self.play(*swept([(moved, lambda row: moved.move_to_row(route, row))], 1, 2))
        self.wait(TIME.read)
        self.play(*leave(h, found, total, here, there, step, moved, *names))

    def arrow_right(self, end: Point, width: float = STROKE.arrow) -> Arrow:
        """A hidden state of nGPT as an arrow from the centre."""
        return Arrow(self.right, np.zeros(3), end, "normalized", width)

    def open_split(self) -> None:
        """Two equal spheres. The left one's radius is the length of h before the update."""
        record, now = self.recording, self.update
        self.screen = SplitScreen()
        halves = (self.screen.left, self.screen.right)
        self.left_states = record.gpt_states.astype(float) / float(record.gpt_norms[now])
        radius = self.radius_for(self.left_states[now : now + 2])
        # The axes of two models have nothing in common: each is seen onto its own update.
        seen = (tuple(self.left_states[now : now + 2]), (self.here, self.there))
        self.left, self.right = (
            half.space(View.onto_arc(ends[0], ends[1], OPEN), -0.45, radius)
            for half, ends in zip(halves, seen, strict=True)
        )
        terms = (ADDING, STEPPING.replace("NAME", self.there_name))
        rules = [
            Equation(term).move_to(half.at(0, 1.75))
            for term, half in zip(terms, halves, strict=True)
        ]
        self.lengths = [
            Readout(Line("length of h", role=role), row_of(record, field), role=role)
            for field, role in (("gpt_norms", "traditional"), ("norms", "normalized"))
        ]
        for readout, half in zip(self.lengths, halves, strict=True):
            readout.move_to(half.at(0, -2.75))
            readout.show_row(now)
        self.spheres = [Hypersphere(space) for space in (self.left, self.right)]
        self.play(*appear(self.screen, *rules))
        self.play(*appear(*self.spheres, *self.lengths))

    def radius_for(self, states: Point) -> float:
        """The largest radius at which states of the left half find room."""
        return min(1.7, 2.1 / float(np.linalg.norm(states, axis=1).max()))

    @section(
        "Update after update",
        says=(
            "Over all the updates the traditional state drifts away: nothing holds its length.",
            "The normalized state only turns. Its length stays one.",
        ),
        covers=("4.1",),
    )
    def every_update(self) -> None:
        """The path of both hidden states through all updates."""
        states = self.recording.states.astype(float)
        legs = [arc_points(a, b, pieces=LEG) for a, b in pairwise(states)]
        path = np.concatenate([legs[0][:1], *(leg[1:] for leg in legs)])
        drift = Trace(self.left, self.left_states, "traditional", STROKE.arc, on_sphere=False)
        walk = Trace(self.right, path, "normalized", STROKE.arc)
        ends = [Dot(space, states[0], "ink") for space in (self.left, self.right)]
        steps = [
            (drift, drift.show_upto),
            (walk, lambda row: walk.show_upto(LEG * row)),
            (ends[0], lambda row: ends[0].move_to_row(self.left_states, row)),
            (ends[1], lambda row: ends[1].move_to_row(path, LEG * row)),
        ]
        numbers = [(length, length.show_row) for length in self.lengths]
        radius = self.radius_for(self.left_states)
        # The left path is seen from the side, so that leaving the sphere shows.
        seen = [
            View.onto_point(self.left_states.mean(axis=0), aside=70),
            View.onto_point(path.mean(axis=0), aside=-25),
        ]
        moves = []
        for space, sphere, view in zip((self.left, self.right), self.spheres, seen, strict=True):
            moves += placed(space, [sphere], space.centre, radius)
            moves += looked(space.view, [sphere], view)
        self.play(*moves, *swept(numbers, self.update + 1, 0))
        self.play(*swept(steps, 0, 0), *appear(drift, walk, *ends), run_time=TIME.quick)
        self.play(*swept([*steps, *numbers], 0, len(legs)), run_time=TIME.sweep)
        self.wait(TIME.read)
        self.clear_stage()

    @section(
        "Two points, one block's suggestion apart",
        says=(
            "Take one real update. h is the hidden state at the lit letter.",
            "The block suggests another point of the sphere. Between them lies the angle theta.",
        ),
        pause=True,
        covers=("4.2", "0.5", "0.6"),
    )
    def two_points(self) -> None:
        """h and the suggestion, both read from the toy model, and the angle between them."""
        record = self.recording
        there = f"{{{{ {self.there_name} : transformation }}}}"
        self.sphere = Hypersphere(self.space)
        self.points = [
            Dot(self.space, self.here, "normalized", px=28),
            Dot(self.space, self.there, "transformation", px=28),
        ]
        self.names = [
            self.named(self.space, self.here, self.there, "{{ h : normalized }}", 26),
            self.named(self.space, self.there, self.here, there, 26),
        ]
        prompt = Prompt(record.prompt, int(record.position), "normalized")
        meaning = [
            Explained("{{ h : normalized }}", "the state at the lit letter"),
            Explained(there, f"what the {self.block} suggests"),
        ]
        theta = Readout(
            Equation("{{ theta : ink }} ="), record.traced("angles", self.update).degrees, places=1
        )
        source = Line("a model with three dimensions, trained here", role="muted", px=SIZE.tick)
        texts = stacked([prompt, *meaning, theta, source], GRID.panel, 1.8, gap=0.5)
        between = arc(self.space, self.here, self.there, "muted", STROKE.axis)
        seen = View.onto_arc(self.here, self.there, SLANT)
        self.view.turn = seen.turn - 35
        self.play(*appear(self.sphere, prompt, source))
        self.play(*appear(self.points[0], self.names[0], meaning[0]))
        self.play(*appear(self.points[1], self.names[1], meaning[1]))
        self.look(self.view, seen, seconds=TIME.sweep * 0.75)
        self.play(drawn(between))
        self.play(Appear(theta))
        self.wait(TIME.read)
        self.play(*leave(texts, between))

    @section(
        "LERP: straight through the sphere, then back to length one",
        says=(
            "The straight way mixes the two points: one minus alpha of h, alpha of the other.",
            "The chord runs inside the sphere: the mix is too short."
            " Norm stretches it to length one again.",
        ),
        pause=True,
        covers=("4.2", "0.2"),
    )
    def lerp(self) -> None:
        """The chord swept by α, the length of the mix, and the mix put back on the sphere."""
        record = self.recording
        self.ways = ways = Interpolation(
            self.space, record.sweep_chord, record.sweep_lerp, record.sweep_slerp
        )
        last, middle = ways.rows - 1, (ways.rows - 1) // 2
        rule = Equation(
            "(1 - {{ alpha : scale }}) {{ h : normalized }}"
            f" + {{{{ alpha : scale }}}} {{{{ {self.there_name} : transformation }}}}"
        )
        self.slider = Slider(
            Equation("{{ alpha : scale }}"), row_of(record, "sweep_alpha"), 3.4, "scale"
        )
        length = Readout(
            Line("length of the mix"), row_of(record, "sweep_chord_norm"), role="traditional"
        )
        stacked([self.slider, rule, length], GRID.panel, 2.2, gap=0.7)
        steps = [(self.slider, self.slider.show_row), (length, length.show_row)]
        self.play(*appear(self.slider, rule))
        self.play(drawn(ways.chord))
        self.play(*appear(ways.mix, length))
        self.play(*swept([*ways.chord_steps, *steps], 0, middle), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*appear(ways.lerp, ways.ray), *swept(ways.put_back(middle), 0, 1))
        self.wait(TIME.rest)
        self.play(*swept([*ways.lerp_steps, *steps], middle, last), run_time=TIME.sweep / 2)
        self.wait(TIME.rest)
        self.play(*leave(rule, length))

    @section(
        "SLERP: along the arc, at an even pace",
        says=(
            "SLERP walks on the surface instead. Now both follow the same alpha.",
            "The arc turns evenly. LERP lags behind at first, and catches up later.",
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
        self.play(drawn(ways.arc))
        self.play(*appear(ways.slerp, *angles))
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
        box = Box(GRID.panel + 0.8, -2.15, 4.6, 3.0)
        plot = Plot(box, measure("α", alpha), measure("angle from h", [*lerp, *slerp]))
        lines = [plot.curve(alpha, lerp, "traditional"), plot.curve(alpha, slerp, "normalized")]
        names = [
            curve_name(lines[0], "LERP", last // 4, above=False),
            curve_name(lines[1], "SLERP", last // 4, above=True),
        ]
        steps = [*ways.lerp_steps, *ways.slerp_steps, (self.slider, self.slider.show_row)]
        self.play(*swept(steps, int(np.argmax(record.sweep_gap)), 0))
        self.play(Appear(plot))
        for line in lines:
            line.show_upto(0)
        self.add(*lines)
        both = [(line, line.show_upto) for line in lines]
        self.play(*swept([*steps, *both], 0, last), run_time=TIME.sweep)
        self.play(*appear(*names))
        self.play(*swept(steps, last, last // 2))
        meet = [plot.spot(alpha[row], slerp[row], "ink") for row in (0, last // 2, last)]
        self.play(*appear(*meet))
        self.wait(TIME.read)
        self.clear_stage()
