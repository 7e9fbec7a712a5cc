"""Tokens as pieces of text, of a letter or more: how they are seen, and fitted into little room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from fontTools.ttLib import TTFont

from scenes.stage.fonts import font_files
from scenes.stage.outlines import Weight, advance
from scenes.stage.style import PIXEL, SIZE

SPACE = "·"
SEEN = {" ": SPACE, "␣": SPACE, "\n": "↲", "⏎": "↲"}
"""How spaces and ends of lines are drawn, which recordings write as ␣ and ⏎."""

MISSING = "·"
"""What stands for a sign that the typeface does not have."""

AGAIN = str.maketrans("␣⏎", " \n")
ELLIPSIS = "…"


def shown_as(piece: str) -> str:
    """A token as it can be seen: a space is a mark."""
    return "".join(SEEN.get(c, c if ord(c) in _drawn() else MISSING) for c in piece)


def text_of(pieces: Sequence[str]) -> str:
    """The text that some tokens make, as it is read; an end of a line is a space."""
    return " ".join("".join(pieces).translate(AGAIN).split("\n"))


@cache
def _drawn() -> frozenset[int]:
    """The characters that the typeface has."""
    return frozenset.intersection(*(frozenset(TTFont(p).getBestCmap()) for p in font_files()))


def width_of(words: str, px: float, weight: Weight = "NORMAL") -> float:
    """How far words move the pen, in Manim's units."""
    return sum(advance(character, weight) for character in words) * px * PIXEL


def row_px(words: Sequence[str], rooms: Sequence[float], px: float, weight: Weight) -> float:
    """The largest size up to `px`, from the least, at which all words find their room."""
    shares = (
        room / width_of(each, px, weight) for each, room in zip(words, rooms, strict=True) if each
    )
    return max(float(SIZE.least), px * min([1.0, *shares]))


def elided(words: str, room: float, px: float, weight: Weight = "NORMAL") -> str:
    """The words, without their middle if they are too long; a sign is left at each end."""
    kept = len(words)
    shorter = words
    while width_of(shorter, px, weight) > room and kept > 2:
        kept -= 1
        tail = kept // 2
        shorter = words[: kept - tail] + ELLIPSIS + words[len(words) - tail :]
    return shorter


def wrapped(words: str, room: float, px: float) -> list[str]:
    """Words in as few lines as are so wide at most, as alike as can be; no word is parted."""
    lines = _filled(words, room, px)
    while True:
        widest = max(width_of(line, px) for line in lines)
        narrower = _filled(words, widest - 0.01, px)
        if len(narrower) > len(lines) or max(width_of(line, px) for line in narrower) >= widest:
            return lines
        lines = narrower


def _filled(words: str, room: float, px: float) -> list[str]:
    """Words in lines, each as full as it can be."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, px) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
