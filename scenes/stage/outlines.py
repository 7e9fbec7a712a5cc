"""Outlines of text, straight from Pango.

Manim's `Text` reads Pango's drawing back through a general SVG reader, 60 ms a line; Pango writes
only paths of straight lines and cubics, and where to put them. Lengths are in ems, the baseline is
at height 0.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import numpy as np
from manimpango import TextSetting, text2svg

from scenes.stage.fonts import register
from scenes.stage.style import Point

Weight = Literal["NORMAL", "SEMIBOLD"]

POINTS = 75.0
EM = POINTS * 4 / 3
"""The em in the units of Pango's drawing, in which a point is 4/3."""

WIDEST = 40_000
"""Width of the drawing, far beyond that of any line."""

LINK = "{http://www.w3.org/1999/xlink}href"
THIRDS = np.linspace(0, 1, 4)[:, None]


def drawing(words: str, weight: Weight) -> ElementTree.Element:
    """Pango's drawing of a line of text, as SVG."""
    setting = TextSetting(0, len(words), register(), "NORMAL", weight, 0)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "line.svg")
        text2svg([setting], POINTS, POINTS, False, path, 0, 0, WIDEST, round(EM), words)
        return ElementTree.parse(path).getroot()


@cache
def line_of(words: str, weight: Weight) -> tuple[Point, tuple[float, ...]]:
    """Control points (4·n, 3) of a line of text, and where each letter that is drawn starts."""
    root = drawing(words, weight)
    shapes = {
        symbol.get("id"): path_points(path.get("d", ""))
        for symbol in root.iter()
        if (symbol.get("id") or "").startswith("glyph")
        for path in symbol
    }
    uses = [node for node in root.iter() if node.get(LINK)]
    outlines, starts = [np.zeros((0, 3))], []
    for use in uses:
        start = float(use.get("x", 0)) / EM
        outlines.append(shapes[use.get(LINK, "")[1:]] + np.array([start, 0, 0]))
        starts.append(start)
    # Pango breaks a line at the edge and goes on below, out of sight. A ligature is one shape.
    if len(starts) < 0.8 * len("".join(words.split())):
        raise ValueError(f"too long for a line: {words!r}")
    return np.concatenate(outlines), tuple(starts)


def path_points(path: str) -> Point:
    """Control points (4·n, 3) of an SVG path made of M, L, C and Z only; up is up."""
    pieces = [np.zeros((0, 2))]
    here = start = np.zeros(2)
    for command, ends in commands(path):
        if command == "M":
            here = start = ends[0]
            continue
        if command == "C":
            pieces.append(np.stack([here, *ends]))
        else:
            end = start if command == "Z" else ends[0]
            if not np.allclose(here, end):
                pieces.append(here + (end - here) * THIRDS)
        here = start if command == "Z" else ends[-1]
    flat = np.concatenate(pieces) / EM
    return np.column_stack([flat[:, 0], -flat[:, 1], np.zeros(len(flat))])


def commands(path: str) -> Iterator[tuple[str, Point]]:
    """The commands of a path, each with its points (n, 2)."""
    for command, numbers in re.findall(r"([MLCZ])([^MLCZ]*)", path):
        yield command, np.array(numbers.split(), dtype=float).reshape(-1, 2)


@cache
def advance(character: str, weight: Weight) -> float:
    """How far a character moves the pen."""
    _, capitals = line_of("HH", weight)
    _, around = line_of(f"H{character}H", weight)
    return around[-1] - around[0] - (capitals[1] - capitals[0])
