"""Headings, and the cards that recall, conclude and lead on."""

from __future__ import annotations

from scenes.stage.style import GRID, SIZE
from scenes.stage.text import Line


def heading_line(words: str) -> Line:
    """The chapter's name, small, at the top left of every frame."""
    line = Line(words, px=SIZE.tick, role="muted")
    return _set_at(line, GRID.left, GRID.heading - 0.14)


def title_line(words: str) -> Line:
    """The section's title, below the chapter's name."""
    line = Line(words, px=SIZE.title, weight="SEMIBOLD")
    return _set_at(line, GRID.left, GRID.heading - 0.62)


def _set_at(line: Line, left: float, baseline: float) -> Line:
    """Move a line to where its baseline starts."""
    line.shift((left - line.get_left()[0], baseline - line.baseline, 0))
    return line
