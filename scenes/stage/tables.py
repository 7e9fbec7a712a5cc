"""A small table of recorded numbers: a name for each row, a heading for each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from manim import VGroup

from ngpt_math.recordings import Traced
from scenes.stage.readouts import Label, Number, baseline_of
from scenes.stage.style import SIZE

GAP = 0.45
"""Between two columns, in Manim's units."""


@dataclass(frozen=True, slots=True)
class Column:
    """The numbers of a column, from the first row down, under a heading."""

    heading: Label
    numbers: Sequence[Traced]
    role: str = "ink"
    places: int = 2


class Table(VGroup):
    """`headings` and `rows` are groups of their own, to be shown one after the other.

    Args:
        names: the rows' names.
        left, top: where the names begin, and the height of the headings' baseline.
        spacing: from one baseline to the next, in Manim's units.
    """

    def __init__(
        self, names: Sequence[Label], columns: Sequence[Column], left: float, top: float,
        *, spacing: float = 0.75, px: float = SIZE.readout,
    ) -> None:  # fmt: skip
        super().__init__()
        self.rows = [
            VGroup(_at(name, left, top - (i + 1) * spacing)) for i, name in enumerate(names)
        ]
        self.headings = VGroup()
        edge = left + max(name.width for name in names)
        for column in columns:
            numbers = [
                Number(n, places=column.places, px=px, role=column.role, widest=column.numbers)
                for n in column.numbers
            ]
            edge += GAP + max(numbers[0].room, column.heading.width)
            for i, number in enumerate(numbers):
                number.end_at(edge, top - (i + 1) * spacing)
                self.rows[i].add(number)
            self.headings.add(_at(column.heading, edge - column.heading.width, top))
        self.add(self.headings, *self.rows)


def _at(label: Label, left: float, baseline: float) -> Label:
    """Move a label to where its baseline is to start."""
    label.shift((left - label.get_left()[0], baseline - baseline_of(label), 0))
    return label
