"""Pictures of chapter 4, built from its recording: the update, and the two ways to follow it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from manim import VGroup

from ngpt_math.recordings import SlerpVsLerp, Traced
from scenes.claims.slerp_vs_lerp import CLAIMS
from scenes.stage.curves import arc_points
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation, Step
from scenes.stage.layout import Explained, noted, stacked
from scenes.stage.marks import Arrow, Dot, Tag, Trace, arc, name_of, term_of
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.plots import Box, Plot, curve_name, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, degrees_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View
from scenes.stage.split import SplitScreen
from scenes.stage.style import GRID, SIZE, STROKE, Point
from scenes.stage.text import Line

ADDING = "{{ h : traditional }} <- {{ h : traditional }} + {{ f(h) : transformation }}"
STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha : scale }} PRODUCT'
    " ( {{ NAME : transformation }} - {{ h : normalized }} ))"
)
MIXING = (
    "(1 - {{ alpha : scale }}) {{ h : normalized }}"
    " + {{ alpha : scale }} {{ NAME : transformation }}"
)
SLANT, HALFWAY, OPEN = 35.0, 48.0, 60.0
"""How far beside the plane of an update the eye stands, in degrees."""

LEG = 16
"""Pieces of the arc drawn for one update."""

RADIUS = 2.35


@dataclass(frozen=True)
class Update:
    """The update that the chapter explains: from `here` towards `there`, and where it `went`."""

    record: SlerpVsLerp

    @property
    def now(self) -> int:
        """Its number; even ones are attention's, odd ones the MLP's."""
        return int(self.record.update)

    @property
    def here(self) -> Point:
        """h."""
        return self.record.states[self.now].astype(float)

    @property
    def there(self) -> Point:
        """h_A or h_M."""
        return self.record.suggestions[self.now].astype(float)

    @property
    def went(self) -> Point:
        """The next h."""
        return self.record.states[self.now + 1].astype(float)

    @property
    def block(self) -> str:
        """The block that made the suggestion."""
        return "MLP" if self.now % 2 else "attention block"

    @property
    def name(self) -> str:
        """The suggestion's name in equations."""
        return "h_M" if self.now % 2 else "h_A"

    @property
    def term(self) -> str:
        """The suggestion as a term of an equation, in its role."""
        return f"{{{{ {self.name} : transformation }}}}"

    def seen_from(self, slant: float) -> View:
        """The view onto it from `slant` degrees beside its plane."""
        return View.onto_arc(self.here, self.there, slant)

    def angle(self, field: str) -> Traced:
        """One of its recorded angles, in degrees."""
        return self.record.traced(field, self.now).degrees


class Recall:
    """Chapter 3 in one picture: rows of W_q as directions, and their cosines with h."""

    def __init__(self, record: SlerpVsLerp) -> None:
        rows, h = record.recall_weight, record.states[0]
        best = int(np.argmax(record.recall_cosines))
        self.space = Space(View.onto_point(rows[best], -75), (GRID.picture, GRID.middle), RADIUS)
        self.sphere = Hypersphere(self.space)
        self.arrows = [Arrow(self.space, np.zeros(3), row, "normalized") for row in rows]
        self.others = [a for number, a in enumerate(self.arrows) if number != best]
        self.state = Dot(self.space, h, "ink", px=26)
        self.name = term_of(self.space, h, rows[best], "{{ h : ink }}")
        self.weights = Matrix(cells_of(record, "recall_weight", (8, 3)), "normalized")
        self.times = Equation("{{ h : ink }} =")
        self.cosines = Matrix(cells_of(record, "recall_cosines", (8, 1)), "normalized")
        product = VGroup(self.weights, self.times, self.cosines).arrange(buff=0.4)
        product.move_to((GRID.panel + 2.8, GRID.middle, 0))
        self.frames = [matrix.row_frame(best) for matrix in (self.weights, self.cosines)]


class Halves:
    """Both models side by side, each sphere seen onto its own update.

    The left sphere’s radius is the length of h before the update, so that leaving it shows.
    """

    def __init__(self, update: Update) -> None:
        record, now = update.record, update.now
        self.update = update
        self.screen = SplitScreen()
        sides = (self.screen.left, self.screen.right)
        self.left_states = record.gpt_states.astype(float) / float(record.gpt_norms[now])
        radius = self.radius_for(self.left_states[now : now + 2])
        # The axes of two models have nothing in common: there is no one view of both.
        onto = View.onto_arc(self.left_states[now], self.left_states[now + 1], OPEN)
        views = (onto, update.seen_from(OPEN))
        self.left, self.right = (
            side.space(view, -0.45, radius) for side, view in zip(sides, views, strict=True)
        )
        self.spheres = [Hypersphere(space) for space in (self.left, self.right)]
        simple = STEPPING.replace("NAME", update.name).replace("PRODUCT", "")
        self.rules = [Equation(term) for term in (ADDING, simple)]
        self.lengths = [
            Readout(Line("length of h", role=role), row_of(record, field), role=role)
            for field, role in (("gpt_norms", "traditional"), ("norms", "normalized"))
        ]
        self.radii = [
            Readout(Line("sphere’s radius", role="muted"), record.traced(field, now), role="muted")
            for field in ("gpt_norms", "norms")
        ]
        for side, rule, length, size in zip(
            sides, self.rules, self.lengths, self.radii, strict=True
        ):
            rule.move_to(side.at(0, 1.75))
            length.move_to(side.at(-1.6, -2.75))
            size.move_to(side.at(1.5, -2.75))
            length.show_row(now)

    def radius_for(self, states: Point) -> float:
        """The largest radius at which states of the left half find room."""
        return min(1.62, 2.1 / float(np.linalg.norm(states, axis=1).max()))


class OneUpdate:
    """The arrows of one update in both halves, and the way that each state takes."""

    def __init__(self, halves: Halves) -> None:
        update, left, right = halves.update, halves.left, halves.right
        start, end = halves.left_states[update.now : update.now + 2]
        stepped = update.record.stepped[update.now].astype(float)
        centre = np.zeros(3)
        self.added = np.stack([start, end])
        self.route = np.stack([update.here, stepped, update.went])
        self.states = [
            Arrow(left, centre, start, "traditional"),
            Arrow(right, centre, update.here, "normalized"),
        ]
        self.found = Arrow(left, start, end, "transformation")
        self.suggested = Dot(right, update.there, "transformation", px=26)
        self.step = Arrow(right, update.here, stepped, "scale")
        self.sum = Arrow(left, centre, start, "traditional", STROKE.flow)
        self.moved = Arrow(right, centre, update.here, "normalized", STROKE.flow)
        self.names: list[Tag] = [
            name_of(self.found, "{{ f(h) : transformation }}"),
            term_of(right, update.there, centre, update.term),
        ]

    @property
    def going(self) -> list[Step]:
        """Lead both: the left one to the sum (1), the right one along the chord (1) and out (2)."""
        return [
            (self.sum, lambda row: self.sum.move_to_row(self.added, min(row, len(self.added) - 1))),
            (self.moved, lambda row: self.moved.move_to_row(self.route, row)),
        ]


class AllUpdates:
    """The way of both hidden states through all updates; row i is after i updates."""

    def __init__(self, halves: Halves) -> None:
        states = halves.update.record.states.astype(float)
        legs = [arc_points(a, b, pieces=LEG) for a, b in pairwise(states)]
        self.path = np.concatenate([legs[0][:1], *(leg[1:] for leg in legs)])
        self.rows = len(legs)
        self.left_path = halves.left_states
        self.radius = halves.radius_for(self.left_path)
        # The left way is seen from the side, so that leaving the sphere shows.
        self.views = [
            View.onto_point(self.left_path.mean(axis=0), aside=70),
            View.onto_point(self.path.mean(axis=0), aside=-25),
        ]
        left, right = halves.left, halves.right
        self.drift = Trace(left, self.left_path, "traditional", STROKE.arc, on_sphere=False)
        self.walk = Trace(right, self.path, "normalized", STROKE.arc)
        self.ends = [Dot(left, self.left_path[0], "ink"), Dot(right, self.path[0], "ink")]

    @property
    def going(self) -> list[Step]:
        """Lead both states through the updates."""
        left, right = self.ends
        return [
            (self.drift, self.drift.show_upto),
            (self.walk, lambda row: self.walk.show_upto(LEG * row)),
            (left, lambda row: left.move_to_row(self.left_path, row)),
            (right, lambda row: right.move_to_row(self.path, LEG * row)),
        ]


class Points:
    """h and the suggestion on the sphere, and what they are."""

    def __init__(self, update: Update) -> None:
        record, here, there = update.record, update.here, update.there
        self.view = update.seen_from(SLANT)
        self.space = Space(self.view, (GRID.picture, GRID.middle), RADIUS)
        self.sphere = Hypersphere(self.space)
        self.dots = [
            Dot(self.space, here, "normalized", px=28),
            Dot(self.space, there, "transformation", px=28),
        ]
        self.names = [
            term_of(self.space, here, there, "{{ h : normalized }}"),
            term_of(self.space, there, here, update.term),
        ]
        self.prompt = Prompt(record.prompt, int(record.position), "normalized")
        self.meaning = [
            Explained("{{ h : normalized }}", "the state at the lit letter"),
            Explained(update.term, f"what the {update.block} suggests"),
        ]
        self.theta = Readout(Equation("{{ theta : ink }} ="), update.angle("angles"), places=1)
        whose = CLAIMS.true(record, "a model with three dimensions, trained here")
        self.source = Line(whose, role="muted", px=SIZE.tick)
        everything = [self.prompt, *self.meaning, self.theta, self.source]
        self.texts = stacked(everything, GRID.panel, 1.8, gap=0.5)
        self.between = arc(self.space, here, there, "muted", STROKE.axis)

    @property
    def all(self) -> tuple[Hypersphere | Dot | Tag, ...]:
        """The sphere with both points and their names."""
        return (self.sphere, *self.dots, *self.names)


class Ways(Interpolation):
    """Chord and arc of the update, α and what is read on the way."""

    def __init__(self, update: Update, space: Space) -> None:
        record = update.record
        super().__init__(space, record.sweep_chord, record.sweep_lerp, record.sweep_slerp)
        self.last, self.middle = self.rows - 1, (self.rows - 1) // 2
        self.ahead = int(np.argmax(record.sweep_gap))
        self.alpha = row_of(record, "sweep_alpha")
        self.angles = [degrees_of(record, f"sweep_{way}_angle") for way in ("lerp", "slerp")]
        self.slider = Slider(Equation("{{ alpha : scale }}"), self.alpha, 3.4, "scale")
        self.rule = Equation(MIXING.replace("NAME", update.name))
        self.length = Readout(
            Line("length of the mix"), row_of(record, "sweep_chord_norm"), role="traditional"
        )
        self.done = noted("then Norm: the step", "that nGPT computes", role="normalized")
        column = [self.slider, self.rule, self.length, self.done]
        stacked(column, GRID.panel, 2.2, gap=0.7)
        gap = degrees_of(record, "sweep_gap")
        self.readouts = [
            Readout(Line(words, role=role), numbers, places=1, role=role)
            for words, numbers, role in (
                ("angle from h, LERP", self.angles[0], "traditional"),
                ("angle from h, SLERP", self.angles[1], "normalized"),
                ("SLERP minus LERP", gap, "ink"),
            )
        ]
        column_of(self.readouts, GRID.panel, 0.7, 0.75)

    @property
    def both(self) -> list[Step]:
        """Lead LERP and SLERP and the slider."""
        return [*self.lerp_steps, *self.slerp_steps, (self.slider, self.slider.show_row)]


class AnglePlot:
    """Both angles against α."""

    def __init__(self, ways: Ways) -> None:
        lerp, slerp = ways.angles
        box = Box(GRID.panel + 0.8, -2.15, 4.6, 3.0)
        self.plot = Plot(box, measure("α", ways.alpha), measure("angle from h", [*lerp, *slerp]))
        self.lines = [
            self.plot.curve(ways.alpha, lerp, "traditional"),
            self.plot.curve(ways.alpha, slerp, "normalized"),
        ]
        quarter = ways.last // 4
        self.names = [
            curve_name(self.lines[0], "LERP", quarter, above=False),
            curve_name(self.lines[1], "SLERP", quarter, above=True),
        ]
        same = (0, ways.middle, ways.last)
        self.meet = [self.plot.spot(ways.alpha[row], slerp[row], "ink") for row in same]

    @property
    def drawing(self) -> list[Step]:
        """Draw both curves."""
        return [(line, line.show_upto) for line in self.lines]
