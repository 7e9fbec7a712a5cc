"""Vectors that turn to length 1, their lengths beside them, and groups drawn apart."""

from __future__ import annotations

import numpy as np
import pytest
from samples import numbers

from scenes.stage.groups import GroupedMatrix
from scenes.stage.lengths import Lengths, TurningMatrix, feet_of, parts_of, steps_at
from scenes.stage.matrices import Cells, Matrix
from scenes.stage.style import COLOUR

STEPS = 5


def frames() -> list[Cells]:
    """Three rows of two cells, from 0.1 … 0.3 to 1 in five steps."""
    shares = np.linspace(0, 1, STEPS)
    return [
        [numbers(*(v + share * (1 - v) for v in row)) for row in ((0.1, 0.2), (0.2, 0.3), (0.3, 1))]
        for share in shares
    ]


def matrix(cells: Cells, role: str, full: float) -> Matrix:
    return Matrix(cells, role, full=full)


def values(shown: Matrix) -> list[float]:
    return [number.value for number in shown.traced]


def test_one_part_after_the_other_goes_through_all_steps() -> None:
    parts = np.arange(3)
    assert steps_at(0, parts, STEPS).tolist() == [0, 0, 0]
    assert steps_at(1.5, parts, STEPS).tolist() == [4, 2, 0]
    assert steps_at(3, parts, STEPS).tolist() == [4, 4, 4]


def test_each_cell_is_drawn_once_before_or_after() -> None:
    every = frames()
    turning = TurningMatrix(every, parts_of(every[0]), matrix)
    assert values(turning.before) == pytest.approx([0.1, 0.2, 0.2, 0.3, 0.3, 1])
    assert not values(turning.after)
    turning.show_at(1.5)
    assert values(turning.after) == pytest.approx([1, 1, 0.6, 0.65])
    assert values(turning.before) == pytest.approx([0.3, 1])
    turning.show_at(3)
    assert not values(turning.before) and values(turning.after) == [1] * 6


def test_columns_turn_one_after_the_other() -> None:
    every = frames()
    turning = TurningMatrix(every, parts_of(every[0], down=True), matrix)
    turning.show_at(1)
    assert values(turning.before) == pytest.approx([0.2, 0.3, 1])


@pytest.mark.parametrize("down", [False, True])
def test_bars_are_as_long_as_the_numbers_say(down: bool) -> None:
    shown = matrix(frames()[0], "traditional", 1.0)
    feet = feet_of(shown, down=down)
    lengths = [numbers(*row) for row in ([0.5, 2.0, 1.0][: len(feet)], [1.0] * len(feet))]
    beside = Lengths(lengths, feet, 1.5, down=down)
    assert beside.per_length == pytest.approx(0.75)
    bar = beside.bars["traditional"].points.reshape(-1, 4, 3)
    reach = np.linalg.norm(bar[:, -1] - bar[:, 0], axis=1)
    assert reach == pytest.approx([n.value * 0.75 for n in lengths[0]])
    one = beside.one.get_center() - feet.mean(axis=0)
    assert np.abs(one).max() == pytest.approx(0.75)
    beside.show_at(1)
    assert [n.traced[0].value for n in beside.numbers][:2] == [1.0, 2.0]
    assert beside.numbers[0].get_fill_color().to_hex().lower() == COLOUR.normalized
    assert beside.numbers[1].get_fill_color().to_hex().lower() == COLOUR.traditional


def test_bars_stand_beside_their_rows_and_below_their_columns() -> None:
    shown = matrix(frames()[0], "traditional", 1.0).shift((1, 2, 0))
    beside, below = feet_of(shown), feet_of(shown, down=True)
    assert (beside[:, 0] > shown.get_right()[0]).all()
    assert beside[:, 1] == pytest.approx([shown.middle_of(i, 0)[1] for i in range(3)])
    assert (below[:, 1] < shown.get_bottom()[1]).all()
    assert below[:, 0] == pytest.approx([shown.middle_of(0, j)[0] for j in range(2)])


def test_groups_are_drawn_apart_and_keep_their_left_edge() -> None:
    cells = [numbers(0.1, 0.2, 0.3, 0.4), numbers(0.5, 0.6, 0.7, 0.8)]
    grouped = GroupedMatrix(cells, "traditional", 2, 1.0)
    grouped.shift((-2, 1, 0))
    before, edges = grouped.get_left()[0], [grouped.edge(group) for group in (0, 1)]
    grouped.spread(1)
    assert grouped.get_left()[0] == pytest.approx(before)
    assert [grouped.edge(group) for group in (0, 1)] == pytest.approx([edges[0], edges[1] + 1])
    assert values(grouped) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    width = grouped.cell[0]
    gap = grouped.middle_of(0, 2)[0] - grouped.middle_of(0, 1)[0]
    assert gap == pytest.approx(2 * width + 1)  # the dots' place, and the way apart
