"""Names of points that are seen close together, and the ways from them to their points."""

from __future__ import annotations

import numpy as np

from scenes.architecture_sphere_pictures import PASSING, clearest, crossing
from scenes.stage.style import PIXEL

ROW = np.array([[-0.4, 1.0, 0], [0.0, 1.0, 0], [0.4, 1.0, 0]])


def away(feet: np.ndarray, heads: np.ndarray) -> float:
    """How near, in pixels, a way from a foot to its head comes to another foot."""
    steps = np.linspace(0, 1, 500)[:, None]
    others = [
        np.linalg.norm(foot + steps * (head - foot) - other, axis=1).min()
        for i, (foot, head) in enumerate(zip(feet, heads, strict=True))
        for j, other in enumerate(feet)
        if i != j
    ]
    return float(min(others)) / PIXEL


def test_a_way_does_not_pass_through_another_point() -> None:
    """The second point lies below the first; led straight up, its way would run into it."""
    feet = np.array([[-0.02, 0.3, 0], [0.0, 0.0, 0], [0.3, 0.1, 0]])
    assert away(feet, ROW) < PASSING < away(feet, ROW[clearest(feet, ROW)])


def test_names_stand_in_the_order_of_their_points_where_nothing_is_in_the_way() -> None:
    feet = np.array([[-0.2, 0.0, 0], [0.0, 0.1, 0], [0.3, 0.0, 0]])
    assert clearest(feet, ROW) == [0, 1, 2]


def test_ways_cross_where_they_have_a_point_in_common() -> None:
    feet = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    heads = feet + np.array([0.0, 1, 0])
    assert crossing(feet, heads[::-1]) and not crossing(feet, heads)
