"""Pictures of chapter 3, built from its recording: one matrix, normalized by rows or by columns."""

from __future__ import annotations

from functools import partial

import numpy as np
from manim import RIGHT, VGroup, VMobject

from ngpt_math.recordings import NormlinearGroups, Traced
from scenes.stage.bars import Bars
from scenes.stage.curves import rectangles
from scenes.stage.equations import Equation
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Step
from scenes.stage.layout import Explained, at_left, noted, stacked
from scenes.stage.lengths import (
    Lengths,
    TurningMatrix,
    feet_of,
    frames_of,
    lengths_of,
    parts_of,
)
from scenes.stage.marks import Arrow, Dot, term_of
from scenes.stage.matrices import Cells, Matrix
from scenes.stage.plots import Box, measure
from scenes.stage.readouts import Readout, row_of
from scenes.stage.space import Space, View
from scenes.stage.style import GRID, SIZE, Point, colour_of
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

PANEL = 3.3
"""Where the words to the right of a matrix begin."""

OURS = ("Green: divided by its length,", "by us, after training.")
"""What green stands for until nGPT's own layer comes."""

DIVIDING = "{{ w : normalized }} <- frac({{ w : traditional }}, ‖{{ w : traditional }}‖)"
HIGHEST, CLOSER = 2.6, 2.35
"""Of an arrow in the frame, in Manim's units."""


class Recall:
    """Chapter 2 in one picture: many vectors, the one worked out, and all of them at length 1."""

    def __init__(self, record: NormlinearGroups) -> None:
        self.before = record.recall_many.astype(float)
        self.after = record.recall_many_units.astype(float)
        worked = np.stack([record.recall_vector, record.recall_unit]).astype(float)
        self.way = worked
        radius = HIGHEST / max(1.0, float(np.linalg.norm(self.before, axis=1).max()))
        view = View.onto_point(worked[1], 100)
        self.space = Space(view, (GRID.picture, GRID.middle), radius)
        self.closer = CLOSER
        self.sphere = Hypersphere(self.space)
        self.dots = [Dot(self.space, at, "traditional", px=18) for at in self.before]
        self.units = [Dot(self.space, at, "normalized", px=18) for at in self.after]
        self.arrow = Arrow(self.space, np.zeros(3), worked[0], "traditional")
        self.unit = Arrow(self.space, np.zeros(3), worked[1], "normalized")
        self.name = term_of(self.space, worked[0], np.zeros(3), "{{ w : traditional }}")
        self.length = Readout(
            Equation("‖{{ w : traditional }}‖ ="),
            record.traced("recall_length"),
            role="traditional",
        )
        self.rule = Equation(DIVIDING)
        self.done = noted(*OURS, role="normalized")
        self.nearer = noted("Now seen closer: the radius is still 1.")
        count = len(self.before)
        self.source = noted(
            f"{count} vectors: rows of query weights", "of our toy traditional model",
            px=SIZE.tick,
        )  # fmt: skip
        column = [self.length, self.rule, self.done, self.source]
        stacked(column, GRID.panel, 1.6, gap=0.5)
        at_left(self.nearer, GRID.panel, 1.6)

    @property
    def landing(self) -> list[Step]:
        """Lead all vectors from their lengths (0) to length 1 (1)."""
        steps: list[Step] = [(self.arrow, lambda share: self.arrow.move_to_row(self.way, share))]
        for dot, before, after in zip(self.dots, self.before, self.after, strict=True):
            rows = np.stack([before, after])
            steps.append((dot, partial(dot.move_to_row, rows)))
        return steps


class Rows:
    """The window of the matrix, and the length of each whole row beside it."""

    def __init__(self, record: NormlinearGroups) -> None:
        frames = frames_of(record, "weight_steps")
        rows, columns = record.weight.shape
        self.rows = rows
        self.matrix = TurningMatrix(frames, parts_of(frames[0]), rows_matrix)
        at_left(self.matrix, GRID.left + 0.06, 1.95)
        self.lengths = Lengths(
            lengths_of(record, "row_length_steps"), feet_of(self.matrix.before), 1.5
        )
        self.one = self.lengths.named("length 1")
        self.frame = self.matrix.before.row_frame(0)
        self.name = Explained("{{ W_q : traditional }}", "makes queries")
        total = len(record.gpt_outputs)
        self.state = Explained(
            "{{ h : traditional }}", f"hidden state: {int(record.gpt_d_model)} numbers"
        )
        self.size = noted(
            f"{rows} chosen of {total} rows, with",
            "the shortest and longest;",
            f"of each the first {columns} entries",
        )
        self.source = traditional_layer(record)
        self.colours = noted(
            "blue: positive, grey: negative;", "brighter: farther from zero", px=SIZE.tick
        )
        panel = [self.name, self.state, self.size, self.source, self.colours]
        self.panel = stacked(panel, PANEL, 1.8, gap=0.4)
        self.rule = Equation(DIVIDING)
        self.same = noted(
            "Every entry of a row", "is divided by the row’s", "length: its direction", "stays."
        )
        self.ours = noted(*OURS, role="normalized")
        stacked([self.rule, self.same, self.ours], PANEL, 1.6, gap=0.6)

    @property
    def turning(self) -> list[Step]:
        """Lead row after row to length 1; at n, n rows are done."""
        return [(self.matrix, self.matrix.show_at), (self.lengths, self.lengths.show_at)]


def rows_matrix(cells: Cells, role: str, full: float) -> Matrix:
    """The window of a matrix by rows, with dots for what is left out."""
    return Matrix(cells, role, full=full, cell=(92, 64), gaps=(len(cells), len(cells[0])))


def columns_matrix(cells: Cells, role: str, full: float) -> Matrix:
    """The window of a matrix by columns, flatter: lengths hang below it."""
    return Matrix(cells, role, full=full, cell=(88, 44), gaps=(len(cells), len(cells[0])))


def traditional_layer(record: NormlinearGroups) -> VGroup:
    """Whose matrix it is."""
    return noted(f"layer {int(record.layer) + 1} of our larger", "traditional model")


class EveryRow:
    """The lengths of all rows of the matrix, before and after, side by side on one scale."""

    def __init__(self, record: NormlinearGroups) -> None:
        numbers = [row_of(record, f"all_row_{name}lengths") for name in ("", "unit_")]
        axis = measure("length of every row", [*numbers[0], *numbers[1]])
        roles, words = ("traditional", "normalized"), ("before", "after")
        self.bars, self.names = [], []
        for number, (role, name) in enumerate(zip(roles, words, strict=True)):
            box = Box(GRID.left + 0.75 + number * 4.5, -2.2, 3.8, 4.0)
            bars = Bars(box, axis, [numbers[number]], [], role)
            # No outline: there are gaps between the bars then.
            bars.rows[0].set_stroke(width=0)
            line = Line(f"{len(numbers[number])} rows, {name}", role=role)
            self.names.append(line.move_to((box.left + box.width / 2, box.bottom - 0.35, 0)))
            self.bars.append(bars)
        change = self.bars[1].rows[0].change_from(numbers[0])
        change(0)
        self.dividing: list[Step] = [(self.bars[1].rows[0], change)]
        self.table = self.shortest_and_longest(record, numbers)
        self.left = noted("What is left of a row", "is its direction.", role="normalized")
        at_left(self.left, PANEL, -0.9)

    def shortest_and_longest(
        self, record: NormlinearGroups, numbers: list[tuple[Traced, ...]]
    ) -> Table:
        """The lengths of the shortest and the longest row, before and after."""
        least, most = int(np.argmin(record.all_row_lengths)), int(np.argmax(record.all_row_lengths))
        before, after = numbers
        columns = [
            Column(
                Line("before", role="traditional"), [before[least], before[most]], "traditional"
            ),
            Column(Line("after", role="normalized"), [after[least], after[most]], "normalized"),
        ]
        return Table([Line("shortest"), Line("longest")], columns, PANEL, 1.4, px=SIZE.body)


CELLS = 4
MINIATURE = 0.26
"""A miniature of a matrix: how many cells it has each way, and their side in Manim's units."""


class Miniature(VGroup):
    """A matrix without numbers, one vector of it lit: what reads, or is written into h."""

    def __init__(self, *, reads: bool) -> None:
        super().__init__()
        cells = np.indices((CELLS, CELLS)).reshape(2, -1)
        places = np.stack([cells[1], -cells[0], 0 * cells[0]], axis=1) * MINIATURE
        lit = cells[0] == 1 if reads else cells[1] == 1
        column = places[cells[1] == 0] + np.array([(CELLS + 0.6) * MINIATURE, 0, 0])
        self.add(self.drawn(places[~lit], "muted", 0.25), self.drawn(places[lit], "normalized", 1))
        arrow = 0 if reads else 1.4 * MINIATURE
        state = self.drawn(column + np.array([arrow, 0, 0]), "ink", 1)
        name = Line("input", px=SIZE.tick) if reads else Equation("{{ h : ink }}", px=SIZE.label)
        self.add(state, name.next_to(state, RIGHT, buff=0.12))
        if not reads:
            self.add(Equation("->", px=SIZE.label).move_to(column.mean(axis=0)))

    def drawn(self, middles: Point, role: str, opacity: float) -> VMobject:
        """Cells as one mobject."""
        cells = VMobject(stroke_width=0).set_fill(colour_of(role), opacity)
        return cells.set_points(rectangles(middles, np.array([0.85 * MINIATURE] * 2)))


WRITING = """{{ y_1 : muted }} {{ c_1 : normalized }}
    + {{ y_2 : muted }} {{ c_2 : normalized }} + dots.h.c"""
"""What a matrix with the columns c makes of y."""


class Columns:
    """The window of an output projection, and the length of each whole column below it."""

    def __init__(self, record: NormlinearGroups) -> None:
        frames = frames_of(record, "output_steps")
        self.columns = record.output.shape[1]
        self.matrix = TurningMatrix(frames, parts_of(frames[0], down=True), columns_matrix)
        at_left(self.matrix, GRID.left + 0.06, 2.3)
        self.lengths = Lengths(
            lengths_of(record, "column_length_steps"),
            feet_of(self.matrix.before, down=True),
            1.1,
            down=True,
        )
        self.one = self.lengths.named("length 1")
        self.frame = self.matrix.before.column_frame(0)
        reading, writing = Miniature(reads=True), Miniature(reads=False)
        self.reading = VGroup(
            reading, noted("Query weights read:", "each row meets the input.", "Rows get length 1.")
        )
        self.writing = VGroup(
            writing,
            noted(
                "This one writes: each column",
                "is a direction to move h in.",
                "Columns get length 1.",
            ),
        )
        self.sum = Equation(WRITING, px=SIZE.readout)
        self.terms = noted(
            "c: columns; y: the numbers that go in. The sum is added",
            "to h; in nGPT made length 1, and h steps towards it: chapter 4.",
            px=SIZE.tick,
        )
        total = len(record.gpt_outputs)
        self.size = Explained("{{ W_o : traditional }}", f"{self.columns} of its {total} columns")
        self.source = traditional_layer(record)
        for picture, words in (self.reading, self.writing):
            at_left(words, picture.get_left()[0] + 2.4, picture.get_top()[1])
        stacked([self.reading, self.writing, self.sum, self.terms], 1.0, 2.2, gap=0.35)
        stacked([self.size, self.source], 1.0, -1.8, gap=0.25)

    @property
    def turning(self) -> list[Step]:
        """Lead column after column to length 1; at n, n columns are done."""
        return [(self.matrix, self.matrix.show_at), (self.lengths, self.lengths.show_at)]
