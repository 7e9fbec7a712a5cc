"""What a section declares, apart from Manim: reports and captions read it without a scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Method = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Section:
    """One idea of a chapter.

    `name` is the method's name and, after `CHAPTER:`, what the command line calls it. `says` are
    the spoken lines, in plain words. `pause`: a lecturer may want to stop at its end. `covers` are
    the storyboard's lines that it shows, as `CHAPTER.LINE`; chapter 0 is "in every chapter".
    """

    name: str
    title: str
    says: tuple[str, ...]
    pause: bool
    covers: tuple[str, ...]


def section(
    title: str, *, says: tuple[str, ...], pause: bool = False, covers: tuple[str, ...] = ()
) -> Callable[[Method], Method]:
    """Declare a method of a `Chapter` to be its next section. See `Section` for the arguments."""

    def mark(method: Method) -> Method:
        declared = Section(method.__name__, title, says, pause, covers)
        method.section = declared  # type: ignore[attr-defined]
        return method

    return mark
