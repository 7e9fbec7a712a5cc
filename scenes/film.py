"""The order of the chapters. It imports no Manim by itself: the command line stays quick."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenes.stage.chapter import Chapter


@dataclass(frozen=True, slots=True)
class Entry:
    """A chapter of the film: its key is its module's name, `number` its place in the storyboard.

    `card`: it is no chapter, but the opening before the first or the closing after the last.
    `recordings` is a folder of recordings of other models than the shipped ones.
    """

    number: int
    key: str
    class_name: str
    title: str
    card: bool = False
    recordings: Path | None = None

    @property
    def mark(self) -> str:
        """What the film's chapter mark calls it."""
        return self.title if self.card else f"{self.number} {self.title}"

    @property
    def recording(self) -> Path | None:
        """The recording of other models that the chapter is drawn from; None is the shipped one."""
        return self.recordings and self.recordings / f"{self.key}.safetensors"

    def load(self) -> type[Chapter]:
        """Import the chapter's scene class."""
        module = importlib.import_module(f"scenes.{self.key}")
        chapter: type[Chapter] = getattr(module, self.class_name)
        if self.recording is None:
            return chapter
        return type(chapter.__name__, (chapter,), {"recording_path": self.recording})


FILM: tuple[Entry, ...] = (
    Entry(0, "opening", "Opening", "The Normalized Transformer", card=True),
    Entry(
        1,
        "traditional_vs_normalized",
        "TraditionalVsNormalized",
        "Traditional vs normalized learning",
    ),
    Entry(2, "l2_norm_shell", "L2NormShell", "L2 normalization"),
    Entry(3, "normlinear_groups", "NormlinearGroups", "Normalized linear layers"),
    Entry(4, "slerp_vs_lerp", "SlerpVsLerp", "Residual connections: SLERP vs LERP"),
    Entry(5, "attention", "Attention", "Attention"),
    Entry(6, "scale_management", "ScaleManagement", "Scale management"),
    Entry(7, "full_architecture", "FullArchitecture", "The complete architecture"),
    Entry(8, "closing", "Closing", "What was measured", card=True),
)


def entry(key: str) -> Entry | None:
    """The chapter called `key`, or None."""
    return next((chapter for chapter in FILM if chapter.key == key), None)
