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
    Entry(
        1,
        "traditional_vs_normalized",
        "TraditionalVsNormalized",
        "Traditional vs normalized learning",
    ),
    Entry(2, "l2_norm_shell", "L2NormShell", "L2 normalization deep dive"),
    Entry(4, "slerp_vs_lerp", "SlerpVsLerp", "Residual connections with SLERP"),
    Entry(5, "attention", "Attention", "Attention"),
    Entry(7, "full_architecture", "FullArchitecture", "The complete architecture"),
)


def entry(key: str) -> Entry | None:
    """The chapter called `key`, or None."""
    return next((chapter for chapter in FILM if chapter.key == key), None)
