"""Marks: where they are drawn, in which role's colour, in front or behind; and how they move."""

from __future__ import annotations

import numpy as np
import pytest
from manim import Scene, VMobject
from samples import unit_vectors

from scenes.stage.hypersphere import Hypersphere
from scenes.stage.interpolation import Interpolation
from scenes.stage.marks import Arrow, Dot, Tag, Trace, arc, chord, great_circle, name_of
from scenes.stage.motion import (
    Appear,
    appear,
    dimmed,
    drawn,
    leave,
    lit,
    looked,
    placed,
    swept,
    turned,
)
from scenes.stage.space import Space, View
from scenes.stage.style import COLOUR, OPACITY, STROKE, colour_of
from scenes.stage.text import Line

FRONT = np.array([1.0, 0, 0])
SIDE = np.array([0, 1.0, 0])


@pytest.fixture
def space() -> Space:
    """Seen along the first axis; the second points right, the third up."""
    return Space(View(0, 0), (1.0, -0.5), 2.0)


def shape(mobject: VMobject) -> list[np.ndarray]:
    return [part.points.copy() for part in mobject.get_family()]


def test_dot_lies_where_its_vector_is_seen(space: Space) -> None:
    dot = Dot(space, SIDE * 0.5, "normalized")
    assert np.allclose(dot.near.get_center(), space.drawn(SIDE * 0.5))
    assert dot.near.get_fill_color().to_hex().lower() == COLOUR.normalized
    assert dot.near.get_stroke_color().to_hex().lower() == COLOUR.ground


def test_dot_behind_the_sphere_is_fainter(space: Space) -> None:
    behind, beyond = Dot(space, -FRONT, "normalized"), Dot(space, SIDE * 2, "normalized")
    assert behind.is_behind and not behind.near.has_points()
    assert behind.far.get_fill_opacity() == OPACITY.hidden
    assert not beyond.is_behind
    assert not Dot(space, -FRONT / 2, "normalized").is_behind


def test_arrow_ends_at_its_tip(space: Space) -> None:
    arrow = Arrow(space, np.zeros(3), SIDE, "traditional")
    tip = space.drawn(SIDE)
    assert np.allclose(arrow.head.points[0], tip)
    assert arrow.near.get_right()[0] < tip[0]
    assert arrow.head.get_fill_color().to_hex().lower() == COLOUR.traditional
    assert arrow.near.get_stroke_width() == STROKE.arrow
    short = Arrow(space, SIDE, SIDE * 1.001, "scale")
    assert np.isfinite(short.head.points).all()


def test_arcs_and_chords_have_their_own_widths(space: Space) -> None:
    end = np.array([0.6, 0.8, 0])
    assert arc(space, FRONT, end, "normalized").near.get_stroke_width() == STROKE.arc
    line = chord(space, FRONT, end, "traditional")
    assert line.near.get_stroke_width() == STROKE.chord
    assert line.near.get_stroke_color().to_hex().lower() == COLOUR.traditional


def test_great_circle_is_half_in_front(space: Space) -> None:
    circle = great_circle(space, FRONT, SIDE, "muted")
    assert circle.near.has_points() and circle.far.has_points()
    assert circle.far.get_stroke_opacity() == OPACITY.hidden


def test_trace_grows_row_by_row(space: Space) -> None:
    rows = np.stack([np.zeros(3), SIDE, SIDE * 2])
    line = Trace(space, rows, "normalized", STROKE.arc, on_sphere=False)
    line.show_upto(0.5)
    assert np.allclose(line.near.get_right(), space.drawn(SIDE / 2)) or np.allclose(
        line.far.get_right(), space.drawn(SIDE / 2)
    )
    line.show_upto(2)
    ends = [part.get_right()[0] for part in (line.near, line.far) if part.has_points()]
    assert max(ends) == pytest.approx(space.drawn(SIDE * 2)[0])


def test_tag_keeps_its_distance_while_the_view_turns(space: Space) -> None:
    tag = Tag(space, SIDE, Line("h"), (20.0, 20.0))
    for turn in (0.0, 40.0, 130.0):
        space.view.turn = turn
        tag.redraw()
        corner = tag.text.get_critical_point(np.array([-1.0, -1, 0]))
        assert np.allclose(corner - space.drawn(SIDE), tag.offset)


def test_name_stands_off_its_arrow(space: Space) -> None:
    arrow = Arrow(space, SIDE, SIDE + np.array([0, 0.2, 1]), "transformation")
    tag = name_of(arrow, "{{ f : transformation }}")
    assert tag.text.get_left()[0] > arrow.near.get_center()[0]


def test_turning_there_and_back_draws_the_same(space: Space) -> None:
    sphere = Hypersphere(space)
    mark = arc(space, *unit_vectors(2), "normalized")
    before = [*shape(sphere), *shape(mark)]
    scene = Scene(skip_animations=True)
    scene.add(sphere, mark)
    scene.play(*turned(space.view, [sphere, mark], 70, 10))
    assert space.view.turn == pytest.approx(70)
    scene.play(*turned(space.view, [sphere, mark], -70, -10))
    after = [*shape(sphere), *shape(mark)]
    assert all(np.allclose(a, b, atol=1e-9) for a, b in zip(before, after, strict=True))


def test_looking_turns_the_short_way(space: Space) -> None:
    view = View(170, 0)
    step = looked(view, [Dot(Space(view, (0, 0), 1), FRONT, "ink")], View(-170, 5))[0]
    step.rate_func = lambda share: share
    step.interpolate(0.5)
    assert view.turn == pytest.approx(180) and view.lift == pytest.approx(2.5)


def test_marks_follow_their_sphere_to_another_place(space: Space) -> None:
    dot = Dot(space, FRONT, "ink")
    scene = Scene(skip_animations=True)
    scene.add(dot)
    scene.play(*placed(space, [dot], (-2.0, 1.0), 1.0))
    assert np.allclose(dot.near.get_center(), [-2, 1, 0])


def test_dimming_keeps_what_was_fainter_fainter(space: Space) -> None:
    circle = great_circle(space, FRONT, SIDE, "muted")
    scene = Scene(skip_animations=True)
    scene.add(circle)
    scene.play(*dimmed(circle))
    scene.play(*dimmed(circle))
    assert circle.near.get_stroke_opacity() == pytest.approx(OPACITY.dimmed)
    assert circle.far.get_stroke_opacity() == pytest.approx(OPACITY.dimmed * OPACITY.hidden)
    scene.play(*lit(circle))
    assert circle.far.get_stroke_opacity() == pytest.approx(OPACITY.hidden)


def test_coming_and_going(space: Space) -> None:
    dot = Dot(space, FRONT, "ink")
    coming = Appear(dot)
    coming.begin()
    assert dot.near.get_fill_opacity() == 0
    scene = Scene(skip_animations=True)
    scene.play(*appear(dot))
    assert dot in scene.mobjects and dot.near.get_fill_opacity() == 1
    scene.play(*leave(dot))
    assert dot not in scene.mobjects and dot.near.get_fill_opacity() == 1


def test_drawn_line_comes_onto_the_stage(space: Space) -> None:
    line = arc(space, FRONT, SIDE, "normalized")
    scene = Scene(skip_animations=True)
    scene.play(drawn(line))
    assert line in scene.mobjects and line.upto == line.rows - 1


def test_both_ways_are_swept_through_the_recorded_rows(space: Space, recording) -> None:  # type: ignore[no-untyped-def]
    ways = Interpolation(space, recording.sweep_chord, recording.sweep_lerp, recording.sweep_slerp)
    scene = Scene(skip_animations=True)
    scene.add(ways.mix, ways.spoke, ways.lerp, ways.ray, ways.slerp)
    row = ways.rows // 3
    scene.play(*swept([*ways.lerp_steps, *ways.slerp_steps], 0, row))
    assert np.allclose(ways.mix.at, recording.sweep_chord[row])
    assert np.allclose(ways.lerp.at, recording.sweep_lerp[row])
    assert np.allclose(ways.slerp.at, recording.sweep_slerp[row])
    assert np.allclose(ways.ray.points_in_space, [ways.mix.at, ways.lerp.at])
    assert np.allclose(ways.spoke.points_in_space, [np.zeros(3), ways.mix.at])
    # Green is what nGPT computes, and nothing else here; blue is the traditional model's alone.
    assert colour_of(ways.lerp.role) == COLOUR.normalized
    others = {part.role for part in (ways.chord, ways.arc, ways.mix, ways.slerp)}
    assert others == {"ink", "muted"}
