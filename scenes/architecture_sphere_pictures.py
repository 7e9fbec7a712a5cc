"""Pictures of chapter 7 on the sphere: its letters, an update, and the walk of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, permutations

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import FullArchitecture
from scenes.architecture_pictures import (
    LIKELIEST,
    aligned,
    letters_of,
    prompt_of,
    quoted,
    toy,
)
from scenes.architecture_plan import FIRST, Whole
from scenes.claims.full_architecture import CLAIMS, looked_at
from scenes.stage.curves import arc_points, at_row, straight
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, below, noted, stacked
from scenes.stage.marks import Dot, Tag, Trace, chord, tag, term_of
from scenes.stage.readouts import Readout, baseline_of, column_of, degrees_of
from scenes.stage.space import EYE, Space, View
from scenes.stage.style import (
    GRID,
    LAYER,
    OPACITY,
    PIXEL,
    SIZE,
    STROKE,
    Point,
    colour_of,
)
from scenes.stage.text import Line
from scenes.stage.zoom import SpaceInside

STEPPING = (
    '{{ h : normalized }} <- "Norm" ( {{ h : normalized }} + {{ alpha_A : scale }}'
    " dot.o ({{ h_A : transformation }} - {{ h : normalized }}))"
)
LEG = 16
"""Pieces of the arc drawn for one update."""

FOLLOWED = 12
"""Letters of the prompt, besides the last one, whose points are drawn."""

MOST_LETTERS = 36
"""Letters of a larger alphabet whose points are drawn, those of the prompt first."""

APART = 50.0
"""Points that are seen nearer to each other than these pixels share one label."""

LIFTS = (42.0, 76.0, 110.0, 144.0)
"""How far above points that are seen close together their names may stand, in pixels."""

PASSING, MOST_ORDERED = 12.0, 6
"""Pixels that a name's leader keeps from other points; up to how many names orders are tried."""

AROUND = ((0.0, 16.0), (0.0, -18.0), (18.0, 0.0), (-18.0, 0.0))
"""Where the lit letter’s name may stand beside its point, in pixels; the first that is free."""


class Letters:
    """The points of all letters on the sphere in the embedding box, some with their names."""

    def __init__(self, record: FullArchitecture, whole: Whole) -> None:
        self.space, points = whole.space, record.embeddings.astype(float)
        self.last = int(record.token_ids[-1])
        self.view = View.onto_point(looked_at(record), aside=0)
        every = [*map(int, record.token_ids[::-1]), *range(len(points))]
        self.order = list(dict.fromkeys(every))[:MOST_LETTERS]
        _, *others = self.order
        self.dots = [Dot(self.space, points[n], "normalized", px=18) for n in others]
        self.here = Dot(self.space, points[self.last], "ink", px=28)
        self.prompt = prompt_of(record)
        lit = Explained("{{ h : normalized }}", "starts at the lit letter’s point")
        close = CLAIMS.lines(record, "letters used alike tend to", "lie close: here, the vowels")
        more = noted(*close, "“·” stands for the space")
        self.rule = Equation('{{ h : normalized }} = {{ E_"in" : normalized }} ["letter"]')
        table = Explained('{{ E_"in" : normalized }}', "holds one point for each letter")
        part = f", {len(self.order)} of {len(points)} letters"
        self.source = Line(f"Now: {toy(record)}" + part * (len(self.order) < len(points)))
        parts = [self.source, self.prompt, self.rule, table, lit, more]
        stacked(parts, GRID.panel, 2.2, gap=0.45)
        aligned([table, lit])
        self.texts = [self.prompt, VGroup(self.rule, table, lit), more, self.source]
        self.record = record

    def tags(self) -> list[Tag | Leaders]:
        """Names of the letters in front as they are seen now."""
        points = self.record.embeddings.astype(float)
        front = [n for n in self.order if not Dot(self.space, points[n], "ink").is_behind]
        letters = letters_of(self.record.alphabet)
        others = [n for n in front if n != self.last]
        found = names_at(self.space, points, letters, others, "normalized")
        lines = Leaders(found)
        if self.last not in front:
            return [*found, lines]
        at, name = points[self.last], letters[self.last]
        ways = [tag(self.space, at, name, "ink", offset, SIZE.label) for offset in AROUND]
        return [beside(found, ways), *found, lines]


def beside(others: Sequence[Tag], ways: Sequence[Tag]) -> Tag:
    """The first of several placings of a name that touches no other name; else the first."""
    return next((way for way in ways if not any(touch(way, other) for other in others)), ways[0])


def touch(one: Tag, other: Tag) -> bool:
    """Whether two names stand on the same ground."""
    apart = np.abs(one.get_center() - other.get_center())[:2]
    room = np.array([one.width + other.width, one.height + other.height]) / 2
    return bool((apart < room).all())


def together(places: Point, left: Sequence[int]) -> list[int]:
    """The first of some points in the frame, and all that are led to from it by short ways."""
    group = [left[0]]
    for n in group:  # which grows meanwhile
        near = np.linalg.norm(places[list(left)] - places[n], axis=1) < APART * PIXEL
        group += [m for m, close in zip(left, near, strict=True) if close and m not in group]
    return group


def names_at(
    space: Space, points: Point, letters: Sequence[str], order: Sequence[int], role: str
) -> list[Tag]:
    """Names above points (n, 3); of those that are seen close together in a row above them all.

    Where names stand already, others stand higher.
    """
    places, left = space.drawn(points), list(order)
    found: list[Tag] = []
    while left:
        group = together(places, left)
        left = [n for n in left if n not in group]
        group.sort(key=lambda n: float(places[n, 0]))
        tags = [tag(space, points[n], letters[n], role, (0, 16), SIZE.label) for n in group]
        for lift in [*([0.0] if len(tags) == 1 else []), *LIFTS]:
            if lift:
                in_a_row(tags, places[group], lift)
            if not any(touch(one, other) for one in tags for other in found):
                break
        found += tags
    return found


def in_a_row(tags: Sequence[Tag], places: Point, lift: float) -> None:
    """Put names side by side, so many pixels above the highest of their points (n, 3)."""
    width = max(tag.width for tag in tags) + 0.6 * SIZE.label * PIXEL
    middle, top = places[:, 0].mean(), places[:, 1].max() + lift * PIXEL
    across = middle + width * (np.arange(len(tags)) - (len(tags) - 1) / 2)
    row = np.stack([across, 0 * across + top, 0 * across], axis=1)
    for name, place, there in zip(tags, places, row[clearest(places, row)], strict=True):
        name.offset = there - place
        name.redraw()


def clearest(places: Point, row: Point) -> list[int]:
    """Which place (n, 3) of a row each point (n, 3) is led to: so that no way meets another point.

    Of equal orders the first, from left to right as the points are given.
    """
    orders = [list(range(len(places)))]
    if len(places) <= MOST_ORDERED:
        orders = [list(order) for order in permutations(orders[0])]
    return min(orders, key=lambda order: met(places, row[order]))


def met(feet: Point, heads: Point) -> int:
    """How often ways from feet to heads (n, 3) come too near to another's foot, or cross."""
    count = 0
    for one, other in permutations(range(len(feet)), 2):
        way, aside = heads[one] - feet[one], feet[other] - feet[one]
        share = np.clip(aside @ way / (way @ way), 0, 1)
        count += bool(np.linalg.norm(aside - share * way) < PASSING * PIXEL)
        count += crossing(feet[[one, other]], heads[[one, other]])
    return count


def crossing(feet: Point, heads: Point) -> bool:
    """Whether the ways from two feet to two heads (2, 3) cross."""
    (a, b), (c, d) = feet[:, :2], heads[:, :2]
    return side(a, c, b) != side(a, c, d) and side(b, d, a) != side(b, d, c)


def side(start: Point, end: Point, point: Point) -> bool:
    """Whether a point lies to the left of the way from start to end, in the plane."""
    (x, y), (to_x, to_y) = end - start, point - start
    return bool(x * to_y - y * to_x > 0)


class Leaders(VMobject):
    """Thin lines from names in a row to their points."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        super().__init__(fill_opacity=0)
        self.set_stroke(colour_of("muted"), STROKE.auxiliary).set_z_index(LAYER.arc)
        away = [name for name in tags if np.linalg.norm(name.offset) > 0.9 * LIFTS[0] * PIXEL]
        feet = np.array([name.space.drawn(name.at) for name in away]).reshape(-1, 3)
        heads = np.array([name.get_bottom() for name in away]).reshape(-1, 3)
        self.set_points(straight(feet, heads - np.array([0, 0.05, 0])))


class Update:
    """The prompt's first update on the sphere inside the plan's ring, and what moves it."""

    def __init__(self, record: FullArchitecture, whole: Whole) -> None:
        path = record.paths[:, -1].astype(float)
        here, there, went = path[0], record.suggestions[0].astype(float), path[1]
        # Almost from straight above the plane of the step: that it leaves the sphere is seen.
        self.view = View.onto_arc(here, there, 80)
        # The plan's dotted circle becomes the sphere's outline: Norm leads back onto it.
        self.space = SpaceInside(self.view, whole.zoom, FIRST, 0.2 * np.sqrt(1 - 1 / EYE**2))
        self.sphere = Hypersphere(self.space, axes=False)
        self.dots = [
            Dot(self.space, here, "normalized", px=28),
            Dot(self.space, there, "transformation", px=28),
        ]
        self.names = [
            term_of(self.space, here, there, "{{ h : normalized }}"),
            term_of(self.space, there, here, "{{ h_A : transformation }}"),
        ]
        self.way = chord(self.space, here, there, "transformation")
        self.moving = Dot(self.space, here, "ink", px=28)
        stepped = record.stepped[0].astype(float)
        self.ends = np.stack([here, stepped]), np.stack([stepped, went])
        self.step = Trace(self.space, self.ends[0], "scale", STROKE.arrow, on_sphere=False)
        self.back = Trace(self.space, self.ends[1], "normalized", STROKE.arrow, on_sphere=False)
        self.rule = Equation(STEPPING, px=40)
        self.terms = [
            Explained("{{ h_A : transformation }}", "what attention suggests"),
            Explained("{{ alpha_A : scale }} dot.o", "times a number for each dimension:"),
            Explained('"Norm"', "straight back to length 1"),
        ]
        self.off = Line("the step may leave the red line")
        self.moved = Readout(
            Line("h moved by"), record.traced("moved", 0).degrees, places=1, role="normalized"
        )
        self.short = Readout(
            Line("length before Norm"), record.traced("stepped_length", 0), role="scale"
        )
        self.back_name = term_of(self.space, went, stepped, '"Norm"', px=40)
        letter, words = record.prompt[-1], prompt_of(record).words
        whose = f"“{letter}” in “{words}”, layer 1, attention"
        self.source = noted(whose, toy(record), px=SIZE.tick)
        suggested, far, norm = self.terms
        stacked([self.rule, suggested, far], GRID.panel, 2.2, gap=0.42)
        aligned(self.terms)
        at_left(self.off, far.words.get_left()[0], far.get_bottom()[1] - 0.12)
        below(far, norm, 0.85)
        column_of([self.short, self.moved], GRID.panel, norm.get_bottom()[1] - 0.75, 0.62)
        at_left(self.source, GRID.panel, self.moved.get_bottom()[1] - 0.4)

    def going(self, leg: int) -> list[Step]:
        """Lead the point with its way behind it: 0, the step by alpha; 1, back to the sphere."""
        way, ends = (self.step, self.back)[leg], self.ends[leg]
        return [
            (way, way.show_upto),
            (self.moving, lambda row: self.moving.move_to_row(ends, row)),
        ]


class Words(Line):
    """A line that shows one of several texts; `show_row` changes it in place."""

    def __init__(self, texts: tuple[str, ...], px: float = SIZE.label, role: str = "ink") -> None:
        super().__init__(texts[0], px=px, role=role)
        self.lines = [Line(words, px=px, role=role) for words in texts]
        self.now = 0

    def show_row(self, row: float) -> None:
        """Show the text of the row that has begun."""
        left, baseline = self.get_left()[0], self.baseline
        self.now = int(np.clip(np.floor(row), 0, len(self.lines) - 1))
        line = self.lines[self.now].copy()
        self.words, self.drop = line.words, line.drop
        line.shift((left - line.get_left()[0], baseline - line.baseline, 0))
        self.set_points(line.points)


class Walk:
    """The hidden states of the prompt's letters through all updates, on one sphere."""

    def __init__(self, record: FullArchitecture) -> None:
        states = record.paths.astype(float)
        self.updates = len(states) - 1
        last = states[:, -1]
        self.view = View.onto_point(last.mean(axis=0), aside=-15)
        self.space = Space(self.view, (GRID.picture, GRID.middle), 2.35)
        self.sphere = Hypersphere(self.space, axes=False)
        self.routes = [_through(states[:, n]) for n in range(states.shape[1])]
        others = self.routes[:-1][-FOLLOWED:]
        self.others = [Dot(self.space, route[0], "muted", px=14) for route in others]
        self.other_routes = others
        self.trace = Trace(self.space, self.routes[-1], "normalized", STROKE.arc)
        self.trace.show_upto(0)
        self.start = Dot(self.space, last[0], "normalized", px=20)
        here = letters_of(record.prompt[-1])[0]
        self.first = tag(self.space, last[0], here, "ink", (20, 0), SIZE.label)
        self.moving = Dot(self.space, last[0], "ink", px=30)
        self.suggestions = record.suggestions.astype(float)
        self.towards = Dot(self.space, self.suggestions[0], "transformation", px=26)
        self.way = chord(self.space, last[0], self.suggestions[0], "transformation", STROKE.axis)
        for part in self.way:  # It runs inside the sphere: fainter than what lies upon it.
            part.set_stroke(opacity=OPACITY.hidden).set_z_index(LAYER.far)
        self.prompt = prompt_of(record)
        layers = self.updates // 2
        self.words = Words(
            tuple(
                f"layer {n // 2 + 1} of {layers}: {'feed-forward' if n % 2 else 'attention'}"
                for n in range(self.updates)
            )
        )
        self.moved = Readout(
            Line("moves it by"), degrees_of(record, "moved"), places=1, role="normalized"
        )
        self._write(record)
        likely = record.toy_tokens[:LIKELIEST]
        self.likely = quoted(likely)
        places = [record.alphabet.index(letter) for letter in likely]
        outputs = record.output_embeddings[places].astype(float)
        self.ends = [Dot(self.space, point, "normalized", px=18) for point in outputs]

    def _write(self, record: FullArchitecture) -> None:
        """The texts beside the sphere."""
        self.legend = [
            Line("white: the lit letter’s state"),
            Line("red: what the block suggests", role="transformation"),
            Line("grey: the other letters’ states", role="muted"),
            Line("faint: behind the sphere", role="muted"),
        ]
        legend = stacked(self.legend, 0, 0, gap=0.18)
        stacked([self.prompt, legend], GRID.panel, 2.2, gap=0.45)
        at_left(self.words, GRID.panel, -0.5)
        at_left(self.moved, GRID.panel + 3.0, 0)
        self.moved.shift((0, self.words.baseline - baseline_of(self.moved.label), 0))
        words = "each letter’s second point, for the output"
        second = Explained('{{ E_"out" : normalized }}', words)
        here = noted("green: those of the likeliest next letters", role="normalized")
        below(second, here, 0.15)
        self.close = VGroup(second, here)
        _, suggested, *_ = self.legend
        at_left(self.close, GRID.panel, suggested.get_top()[1])
        self.source = Line(f"{toy(record)}; another view than before", role="muted")
        at_left(self.source, GRID.panel, GRID.bottom + 0.4)

    def letters(self) -> list[Tag | Leaders]:
        """Names of the likeliest letters at their output points as they are seen now."""
        points = np.stack([dot.at for dot in self.ends])
        tags = names_at(self.space, points, self.likely, range(len(points)), "normalized")
        return [*tags, Leaders(tags)]

    @property
    def going(self) -> list[Step]:
        """Lead everything through the updates."""
        last = self.updates - 1

        def suggested(row: float) -> Point:
            there: Point = self.suggestions[int(np.clip(np.floor(row), 0, last))]
            return there

        def point(row: float) -> None:
            here = at_row(self.routes[-1], LEG * row)
            self.way.points_in_space = np.stack([here, suggested(row)])
            self.way.redraw()

        def follow(dot: Dot, route: Point) -> Step:
            return dot, lambda row: dot.move_to_row(route, LEG * row)

        return [
            *(
                follow(dot, route)
                for dot, route in zip(self.others, self.other_routes, strict=True)
            ),
            (self.trace, lambda row: self.trace.show_upto(LEG * row)),
            follow(self.moving, self.routes[-1]),
            (self.towards, lambda row: self.towards.move_in_space(suggested(row))),
            (self.way, point),
            (self.words, self.words.show_row),
            (self.moved, lambda row: self.moved.show_row(np.floor(row))),
        ]


def _through(states: Point) -> Point:
    """Arcs from state to state, as one line."""
    legs = [arc_points(a, b, pieces=LEG) for a, b in pairwise(states)]
    return np.concatenate([legs[0][:1], *(leg[1:] for leg in legs)])
