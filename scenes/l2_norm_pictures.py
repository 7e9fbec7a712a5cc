"""Pictures of chapter 2, built from its recording: one vector’s length, and those of many."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import L2NormShell
from scenes.stage.bars import Bars
from scenes.stage.curves import straight
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Arrow, chord, name_of, term_of
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.plots import Box, measure
from scenes.stage.readouts import Readout, column_of, row_of
from scenes.stage.shell import Shell
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View, room_for, room_while, roomiest
from scenes.stage.split import SplitScreen
from scenes.stage.style import COLOUR, GRID, SIZE, STROKE, Point, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

LENGTH = "{{ norm(w) : transformation }} = sqrt(w_1^2 + w_2^2 + w_3^2)"
UNIT = "{{ u : normalized }} = {{ w : traditional }} / {{ norm(w) : transformation }}"
ROOM = "1 - {{ epsilon : scale }} <= norm(w) <= 1 + {{ epsilon : scale_more }}"
HEADS = ("w : traditional", "w^2 : ink", "u : normalized", "u^2 : ink")
HELD = "{{ u : normalized }} = {{ ell : scale }} dot {{ w : traditional }} / norm(w)"
AXES = ("w_1", "w_2", "w_3")
FREE, UNITS = "traditional", "normalized"

SIDEWAYS = 75.0
"""How far from the middle of its sphere a vector is seen, in degrees: it shows how long it is."""

ENLARGED = 8.0
"""How many times as long gradients are drawn as they are; the picture says so."""

ASIDE = -2.15
"""Where the middle of a sphere stands whose vector points to the left."""

TURN = 30.0
"""By how many degrees the view of many vectors turns."""

LARGE = 2.3
"""Radius of a sphere with nothing outside of it."""

MOST = 24
"""Vectors drawn of a larger collection."""


class Recall:
    """Chapter 1 in one picture: the same matrix of both toy models, its rows as arrows."""

    def __init__(self, record: L2NormShell) -> None:
        rows = [part.astype(float) for part in (record.recall_gpt_rows, record.recall_rows)]
        longest = rows[0][int(np.argmax(np.linalg.norm(rows[0], axis=1)))]
        self.view = View.onto_point(longest, aside=SIDEWAYS)
        radius = min(1.9, room_for(self.view, rows[0], 3.0, 2.0))
        self.screen = SplitScreen()
        halves = (self.screen.left, self.screen.right)
        spaces = [half.space(self.view, -0.2, radius) for half in halves]
        self.spheres = [Hypersphere(space) for space in spaces]
        self.arrows = [
            Arrow(space, np.zeros(3), row, role)
            for space, part, role in zip(spaces, rows, (FREE, UNITS), strict=True)
            for row in part[:MOST]
        ]
        self.radius = Line("both spheres: length 1", role="muted")
        self.radius.move_to((0, GRID.bottom + 0.15, 0))


class OneVector:
    """A real weight vector: its components in space, and what is worked out from them."""

    def __init__(self, record: L2NormShell) -> None:
        self.record = record
        vector = record.vector.astype(float)
        self.view = View.onto_point(vector, aside=SIDEWAYS)
        radius = min(2.0, room_for(self.view, vector, 3.9, 2.4))
        self.space = Space(self.view, (ASIDE, GRID.middle + 0.15), radius)
        self.sphere = Hypersphere(self.space)
        self.rows = record.division.astype(float)
        self.last = len(self.rows) - 1
        self.arrow = Arrow(self.space, np.zeros(3), vector, FREE, STROKE.flow)
        self.unit = Arrow(self.space, np.zeros(3), self.rows[0], UNITS, STROKE.flow)
        corners = np.concatenate([np.zeros((1, 3)), np.cumsum(np.diag(vector), axis=0)])
        self.steps = [
            chord(self.space, start, end, "ink", STROKE.arc) for start, end in pairwise(corners)
        ]
        self.name = term_of(self.space, vector, np.zeros(3), "{{ w : traditional }}")
        self.source = Line(record.vector_name, role="muted", px=SIZE.tick)
        at_left(self.source, GRID.left, GRID.bottom + 0.3)
        self.table = ledger(record)
        self.rules = [self._rule(number) for number in (1, 3)]
        self.length_rule = Equation(LENGTH)
        self.unit_rule = Equation(UNIT)
        for rule in (self.length_rule, self.unit_rule):
            at_left(rule, GRID.panel, 2.45)
        self.length = Readout(
            Line("length of the arrow"), row_of(record, "division_lengths"), role=UNITS
        )
        self.length.shift((GRID.panel, -2.75, 0) - self.length.get_corner((-1, -1, 0)))

    def _rule(self, column: int) -> VMobject:
        """The line above a sum."""
        last = self.table.rows[len(AXES) - 1][column + 1]
        height = (last.get_bottom()[1] + self.table.rows[len(AXES)][0].get_top()[1]) / 2
        right, left = last.get_right()[0], last.get_right()[0] - last.room
        ends = np.array([[left, height, 0], [right, height, 0]])
        line = VMobject(fill_opacity=0).set_stroke(COLOUR.muted, STROKE.axis)
        return line.set_points(straight(ends[:1], ends[1:]))

    @property
    def dividing(self) -> list[Step]:
        """Lead the arrow from w to w over its length, and the readout with it."""
        lead = (self.unit, lambda row: self.unit.move_to_row(self.rows, row))
        return [lead, (self.length, self.length.show_row)]

    def column(self, number: int) -> list[VMobject]:
        """The entries of a column of the table, from the top."""
        return [row[number + 1] for row in self.table.rows[: len(AXES)]]

    def below(self, column: int) -> list[VMobject]:
        """Sum and root below a column of squares: the first or the second."""
        return [row[column + 1] for row in self.table.rows[len(AXES) :]]


def ledger(record: L2NormShell) -> Table:
    """Components and squares, sum and root; then the same for the vector over its length."""
    squares = [*row_of(record, "squares"), record.traced("square_sum"), record.traced("length")]
    units = [*row_of(record, "unit_squares"), *[record.traced("unit_length")] * 2]
    names = [*(Equation(name, px=SIZE.readout) for name in AXES), Line("sum"), Line("root")]
    heads = [Equation(f"{{{{ {term} }}}}", px=SIZE.equation) for term in HEADS]
    numbers = [row_of(record, "vector"), squares, row_of(record, "unit"), units]
    roles = (FREE, "ink", UNITS, "ink")
    columns = [Column(*each) for each in zip(heads, numbers, roles, strict=True)]
    table = Table(names, columns, GRID.panel, 1.0, spacing=0.62)
    table.rows[-1][1].set_fill(colour_of("transformation"))
    table.rows[-1][2].set_fill(colour_of(UNITS))
    return table


class Many:
    """Many real vectors in one space, and a bar for the length of each."""

    def __init__(self, record: L2NormShell) -> None:
        self.record = record
        self.free = record.many[:MOST].astype(float)
        self.units = record.many_units[:MOST].astype(float)
        self.lengths = row_of(record, "many_lengths")[: len(self.free)]
        longest = self.free[int(np.argmax(np.linalg.norm(self.free, axis=1)))]
        room = (self.free, longest, 3.3, 2.6, 2 * TURN)
        self.view = roomiest(*room)
        self.radius = room_while(self.view, self.free, *room[2:])
        self.space = Space(self.view, (GRID.picture, GRID.middle), self.radius)
        self.sphere = Hypersphere(self.space)
        self.before = [Arrow(self.space, np.zeros(3), row, FREE) for row in self.free]
        self.after = [Arrow(self.space, np.zeros(3), row, UNITS) for row in self.free]
        rays = np.stack([self.free, self.units], axis=1)
        self.going = [lead(arrow, ray) for arrow, ray in zip(self.after, rays, strict=True)]
        box = Box(GRID.panel + 0.6, -1.9, 4.9, 2.9)
        units = row_of(record, "many_unit_lengths")[: len(self.free)]
        name = f"lengths of {len(self.free)} vectors"
        scale = measure(name, self.lengths, most=5)
        self.bars = Bars(box, scale, [self.lengths], [], FREE)
        self.unit_bars = Bars(box, scale, [units], [], UNITS)
        self.rule = Equation(UNIT)
        at_left(self.rule, GRID.panel, 2.55)
        self.source = Line(record.many_name, role="muted", px=SIZE.tick)
        at_left(self.source, box.left, -2.15)


def lead(arrow: Arrow, rows: Point) -> Step:
    """Lead an arrow through rows of recorded vectors."""
    return arrow, lambda row: arrow.move_to_row(rows, row)


class Room:
    """The shell of one ε: two spheres, and what lies between them."""

    def __init__(self, record: L2NormShell, many: Many) -> None:
        self.row = int(record.eps_shown_index)
        self.view = many.view
        outermost = 1 + float(record.eps[-1])
        radius = min(many.radius, 2.6 / outermost)
        self.space = Space(self.view, (GRID.picture, GRID.middle), radius)
        self.sphere = Hypersphere(self.space)
        self.eps = row_of(record, "eps")
        self.shell = Shell(self.space, self.eps[0])
        self.slider = Slider(Equation("{{ epsilon : scale }}"), self.eps, 3.6, "scale")
        self.edges = [
            Readout(Equation(term), row_of(record, field), role="scale")
            for term, field in (("1 - epsilon", "eps_inner"), ("1 + epsilon", "eps_outer"))
        ]
        self.rule = Equation(ROOM)
        self.name = Explained("{{ epsilon : scale }}", "norm_eps, a setting of the layer")
        self.own = Readout(Line("our nGPT models use"), record.traced("norm_eps"), role="scale")
        stacked([self.slider, self.rule, self.name], GRID.panel, 2.4, gap=0.5)
        column_of(self.edges, GRID.panel, -0.55, 0.7)
        self.own.shift((GRID.panel, -2.5, 0) - self.own.get_corner((-1, -1, 0)))

    @property
    def opening(self) -> list[Step]:
        """Open the shell along the values of the slider."""
        show = (self.shell, lambda row: self.shell.display(self.eps[round(row)]))
        return [show, *((part, part.show_row) for part in (self.slider, *self.edges))]


class Pulled:
    """Many vectors before and in the shell of the shown ε, and of every ε of the slider."""

    def __init__(self, record: L2NormShell, many: Many, room: Room) -> None:
        space, row = room.space, room.row
        self.record, self.room = record, room
        self.pulled = record.shell[:, : len(many.free)].astype(float)
        self.stays = np.abs(record.many_lengths[: len(many.free)] - 1) <= float(record.eps[row])
        zero = np.zeros(3)
        self.before = [Arrow(space, zero, vector, FREE) for vector in many.free]
        self.inside = [a for a, stays in zip(self.before, self.stays, strict=True) if stays]
        self.outside = [a for a, stays in zip(self.before, self.stays, strict=True) if not stays]
        self.after = [Arrow(space, zero, vector, UNITS) for vector in many.free]
        rays = np.stack([many.free, self.pulled[row]], axis=1)
        self.pulling = [lead(arrow, ray) for arrow, ray in zip(self.after, rays, strict=True)]
        self.kept = Readout(
            Line("inside, unchanged", role=UNITS), row_of(record, "shell_inside"), places=0,
            role=UNITS,
        )  # fmt: skip
        self.kept.show_row(row)
        self.count = noted(f"of {len(record.many)} vectors")
        self.pull = noted("too short: out to the inner edge", "too long: in to the outer edge",
                          role="transformation")  # fmt: skip
        stacked([self.kept, self.count], GRID.panel, 0.9, gap=0.25)
        at_left(self.pull, GRID.panel, -0.9)

    @property
    def widening(self) -> list[Step]:
        """Lead the vectors through every ε of the slider, with the shell and what is read."""
        ways = [lead(arrow, self.pulled[:, i]) for i, arrow in enumerate(self.after)]
        room = self.room
        show = (room.shell, lambda row: room.shell.display(room.eps[round(row)]))
        read = (room.slider, self.kept)
        return [show, *ways, *((part, part.show_row) for part in read)]


class Gradient:
    """The gradient at a vector inside the shell, before and after the shell’s own derivative."""

    def __init__(self, record: L2NormShell, room: Room) -> None:
        self.record = record
        point = record.point.astype(float)
        before, after, part = (
            ENLARGED * getattr(record, field).astype(float)
            for field in ("gradient_before", "gradient", "radial_part")
        )
        plane = np.cross(point, before)
        view = View.from_eye(plane if plane[2] >= 0 else -plane)
        view = View(view.turn + 6, float(np.clip(view.lift + 8, -40, 40)))
        self.space = Space(view, (GRID.picture, GRID.middle), 2.0)
        self.sphere = Hypersphere(self.space, axes=False)
        self.shell = Shell(self.space, room.eps[room.row])
        self.arrow = Arrow(self.space, np.zeros(3), point, UNITS, STROKE.flow)
        self.before = Arrow(self.space, point, point + before, "transformation")
        self.part = Arrow(self.space, point, point + part, "scale")
        self.after = Arrow(self.space, point, point + after, UNITS)
        self.rest = chord(self.space, point + before, point + after, "muted", STROKE.axis)
        self.name = name_of(self.arrow, "{{ u : normalized }}")
        self.rule = Equation(HELD)
        self.held = Explained("{{ ell : scale }}", "its length in the shell, held fixed")
        parts = (("its part along the vector", "radial_before", "scale"),
                 ("its part along the vector", "radial", UNITS))  # fmt: skip
        along = [
            Readout(Line(words), record.traced(field), places=3, role=role)
            for words, field, role in parts
        ]
        self.terms = [
            VGroup(noted(words, role=role), read)
            for words, role, read in (
                ("gradient at the vector used", "transformation", along[0]),
                ("gradient of the stored vector", UNITS, along[1]),
            )
        ]
        stacked([self.rule, self.held], GRID.panel, 2.45, gap=0.3)
        column_of(along, GRID.panel, -0.15, 1.6)
        for term, read in self.terms:
            at_left(term, GRID.panel, read.get_top()[1] + 0.65)
        self.scale = noted(f"gradients drawn {ENLARGED:.0f} times as long", px=SIZE.tick)
        at_left(self.scale, GRID.panel, -2.5)


class Ending:
    """A whole matrix of free vectors, one row lit."""

    def __init__(self, record: L2NormShell, many: Many) -> None:
        cells = cells_of(record, "recall_gpt_rows", (8, 3))
        self.matrix = Matrix(cells, FREE).move_to((GRID.picture, GRID.middle, 0))
        longest = int(np.argmax([sum(n.value**2 for n in row) for row in cells]))
        self.frame = self.matrix.row_frame(longest, "scale")
