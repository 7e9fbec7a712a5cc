"""Captions from the spoken lines of sections, as SubRip and WebVTT.

Limits as broadcasters use them: at most two lines of 42 characters, 1 to 7 seconds on screen, and
no more than 20 characters a second.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 42
LINES = 2
RATE = 20.0  # characters a second
SHORTEST, LONGEST = 1.0, 7.0  # seconds
GAP = 2 / 60  # seconds between one caption and the next, so that the change is seen


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on screen from `start` to `end`, in seconds of the film; lines by newline."""

    start: float
    end: float
    text: str


def cues(says: Sequence[str], start: float, end: float) -> tuple[Cue, ...]:
    """Spread spoken lines over a section that lasts from `start` to `end` seconds.

    Each piece gets time by its length; none stays longer than seven seconds.
    """
    pieces = [piece for line in says for piece in split(line)]
    letters = sum(map(len, pieces))
    found, at = [], start
    for piece in pieces:
        share = (end - start) * len(piece) / letters
        found.append(Cue(at, at + min(share - GAP, LONGEST), piece))
        at += share
    return tuple(found)


def split(line: str) -> list[str]:
    """Cut a spoken line into pieces of at most two lines of 42 characters, at phrases if it can."""
    words = line.split()
    pieces: list[str] = []
    while words:
        most = max(n for n in range(1, len(words) + 1) if n == 1 or _fits(words[:n]))
        count = most if most == len(words) else _phrase_end(words, most)
        pieces.append("\n".join(_balanced(" ".join(words[:count]))))
        words = words[count:]
    return pieces


def _fits(words: list[str]) -> bool:
    return len(textwrap.wrap(" ".join(words), WIDTH)) <= LINES


def _phrase_end(words: list[str], most: int) -> int:
    """How many of the first `most` words to take: up to a pause in speech, if one is not too early.

    A sentence's end counts before a colon, and that before a comma; without any, the cut still
    leaves no single word over.
    """
    for marks in (".?!", ";:–—", ","):
        for count in range(most, most // 3, -1):
            if words[count - 1][-1] in marks:
                return count
    return most if len(words) - most > 1 else max(1, most - 2)


def _balanced(text: str) -> list[str]:
    """Break into as few lines as fit, of about the same length."""
    few = textwrap.wrap(text, WIDTH)
    for width in range(len(text) // max(1, len(few)), WIDTH):
        lines = textwrap.wrap(text, max(1, width))
        if len(lines) == len(few) and all(len(line) <= WIDTH for line in lines):
            return lines
    return few


def faults(spoken: Iterable[Cue], slack: float = 0.0) -> list[str]:
    """What a viewer could not follow, in words; empty when all limits are kept.

    `slack`: seconds that may be missing, where times were rounded.
    """
    found = []
    for cue in spoken:
        seconds, shown = cue.end - cue.start + slack, cue.text.replace("\n", " ")
        if seconds <= slack or len(shown) / seconds > RATE:
            found.append(f"{clock(cue.start)} “{shown}” needs {len(shown) / RATE:.1f} s,"
                         f" has {seconds:.1f} s")  # fmt: skip
        elif seconds < SHORTEST:
            found.append(f"{clock(cue.start)} “{shown}” stays for {seconds:.1f} s only")
        if any(len(line) > WIDTH for line in cue.text.split("\n")):
            found.append(f"{clock(cue.start)} “{shown}” has a line over {WIDTH} characters")
    return found


def clock(seconds: float, mark: str = ".") -> str:
    """A time as `00:01:02.345`."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def subrip(spoken: Iterable[Cue]) -> str:
    """The text of an .srt file."""
    blocks = [
        f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n{cue.text}\n"
        for number, cue in enumerate(spoken, 1)
    ]
    return "\n".join(blocks)


def webvtt(spoken: Iterable[Cue]) -> str:
    """The text of a .vtt file."""
    blocks = [f"{clock(cue.start)} --> {clock(cue.end)}\n{_escaped(cue.text)}\n" for cue in spoken]
    return "\n".join(["WEBVTT\n", *blocks])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
