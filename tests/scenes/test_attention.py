"""Chapter 5: its bars and its plane, and room for another model's numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import numbers
from test_chapters import (
    test_frames_keep_to_the_budget as keeps_to_the_budget,
)
from test_chapters import (
    test_no_text_overlaps_another as no_text_overlaps,
)
from test_chapters import (
    test_nothing_leaves_the_frame_or_meets_the_captions as nothing_leaves,
)
from test_chapters import (
    test_text_can_be_read as text_can_be_read,
)
from watched import play

from ngpt_math.recordings import Attention, load, save
from scenes.attention_head_pictures import Mixing, Sides, whole_score
from scenes.attention_length_pictures import stages
from scenes.attention_pictures import Pipeline, Pipelines
from scenes.film import entry
from scenes.stage.changing_bars import ChangingBars
from scenes.stage.plane import Circle, Plane, pairs_in_plane, turning
from scenes.stage.plots import Box, measure
from scenes.stage.text import Line

BOX = Box(-2.0, -1.0, 4.0, 2.0)


def changing(*states: list[float]) -> ChangingBars:
    rows = [numbers(*state) for state in states]
    y = measure("x", [n for row in rows for n in row])
    return ChangingBars(BOX, y, rows, "ab␣"[: len(rows[0])], "normalized", lit=1)


def test_bars_reach_the_numbers_of_their_state() -> None:
    bars = changing([1.0, 2.0], [4.0, 0.5])
    for row, values in ((0, [1.0, 2.0]), (1, [4.0, 0.5]), (0.5, [2.5, 1.25])):
        bars.show_row(row)
        heights = [bars.axis.height_of(value) for value in values]
        assert np.allclose(bars.row.ends[:, 1], heights)
    bars.show_row(0.6)
    assert [n.value for n in bars.row.traced] == [4.0, 0.5]
    assert [n.traced[0].value for n in bars.columns] == [4.0, 0.5]


def test_their_numbers_stand_above_them_and_come_back_exactly() -> None:
    bars = changing([1.0, 2.0], [4.0, 0.5])
    before = [n.points.copy() for n in bars.columns]
    for row in np.linspace(0, 1, 17):
        bars.show_row(float(row))
        for number, end in zip(bars.columns, bars.row.ends, strict=True):
            assert number.get_bottom()[1] > end[1]
            assert abs(number.get_center()[0] - end[0]) < 0.1
    bars.show_row(0)
    assert all(np.array_equal(n.points, b) for n, b in zip(bars.columns, before, strict=True))


def test_a_space_is_drawn_as_a_mark_and_the_lit_name_is_in_ink() -> None:
    bars = changing([1.0, 2.0, 3.0])
    assert [name.words for name in bars.names] == ["a", "b", "·"]
    assert [name.role for name in bars.names] == ["muted", "ink", "muted"]


def test_many_bars_carry_no_numbers() -> None:
    rows = [numbers(*range(1, 41))]
    assert not ChangingBars(BOX, measure("x", rows[0]), rows, "a" * 40, "normalized").columns


def test_a_plane_is_drawn_to_scale_and_hides_nothing() -> None:
    plane = Plane((1.0, 0.5), 2.0)
    drawn = plane.drawn(pairs_in_plane(np.array([[1.0, 0.0], [0.0, -0.5]])))
    assert np.allclose(drawn, [[3.0, 0.5, 0], [1.0, -0.5, 0]], atol=1e-5)
    assert (plane.seen(np.zeros((3, 3)))[:, 2] > 0).all()
    assert Circle(plane, 0.5).line.width == pytest.approx(2.0, rel=1e-3)


def test_a_turn_keeps_the_length_between_two_places() -> None:
    angle = np.radians(30) * np.arange(4)
    places = pairs_in_plane(0.3 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    way = turning(places, 8)
    assert np.allclose(way[::8], places)
    assert np.allclose(np.linalg.norm(way, axis=1), 0.3)


def qk_normed(own: float, other: float) -> Attention:
    """The recording, of an nGPT and a baseline that normalize queries and keys, or do not."""
    given = {"qk_norm": np.float32(own), "gpt_qk_norm": np.float32(other)}
    return dataclasses.replace(load(Attention), **given)


def words_of(way: Pipeline) -> set[str]:
    return {part.words for part in way.counts.get_family() if isinstance(part, Line)}


def test_the_diagram_has_qk_norm_where_a_model_has_it() -> None:
    plain, own = Pipelines(qk_normed(1, 0)).ways
    assert plain.norm is None and plain.steps == own.steps
    assert own.norm is not None and {"2 Norm is optional", "in nGPT; ours has it"} < words_of(own)
    normed, _ = Pipelines(qk_normed(1, 1)).ways
    assert normed.norm is not None and normed.norm in normed.own
    whole, dashed = (
        len(norm.edge.points) / len(norm.area.points) for norm in (normed.norm, own.norm)
    )
    assert whole == 1 < dashed, "what a baseline has is no option"
    order = normed.steps.index
    assert order("qkv") < order("norm") < order("turn") < order("dot")
    assert "2 QK-norm" in words_of(normed)


def test_an_ngpt_without_norm_is_said_to_lack_it() -> None:
    _, own = Pipelines(qk_normed(0, 0)).ways
    assert "in nGPT; not in ours" in words_of(own)


def test_a_mix_and_its_values_have_the_same_strengths_of_colour() -> None:
    record = load(Attention)
    for part in Mixing(Sides(record, Pipelines(record).screen)).parts:
        assert part.mix.full == part.values.full
        assert max(abs(n.value) for n in part.mix.traced) <= part.values.full


@pytest.mark.parametrize("own", [0, 1])
def test_the_whole_score_has_norm_where_the_model_has_it(own: int) -> None:
    assert whole_score(qk_normed(own, 0)).count("Norm") == 2 * own


@pytest.mark.parametrize(
    ("own", "other", "steps"),
    [(1, 0, (["k_lengths_raw"], ["k_lengths_raw", "k_lengths_unit", "k_lengths"])),
     (0, 1, (["k_lengths_raw", "k_lengths"], ["k_lengths_raw", "k_lengths"]))],
)  # fmt: skip
def test_keys_are_led_through_what_their_model_does(own: float, other: float, steps: Any) -> None:
    assert tuple([step.field for step in way] for way in stages(qk_normed(own, other))) == steps


def finds_room(path: Path) -> None:
    """The chapter of a recording stays in the frame, can be read, and keeps to the budget."""
    chapter = entry("attention")
    assert chapter is not None
    watched = play(chapter.load(), recording=path)
    nothing_leaves(watched)
    no_text_overlaps(watched)
    text_can_be_read(watched)
    keeps_to_the_budget(watched)


@pytest.mark.parametrize(("own", "other"), [(0, 0), (0, 1), (1, 1)])
def test_models_with_and_without_qk_norm_find_room(own: int, other: int, tmp_path: Path) -> None:
    path = tmp_path / "attention.safetensors"
    save(qk_normed(own, other), path, "a test")
    finds_room(path)


def widened(mine: Attention, name: str, shape: tuple[int | str, ...]) -> np.ndarray:
    """A field of a model with twice the layers, heads and entries, and longer numbers."""
    values = getattr(mine, name)
    for axis, length in enumerate(shape):
        if length in ("layers", "gpt_layers", "heads", "gpt_heads", "head_dim", "gpt_head_dim",
                      "pairs"):  # fmt: skip
            values = np.concatenate([values, values], axis=axis)
        if length == "seen":
            more = len(mine.sentence) - len(values)
            values = np.concatenate([values, values[:more]])
    longer = name.removeprefix("gpt_") in ("dots", "scores", "k_lengths", "k_lengths_raw")
    return values * 20 if longer else values


def test_another_model_finds_room(tmp_path: Path) -> None:
    """The last letter asks, in a model twice as deep and wide, with scores of three digits."""
    mine = load(Attention)
    wider = {n: widened(mine, n, spec.shape) for n, spec in Attention.specs().items()}
    last = len(mine.sentence) - 1
    wider |= {"query": np.float32(last), "rope_key": np.float32(last - 3)}
    wider |= {"recall_update": np.float32(1)}
    path = tmp_path / "attention.safetensors"
    save(dataclasses.replace(mine, **{n: np.asarray(v) for n, v in wider.items()}), path, "a test")
    finds_room(path)
