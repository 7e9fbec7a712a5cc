"""Which section shows which line of the storyboard, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ngpt_film import shots
from ngpt_film.outline import Target
from ngpt_film.quality import Quality
from scenes.storyboard import Line, needed


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the storyboard in a chapter, and the sections that show it.

    `starts`: when each begins, in seconds of its chapter; None while the chapter is not rendered.
    """

    chapter: str
    line: Line
    sections: tuple[str, ...]
    starts: tuple[float, ...] | None


def rows(wanted: tuple[Target, ...], quality: Quality) -> list[Row]:
    """Every line of the chapters wanted, and those for every chapter, in order."""
    found = []
    for target in wanted:
        entry = target.outline.entry
        times = starts(target, quality)
        for line in needed(entry):
            names = tuple(s.name for s in target.outline.sections if line.name in s.covers)
            begins = tuple(times[name] for name in names) if times else None
            found.append(Row(entry.key, line, names, begins))
    return found


def starts(target: Target, quality: Quality) -> Mapping[str, float]:
    """When each section begins, in seconds of its chapter; empty unless all are rendered."""
    found: dict[str, float] = {}
    at = 0.0
    for shot in shots.plan((Target(target.outline, None),), quality):
        status = shots.status(shot)
        if not status.fresh:
            return {}
        found[shot.section] = at
        at += status.seconds
    return found
