"""Pictures of chapter 3, built from its recording: one matrix, normalized by rows or by columns."""

from __future__ import annotations

from functools import partial

import numpy as np
from manim import VGroup

from ngpt_math.recordings import NormlinearGroups
from scenes.stage.bars import Bars
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
from scenes.stage.marks import Arrow, Dot, name_of
from scenes.stage.matrices import Cells, Matrix
from scenes.stage.plots import Box, measure
from scenes.stage.readouts import Readout, row_of
from scenes.stage.space import Space, View
from scenes.stage.style import GRID, SIZE
from scenes.stage.tables import Column, Table
from scenes.stage.text import Line

PANEL = 3.3
"""Where the words to the right of a matrix begin."""

DIVIDING = "{{ w : normalized }} <- frac({{ w : traditional }}, ‖{{ w : traditional }}‖)"
WRITING = (
    "{{ W_o : normalized }} x = x_1 {{ w_1 : normalized }} + x_2 {{ w_2 : normalized }} + dots.h"
)
SEEN_THROUGH = 0.35
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
        self.name = name_of(self.arrow, "{{ w : traditional }}")
        self.length = Readout(
            Equation("‖{{ w : traditional }}‖ ="),
            record.traced("recall_length"),
            role="traditional",
        )
        self.rule = Equation(DIVIDING)
        self.done = noted("Divided by its length, each vector", "lands on the sphere.")
        count = len(self.before)
        self.source = noted(
            f"{count} vectors: rows of query weights", "of our smallest traditional model",
            px=SIZE.tick,
        )  # fmt: skip
        column = [self.length, self.rule, self.done, self.source]
        stacked(column, GRID.panel, 1.6, gap=0.6)

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
        self.size = noted(
            f"{rows} of its {total} rows,",
            f"of each the first {columns}",
            f"of {int(record.gpt_d_model)} entries",
        )
        self.source = traditional_layer(record)
        self.panel = stacked([self.name, self.size, self.source], PANEL, 1.6, gap=0.5)
        self.rule = Equation(DIVIDING)
        self.same = noted(
            "Every entry of a row", "is divided by the row’s", "length: its direction", "stays."
        )
        stacked([self.rule, self.same], PANEL, 1.6, gap=0.6)

    @property
    def turning(self) -> list[Step]:
        """Lead row after row to length 1; at n, n rows are done."""
        return [(self.matrix, self.matrix.show_at), (self.lengths, self.lengths.show_at)]


def rows_matrix(cells: Cells, role: str, full: float) -> Matrix:
    """The window, with dots for the columns left out."""
    return Matrix(cells, role, full=full, cell=(92, 72), gaps=(None, len(cells[0])))


def columns_matrix(cells: Cells, role: str, full: float) -> Matrix:
    """The window, with dots for the rows left out."""
    return Matrix(cells, role, full=full, cell=(92, 44), gaps=(len(cells), None))


def traditional_layer(record: NormlinearGroups) -> VGroup:
    """Whose matrix it is."""
    return noted(f"layer {int(record.layer) + 1} of our larger", "traditional model", px=SIZE.tick)


class EveryRow:
    """The lengths of all rows of the matrix, before and after."""

    def __init__(self, record: NormlinearGroups) -> None:
        before = row_of(record, "all_row_lengths")
        after = row_of(record, "all_row_unit_lengths")
        axis = measure("length of every row", [*before, *after])
        box = Box(GRID.left + 0.75, -2.2, 8.2, 4.2)
        self.before = Bars(box, axis, [before], [], "traditional")
        self.after = Bars(box, axis, [after], [], "normalized").rows[0]
        # Seen through: where bars are many they would be one area.
        self.after.set_fill(opacity=SEEN_THROUGH).set_stroke(opacity=SEEN_THROUGH)
        self.after.set_z_index(self.before.rows[0].z_index - 1)
        self.count = Line(f"{len(before)} rows of the matrix", role="muted", px=SIZE.tick)
        self.count.move_to((box.left + box.width / 2, box.bottom - 0.3, 0))
        least, most = int(np.argmin(record.all_row_lengths)), int(np.argmax(record.all_row_lengths))
        rows = [Line("shortest"), Line("longest")]
        columns = [
            Column(
                Line("before", role=role) if role == "traditional" else Line("after", role=role),
                [numbers[least], numbers[most]],
                role,
            )
            for role, numbers in (("traditional", before), ("normalized", after))
        ]
        self.table = Table(rows, columns, PANEL - 0.5, 1.4)
        self.left = noted("What is left of a row", "is its direction.", role="normalized")
        at_left(self.left, PANEL - 0.5, -0.9)


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
        self.rule = Equation(WRITING)
        self.words = noted(
            "Each column is what one input",
            "adds to the hidden state. So the",
            "columns live where h lives, and",
            "they are put on the sphere.",
        )
        total = len(record.gpt_outputs)
        self.size = noted(f"{self.columns} of its {total} columns")
        self.source = traditional_layer(record)
        stacked([self.rule, self.words, self.size, self.source], 1.35, 1.9, gap=0.6)

    @property
    def turning(self) -> list[Step]:
        """Lead column after column to length 1; at n, n columns are done."""
        return [(self.matrix, self.matrix.show_at), (self.lengths, self.lengths.show_at)]
