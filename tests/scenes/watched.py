"""Plays chapters without drawing and keeps, after each play, what stood on the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from manim import Mobject, Wait, tempconfig

from scenes.film import FILM
from scenes.stage.chapter import Chapter
from scenes.stage.equations import Equation
from scenes.stage.motion import Appear, Become
from scenes.stage.prompt import Prompt
from scenes.stage.readouts import Number
from scenes.stage.text import Line

Box = tuple[float, float, float, float]
TEXTS = (Line, Equation, Prompt, Number)


@dataclass(frozen=True)
class Text:
    """A piece of text on the screen; `box` is left, bottom, right, top."""

    words: str
    px: float
    lit: bool
    typst: bool
    box: Box
    colours: tuple[str, ...]


@dataclass(frozen=True)
class Moment:
    """What stood on the screen after a play."""

    section: str
    texts: tuple[Text, ...]
    drawn: int
    seconds: float
    still: bool
    text_came_while_moving: tuple[str, ...]


@dataclass
class Watched:
    """A chapter played to its end."""

    moments: list[Moment] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    ends: dict[str, list[np.ndarray]] = field(default_factory=dict)
    shown: dict[str, tuple] = field(default_factory=dict)
    crossings: set[tuple[str, str, str]] = field(default_factory=set)


def words_of(mobject: Any) -> str:
    return str(getattr(mobject, "words", getattr(mobject, "typst", "")))


def texts_in(mobject: Mobject) -> list[Any]:
    """The pieces of text in a mobject; an equation's terms are not texts of their own."""
    if isinstance(mobject, TEXTS):
        return [mobject] if mobject.family_members_with_points() else []
    return [text for part in mobject.submobjects for text in texts_in(part)]


def box_of(mobject: Any) -> Box:
    """Left, bottom, right and top of a text."""
    points = np.concatenate([part.points for part in mobject.family_members_with_points()])
    left, bottom, _ = map(float, points.min(axis=0))
    right, top, _ = map(float, points.max(axis=0))
    return left, bottom, right, top


def as_text(mobject: Any) -> Text:
    parts = mobject.family_members_with_points()
    lit = all(getattr(part, "level", 1.0) > 0.9 for part in parts)
    return Text(
        words_of(mobject),
        float(mobject.px),
        lit,
        isinstance(mobject, Equation),
        box_of(mobject),
        tuple(sorted({part.fill_color.to_hex().lower() for part in parts if part.fill_opacity})),
    )


def overlap(first: Text, second: Text) -> bool:
    """Whether two texts touch, less a hair's breadth."""
    return touch(first.box, second.box)


def touch(a: Box, b: Box, hair: float = 0.02) -> bool:
    """Whether two boxes share more than a hair's breadth."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    up = min(a[3], b[3]) - max(a[1], b[1])
    return across > hair and up > hair


def can_be_seen(mobject: Any) -> bool:
    """Whether it is more than a shimmer while it fades."""
    return any(part.fill_rgbas[:, 3].max() > 0.15 for part in mobject.family_members_with_points())


def crossing(scene: Chapter) -> set[tuple[str, str]]:
    """The pairs of texts that are seen one through the other at this moment."""
    seen = [t for m in scene.mobjects for t in texts_in(m) if can_be_seen(t)]
    boxed = [(words_of(text), box_of(text)) for text in seen]
    return {(a, b) for (a, first), (b, second) in combinations(boxed, 2) if touch(first, second)}


def state(scene: Chapter) -> list[np.ndarray]:
    """Everything that decides what the frame looks like, in drawing order."""
    members = sorted(scene.get_mobject_family_members(), key=lambda m: m.z_index)
    return [
        np.concatenate([m.points.ravel(), m.fill_rgbas.ravel(), m.stroke_rgbas.ravel()])
        for m in members
        if len(m.points)
    ]


def watching(chapter: type[Chapter], watched: Watched) -> type[Chapter]:
    """The chapter, with somebody who takes notes."""

    class Noted(chapter):  # type: ignore[misc, valid-type]
        def play(self, *args: Any, **kwargs: Any) -> None:
            before = self.renderer.time
            super().play(*args, **kwargs)
            if self._now is None:
                return
            texts = tuple(as_text(t) for m in self.mobjects for t in texts_in(m))
            drawn = sum(1 for m in self.get_mobject_family_members() if len(m.points))
            moving = any(isinstance(a, Become) for a in args)
            coming = [a.mobject for a in args if isinstance(a, Appear)]
            came = tuple(words_of(t) for m in coming for t in texts_in(m)) if moving else ()
            seconds = self.renderer.time - before
            still = all(isinstance(a, Wait) for a in args)
            watched.moments.append(Moment(self._now, texts, drawn, seconds, still, came))

        def update_to_time(self, t: float) -> None:
            super().update_to_time(t)
            if self._now is not None:
                watched.crossings |= {(self._now, *pair) for pair in crossing(self)}

        def next_section(self, name: str = "unnamed", *args: Any, **kwargs: Any) -> None:
            self._close()
            super().next_section(name, *args, **kwargs)
            self._opened = self.renderer.time

        def tear_down(self) -> None:
            self._close()
            watched.shown = self.shown()
            super().tear_down()

        def _close(self) -> None:
            if self._now is not None:
                watched.seconds[self._now] = self.renderer.time - self._opened
                watched.ends[self._now] = state(self)

    Noted.__name__ = chapter.__name__
    return Noted


def play(
    chapter: type[Chapter], *, only: tuple[str, ...] | None = None,
    recording: Path | None = None, fps: float | None = None,
) -> Watched:  # fmt: skip
    """Play a chapter; with `fps` frame by frame, otherwise jumping from end to end."""
    watched = Watched()
    small = {"pixel_width": 256, "pixel_height": 144, "write_to_movie": False}
    with tempconfig({"frame_rate": fps or 60, **small}):
        scene = watching(chapter, watched)(skip_animations=fps is None)
        scene.only, scene.recording_path = only, recording
        scene.render()
    return watched


@cache
def watched_chapter(key: str) -> Watched:
    """A chapter of the film, played once for all tests."""
    return play(next(entry for entry in FILM if entry.key == key).load())


@cache
def slow_chapter(key: str) -> Watched:
    """A chapter of the film frame by frame, four to a second; played once for all tests."""
    return play(next(entry for entry in FILM if entry.key == key).load(), fps=4)
