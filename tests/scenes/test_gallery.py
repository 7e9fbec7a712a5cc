"""The gallery has every mobject of the stage, whole and readable, its numbers recorded ones."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any, get_type_hints

import numpy as np
import pytest
from manim import Mobject
from test_sources import STAGE, invented

from scenes.stage import gallery
from scenes.stage.gallery import Gallery, lines_of_code
from scenes.stage.style import FRAME_HEIGHT, FRAME_WIDTH, SIZE
from scenes.stage.text import Line

NAMES = [exhibit.name for exhibit in Gallery.exhibits()]
SOURCE = inspect.getsource(gallery)

PARTS = {"fused", "set_at", "part"}
"""What only joins, moves or takes out what others made."""


@cache
def staged(name: str) -> Gallery:
    """An exhibit, played to its end without being drawn."""
    scene = Gallery.of(name)(skip_animations=True)
    scene.render()
    return scene


def members(name: str) -> list[Any]:
    return [m for m in staged(name).get_mobject_family_members() if len(m.points)]


def stage_modules() -> Iterator[Any]:
    for path in STAGE:
        if path.stem not in ("__init__", "gallery"):
            yield importlib.import_module(f"scenes.stage.{path.stem}")


def own(module: Any, kind: Any) -> Iterator[tuple[str, Any]]:
    """What a module defines itself, for others to use."""
    for name, thing in vars(module).items():
        if kind(thing) and thing.__module__ == module.__name__ and not name.startswith("_"):
            yield name, thing


def mobject_classes() -> list[type[Mobject]]:
    """The public mobjects of the stage; bases of others are shown as those."""
    found = [
        thing
        for module in stage_modules()
        for _, thing in own(module, inspect.isclass)
        if issubclass(thing, Mobject)
    ]
    return [c for c in found if c.__name__ != "Mark"]


def makers() -> list[str]:
    """The public functions and methods of the stage that make a mobject."""
    found: dict[str, Any] = {}
    for module in stage_modules():
        found.update(own(module, inspect.isfunction))
    for cls in mobject_classes():
        found.update({n: f for n, f in vars(cls).items() if inspect.isfunction(f)})
    names = [n for n, function in found.items() if not n.startswith("_")]
    return sorted({n for n in names if makes_mobject(found[n])} - PARTS)


def makes_mobject(function: Any) -> bool:
    try:
        result = get_type_hints(function).get("return")
    except NameError:  # a name that is imported for type checkers only
        return False
    return inspect.isclass(result) and issubclass(result, Mobject)


@pytest.mark.parametrize("cls", mobject_classes(), ids=lambda c: c.__name__)
def test_every_mobject_of_the_stage_is_in_the_gallery(cls: type[Mobject]) -> None:
    assert any(isinstance(m, cls) for n in NAMES for m in staged(n).get_mobject_family_members())


@pytest.mark.parametrize("maker", makers())
def test_every_maker_of_mobjects_is_in_the_gallery(maker: str) -> None:
    assert f"{maker}(" in SOURCE.replace(f"def {maker}(", "")


def test_makers_are_found() -> None:
    assert {"great_circle", "row_frame", "legend", "paragraph"} <= set(makers())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_off_frame(name: str) -> None:
    points = np.concatenate([m.points for m in members(name)])
    assert np.abs(points[:, 0]).max() < FRAME_WIDTH / 2 - 0.1
    assert np.abs(points[:, 1]).max() < FRAME_HEIGHT / 2 - 0.1


@pytest.mark.parametrize("exhibit", Gallery.exhibits(), ids=lambda e: e.name)
def test_the_code_is_what_drew_it_short_and_clear_of_the_picture(exhibit: Any) -> None:
    scene = staged(exhibit.name)
    *picture, _heading, _title, code = scene.mobjects
    assert [line.words for line in code] == list(exhibit.code)
    assert 0 < len(exhibit.code) <= 5
    assert all(line.px >= SIZE.least for m in members(exhibit.name) for line in lines(m))
    assert code.get_right()[0] < FRAME_WIDTH / 2 - 0.1
    for part in (m for thing in picture for m in thing.get_family() if len(m.points)):
        for line in code:
            assert not overlap(box(part), box(line)), (part, line.words)


def lines(mobject: Any) -> list[Line]:
    return [mobject] if isinstance(mobject, Line) else []


def box(mobject: Any) -> tuple[np.ndarray, np.ndarray]:
    return mobject.points.min(axis=0)[:2], mobject.points.max(axis=0)[:2]


def overlap(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> bool:
    return bool(np.all(one[0] < other[1]) and np.all(other[0] < one[1]))


def test_overlap_would_be_found() -> None:
    code = lines_of_code(("here it stands",))
    assert overlap(box(code[0]), box(code[0].copy().shift((0.1, 0, 0))))
    assert not overlap(box(code[0]), box(code[0].copy().shift((0, 1, 0))))


def test_no_number_is_typed_by_hand() -> None:
    assert invented(SOURCE) == []
