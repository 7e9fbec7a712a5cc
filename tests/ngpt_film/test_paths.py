"""The bytes that are taken for a path by Skia."""

from __future__ import annotations

import numpy as np
import skia
from manim import Circle, Line, Square, Text, VMobject

from ngpt_film.gather import family, read_shapes
from ngpt_film.paths import Outlines, outlines, serialized
from scenes.stage import fonts

UNIT = np.array([[1.0, 1.0], [0.0, 0.0]])


def made(*mobjects: VMobject, apart: bool = False) -> Outlines:
    shapes = read_shapes(family(mobjects, False))
    chosen = np.full(len(shapes.counts), apart)
    return outlines(shapes.points, shapes.counts, shapes.tolerance, UNIT, chosen)


def by_skia(subpaths: list[np.ndarray], closed: bool) -> bytes:
    """The same path, drawn through Skia's own calls and written by Skia."""
    path = skia.Path()
    for points in subpaths:
        path.moveTo(*points[0, :2])
        for curve in points.reshape(-1, 4, 3)[:, 1:, :2]:
            path.cubicTo(*curve.ravel())
        if closed:
            path.close()
    return bytes(path.serialize())


def test_bytes_are_what_skia_writes() -> None:
    circle, other = Circle(), Circle(radius=2)
    arc = VMobject().set_points(Circle().points[:12])
    both = VMobject().set_points(np.concatenate([circle.points, other.points]))
    found = made(circle, arc, both)
    data = [bytes(d) for d in serialized(found, np.arange(3))]
    expected = [
        by_skia([circle.points], closed=True),
        by_skia([arc.points], closed=False),
        by_skia([circle.points, other.points], closed=True),
    ]
    assert data == expected
    path = skia.Path()
    assert [path.readFromMemory(d) for d in data] == [len(d) for d in data]


def test_straight_curves_become_lines() -> None:
    found = made(Line(), Square())
    assert found.verbs.tolist() == [0, 1, 0, 1, 1, 1, 1, 5]
    assert np.allclose(found.points[:2], [[-1, 0], [1, 0]])


def test_a_curve_that_bends_a_little_stays_a_curve() -> None:
    bent = Line()
    bent.points[1, 1] += 0.02
    assert made(bent).verbs.tolist() == [0, 4]


def test_outlines_that_do_not_meet_become_pieces_that_hold_all_points() -> None:
    words = Text("of hidden states, αβγ %i", font=fonts.register())
    whole = VMobject().set_points(
        np.concatenate([g.points for g in words.family_members_with_points()])
    )
    together, pieces = made(whole), made(whole, apart=True)
    assert len(together.low) == 1
    assert len(pieces.low) > 12
    assert sorted(map(tuple, pieces.points)) == sorted(map(tuple, together.points))
    assert sorted(pieces.verbs) == sorted(together.verbs)
    low, high = pieces.low[:, None], pieces.high[:, None]
    meet = ((low <= high.swapaxes(0, 1)) & (low.swapaxes(0, 1) <= high)).all(axis=2)
    assert meet.sum() == len(meet), "only each with itself"


def test_points_left_over_from_a_curve_are_dropped() -> None:
    circle = Circle()
    odd = VMobject().set_points(np.concatenate([circle.points, circle.points[:2]]))
    found = made(odd, Line())
    assert np.array_equal(found.points, made(circle, Line()).points)


def test_nothing_is_no_path() -> None:
    found = made(VMobject().set_points(np.zeros((2, 3))))
    assert found.pieces.tolist() == [0, 0]
    assert serialized(found, np.arange(0)) == []
