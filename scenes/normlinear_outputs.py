"""Pictures of chapter 3, built from its recording: what comes out of a layer, and groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup, VMobject

from ngpt_math.recordings import NormlinearGroups, Traced
from scenes.claims.normlinear_groups import CLAIMS
from scenes.claims.tokens import in_tokens
from scenes.stage.bars import Bars
from scenes.stage.curves import rectangles
from scenes.stage.equations import Equation
from scenes.stage.groups import GroupedMatrix
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.lengths import OFF, Lengths, TurningMatrix
from scenes.stage.marks import Arrow, Dot, Tag, Trace, tag, term_of
from scenes.stage.matrices import Cells, Matrix
from scenes.stage.pieces import text_of
from scenes.stage.plots import Box, Measure, Upright, measure
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Number, Readout, column_of, degrees_of, row_of
from scenes.stage.space import Space, View
from scenes.stage.split import Half, SplitScreen
from scenes.stage.style import COLOUR, GRID, LAYER, SIZE, STROKE, Point
from scenes.stage.text import Line

SHOWN = 4
"""Columns of a matrix, and entries of the input, in a half of the screen."""

CELL = (84, 46)
RADIUS = 2.35
LEFT = 1.6
"""Where the words to the right of a plot begin."""

READING = '{{ x : traditional }} = "RMSNorm" ({{ h : traditional }})'
"""What a traditional layer is given."""

NEARER = 1e-4
"""What lies in the plane of the frame is drawn this far before it: nothing is behind then."""

NEAR = 0.25
"""Levels so near to each other, in Manim's units, have one name."""

BESIDE_ARROW = 0.06
"""How far below h its row's shadow is drawn, so that the arrow does not hide it."""

BESIDE = -2.4
"""Where the words below a split matrix begin, right of its size."""

GROUPING = """{{ w^((g)) : normalized }} <-
    frac({{ w^((g)) : traditional }}, ‖{{ w^((g)) : traditional }}‖)"""


class Product:
    """One half: the window of a matrix, the input, and what comes out at the window's rows."""

    def __init__(
        self, record: NormlinearGroups, half: Half, role: str, fields: tuple[str, str, str],
        terms: tuple[str, str],
    ) -> None:  # fmt: skip
        weight, given, outputs = fields
        rows = record.row_index.astype(int)
        shown = [row_of(record, weight, row)[:SHOWN] for row in range(len(rows))]
        column = [[number] for number in row_of(record, given)[:SHOWN]]
        result = [[record.traced(outputs, int(row))] for row in rows]
        self.weight = self.matrix(shown, role, (len(rows), SHOWN))
        self.given = self.matrix(column, role, (SHOWN, None))
        self.result = self.matrix(result, role, (len(rows), None))
        self.equals = Equation("=")
        self.all = VGroup(self.weight, self.given, self.equals, self.result).arrange(buff=0.3)
        self.all.move_to(half.at(0, 0.05))
        above = self.weight.get_top()[1] + 0.32
        self.names = [
            Equation(f"{{{{ {term} : {role} }}}}").move_to((matrix.get_center()[0], above, 0))
            for term, matrix in zip(terms, (self.weight, self.given), strict=True)
        ]
        loudest = loudest_row(record)
        self.frames = [matrix.row_frame(loudest) for matrix in (self.weight, self.result)]

    def matrix(self, cells: Cells, role: str, gaps: tuple[int | None, int | None]) -> Matrix:
        """A matrix of the half's size."""
        return Matrix(cells, role, cell=CELL, px=SIZE.tick, gaps=gaps)


def loudest_row(record: NormlinearGroups) -> int:
    """Of the rows drawn, the one with the largest output of the traditional layer."""
    return int(np.argmax(np.abs(record.gpt_outputs[record.row_index.astype(int)])))


class BothLayers:
    """The same input through the traditional layer and through its normalized self."""

    def __init__(self, record: NormlinearGroups) -> None:
        self.screen = SplitScreen("Traditional", "The same, divided by lengths")
        sides = (self.screen.left, self.screen.right)
        roles = ("traditional", "normalized")
        fields = (
            ("weight", "gpt_input", "gpt_outputs"),
            ("weight_unit", "gpt_input_unit", "same_outputs"),
        )
        terms = (("W_q", "x"), ("hat(W)_q", "hat(x)"))
        self.products = [
            Product(record, *given) for given in zip(sides, roles, fields, terms, strict=True)
        ]
        lengths = ("gpt_input_length", "gpt_input_unit_length")
        last = len(record.prompt) - 1
        read = [text_of([piece]) for piece in record.prompt]
        self.prompt = Prompt(read, last, roles[0], px=SIZE.readout)
        self.reading = Explained(READING, "h over its root mean square, times gains", px=SIZE.tick)
        self.later = noted("hat: divided by its length, by us; not yet nGPT")
        width = int(record.gpt_d_model)
        self.part = noted(f"drawn: the first {SHOWN} of {width} entries")
        self.prompt.move_to(sides[0].at(0, -2.45))
        self.reading.move_to(sides[0].at(0, -2.86))
        self.later.move_to(sides[1].at(0, -2.45))
        self.part.move_to(sides[1].at(0, -2.86))
        self.lengths = [
            Readout(Line("input’s length"), record.traced(name), role=role)
            for name, role in zip(lengths, roles, strict=True)
        ]
        framed = ("row_lengths", "row_unit_lengths")
        self.framed = [
            Readout(
                Line("framed row’s length"), record.traced(name, loudest_row(record)), role=role
            )
            for name, role in zip(framed, roles, strict=True)
        ]
        for half, length, row in zip(sides, self.lengths, self.framed, strict=True):
            length.move_to(half.at(-1.4, -1.85))
            row.move_to(half.at(1.5, -1.85))


class BothOutputs:
    """All outputs of both layers on the same axis, and what makes the largest of each."""

    def __init__(self, record: NormlinearGroups, screen: SplitScreen) -> None:
        outputs = [row_of(record, name) for name in ("gpt_outputs", "same_outputs")]
        axis = mirrored(measure("every output", [*outputs[0], *outputs[1]], most=7))
        bounds = row_of(record, "bounds")
        self.bars, self.levels, self.below, self.products = [], [], [], []
        lengths = (
            ("all_row_lengths", "gpt_input_length"),
            ("all_row_unit_lengths", "gpt_input_unit_length"),
        )
        for half, role, numbers, (rows, given) in zip(
            (screen.left, screen.right), ("traditional", "normalized"), outputs, lengths,
            strict=True,
        ):  # fmt: skip
            left, bottom, _ = half.at(-2.4, -1.35)
            bars = Bars(Box(left, bottom, 5.0, 3.0), axis, [numbers], [], role)
            bars.rows[0].set_stroke(width=0)
            self.bars.append(bars)
            self.levels += [bars.axis.level(bound, "ink") for bound in bounds]
            self.levels += names_of_levels(bars.axis, bounds, left + 5.4)
            below = Line(f"{len(numbers)} rows, an output each", px=SIZE.tick, role="muted")
            self.below.append(below.move_to(half.at(0, bottom - 0.25)))
            most = int(np.argmax(np.abs([number.value for number in numbers])))
            factors = (record.traced(rows, most), record.traced(given))
            cosine = record.traced("same_outputs", most)
            product = Factors(numbers[most], (*factors, cosine), role)
            self.products.append(product.move_to(half.at(0, -2.5)))


def names_of_levels(axis: Upright, bounds: Sequence[Traced], right: float) -> list[VMobject]:
    """The least and the largest cosine beside their levels; one name for both if these are near."""
    low, high = (axis.height_of(bound.value) for bound in bounds)
    if high - low < NEAR:
        return [Line("±1", px=SIZE.tick).move_to((right - 0.15, axis.foot, 0))]
    numbers = [Number(bound, places=0, px=SIZE.tick) for bound in bounds]
    for number, height in zip(numbers, (low, high), strict=True):
        number.end_at(right, height - 0.07)
    return list(numbers)


class Factors(VGroup):
    """The largest output, as the product that it is: a row's length, the input's, and a cosine."""

    NAMES = ("largest output", "row’s length", "input’s length", "cosine")

    def __init__(self, product: Traced, factors: Sequence[Traced], role: str) -> None:
        super().__init__()
        right = 0.0
        before: Number | None = None
        signs = ("", "=", "times", "times")
        for number, words, sign in zip((product, *factors), self.NAMES, signs, strict=True):
            name = Line(words, px=SIZE.tick, role="muted")
            # To three places: whoever multiplies them comes to what stands there.
            value = Number(number, places=3, role=role)
            middle = right + max(name.width, value.room) / 2
            value.end_at(middle + value.room / 2, 0.0)
            name.shift((middle - name.get_center()[0], -0.42 - name.baseline, 0))
            right = middle + max(name.width, value.room) / 2 + 0.36
            self.add(name, value)
            if before is not None:
                between = (before.get_right()[0] + value.get_left()[0]) / 2
                self.add(Equation(sign, px=SIZE.body).move_to((between, 0.11, 0)))
            before = value


def mirrored(axis: Measure) -> Measure:
    """The axis reaching as far below zero as above it."""
    step = axis.ticks[1] - axis.ticks[0]
    most = round(max(map(abs, axis.ticks)) / step)
    return Measure(axis.name, axis.unit, tuple(step * n for n in range(-most, most + 1)))


class Shadow:
    """One row and h in the plane that they span: the row's shadow on h is the output."""

    def __init__(self, record: NormlinearGroups) -> None:
        order = np.argsort(record.angles)
        self.last = len(order) - 1
        angles, outputs = degrees_of(record, "angles"), row_of(record, "outputs")
        turns = record.angles[order].astype(float)
        self.turns = turns
        first, ahead, centre = self.row_at(0), np.array([1.0, -NEARER, 0.0]), np.zeros(3)
        # Seen straight onto the plane, so that lengths and angles in the frame are the true ones.
        self.space = Space(View(-90, 0), (GRID.picture, GRID.middle), RADIUS)
        self.sphere = Hypersphere(self.space)
        self.state = Arrow(self.space, centre, ahead, "ink")
        self.row = Arrow(self.space, centre, first, "normalized")
        fall, shadow, angle = self.lines_at(0)
        self.fall = Trace(self.space, fall, "muted", STROKE.axis, on_sphere=False)
        self.shadow = Trace(self.space, shadow, "normalized", 2 * STROKE.flow, on_sphere=False)
        self.angle = Trace(self.space, angle, "ink", STROKE.axis, on_sphere=False)
        self.tip = Dot(self.space, ahead, "ink")
        self.theta = Tag(self.space, self.within(0), Equation("theta", px=SIZE.label), (0, 0))
        self.names = [
            Tag(self.space, ahead, Equation("{{ h : ink }}", px=SIZE.readout), (18, 16)),
            term_of(self.space, first, centre, "{{ w : normalized }}"),
        ]
        self.ticks = [
            tag(self.space, share * ahead, words, "ink", offset, SIZE.label)
            for share, words, offset in (
                (-1, "−1", (-14, -20)),
                (0, "0", (0, -34)),
                (1, "1", (14, -20)),
            )
        ]
        self.rule = Equation("{{ w : normalized }} dot h = ‖{{ w : normalized }}‖ ‖h‖ cos theta")
        self.simple = Equation("{{ w : normalized }} dot h = cos theta")
        self.values = [
            Readout(Equation("theta ="), [angles[row] for row in order], places=1),
            Readout(Equation("cos theta ="), [outputs[row] for row in order], role="normalized"),
        ]
        self.plane = noted(
            f"w: one after the other, the {self.last + 1} query rows",
            "of our larger nGPT, each in its plane with h",
        )
        self.lengths = noted("In nGPT, rows and h have length 1:", "only the angle remains.")
        stacked([self.rule, self.lengths, self.simple], GRID.panel, 1.9, gap=0.5)
        column_of(self.values, GRID.panel, -1.0, 0.7)
        at_left(self.plane, GRID.panel, -2.3)

    def lines_at(self, row: float) -> tuple[Point, Point, Point]:
        """The row's fall onto h, its shadow from the centre on, and the angle at the centre."""
        tip = self.row_at(row)
        foot = tip * np.array([1, 1, 0])
        turns = np.linspace(0, self.turn_at(row), 33)
        swing = np.stack([np.cos(turns), 0 * turns - NEARER, np.sin(turns)], axis=1) / 4
        beside = np.array([0, -NEARER, -BESIDE_ARROW])
        return np.stack([tip, foot]), np.stack([np.zeros(3), foot]) + beside, swing

    def within(self, row: float) -> Point:
        """A place in the angle, for its name."""
        turn = self.turn_at(row) / 2
        return np.array([np.cos(turn), -NEARER, np.sin(turn)]) * 0.36

    def turn_at(self, row: float) -> float:
        """The angle of a row, or between two of them."""
        return float(np.interp(row, np.arange(len(self.turns)), self.turns))

    def row_at(self, row: float) -> Point:
        """The tip of a row."""
        turn = self.turn_at(row)
        return np.array([np.cos(turn), -NEARER, np.sin(turn)])

    def show(self, row: float) -> None:
        """Draw everything at a row."""
        self.row.move_in_space(self.row_at(row))
        self.names[1].move_in_space(self.row_at(row))
        self.theta.move_in_space(self.within(row))
        lines = (self.fall, self.shadow, self.angle)
        for line, points in zip(lines, self.lines_at(row), strict=True):
            line.points_in_space = points
            line.redraw()

    @property
    def sweeping(self) -> list[Step]:
        """Lead the row through all rows, from the nearest to h to the farthest."""
        still = [self.names[1], self.theta, self.fall, self.shadow, self.angle]
        steps: list[Step] = [(self.row, self.show)]
        steps += [(mark, lambda _: None) for mark in still]
        return steps + [(value, value.show_row) for value in self.values]


class Cosines:
    """All outputs of the same layer of the nGPT."""

    def __init__(self, record: NormlinearGroups) -> None:
        outputs = row_of(record, "outputs")
        axis = Measure("every output: a cosine", "1", (-1.0, -0.5, 0.0, 0.5, 1.0))
        box = Box(GRID.left + 0.85, -2.2, 6.6, 4.2)
        self.bars = Bars(box, axis, [outputs], [], "normalized")
        self.bars.rows[0].set_stroke(width=0)
        layer = f"layer {int(record.layer) + 1} of our larger nGPT"
        self.count = Line(
            f"{len(outputs)} rows of query weights, {layer}",
            role="muted",
            px=SIZE.tick,
        )
        self.count.move_to((box.left + box.width / 2, box.bottom - 0.35, 0))
        self.bounds = [self.bars.axis.level(bound, "ink") for bound in row_of(record, "bounds")]
        self.values = [
            Readout(Line("largest, without sign"), record.traced("output_max"), role="normalized"),
            Readout(Line("typical"), record.traced("output_rms"), role="normalized"),
            Readout(Line("typical by chance"), record.traced("typical_cosine")),
        ]
        column_of(self.values, LEFT, 1.75, 0.7)
        self.chance = noted(
            f"by chance, in {int(record.d_model)} dimensions: 1/√{int(record.d_model)}",
            "(typical: the root mean square)",
        )
        at_left(self.chance, LEFT, self.values[-1].get_bottom()[1] - 0.2)
        larger = ("Larger than chance:", "training made the rows fit.")
        self.larger = noted(*CLAIMS.lines(record, *larger))
        small = (
            "Still far below 1. Where cosines choose",
            "letters, scales enlarge them: chapter 6.",
        )
        of = [in_tokens(record, line) for line in CLAIMS.lines(record, *small)]
        self.small = noted(*of, role="scale")
        stacked([self.larger, self.small], LEFT, -1.0, gap=0.35)


APART = 1.57
GROUP_CELL = (44, 50)
GROUP_SHOWN = 4
GROUP_SUM = """"output" = frac(
    {{ w^((1)) : normalized_first }} dot h^((1)) + dots.h
    + {{ w^((G)) : normalized_last }} dot h^((G)), G
)"""


class Groups:
    """The rows cut into groups, each normalized on its own, with its length beside it."""

    def __init__(self, record: NormlinearGroups) -> None:
        self.count = int(record.groups)
        steps, rows = record.split_steps.shape[:2]
        per_group = min(GROUP_SHOWN, record.split_steps.shape[-1])
        frames = [
            [self.cells(record, step, row, per_group) for row in range(rows)]
            for step in range(steps)
        ]
        parts = np.repeat(np.arange(self.count), per_group)[None].repeat(rows, axis=0)
        self.matrix = TurningMatrix(frames, parts, self.make)
        at_left(self.matrix, GRID.left + 0.06, 2.2)
        self.matrix.before.spread(1)
        self.lengths = [self.lengths_beside(record, group) for group in range(self.count)]
        self.ones = [lengths.named("length 1") for lengths in self.lengths]
        self.row = self.frame_of_row()
        self.spread(0)
        self.cut = Readout(Line("groups G"), record.traced("groups"), places=0)
        self.size = Readout(Line("in each group"), record.traced("group_size"), places=0)
        total = len(record.gpt_outputs)
        words = f"{rows} of its {total} rows, traditional"
        self.framed = Explained("{{ W_q : traditional }}", words, px=SIZE.tick)
        self.option = noted(
            "An option that some implementations have: no part of a row",
            "can outweigh another. The paper does not use it: G is 1.",
        )
        self.rule = Equation(GROUPING)
        self.sum = Equation(GROUP_SUM)
        self.part = Explained("w^((g))", "part g of a row")
        self.mean = noted("h cut likewise: the mean of G cosines")
        whole = record.traced("grouped_row_lengths", 0)
        self.whole = Readout(
            Equation("‖{{ w : normalized }}‖ = sqrt(G) ="), whole, role="normalized"
        )
        stacked([self.cut, self.size, self.framed], GRID.left, -1.3, gap=0.28)
        at_left(self.option, BESIDE, -1.3)
        at_left(self.rule, BESIDE, -1.3)
        at_left(self.whole, BESIDE, -2.4)
        stacked([self.part, self.sum, self.mean], BESIDE + 3.1, -1.2, gap=0.25)

    @property
    def turning(self) -> list[Step]:
        """Lead group after group to length 1; at n, n groups are done."""
        return [(thing, thing.show_at) for thing in (self.matrix, *self.lengths)]

    def spread(self, share: float) -> None:
        """Draw the groups together (0) or apart (1)."""
        for matrix in (self.matrix.before, self.matrix.after):
            matrix.spread(share)

    def frame_of_row(self) -> VMobject:
        """A frame around the first row in all of its groups, with their lengths."""
        matrix = self.matrix.before
        left, right = matrix.middle_of(0, 0), self.lengths[-1].numbers[0].get_right()
        ends = np.array([left[0] - matrix.cell[0] / 2 - 0.03, right[0] + 0.08])
        frame = VMobject(fill_opacity=0).set_stroke(COLOUR.ink, STROKE.boundary)
        middle = np.array([[ends.mean(), left[1], 0]])
        frame.set_points(rectangles(middle, np.array([np.ptp(ends), matrix.cell[1]])))
        return frame.set_z_index(LAYER.arc)

    def cells(self, record: NormlinearGroups, step: int, row: int, per_group: int) -> list[Traced]:
        """A row at a step: the first entries of each group."""
        groups = (row_of(record, "split_steps", step, row, n) for n in range(self.count))
        return [number for group in groups for number in group[:per_group]]

    def make(self, cells: Cells, role: str, full: float) -> GroupedMatrix:
        """The window in its groups: colours only, there is no room for numbers."""
        return GroupedMatrix(
            cells, role, self.count, APART, full=full / 2, cell=GROUP_CELL, numbers=False
        )

    def lengths_beside(self, record: NormlinearGroups, group: int) -> Lengths:
        """The lengths of one group of every row, to its right."""
        matrix = self.matrix.before
        rows, steps = matrix.shape[0], record.group_length_steps.shape[0]
        feet = np.array([matrix.middle_of(row, 0) for row in range(rows)])
        feet[:, 0] = matrix.edge(group) + OFF
        frames = [
            [record.traced("group_length_steps", step, row, group) for row in range(rows)]
            for step in range(steps)
        ]
        return Lengths(frames, feet, 0.62, parts=[group] * rows, px=SIZE.tick)
