"""Pictures of chapter 4, built from its recording: the update, and the two ways to follow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from manim import DOWN, UP, VGroup, VMobject

from ngpt_math.recordings import SlerpVsLerp, Traced
from scenes.claims.slerp_vs_lerp import CLAIMS
from scenes.stage.curves import arc_points
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation, Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Arrow, Dot, Mark, Tag, Trace, arc, chord, name_of, term_of
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.plots import Box, Plot, curve_name, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Readout, column_of, degrees_of, row_of
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View, crosswise, spread_in
from scenes.stage.split import Half, SplitScreen
from scenes.stage.style import GRID, PIXEL, SIZE, STROKE, Point
from scenes.stage.text import Line

ADDING = "{{ h : traditional }} <- {{ h : traditional }} + {{ f(h) : transformation }}"
STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha : scale }} PRODUCT'
    " ( {{ NAME : transformation }} - {{ h : normalized }} ))"
)
MIXING = (
    '"mix" = (1 - {{ alpha : scale }}) {{ h : normalized }}'
    " + {{ alpha : scale }} {{ NAME : transformation }}"
)
MOVING = (
    "= {{ h : normalized }} + {{ alpha : scale }}"
    " ({{ NAME : transformation }} - {{ h : normalized }})"
)
STEP = "{{ alpha : scale }} dot.o ({{ NAME : transformation }} - {{ h : normalized }})"
NORMING = '{{ h : normalized }} <- "Norm" ("mix")'
TURNING = """"SLERP" = frac(
    sin((1 - {{ alpha : scale }}) theta) thin {{ h : normalized }}
    + sin({{ alpha : scale }} theta) thin {{ NAME : transformation }}, sin theta
)"""
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
        """Its number; even ones are attention's, odd ones feed-forward's."""
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
        return "feed-forward block" if self.now % 2 else "attention block"

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
        self.column = Matrix(cells_of(record, "states", (3, 1), 0), "ink")
        self.equals = Equation("=")
        self.cosines = Matrix(cells_of(record, "recall_cosines", (8, 1)), "normalized")
        product = VGroup(self.weights, self.column, self.equals, self.cosines).arrange(buff=0.3)
        product.move_to((GRID.panel + 2.8, GRID.middle, 0))
        self.given = Equation("{{ h : ink }}").next_to(self.column, UP, buff=0.2)
        self.frames = [matrix.row_frame(best) for matrix in (self.weights, self.cosines)]
        few, many = record.recall_weight.shape[1], record.alpha_attn.shape[1]
        self.source = noted(
            "query weights of our toy nGPT, first layer",
            f"typical by chance: 1/√{few} in {few} dimensions, 1/√{many} in {many}",
        )
        self.source.next_to(product, DOWN, buff=0.3)


LEGEND = 1.28
"""The baseline of the words that explain the terms of a half's equation."""


def in_a_row(things: Sequence[Explained | Line], half: Half) -> VGroup:
    """Explained terms beside each other on one baseline, in the middle of a half."""
    row = VGroup(*things).arrange(buff=0.45)
    row.move_to(half.at(0, LEGEND))
    for thing in things:
        thing.shift((0, LEGEND - thing.baseline, 0))
    return row


def counted(updates: int) -> tuple[list[Explained | Line], list[Explained | Line]]:
    """How many updates there are, and after which blocks: two a layer, in turn."""
    every = Line(f"all {updates} updates at the same letter", px=SIZE.tick)
    attention = Explained("{{ h_A : transformation }}", "attention, then", px=SIZE.tick)
    mlp = f"feed-forward (also MLP), {updates // 2} times"
    return [every], [attention, Explained("{{ h_M : transformation }}", mlp, px=SIZE.tick)]


class Halves:
    """Both models side by side, each sphere seen onto its own update.

    The left sphere’s radius is the length of h before the update, so that leaving it shows.
    """

    ACROSS, LOW = 2.6, -2.5
    """How far the picture reaches to both sides of its half's middle, and down to where."""

    def __init__(self, update: Update) -> None:
        record, now = update.record, update.now
        self.update = update
        self.screen = SplitScreen("Traditional, toy model", "nGPT, toy model")
        sides = (self.screen.left, self.screen.right)
        self.left_states = record.gpt_states.astype(float) / float(record.gpt_norms[now])
        # The axes of two models have nothing in common: there is no one view of both.
        onto = View.onto_arc(self.left_states[now], self.left_states[now + 1], OPEN)
        views = (onto, update.seen_from(OPEN))
        # Below, there must be room for names beside the arrows.
        low = self.LOW + 0.2
        place, radius = self.room_for(onto, self.left_states[now : now + 2], low, 0.85)
        self.left, self.right = (
            Space(view, side.at(*place), radius) for side, view in zip(sides, views, strict=True)
        )
        self.spheres = [Hypersphere(space) for space in (self.left, self.right)]
        steps = STEPPING.replace("NAME", update.name).replace("PRODUCT", "dot.o")
        self.rules = [Equation(term) for term in (ADDING, steps)]
        meaning = (
            (
                ("{{ h : traditional }}", "hidden state"),
                ("{{ f(h) : transformation }}", "the block’s answer"),
            ),
            (
                (update.term, "suggested point"),
                ("{{ alpha : scale }} dot.o", "each dimension by its own α"),
            ),
        )
        self.legends = [
            in_a_row([Explained(*each, px=SIZE.tick) for each in terms], side)
            for side, terms in zip(sides, meaning, strict=True)
        ]
        self.counts = [
            in_a_row(things, side)
            for side, things in zip(sides, counted(len(record.angles)), strict=True)
        ]
        self.lengths = [
            Readout(Line("length of h", role=role), row_of(record, field), role=role)
            for field, role in (("gpt_norms", "traditional"), ("norms", "normalized"))
        ]
        self.radii = [
            Readout(Line("sphere: a length of", role="muted"), before, role="muted")
            for before in (record.traced("gpt_norms", now), record.traced("norms", now))
        ]
        for side, rule, length, size in zip(
            sides, self.rules, self.lengths, self.radii, strict=True
        ):
            rule.move_to(side.at(0, 1.75))
            length.move_to(side.at(-1.7, -2.82))
            size.move_to(side.at(1.3, -2.82))
            length.show_row(now)

    def room_for(
        self, view: View, states: Point, low: float, high: float
    ) -> tuple[tuple[float, float], float]:
        """Where in both halves a sphere stands, and its radius, if states of the left find room."""
        up = (high - low) / 2
        place, radius = spread_in(view, states, self.ACROSS, up, 0.0)
        return (float(place[0]), float(place[1]) + low + up), radius


def keep_apart(name: Tag, others: Sequence[Tag], margin: float = 0.08) -> None:
    """Move a name up or down, as little as needed, until it is clear of the others."""
    beyond = max(0.0, float(name.text.get_right()[0]) - GRID.right)
    offset = name.offset - np.array([beyond, 0, 0])
    for up in sorted(np.arange(-1.0, 1.05, 0.05), key=abs):
        name.offset = offset + np.array([0, up, 0])
        name.redraw()
        if all(apart(name.text, other.text, margin) for other in others):
            return


def apart(first: VMobject, second: VMobject, margin: float) -> bool:
    """Whether the boxes of two things are at least a margin from each other."""
    gap = np.abs(first.get_center() - second.get_center())[:2]
    sizes = [first.width + second.width, first.height + second.height]
    return bool((gap >= np.array(sizes) / 2 + margin).any())


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
        self.by_alpha = name_of(self.step, STEP.replace("NAME", update.name), px=32)
        words = CLAIMS.lines(update.record, "Here nearly only one dimension moves.")
        self.why = noted(*words, role="scale", px=SIZE.tick)
        self.why.move_to(halves.screen.right.at(0, -2.35))
        # The way that it would go with one α for all dimensions.
        self.straight = chord(right, update.here, update.there, "muted", STROKE.auxiliary)
        found = name_of(self.found, "{{ f(h) : transformation }}")
        way = float(np.sign(right.seen(update.there)[0]))
        there = Tag(right, update.there, Equation(update.term, px=SIZE.readout), (24 * way, 6))
        self.names: list[Tag] = [found, there]
        aside = tuple(-found.offset[:2] / PIXEL)
        self.before = [
            Tag(left, start / 2, Equation("{{ h : traditional }}", px=SIZE.body), aside),
            term_of(right, update.here, update.went, "{{ h : normalized }}"),
        ]
        self.after = [
            Tag(left, end, Equation('"new" {{ h : traditional }}', px=SIZE.body), aside),
            term_of(right, update.went, update.here, '"new" {{ h : normalized }}'),
        ]
        keep_apart(self.by_alpha, [there, self.before[1], self.after[1]])

    @property
    def all(self) -> tuple[Mark, ...]:
        """Everything that stands in the two spheres."""
        drawn = (*self.states, self.found, self.suggested, self.straight, self.step)
        return (*drawn, self.sum, self.moved, self.by_alpha, *self.names, *self.before, *self.after)

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
        # The left way is seen from the side, so that leaving the sphere shows.
        up = (LEGEND - halves.LOW) / 2
        onto = crosswise(self.left_path, self.left_path, halves.ACROSS, up, 0.0)
        self.views = [onto, View.onto_point(self.path.mean(axis=0), aside=-25)]
        place, self.radius = halves.room_for(onto, self.left_path, halves.LOW, LEGEND - 0.3)
        sides = (halves.screen.left, halves.screen.right)
        self.centres = [side.at(*place) for side in sides]
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
        self.prompt = Prompt(record.prompt, int(record.position), "normalized", px=SIZE.readout)
        self.meaning = [
            Explained("{{ h : normalized }}", "the state at the lit letter"),
            Explained(update.term, f"what the {update.block} suggests"),
        ]
        self.theta = Readout(Equation("{{ theta : ink }} ="), update.angle("angles"), places=1)
        whose = CLAIMS.true(record, "our toy nGPT: three dimensions, trained here")
        self.source = Line(whose, role="muted")
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
        self.one = noted("for now, one α for all dimensions")
        self.rule = Equation(MIXING.replace("NAME", update.name))
        self.same = Equation(MOVING.replace("NAME", update.name))
        self.length = Readout(Line("length of the mix"), row_of(record, "sweep_chord_norm"))
        self.norm = Equation(NORMING)
        self.done = noted("LERP, then Norm: what nGPT computes", role="normalized")
        stacked([self.slider, self.one], GRID.panel, 2.2, gap=0.2)
        stacked([self.rule, self.same], GRID.panel, 1.0, gap=0.25)
        stacked([self.length, self.norm, self.done], GRID.panel, -0.8, gap=0.45)
        # Its equality sign under that of the line above.
        self.same.shift((0.615, 0, 0))
        gap = degrees_of(record, "sweep_gap")
        self.readouts = [
            Readout(Line(words, role=role), numbers, places=1, role=role)
            for words, numbers, role in (
                ("angle from h, LERP", self.angles[0], "normalized"),
                ("angle from h, SLERP", self.angles[1], "ink"),
                ("SLERP minus LERP", gap, "muted"),
            )
        ]
        column_of(self.readouts, GRID.panel, 0.95, 0.7)
        self.sines = Equation(TURNING.replace("NAME", update.name), px=SIZE.readout)
        self.cheaper = noted(
            "LERP needs no angle and no sines:", "it is cheaper.", role="normalized"
        )
        stacked([self.sines, self.cheaper], GRID.panel, -1.0, gap=0.35)

    @property
    def both(self) -> list[Step]:
        """Lead LERP and SLERP and the slider."""
        return [*self.lerp_steps, *self.slerp_steps, (self.slider, self.slider.show_row)]


class AnglePlot:
    """Both angles against α."""

    def __init__(self, ways: Ways) -> None:
        lerp, slerp = ways.angles
        box = Box(GRID.panel + 0.8, -1.75, 4.6, 2.7)
        self.plot = Plot(box, measure("α", ways.alpha), measure("angle from h", [*lerp, *slerp]))
        self.lines = [
            self.plot.curve(ways.alpha, lerp, "normalized", STROKE.arrow),
            self.plot.curve(ways.alpha, slerp, "ink", STROKE.axis),
        ]
        quarter = ways.last // 4
        self.names = [
            curve_name(self.lines[0], "LERP", quarter, above=False),
            curve_name(self.lines[1], "SLERP", quarter, above=True),
        ]
        same = (0, ways.middle, ways.last)
        self.meet = [self.plot.spot(ways.alpha[row], slerp[row], "ink") for row in same]
        self.taken = noted("nGPT takes LERP: α is learned for it.", role="normalized")
        at_left(self.taken, GRID.panel, -2.68)

    @property
    def drawing(self) -> list[Step]:
        """Draw both curves."""
        return [(line, line.show_upto) for line in self.lines]
