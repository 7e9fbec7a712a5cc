"""Shells, networks, block diagrams and attention patterns."""

from __future__ import annotations

import numpy as np
import pytest
from samples import numbers

from scenes.stage.blocks import Block, Connection, NormPoint, dashed_outline
from scenes.stage.networks import STRENGTHS, Network
from scenes.stage.outlines import line_of
from scenes.stage.patterns import AttentionGrid
from scenes.stage.pieces import SPACE, shown_as
from scenes.stage.plots import Box
from scenes.stage.shell import Shell
from scenes.stage.space import Space, View
from scenes.stage.style import COLOUR, STROKE

BOX = Box(-2.0, -1.0, 4.0, 2.0)


@pytest.fixture
def space() -> Space:
    return Space(View(20, 20), (0.0, 0.0), 2.0)


def test_shell_lies_around_the_sphere(space: Space) -> None:
    shell = Shell(space, numbers(0.2)[0])
    inner, outer = shell.spaces
    assert inner.outline < space.outline < outer.outline
    assert shell.band.width == pytest.approx(2 * outer.outline)
    shell.display(numbers(0.05)[0])
    assert shell.band.width == pytest.approx(2 * shell.spaces[1].outline)
    assert len(shell.family_members_with_points()) <= 4
    with pytest.raises(ValueError, match="no shell"):
        shell.display(numbers(1.5)[0])


def test_shell_follows_its_sphere(space: Space) -> None:
    shell = Shell(space, numbers(0.1)[0])
    before = shell.get_center()
    space.view.turn += 30
    space.centre = space.centre + np.array([1.0, 0, 0])
    shell.redraw()
    assert np.allclose(shell.get_center() - before, [1, 0, 0])
    assert np.allclose(shell.band.get_center(), space.centre, atol=1e-6)


def test_network_draws_every_weight_once() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
    network = Network(BOX, weights, "traditional")
    assert sum(len(link.points) for link in network.links) == 4 * (12 + 8)
    assert [len(places) for places in network.places] == [3, 4, 2]
    assert len(network.family_members_with_points()) <= 2 * len(STRENGTHS) + 3
    assert network.nodes[0].get_center()[0] == pytest.approx(BOX.left, abs=0.01)
    assert network.nodes[0].get_stroke_color().to_hex().lower() == COLOUR.traditional


def test_a_larger_weight_is_a_stronger_line() -> None:
    network = Network(BOX, [np.array([[0.1, 1.0]])], "normalized")
    weakest, strongest = network.links[0], network.links[len(STRENGTHS) - 1]
    assert len(weakest.points) == len(strongest.points) == 4
    assert weakest.get_stroke_opacity() < strongest.get_stroke_opacity()
    network.display([np.array([[1.0, -1.0]])])
    assert len(strongest.points) == 4
    assert network.links[-1].get_stroke_color().to_hex().lower() == COLOUR.muted


def test_block_has_its_name_inside() -> None:
    block = Block("attention", "normalized", (2.4, 0.8))
    assert block.label.width < block.area.width
    assert np.allclose(block.label.get_center(), block.area.get_center())
    assert block.edge.get_stroke_color().to_hex().lower() == COLOUR.normalized


def test_optional_parts_are_dashed() -> None:
    whole, dashed = (Block("qk", "scale", (2, 1), optional=o).edge for o in (False, True))

    def length(points: np.ndarray) -> float:
        return float(np.linalg.norm(points[3::4] - points[0::4], axis=1).sum())

    assert length(dashed.points) == pytest.approx(
        0.5 * length(dashed_outline(whole.points, 1e9)), rel=0.1
    )


@pytest.mark.parametrize(
    ("kind", "width"),
    [("flow", STROKE.flow), ("auxiliary", STROKE.axis), ("optional", STROKE.axis)],
)
def test_connections_end_where_they_should(kind: str, width: float) -> None:
    places = np.array([[0, 0, 0], [0, 1, 0], [2.0, 1, 0]])
    link = Connection(places, kind, "ink")
    assert np.allclose(link.head.points[0], places[-1])
    assert link.shaft.get_right()[0] < 2
    assert link.shaft.get_stroke_width() == width


def test_there_are_three_kinds_of_connection() -> None:
    with pytest.raises(ValueError, match="no connection 'thick'"):
        Connection(np.zeros((2, 3)), "thick")


def test_normalization_is_a_dotted_circle() -> None:
    ring = NormPoint(np.array([1.0, 2, 0]), 0.3)
    assert np.allclose(ring.get_center(), [1, 2, 0], atol=1e-6)
    assert len(ring.points) == NormPoint.DOTS * 4 * 8
    assert ring.get_fill_color().to_hex().lower() == COLOUR.normalized


def test_tokens_stand_beside_their_rows_and_columns() -> None:
    flat = numbers(*np.linspace(0, 1, 9))
    cells = [flat[:3], flat[3:6], flat[6:]]
    grid = AttentionGrid(cells, ["a", " ", "c"], "normalized")
    for number, (row, column) in enumerate(zip(grid.asking, grid.asked, strict=True)):
        middle = grid.grid.middle_of(number, number)
        assert abs(row.get_center()[1] - middle[1]) < 0.1
        assert column.get_center()[0] == pytest.approx(middle[0])
        assert row.get_right()[0] < grid.grid.corner[0]
        assert column.get_bottom()[1] > grid.grid.corner[1]
    assert shown_as(" ") == SPACE
    assert line_of(SPACE, "NORMAL")[0].size
