"""What is led through a sweep: equal ratios are equally far apart, and rows meet their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from samples import numbers

from scenes.stage.plots import Box, Plot, measure
from scenes.stage.sweeps import EvenSlider, SweptDots, SweptLine, ratios
from scenes.stage.text import Line

BOX = Box(-3.0, -2.0, 4.0, 2.0)
TABLE = [numbers(0.0, 0.5, 1.0), numbers(1.0, 0.5, 0.0), numbers(0.2, 0.4, 0.4)]


def test_equal_ratios_are_equally_far_apart() -> None:
    axis = ratios("factor", numbers(0.125, 1.0, 8.0))
    assert axis.share(0.125) == pytest.approx(0)
    assert axis.share(1.0) == pytest.approx(0.5)
    assert axis.share(8.0) == pytest.approx(1)
    assert axis.share(2.0) - axis.share(1.0) == pytest.approx(axis.share(8.0) - axis.share(4.0))


@pytest.mark.parametrize("ends", [(1 / 32, 32.0), (0.3, 1.1), (1 / 4, 5000.0), (0.9, 3.0)])
def test_ticks_are_few_powers_of_two_within_the_axis(ends: tuple[float, float]) -> None:
    axis = ratios("factor", numbers(*ends))
    assert 1 <= len(axis.ticks) <= 5
    assert all(ends[0] * 0.999 <= tick <= ends[1] * 1.001 for tick in axis.ticks)
    assert all(float(np.log2(tick)).is_integer() for tick in axis.ticks)
    assert 1.0 in axis.ticks


def test_ticks_below_one_are_fractions() -> None:
    axis = ratios("factor", numbers(1 / 16, 4.0))
    assert axis.label(1 / 4) == "1/4"
    assert axis.label(4.0) == "4"


def test_a_plot_takes_a_logarithmic_axis() -> None:
    axis = ratios("factor", numbers(0.25, 4.0))
    plot = Plot(BOX, axis, measure("y", numbers(0, 1)))
    places = plot.at([0.25, 1.0, 4.0], [0, 0, 0])[:, 0]
    assert np.allclose(places, [BOX.left, BOX.left + BOX.width / 2, BOX.left + BOX.width])


def test_rows_of_an_even_slider_are_equally_far_apart() -> None:
    factors = numbers(0.1, 1.0, 10.0, 100.0)
    slider = EvenSlider(Line("factor"), factors, 3.0, "scale").move_to((1, 1, 0))
    start = slider.track.get_left()[0]
    for row in range(4):
        slider.show_row(row)
        assert slider.knob.get_center()[0] == pytest.approx(start + row)
        assert slider.number.traced == (factors[row],)
    mark = slider.marked(2, "here")
    assert mark[0].get_center()[0] == pytest.approx(start + 2)
    assert mark[1].get_top()[1] < slider.knob.get_bottom()[1]


def test_dots_and_line_go_through_the_same_places() -> None:
    plot = Plot(BOX, measure("x", numbers(0, 1)), measure("y", numbers(0, 1)))
    dots, line = (make(plot, TABLE, TABLE[::-1], "ink") for make in (SweptDots, SweptLine))
    for swept in (dots, line):
        swept.show_row(1)
        assert np.allclose(swept.places[1], plot.at([1.0, 0.5, 0.0], [1.0, 0.5, 0.0]))
        assert swept.traced == (TABLE[1][0], TABLE[1][2], TABLE[1][0], TABLE[1][2])
    middles = dots.points.reshape(3, -1, 3).mean(axis=1)
    assert np.allclose(middles, dots.places[1], atol=0.01)
    assert np.allclose(line.points[0], line.places[1][0])
    assert np.allclose(line.points[-1], line.places[1][-1])
