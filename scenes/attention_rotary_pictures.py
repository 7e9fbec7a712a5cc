"""Pictures of chapter 5, built from its recording: the rotary embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import Attention
from scenes.attention_head_pictures import FOOT, head_in_words
from scenes.claims.attention import CLAIMS
from scenes.stage.bars import Bars
from scenes.stage.cards import set_at
from scenes.stage.curves import arc_points, at_row, rectangles, straight
from scenes.stage.equations import Equation
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, stacked
from scenes.stage.marks import Arrow, Tag
from scenes.stage.matrices import Matrix
from scenes.stage.motion import Change
from scenes.stage.plane import Circle, Plane, pairs_in_plane, turning
from scenes.stage.plots import Box, measure
from scenes.stage.readouts import Readout, column_of, row_of
from scenes.stage.style import COLOUR, GRID, LAYER, PIXEL, SIZE, STROKE, Point, colour_of
from scenes.stage.text import Line

PIECES = 8
"""Pieces of the way of a pair from one position to the next."""

DRAWN = 2.0
"""How long the longer of the two pairs is drawn, in Manim's units."""

UNLIKE = 1.5
"""From how many times the length of the other on a pair is much longer."""

OUTSIDE = 1.2
INSIDE = 0.7
"""How far from the middle an angle is drawn, in Manim's units."""

TURNED = (
    "{{ q_m : normalized }} = {{ q : normalized_q }}"
    ' quad "turned by" quad m dot {{ omega : transformation }}'
)
SAME = (
    "{{ q_m : normalized }} dot {{ k_n : ink_k }} quad"
    ' "depends on" quad {{ m - n : transformation }} quad "only"'
)
BENT = '"Norm" ( "turned" thin {{ q : normalized }} ) dot.o {{ s_(q k) : scale }}'


class Hand:
    """A pair of entries as an arrow, its name at the tip, and the way that both turn."""

    def __init__(self, plane: Plane, pairs: Point, name: str, role: str) -> None:
        self.role = role
        self.way = turning(pairs_in_plane(pairs), PIECES)
        start = self.way[0]
        self.arrow = Arrow(plane, np.zeros(3), start, role, STROKE.flow)
        text = Equation(f"{{{{ {name} : {role} }}}}", px=SIZE.readout)
        self.tag = Tag(plane, start * OUTSIDE, text, (0, 0))

    @property
    def turns(self) -> list[Step]:
        """Lead the arrow and its name to a position."""

        def out(row: float) -> None:
            self.tag.move_in_space(at_row(self.way, row * PIECES) * OUTSIDE)

        return [
            (self.arrow, lambda row: self.arrow.move_to_row(self.way, row * PIECES)),
            (self.tag, out),
        ]

    @property
    def both(self) -> tuple[Arrow, Tag]:
        """Arrow and name."""
        return self.arrow, self.tag


def spokes(plane: Plane, pairs: Point) -> VMobject:
    """Short strokes on the circle where a pair stands at each position."""
    ends = plane.drawn(pairs_in_plane(pairs)) - plane.centre
    line = VMobject(fill_opacity=0).set_stroke(COLOUR.grid, STROKE.axis)
    line.set_points(straight(0.93 * ends + plane.centre, ends + plane.centre))
    return line.set_z_index(LAYER.far)


class Between(VMobject):
    """The angle between two hands as a small arc; the row is the second one's position."""

    def __init__(self, plane: Plane, first: Hand, second: Hand, offset: int) -> None:
        super().__init__(fill_opacity=0)
        self.plane, self.hands, self.offset = plane, (first, second), offset
        self.set_stroke(COLOUR.transformation, STROKE.arc).set_z_index(LAYER.arc)
        self.show_row(0)

    def show_row(self, row: float) -> None:
        """Draw it where the hands stand then."""
        rows = (row + self.offset, row)
        ends = [at_row(hand.way, at * PIECES) for hand, at in zip(self.hands, rows, strict=True)]
        first, second = (end / np.linalg.norm(end) for end in ends)
        way = INSIDE / self.plane.radius * arc_points(first, second, PIECES)
        places = self.plane.drawn(way)
        self.set_points(straight(places[:-1], places[1:]))


class Slots(VGroup):
    """The positions of the sentence as a row of places, and a marker on one of them."""

    def __init__(self, letters: Sequence[str], left: float, up: float, width: float) -> None:
        super().__init__()
        spacing = min(0.42, width / len(letters))
        middles = left + spacing * (np.arange(len(letters)) + 0.5)
        self.places = np.stack([middles, 0 * middles + up, 0 * middles], axis=1)
        self.cells = VMobject(stroke_width=0).set_fill(COLOUR.line, 0.55)
        side = spacing * 0.86
        self.cells.set_points(rectangles(self.places, np.array([side, side])))
        name = Line("position m in the text", px=SIZE.tick, role="muted")
        name.shift((left - name.get_left()[0], up + 0.85 - name.baseline, 0))
        self.side = side
        self.add(self.cells, name)


class Marker(VGroup):
    """A frame around one place of a row or a grid, with a name beside it if it has one."""

    def __init__(
        self, places: Point, side: float, role: str, name: str = "", up: float = 0.0
    ) -> None:
        super().__init__()
        self.places, self.side = places, side
        self.frame = VMobject(fill_opacity=0).set_stroke(colour_of(role), STROKE.arc)
        self.frame.set_z_index(LAYER.arc)
        self.add(self.frame)
        self.outlines: list[tuple[Any, Point]] = []
        if name:
            letter = Equation(f"{{{{ {name} : {role} }}}}", px=SIZE.body)
            letter.shift(-letter.get_center() + np.array([0, up, 0]))
            self.outlines = [(p, p.points.copy()) for p in letter.family_members_with_points()]
            self.add(letter)
        self.show_row(0)

    def show_row(self, row: float) -> None:
        """Go to a row of the places, or between two of them."""
        place = at_row(self.places, row)
        self.frame.set_points(rectangles(place[None], np.array([self.side, self.side])))
        for part, outline in self.outlines:
            part.set_points(outline + place)


class Turning:
    """The rotated pair of q and k in its plane, and the positions at which they stand."""

    def __init__(self, record: Attention) -> None:
        self.record = record
        self.positions = len(record.rope_q)
        self.last = self.positions - 1
        self.offset = int(record.query) - int(record.rope_key)
        own, other = (float(np.linalg.norm(pair[0])) for pair in (record.rope_q, record.rope_k))
        # Where one is much longer, both are drawn alike: what turns are their directions.
        self.alike = max(own, other) > UNLIKE * min(own, other)
        times = own / other if self.alike else 1.0
        longest = max(own, times * other)
        self.plane = Plane((GRID.picture - 0.4, GRID.middle + 0.1), DRAWN / longest)
        self.q = Hand(self.plane, record.rope_q.astype(float), "q", "normalized")
        self.k = Hand(self.plane, times * record.rope_k.astype(float), "k", "ink")
        self.circle = Circle(self.plane, float(np.linalg.norm(record.rope_q[0])))
        self.slots = Slots(record.sentence, GRID.panel, 1.25, GRID.right - GRID.panel)
        self.at_q = Marker(self.slots.places, self.slots.side, "normalized", "q", 0.45)
        self.at_k = Marker(self.slots.places, self.slots.side, "ink", "k", -0.45)
        pairs = len(record.rope_angles)
        pair = int(record.rope_pair) + 1
        self.spokes = spokes(self.plane, record.rope_q.astype(float))
        self.between = Between(self.plane, self.q, self.k, self.offset)
        words = f"pair {pair} of {pairs} of q’s entries; each turns at its own pace"
        self.which = Line(words, px=SIZE.tick)
        self.which.move_to(self.plane.centre + np.array([0, -DRAWN - 0.72, 0]))
        words = head_in_words(record, "").replace("model", "nGPT")
        words += "; q and k drawn alike long" * self.alike
        self.source = Line(words, role="muted", px=SIZE.least)
        self.source.shift((GRID.panel - self.source.get_left()[0], FOOT - self.source.baseline, 0))
        self.values = [
            Readout(
                Explained("{{ omega : transformation }}", "this pair’s turn per position"),
                record.traced("rope_angle").degrees, places=1, role="transformation",
            ),
            Readout(
                Line("length of the whole query", role="normalized"),
                row_of(record, "rope_q_lengths"), role="normalized",
            ),
        ]  # fmt: skip
        self.rule = Equation(TURNED)
        stacked([self.rule], GRID.panel, -0.15)
        column_of(self.values, GRID.panel, -1.35, 0.8)

    @property
    def alone(self) -> list[Step]:
        """Lead the query alone through the positions."""
        length = self.values[1]
        return [*self.q.turns, (self.at_q, self.at_q.show_row), (length, length.show_row)]

    @property
    def back(self) -> list[Step]:
        """As `alone`, once the length has been read."""
        return [*self.q.turns, (self.at_q, self.at_q.show_row)]

    @property
    def hands(self) -> list[Step]:
        """Lead both arrows, the key so far behind as it was; the row is the key's position."""
        angle = (self.between, self.between.show_row)
        return [*self._ahead(self.q.turns), *self.k.turns, angle]

    @property
    def together(self) -> list[Step]:
        """As `hands`, with the markers of their positions."""
        markers = self._ahead([(self.at_q, self.at_q.show_row)])
        return [*self.hands, *markers, (self.at_k, self.at_k.show_row)]

    def _ahead(self, steps: Sequence[Step]) -> list[Step]:
        """Steps of the query, whose row is then the key's."""
        return [(mobject, _later(show, self.offset)) for mobject, show in steps]


def _later(show: Change, offset: int) -> Change:
    return lambda row: show(row + offset)


class ByOffset:
    """All scores of one query and one key by their positions, and one diagonal of them."""

    def __init__(self, turning: Turning) -> None:
        record, offset = turning.record, turning.offset
        size = turning.positions
        side = 3.15 / size / PIXEL
        cells = [[record.traced("rope_scores", i, j) for j in range(size)] for i in range(size)]
        self.rule = Equation(SAME)
        self.grid = Matrix(cells, "normalized", cell=(side, side), numbers=False)
        # No letter asks a later one.
        self.grid.display(cells, np.tril(np.ones((size, size), dtype=bool)))
        stacked([self.rule, self.grid], GRID.panel + 0.1, 2.3, gap=0.85)
        self.rows = size - offset
        places = np.stack([self.grid.middle_of(n + offset, n) for n in range(self.rows)])
        self.frame = Marker(places, side * PIXEL, "transformation")
        across, down = self.grid.get_right()[0] + 0.4, self.grid.get_top()[1]
        self.names = [
            Explained("m", "row: position of the query", px=SIZE.tick),
            Explained("n", "column: position of the key", px=SIZE.tick),
        ]
        self.names[0].shift((GRID.panel + 0.1 - self.names[0].get_left()[0], 0, 0))
        stacked([self.names[1]], GRID.panel + 0.1, down + 0.45)
        stacked([self.names[0]], GRID.panel + 0.1, self.grid.get_bottom()[1] - 0.2)
        self.same = Line("the same q and the same k, put at every position", px=SIZE.tick)
        self.same.move_to(turning.which)
        self.score = Readout(
            Equation("{{ q_m : normalized }} dot {{ k_n : ink_k }}", px=SIZE.readout),
            [record.traced("rope_scores", n + offset, n) for n in range(self.rows)],
        )
        column_of([self.score], across, down - 0.6, 0.8)
        said = ("before the", "learned scale", "largest difference", "on one diagonal:")
        lines = [
            set_at(Line(words, px=SIZE.tick, role=role), across, down - under)
            for words, role, under in zip(
                said, ("muted", "muted", "ink", "ink"), (1.05, 1.4, 2.0, 2.35), strict=True
            )
        ]
        self.unscaled, self.before = lines[:2], lines[2]
        self.rounding = set_at(
            Line("only rounding", px=SIZE.tick, role="muted"), across, down - 3.25
        )
        self.spread = Readout(lines[3], record.traced("rope_spread"), places=7)
        self.spread.number.end_at(across + self.spread.number.room, down - 2.9)

    @property
    def steps(self) -> list[Step]:
        """Lead the frame down the diagonal; the row is the key's position."""
        return [(self.frame, self.frame.show_row), (self.score, self.score.show_row)]


class Bent:
    """s_qk by pair, and how far it bends the rule of the offset."""

    def __init__(self, record: Attention) -> None:
        rows = [row_of(record, "rope_scale_pairs", entry) for entry in range(2)]
        box = Box(GRID.left + 0.75, -2.0, 6.9, 3.3)
        self.bars = Bars(
            box, measure("size of the learned scale", [*rows[0], *rows[1]]), rows, [], "scale"
        )
        said = (CLAIMS.true(record, "turn fast: nearly equal"), "hardly turn here")
        self.ends = [Line(words, px=SIZE.tick) for words in said]
        for line, edge in zip(self.ends, (box.left, box.left + box.width), strict=True):
            side = line.get_left()[0] if edge == box.left else line.get_right()[0]
            line.shift((edge - side, box.bottom - 0.45 - line.baseline, 0))
        self.ends.append(Line("pairs of entries", px=SIZE.tick, role="muted"))
        middle = box.left + box.width / 2 - self.ends[-1].get_center()[0]
        self.ends[-1].shift((middle, box.bottom - 0.45 - self.ends[-1].baseline, 0))
        self.legend = self.bars.legend([Line("first entry of a pair"), Line("second entry")])
        self.rule = Equation(BENT)
        whose = Equation("{{ q : normalized }} dot {{ k : ink_k }}", px=SIZE.readout)
        self.values = [
            Readout(
                whose, record.traced("rope_scores_scaled", int(record.query), int(record.rope_key)),
                places=3,
            ),
            Readout(
                Line("differs on a diagonal, at most by"), record.traced("rope_scaled_spread"),
                places=3, role="transformation",
            ),
        ]  # fmt: skip
        stacked([self.rule, self.legend], 1.6, 1.9, gap=0.6)
        column_of(self.values, 1.6, -0.75, 0.75)
        self.none = Line(
            "traditional: no scale after the turn, nothing bends", role="traditional", px=SIZE.tick
        )
        stacked([self.none], 1.6, -2.2)
        words = head_in_words(record, "").replace("model", "nGPT")
        words += f"; one q and one k, put at {len(record.rope_q)} positions"
        self.source = set_at(Line(words, role="muted", px=SIZE.least), GRID.left, FOOT)
