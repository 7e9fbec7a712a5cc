"""The camera for flat drawings, and the plan of the whole model that chapter 7 looks at with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import test_chapters
from watched import play

from ngpt_math.recordings import FullArchitecture, load, save
from scenes.architecture_pictures import BADGE, Halo
from scenes.architecture_plan import ATTENTION, CLOSE, ON_ATTENTION, WHOLE, Layer, Whole
from scenes.film import entry
from scenes.stage.curves import disc_points
from scenes.stage.hypersphere import Hypersphere
from scenes.stage.space import View
from scenes.stage.style import COLOUR, STROKE
from scenes.stage.text import Line
from scenes.stage.zoom import LEAST_RING, Boxes, Name, Ring, Shot, SpaceInside, Ways, Zoom, zoomed

FAR, NEAR = Shot(0, 0, 1, (0, 0)), Shot(2, 1, 4, (-1, 0.5))


@pytest.fixture
def zoom() -> Zoom:
    return Zoom(FAR)


def test_the_chosen_place_comes_where_it_should(zoom: Zoom) -> None:
    zoom.shot = NEAR
    assert np.allclose(zoom.drawn(np.array([2.0, 1, 0])), [-1, 0.5, 0])
    assert np.allclose(zoom.drawn(np.array([3.0, 1, 0])), [3, 0.5, 0])


def test_a_zoom_is_even_and_keeps_one_place_where_it_is(zoom: Zoom) -> None:
    scales, centres = [], []
    start, end = Shot(0, 0, 1, (0, 0)), Shot(2, 1, 4, (0, 0))
    for share in (0.0, 0.5, 1.0):
        zoom.between(start, end, share)
        scales.append(zoom.shot.scale)
        centres.append(zoom.drawn(np.array([8 / 3, 4 / 3, 0])))
    assert np.allclose(scales, [1, 2, 4])
    # This is the place that a straight dolly towards the end's centre leaves where it was.
    assert np.allclose(centres, centres[0])
    zoom.between(start, end, 1.0)
    assert zoom.shot == end


def test_boxes_and_ways_grow_and_names_do_not(zoom: Zoom) -> None:
    box = Boxes(zoom, [(1.5, 0.5, 1.0, 1.0)], "scale", near=4)
    way = Ways(zoom, [[(1.0, 1.0), (2.0, 1.0)]])
    name = Name(zoom, (2.0, 1.0), Line("name"))
    assert box.outline.get_stroke_color().to_hex().lower() == COLOUR.scale
    thin, wide = box.outline.stroke_width, name.width
    (play_to,) = (z for z in zoomed(zoom, [box], NEAR))
    play_to.change(1.0)
    for each in (way, name):
        each.redraw()
    assert box.width == pytest.approx(4, abs=0.01)
    assert np.allclose(box.get_center(), [-1, 0.5, 0], atol=1e-6)
    assert thin < box.outline.stroke_width == STROKE.boundary
    assert name.width == pytest.approx(wide)
    assert np.allclose(name.text.get_center(), [-1, 0.5, 0], atol=1e-6)
    assert np.allclose(way.heads.points[0], [-1, 0.5, 0])


def test_going_there_and_back_leaves_all_as_it_was(zoom: Zoom) -> None:
    name = Name(zoom, (2.0, 1.0), Line("name"))
    before = name.text.points.copy()
    for shot in (NEAR, FAR) * 20:
        zoom.shot = shot
        name.redraw()
    assert np.array_equal(name.text.points, before)


def test_a_ring_can_be_seen_from_afar(zoom: Zoom) -> None:
    ring = Ring(zoom, (1.0, 2.0), 0.01)
    assert ring.dots.width == pytest.approx(2 * LEAST_RING, rel=0.3)
    assert np.allclose(ring.dots.get_center(), [1, 2, 0], atol=0.01)
    few = len(ring.dots.points)
    zoom.shot = Shot(1, 2, 200, (0, 0))
    ring.redraw()
    assert ring.dots.width == pytest.approx(4, rel=0.05)
    assert len(ring.dots.points) > few


def test_a_sphere_grows_with_the_drawing(zoom: Zoom) -> None:
    space = SpaceInside(View(20, 20), zoom, (2.0, 1.0), 0.5)
    sphere = Hypersphere(space, axes=False)
    far = sphere.disc.width
    (move,) = zoomed(zoom, [sphere], NEAR)
    move.interpolate_mobject(1.0)
    assert sphere.disc.width == pytest.approx(4 * far)
    assert np.allclose(space.centre, [-1, 0.5, 0])


def test_the_plan_has_every_normalization_that_was_counted() -> None:
    record = load(FullArchitecture)
    whole = Whole(record, View(20, 20))
    assert len(whole.layer.rings) == record.norms_per_layer
    theirs = Layer(Zoom(WHOLE), int(record.layers), [], "traditional")
    assert len(theirs.rings) == record.gpt_norms_per_layer
    assert all(ring.role == "traditional" for ring in theirs.rings.values())


def test_the_attention_block_fills_the_frame_from_near() -> None:
    zoom = Zoom(ON_ATTENTION)
    layer = Layer(zoom, 4, ["q", "k"], "normalized")
    edge = layer.attention[0].shapes[0]
    assert 11 < edge.width < 12.8
    assert np.allclose(zoom.drawn(np.array([*ATTENTION, 0.0])), [*ON_ATTENTION.at, 0])
    inside = layer.attention[1].shapes[0]
    assert edge.get_left()[0] < inside.get_left()[0] and ON_ATTENTION.scale == CLOSE


def test_another_model_finds_room_in_chapter_7(tmp_path: Path) -> None:
    """More layers in both models, and more letters than find room: nothing overflows."""
    mine = load(FullArchitecture)
    other = dataclasses.replace(
        mine,
        layers=mine.layers * 3,
        parameters=mine.parameters * 100,
        d_model=mine.d_model * 8,
        norms=mine.norms * 3,
        normalized_matrices=mine.normalized_matrices * 3,
        matrices=mine.matrices * 3,
        paths=np.concatenate([mine.paths, mine.paths[1:]]),
        suggestions=np.concatenate([mine.suggestions] * 2),
        moved=np.concatenate([mine.moved] * 2),
        mini_moved=np.concatenate([mine.mini_moved] * 3),
        alphabet=mine.alphabet * 5,
        embeddings=np.concatenate([mine.embeddings] * 5),
        output_embeddings=np.concatenate([mine.output_embeddings] * 5),
        cosines=np.concatenate([mine.cosines] * 5),
        s_z=np.concatenate([mine.s_z] * 5),
        stepped=np.concatenate([mine.stepped] * 2),
        stepped_length=np.concatenate([mine.stepped_length] * 2),
    )
    path = tmp_path / "full_architecture.safetensors"
    save(other, path, "a test")
    chapter = entry("full_architecture")
    assert chapter is not None
    watched = play(chapter.load(), recording=path)
    test_chapters.test_nothing_leaves_the_frame_or_meets_the_captions(watched)
    test_chapters.test_no_text_overlaps_another(watched)
    test_chapters.test_frames_keep_to_the_budget(watched)


@pytest.mark.parametrize("cover", [0.0, BADGE])
def test_a_highlighted_circle_stays_dotted(cover: float) -> None:
    """Gaps remain between its dots, which are larger than at rest and hide those."""
    ring = Ring(Zoom(Shot(0, 0, 1)), (1.0, 2.0), 0.05)
    halo = Halo(ring, cover)
    dots = halo.dots.points.reshape(-1, disc_points(1.0).shape[0], 3)
    middles = dots.mean(axis=1)
    gap = np.linalg.norm(middles[1] - middles[0]) - np.ptp(dots[0][:, 0])
    assert gap > 0.3 * np.ptp(dots[0][:, 0])
    assert np.ptp(dots[0][:, 0]) > np.ptp(ring.dots.points[: dots.shape[1], 0])
    assert halo.disc.get_stroke_width() == 0 and halo.disc.z_index > ring.dots.z_index
    assert halo.disc.width > ring.dots.width
