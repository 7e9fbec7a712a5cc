"""Projection, and what is in front: the stage's own three dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import unit_vectors

from scenes.stage.curves import (
    PIECES,
    arc_points,
    circle_points,
    nearest_on_circle,
    split_circles,
    split_line,
)
from scenes.stage.hypersphere import Hypersphere, grid_circles
from scenes.stage.space import (
    EYE,
    LIFTS,
    SIDEWAYS,
    Space,
    View,
    crosswise,
    room_for,
    room_while,
    roomiest,
    spread_in,
)
from scenes.stage.style import PIXEL

angles = st.floats(-180, 180)
lifts = st.floats(-89, 89)


def space(turn: float = 20.0, lift: float = 22.0) -> Space:
    return Space(View(turn, lift), (-3.0, 0.5), 2.0)


def bezier(points: np.ndarray, share: float) -> np.ndarray:
    """Points of the pieces of control points (4·n, 3) at a share of each."""
    a, b, c, d = (points[i::4] for i in range(4))
    t, u = share, 1 - share
    return u**3 * a + 3 * u**2 * t * b + 3 * u * t**2 * c + t**3 * d


@given(angles, lifts)
def test_axes_are_orthonormal_and_right_handed(turn: float, lift: float) -> None:
    axes = View(turn, lift).axes
    assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)


def test_up_stays_up() -> None:
    """The upright axis never leans: it has no part along the frame's right."""
    assert space().drawn(np.array([0, 0, 1.0]))[0] == pytest.approx(-3.0)


@given(angles, lifts)
def test_sphere_is_drawn_within_its_outline(turn: float, lift: float) -> None:
    here = space(turn, lift)
    away = np.linalg.norm(here.drawn(unit_vectors(50)) - here.centre, axis=1)
    assert (away <= here.outline + 1e-9).all()


@given(angles, lifts)
def test_in_front_is_what_the_ray_from_the_eye_meets_first(turn: float, lift: float) -> None:
    here = space(turn, lift)
    for point in here.seen(unit_vectors(20)):
        eye = np.array([0, 0, EYE])
        ray = point - eye
        # |eye + t·ray| = 1 has two roots; the point itself is t = 1.
        a, b, c = ray @ ray, eye @ ray, eye @ eye - 1
        first = (-b - np.sqrt(max(b * b - a * c, 0))) / a
        if abs(point[2] - here.horizon) > 1e-6:
            assert (point[2] > here.horizon) == (abs(first - 1) < 1e-6)


def test_eye_is_where_it_was_asked_to_be() -> None:
    for eye in unit_vectors(10):
        assert np.allclose(View.from_eye(eye).axes[2], eye)


def test_an_arc_is_seen_from_beside_its_plane() -> None:
    start, end = unit_vectors(2)
    view = View.onto_arc(start, end, 35)
    normal = np.cross(start, end) / np.linalg.norm(np.cross(start, end))
    assert abs(view.axes[2] @ normal) == pytest.approx(np.sin(np.radians(35)))
    assert Space(view, (0, 0), 1).seen(np.stack([start, end]))[:, 2].sum() > 0


@given(angles, lifts)
def test_grid_lines_part_exactly_at_the_outline(turn: float, lift: float) -> None:
    here = space(turn, lift)
    near, far = split_circles(here, *grid_circles())
    for part, side in ((near, 1), (far, -1)):
        ends = np.linalg.norm(part.reshape(-1, PIECES * 4, 3)[:, [0, -1]] - here.centre, axis=-1)
        closed = np.isclose(ends, here.outline, atol=1e-6).all(axis=1)
        whole = np.linalg.norm(part[0 :: PIECES * 4] - part[PIECES * 4 - 1 :: PIECES * 4], axis=1)
        assert (closed | (whole < 1e-6)).all(), side


@given(angles, lifts)
def test_grid_lines_are_drawn_to_a_twentieth_of_a_pixel(turn: float, lift: float) -> None:
    """A piece's middle lies on the circle it stands for: on the sphere, at its height."""
    here = space(turn, lift)
    equator = (np.zeros((1, 3)), np.eye(3)[:1], np.eye(3)[1:2])
    t = np.linspace(0, 2 * np.pi, 20001)
    true = here.drawn(np.stack([np.cos(t), np.sin(t), 0 * t], axis=1))
    for part in split_circles(here, *equator):
        for point in bezier(part, 0.5):
            assert np.linalg.norm(true - point, axis=1).min() < PIXEL / 20


def test_front_and_back_of_a_line_make_the_line() -> None:
    points = np.cumsum(np.random.default_rng(1).normal(size=(30, 3)), axis=0) * 0.1
    here = space()
    near, far = split_line(here, points, 0.0)

    def length(part: np.ndarray) -> float:
        return float(np.linalg.norm(part[3::4] - part[0::4], axis=1).sum())

    assert len(near) and len(far)
    whole = here.drawn(points)
    assert length(near) + length(far) == pytest.approx(
        float(np.linalg.norm(np.diff(whole, axis=0), axis=1).sum()), rel=1e-2
    )


def test_arc_is_on_the_sphere_from_end_to_end() -> None:
    start, end = unit_vectors(2)
    arc = arc_points(start, end)
    assert np.allclose(np.linalg.norm(arc, axis=1), 1)
    assert np.allclose(arc[[0, -1]], [start, end])
    assert np.allclose(arc_points(start, start), start)


def test_no_arc_between_opposite_points() -> None:
    with pytest.raises(ValueError, match="opposite"):
        arc_points(np.array([1.0, 0, 0]), np.array([-1.0, 0, 0]))


def test_nearest_point_of_a_great_circle() -> None:
    first, second, point = unit_vectors(3)
    circle = circle_points(first, second, pieces=20000)
    foot = nearest_on_circle(point, first, second)
    assert (circle @ point).max() == pytest.approx(foot @ point, abs=1e-6)


def test_hypersphere_is_a_few_mobjects_of_few_points() -> None:
    parts = Hypersphere(space()).family_members_with_points()
    assert len(parts) <= 7
    assert sum(len(part.points) for part in parts) < 2000


def test_room_for_is_the_largest_that_keeps_points_in_a_box() -> None:
    points, view = 2 * unit_vectors(9), View(40, 20)
    radius = room_for(view, points, 3.0, 2.0)
    reach = np.abs(Space(view, (0.0, 0.0), radius).drawn(points)).max(axis=0)
    assert reach[0] <= 3.0 + 1e-9 and reach[1] <= 2.0 + 1e-9
    assert np.isclose(reach[0], 3.0) or np.isclose(reach[1], 2.0)


def test_the_roomiest_view_sees_the_longest_from_the_side_after_it_has_turned() -> None:
    longest = 3 * unit_vectors(9)[4]
    points = np.concatenate([unit_vectors(9), longest[None]])

    def fits(view: View) -> bool:
        turned = Space(View(view.turn + 30, view.lift), (0.0, 0.0), 1.0)
        return abs(turned.seen(longest)[2]) < SIDEWAYS * np.linalg.norm(longest)

    view = roomiest(points, longest, 3.0, 2.0, turn=30)
    others = [View(way, lift) for way in range(0, 360, 45) for lift in LIFTS]
    rooms = [room_while(other, points, 3.0, 2.0, 30) for other in others if fits(other)]
    assert fits(view) and rooms
    assert room_while(view, points, 3.0, 2.0, 30) >= max(rooms)


@given(st.integers(0, 50), st.floats(0, 30))
def test_seen_crosswise_no_long_vector_comes_towards_the_eye(seed: int, turn: float) -> None:
    """Long vectors of nearly one line, as they are drawn, keep most of their length."""
    points = np.random.default_rng(seed).normal(size=(12, 3))
    long = np.stack([points[0], -1.5 * points[0]])
    view = crosswise(points, long, 3.0, 2.0, turn)
    for share in (0, 1):
        seen = View(view.turn + share * turn, view.lift).axes @ long.T
        assert (np.hypot(*seen[:2]) > 0.85 * np.linalg.norm(long, axis=1)).all()


@given(st.integers(0, 50), angles)
def test_points_spread_in_a_box_stay_within_it_and_touch_it(seed: int, way: float) -> None:
    """The sphere, too; the box is centred where the place is measured from."""
    points = 2 * np.random.default_rng(seed).normal(size=(12, 3))
    view = View(way, 20)
    place, radius = spread_in(view, points, 3.0, 2.0, 0.0)
    placed = Space(view, place, radius)
    reach = np.abs(placed.drawn(points)[:, :2] / (3.0, 2.0)).max()
    ball = (np.abs(place[:2]) + placed.outline) / (3.0, 2.0)
    assert max(reach, ball.max()) == pytest.approx(1)
