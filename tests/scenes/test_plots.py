"""Plots, bars and matrices: where values are drawn, and what is written on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import numbers

from scenes.slerp_alpha_pictures import SHORT, OnAxis
from scenes.stage.bars import Bars, clear
from scenes.stage.cards import NextChapter, Takeaways, heading_line, title_line
from scenes.stage.matrices import STRENGTHS, Matrix, kept
from scenes.stage.plots import Box, Plot, curve_name, measure
from scenes.stage.split import SplitScreen
from scenes.stage.style import (
    COLOUR,
    GRID,
    ROLES,
    colour_of,
    contrast,
    is_bright,
    luminance,
)
from scenes.stage.text import Line

BOX = Box(-3.0, -2.0, 4.0, 2.0)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1).filter(lambda v: max(map(abs, v)) > 1e-3))
def test_axis_has_room_for_zero_and_all_numbers(values: list[float]) -> None:
    axis = measure("x", numbers(*values))
    step = axis.ticks[1] - axis.ticks[0]
    for value in (0.0, *values):
        assert -1e-3 * step <= value - axis.ticks[0]
        assert value <= axis.ticks[-1] + 1e-3 * step
    assert 2 <= len(axis.ticks) <= 8


def test_degrees_have_round_ticks() -> None:
    axis = measure("θ", numbers(0, 180, unit="°"), most=6)
    assert axis.ticks == (0, 30, 60, 90, 120, 150, 180)
    assert [axis.label(t) for t in axis.ticks][1] == "30°"


def test_units_that_are_words_stand_once_beside_the_name() -> None:
    axis = measure("loss", numbers(0, 4, unit="nat/letter"))
    assert axis.heading == "loss (nat/letter)"
    assert axis.label(2.0) == "2"
    assert measure("θ", numbers(0, 90, unit="°")).heading == "θ"
    assert measure("α", numbers(0, 1)).heading == "α"


def test_an_axis_needs_something_to_measure() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        measure("x", numbers(0.0))


def plot() -> Plot:
    return Plot(BOX, measure("x", numbers(0, 1)), measure("y", numbers(0, 10)))


def test_values_are_drawn_to_scale() -> None:
    assert np.allclose(plot().at([0.5], [2.5]), [[-1.0, -1.5, 0]])


def test_curve_spot_and_lines() -> None:
    here = plot()
    xs, ys = numbers(0, 0.5, 1), numbers(0, 5, 10)
    curve = here.curve(xs, ys, "traditional")
    assert np.allclose(curve.points[[0, -1]], here.at([0, 1], [0, 10]))
    curve.show_upto(0.5)
    assert np.allclose(curve.points[-1], here.at([0.25], [2.5])[0])
    spot = here.spots(xs, ys, "scale")
    spot.show_row(1)
    assert np.allclose(spot.get_center(), here.at([0.5], [5])[0])
    assert spot.traced == (xs[1], ys[1])
    assert here.level(ys[1], "ink").get_center()[1] == pytest.approx(-1.0)
    assert here.upright(xs[1], ys[1], "ink").get_top()[1] == pytest.approx(-1.0)
    lines = OnAxis(here, xs[1:], "normalized")
    assert np.allclose(lines.points[[0, 4]], here.at([0.5, 1], [0, 0]))
    assert lines.traced == tuple(xs[1:]) and lines.height == pytest.approx(SHORT)
    name = curve_name(curve, "name", 1, above=True)
    assert name.get_right()[0] < curve.places[1][0] and name.get_bottom()[1] > curve.places[1][1]


def test_bars_stand_on_zero_and_reach_their_values() -> None:
    rows = [numbers(0.2, 0.4), numbers(0.1, 0.3)]
    bars = Bars(BOX, measure("α", [*rows[0], *rows[1]]), rows, ["a", "b"], "scale")
    first = bars.rows[0]
    assert first.tops[:, 1] == pytest.approx([bars.axis.height_of(v.value) for v in rows[0]])
    assert first.get_bottom()[1] == pytest.approx(BOX.bottom)
    first.grow(0.0)
    assert first.height == pytest.approx(0)
    assert first.traced == tuple(rows[0])
    assert first.get_fill_color().to_hex().lower() == COLOUR.scale
    assert first.get_fill_opacity() != bars.rows[1].get_fill_opacity()
    assert len(bars.numbers) == 4


@pytest.mark.parametrize("values", [[0.905, 0.123, 1.0], [4.04, 0.95, 4.46, 7.70], [0.377, 0.651]])
def test_no_rule_of_a_clear_axis_runs_through_a_number(values: list[float]) -> None:
    recorded = numbers(*values)
    box = Box(0, 0, 12, 2.5)
    axis = clear(measure("numbers", recorded, most=4), recorded, box.height)
    bars = Bars(box, axis, [recorded], ["a"] * len(values), "ink")
    rules = bars.axis.rules.get_all_points()[:, 1]
    for number in bars.numbers:
        low, high = number.get_bottom()[1], number.get_top()[1]
        assert not ((rules > low - 0.05) & (rules < high + 0.02)).any()
    assert bars.rows[0].get_top()[1] <= box.bottom + box.height


def test_an_axis_that_cannot_be_clear_stays_as_it_is() -> None:
    for values in (np.linspace(0.01, 1, 40), (-1.0, 2.0)):
        recorded = numbers(*values)
        axis = measure("numbers", recorded)
        assert clear(axis, recorded, 2.5) == axis


def test_many_bars_carry_no_numbers() -> None:
    row = numbers(*np.linspace(0.1, 1, 128))
    bars = Bars(BOX, measure("α", row), [row], [], "scale")
    assert len(bars.numbers) == 0
    assert len(bars.rows) == 1
    assert bars.rows[0].get_right()[0] <= BOX.left + BOX.width


def test_legend_looks_like_its_bars() -> None:
    rows = [numbers(0.2), numbers(0.1)]
    bars = Bars(BOX, measure("α", rows[0]), rows, ["a"], "scale")
    legend = bars.legend([Line("one"), Line("two")])
    for entry, row in zip(legend, bars.rows, strict=True):
        assert entry[0].get_fill_opacity() == row.get_fill_opacity()
        assert entry[0].get_right()[0] < entry[1].get_left()[0]


@pytest.mark.parametrize("role", ROLES)
def test_values_can_be_read_on_every_cell(role: str) -> None:
    for colour in (colour_of(role), COLOUR.muted):
        for strength in STRENGTHS:
            ink = COLOUR.ground if is_bright(colour, strength) else COLOUR.ink
            assert contrast(luminance(ink), luminance(colour, strength)) >= 4.5, (role, strength)


def cells(rows: int, columns: int) -> list:
    values = np.linspace(-1, 1, rows * columns)
    flat = numbers(*values)
    return [flat[i * columns : (i + 1) * columns] for i in range(rows)]


def test_matrix_cells_lie_in_rows_and_columns() -> None:
    matrix = Matrix(cells(3, 2), "normalized").shift(np.array([1.0, 2, 0]))
    width, height = matrix.cell
    assert np.allclose(matrix.middle_of(0, 0), [1 + width / 2, 2 - height / 2, 0])
    step = matrix.middle_of(1, 1) - matrix.middle_of(0, 0)
    assert np.allclose(step, [width, -height, 0])
    frame = matrix.row_frame(1)
    assert frame.width == pytest.approx(2 * width)
    assert frame.get_center()[1] == pytest.approx(matrix.middle_of(1, 0)[1])


def test_matrix_is_few_mobjects_however_many_cells() -> None:
    assert len(Matrix(cells(16, 16), "traditional").family_members_with_points()) <= 18


def test_matrix_shows_other_numbers_in_place() -> None:
    matrix = Matrix(cells(2, 2), "traditional", full=1.0)
    matrix.shift(np.array([2.0, 0, 0]))
    edges = (matrix.get_left()[0], matrix.get_right()[0])
    matrix.display([numbers(0.9, 0.9), numbers(0.9, 0.9)])
    strongest = matrix.fills[len(STRENGTHS) - 1]
    assert len(strongest.points) == 4 * 16
    assert (matrix.get_left()[0], matrix.get_right()[0]) == pytest.approx(edges)


def test_large_matrices_are_cut_short_with_dots() -> None:
    assert kept(5, 8) == [0, 1, 2, 3, 4]
    assert kept(128, 6) == [0, 1, 2, 3, None, 127]
    whole, cut = Matrix(cells(4, 3), "ink"), Matrix(cells(4, 3), "ink", gaps=(3, None))
    down = whole.middle_of(3, 0)[1] - cut.middle_of(3, 0)[1]
    assert down == pytest.approx(whole.cell[1])
    assert cut.height > whole.height


def test_split_screen_mirrors() -> None:
    split = SplitScreen()
    assert split.left.middle == -split.right.middle
    assert split.left.name.get_center()[0] == pytest.approx(-split.right.name.get_center()[0])
    assert split.left.name.baseline == split.right.name.baseline
    assert (split.left.name.role, split.right.name.role) == ("traditional", "normalized")


def test_headings_keep_to_the_safe_area() -> None:
    heading, title = heading_line("4 · Name"), title_line("A title")
    assert heading.get_left()[0] == title.get_left()[0] == pytest.approx(GRID.left)
    assert heading.get_top()[1] <= GRID.heading + 0.05
    assert title.get_bottom()[1] > GRID.top
    assert heading.get_bottom()[1] > title.get_top()[1]


def test_takeaways_stand_below_each_other() -> None:
    card = Takeaways([("scale", ("one", "two")), ("ink", ("three",))])
    assert card[0].get_bottom()[1] > card[1].get_top()[1]
    assert card[0].get_left()[0] == pytest.approx(card[1].get_left()[0])
    bar, words = card[0]
    assert bar.get_stroke_color().to_hex().lower() == COLOUR.scale
    assert bar.get_right()[0] < words.get_left()[0]


def test_next_chapter_names_it() -> None:
    asked, named = NextChapter("Why?", "5 · Attention")
    assert asked.get_bottom()[1] > named.get_top()[1]
    assert named.words == "5 · Attention"


def test_an_axis_of_curves_may_begin_near_the_least_number() -> None:
    axis = measure("loss", numbers(1.87, 3.05), zero=False)
    assert axis.ticks == (1.5, 2.0, 2.5, 3.0, 3.5)
    with pytest.raises(ValueError, match="nothing to measure"):
        measure("loss", numbers(2.0, 2.0), zero=False)


def test_rows_of_bars_may_have_roles_of_their_own() -> None:
    rows = [numbers(1, 2), numbers(2, 3)]
    axis = measure("y", [*rows[0], *rows[1]])
    bars = Bars(BOX, axis, rows, ["a", "b"], ("traditional", "normalized"))
    assert [row.role for row in bars.rows] == ["traditional", "normalized"]
    # Told apart by their colours, both are filled; rows of one role are told apart by that.
    assert bars.rows[0].filled == bars.rows[1].filled
    same = Bars(BOX, axis, rows, ["a", "b"], "scale")
    assert same.rows[0].filled > same.rows[1].filled


def test_bars_go_from_other_numbers_to_their_own() -> None:
    before, own = numbers(0.1, 0.1), numbers(0.2, 0.4)
    row = Bars(BOX, measure("α", own), [own], [], "scale").rows[0]
    ends = row.ends.copy()
    change = row.change_from(before)
    change(0)
    assert row.traced == tuple(before)
    assert row.ends[:, 1] == pytest.approx([row.axis.height_of(n.value) for n in before])
    change(1)
    assert row.traced == tuple(own) and row.ends == pytest.approx(ends)
