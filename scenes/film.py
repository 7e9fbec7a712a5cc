"""The order of the chapters. It imports no Manim by itself: the command line stays quick."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenes.stage.chapter import Chapter


@dataclass(frozen=True, slots=True)
class Entry:
    """A chapter of the film: its key is its module's name, `number` its place in the storyboard."""

    number: int
    key: str
    class_name: str
    title: str

    def load(self) -> type[Chapter]:
        """Import the chapter's scene class."""
        module = importlib.import_module(f"scenes.{self.key}")
        chapter: type[Chapter] = getattr(module, self.class_name)
        return chapter


FILM: tuple[Entry, ...] = (
    Entry(4, "slerp_vs_lerp", "SlerpVsLerp", "Residual connections with SLERP"),
    Entry(6, "scale_management", "ScaleManagement", "Scale management"),
)


def entry(key: str) -> Entry | None:
    """The chapter called `key`, or None."""
    return next((chapter for chapter in FILM if chapter.key == key), None)
